// Several instances want to lead, and are killed, frozen, stopped and cut off from the store. At no moment do two of
// them believe that they lead, and there is a new leader as soon as the lease of the old one can be over.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/simulation/world/world.h"

namespace orchestrator::simulation {
namespace {

using std::chrono::seconds;

constexpr milliseconds lease_ttl{9'000};  // of the world's instances
constexpr milliseconds slack{1'000};      // for the wire, and a heartbeat that was lost

class leader_election : public testing::TestWithParam<std::uint64_t> {
  protected:
    explicit leader_election(bool has_lease_outside = false)
        : at_{{.seed = GetParam(), .has_lease_outside = has_lease_outside}} {
        for (int i = 0; i < 3; ++i) at_.start_instance();
    }

    std::vector<std::string> leaders() {
        std::vector<std::string> found;
        for (const auto& name : at_.instances())
            if (at_.at(name).health().leads) found.push_back(name);
        return found;
    }

    // Looks at every moment at which anything happens.
    void pass(milliseconds duration) {
        at_.run_until(
            [&] {
                EXPECT_LE(leaders().size(), 1U) << at_.report();
                return testing::Test::HasFailure();
            },
            duration);
    }

    void expect_a_leader_soon() {
        EXPECT_TRUE(at_.run_until(
            [&] { return std::ranges::any_of(leaders(), [&](const auto& name) { return !is_stalled(name); }); },
            lease_ttl + slack))
            << at_.report();
    }

    bool is_stalled(const std::string& name) const { return stalled_ == name; }

    std::string any_awake() {
        auto names = at_.instances();
        std::erase(names, stalled_);
        return names[std::size_t(draws_.between(0, int(names.size()) - 1))];
    }

    virtual void misfortune() {
        switch (draws_.between(0, 5)) {
            case 0:
                at_.crash(any_awake(), false);
                at_.start_instance();
                break;
            case 1:
                at_.stop_gracefully(any_awake(), seconds{5});
                at_.start_instance();
                break;
            case 2:
                if (stalled_.empty()) at_.stall(stalled_ = any_awake());
                break;
            case 3:
                if (!stalled_.empty()) at_.resume(std::exchange(stalled_, {}));
                break;
            case 4:
                at_.weather().lost_receipts = at_.weather().lost_receipts > 0 ? 0 : 0.3;
                break;
            default:
                at_.weather().fault = draws_.one_of({errc::store_unavailable, errc::store_read_only});
                pass(draws_.time(100, 30'000));
                at_.weather().fault.reset();
                break;
        }
    }

    void endure_misfortunes() {
        expect_a_leader_soon();
        for (int i = 0; i < 60 && !HasFailure(); ++i) {
            misfortune();
            pass(draws_.time(1, 5'000));
            expect_a_leader_soon();
            pass(draws_.time(1, 20'000));
        }
    }

    draws draws_{GetParam()};
    world at_;
    std::string stalled_;
};

TEST_P(leader_election, there_is_one_leader_at_most_and_soon_another) { endure_misfortunes(); }

TEST_P(leader_election, a_quiet_leader_leads_on_under_its_epoch) {
    expect_a_leader_soon();
    const auto first = leaders();
    pass(seconds{600});
    EXPECT_EQ(leaders(), first);
    EXPECT_EQ(at_once(at_.store().find_leader(at_.time().now()))->epoch, 1);
}

TEST_P(leader_election, who_gets_nothing_done_leaves_the_lead_to_others) {
    expect_a_leader_soon();
    const auto first = leaders().at(0);
    at_.weather().deaf = first;  // its heartbeat still reaches the store
    EXPECT_TRUE(at_.run_until([&] { return !leaders().empty() && leaders().at(0) != first; }, seconds{120}))
        << at_.report();
    EXPECT_TRUE(at_.at(first).health().store_problem) << "its health tells";
    pass(seconds{100});
    EXPECT_NE(leaders(), std::vector{first});
    at_.weather().deaf.clear();
    pass(seconds{100});
    EXPECT_FALSE(at_.at(first).health().store_problem);
}

TEST_P(leader_election, whose_first_answer_was_lost_leads_at_the_next_question) {
    at_.weather().lost_receipts = 1;
    pass(milliseconds{100});
    EXPECT_TRUE(leaders().empty());
    const auto holder = at_once(at_.store().find_leader(at_.time().now()))->instance_id;
    at_.weather().lost_receipts = 0;
    pass(slack);
    EXPECT_EQ(leaders(), std::vector{holder});
}

// The same with a lease outside, which is emptied, restarted and cut off, too.
class leader_election_with_lease_outside : public leader_election {
  protected:
    leader_election_with_lease_outside() : leader_election{true} {}

    void misfortune() override {
        auto& outside = at_.lease_outside();
        switch (draws_.between(0, 3)) {
            case 0:
                outside.empty();
                break;
            case 1:
                outside.is_reachable = !outside.is_reachable;
                break;
            default:
                leader_election::misfortune();
                break;
        }
    }

    // How often the row was asked meanwhile.
    int questions(milliseconds duration) {
        const int before = at_.weather().lead_claims;
        pass(duration);
        return at_.weather().lead_claims - before;
    }
};

TEST_P(leader_election_with_lease_outside, there_is_one_leader_at_most_and_soon_another) { endure_misfortunes(); }

TEST_P(leader_election_with_lease_outside, only_the_leader_asks_the_row) {
    expect_a_leader_soon();
    pass(lease_ttl);
    EXPECT_LE(questions(seconds{100}), 41 + 12) << "one for each heartbeat, and each follower's now and then";
}

TEST_P(leader_election_with_lease_outside, an_emptied_one_costs_each_follower_a_question_or_two) {
    expect_a_leader_soon();
    pass(lease_ttl);
    const auto first = leaders();
    at_.lease_outside().empty();
    EXPECT_LE(questions(seconds{100}), 41 + 12 + 4);
    EXPECT_EQ(leaders(), first);
}

TEST_P(leader_election_with_lease_outside, one_that_is_away_leaves_the_questions_to_heartbeats) {
    expect_a_leader_soon();
    const auto first = leaders();
    at_.lease_outside().is_reachable = false;
    EXPECT_LE(questions(seconds{100}), 3 * 41 + 12) << "followers ask at the end of the lease that they saw, too";
    at_.lease_outside().empty();
    at_.lease_outside().is_reachable = true;
    pass(lease_ttl);
    EXPECT_LE(questions(seconds{100}), 41 + 12);
    EXPECT_EQ(leaders(), first);
}

TEST_P(leader_election_with_lease_outside, who_cannot_reach_the_row_does_not_keep_the_others_from_it) {
    expect_a_leader_soon();
    at_.weather().fault = errc::store_unavailable;
    pass(lease_ttl * 2);
    EXPECT_TRUE(leaders().empty());
    EXPECT_EQ(at_.lease_outside().holder, "") << "nobody leads, and so nobody holds it";
}

TEST_P(leader_election_with_lease_outside, one_that_another_installation_holds_keeps_nobody_from_leading_for_long) {
    at_.lease_outside().hold_for_ever("somebody else");
    EXPECT_TRUE(at_.run_until([&] { return !leaders().empty(); }, lease_ttl * 3)) << at_.report();
    const auto first = leaders();
    pass(seconds{100});
    EXPECT_EQ(leaders(), first);
}

TEST_P(leader_election_with_lease_outside, a_leader_that_leaves_is_followed_at_once) {
    expect_a_leader_soon();
    pass(draws_.time(1, 20'000));
    at_.stop_gracefully(leaders().at(0), seconds{5});
    at_.run_until([&] { return leaders().empty(); }, seconds{10});
    pass(milliseconds{100});
    EXPECT_EQ(leaders().size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(seeds, leader_election_with_lease_outside, testing::Range<std::uint64_t>(1, 11));
INSTANTIATE_TEST_SUITE_P(seeds, leader_election, testing::Range<std::uint64_t>(1, 11));

}  // namespace
}  // namespace orchestrator::simulation
