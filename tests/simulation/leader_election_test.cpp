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
    leader_election() {
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

    void misfortune() {
        switch (draws_.between(0, 4)) {
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
            default:
                at_.weather().fault = draws_.one_of({errc::store_unavailable, errc::store_read_only});
                pass(draws_.time(100, 30'000));
                at_.weather().fault.reset();
                break;
        }
    }

    draws draws_{GetParam()};
    world at_{{.seed = GetParam()}};
    std::string stalled_;
};

TEST_P(leader_election, there_is_one_leader_at_most_and_soon_another) {
    expect_a_leader_soon();
    for (int i = 0; i < 60 && !HasFailure(); ++i) {
        misfortune();
        pass(draws_.time(1, 5'000));
        expect_a_leader_soon();
        pass(draws_.time(1, 20'000));
    }
}

TEST_P(leader_election, a_quiet_leader_leads_on_under_its_epoch) {
    expect_a_leader_soon();
    const auto first = leaders();
    pass(seconds{600});
    EXPECT_EQ(leaders(), first);
    EXPECT_EQ(at_once(at_.store().find_leader(at_.time().now()))->epoch, 1);
}

INSTANTIATE_TEST_SUITE_P(seeds, leader_election, testing::Range<std::uint64_t>(1, 11));

}  // namespace
}  // namespace orchestrator::simulation
