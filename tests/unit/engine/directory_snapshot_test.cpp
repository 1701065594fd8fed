// One walk for all who need the tenants: who joins it, who waits for a newer one, and what becomes of it.
#include "engine/directory_snapshot.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/simulation/world/random_world.h"
#include "tests/simulation/world/virtual_thread.h"

namespace orchestrator {
namespace {

using simulation::answered;
using std::chrono::seconds;

class directory_snapshot_test : public testing::Test {
  protected:
    directory_snapshot_test() { services_.set_tenants(simulation::random_tenants(draws_, 25, false)); }
    ~directory_snapshot_test() override { thread_.drop(); }

    struct reading {
        std::set<tenant_id> seen;
        int pages = 0;
        std::optional<result<directory_snapshot::outcome>> outcome;
        std::vector<std::string> troubles;
        std::stop_source stop;
    };
    directory_snapshot::reader reader(reading& into, milliseconds leeway = milliseconds{0},
                                      milliseconds time_left = std::chrono::hours{1}) {
        return {.not_before = thread_.line.steady_now() - leeway,
                .deadline = thread_.line.steady_now() + time_left,
                .stop = into.stop.get_token(),
                .at_once = 10,
                .on_trouble = [&into](std::string problem) -> task<> {
                    into.troubles.push_back(std::move(problem));
                    co_return;
                }};
    }
    task<> read(reading& into, directory_snapshot::reader how) {
        const auto take = [&into](std::vector<tenant> page) -> task<result<void>> {
            EXPECT_LE(page.size(), 10U);
            ++into.pages;
            for (const auto& each : page) EXPECT_TRUE(into.seen.insert(each.id).second);
            co_return result<void>{};
        };
        into.outcome = co_await tenants_.read(std::move(how), take);
    }
    void start(reading& into, milliseconds leeway = milliseconds{0}, milliseconds time_left = std::chrono::hours{1}) {
        thread_.start(read(into, reader(into, leeway, time_left)));
    }
    [[nodiscard]] int calls() const { return services_.tenant_list_calls(); }

    simulation::draws draws_{7};
    simulation::virtual_thread thread_;
    simulation::simulated_services services_;
    simulation::simulated_network network_{services_, thread_.time};
    system::random random_{1};
    tenant_directory directory_{network_, thread_.time, random_, services_.directory().at("tenant")};
    directory_snapshot tenants_{
        {.bounds = {.page_size = 10}, .most_lookups = 2}, directory_, thread_.time, [this](task<> work) {
            thread_.start(std::move(work));
        }};
    static constexpr int calls_of_a_walk = 5;  // of ten, ten and five tenants, and two to be sure of the end
};

TEST_F(directory_snapshot_test, many_who_read_at_once_share_one_walk) {
    std::vector<reading> readings(100);
    for (auto& each : readings) start(each);
    thread_.pass(seconds{5});
    for (const auto& each : readings) {
        ASSERT_TRUE(each.outcome && *each.outcome);
        EXPECT_EQ(each.seen.size(), 25U);
        EXPECT_EQ((*each.outcome)->active, 25U);
        EXPECT_EQ((*each.outcome)->problem, "");
    }
    EXPECT_EQ(calls(), calls_of_a_walk);
}

TEST_F(directory_snapshot_test, hands_out_the_first_page_while_the_walk_goes_on) {
    reading first;
    start(first);
    thread_.pass(milliseconds{6});
    EXPECT_EQ(first.seen.size(), 10U);
    EXPECT_EQ(calls(), 2);
    EXPECT_FALSE(first.outcome);
    thread_.pass(seconds{5});
    EXPECT_TRUE(first.outcome);
}

TEST_F(directory_snapshot_test, is_read_again_only_by_who_needs_a_newer_one) {
    reading first, second, third;
    start(first);
    thread_.pass(seconds{5});
    start(second, seconds{6});
    thread_.settle();
    EXPECT_TRUE(second.outcome) << "at once";
    EXPECT_EQ(calls(), calls_of_a_walk);
    start(third, seconds{4});
    thread_.pass(seconds{5});
    EXPECT_EQ(third.seen.size(), 25U);
    EXPECT_EQ(calls(), 2 * calls_of_a_walk);
}

TEST_F(directory_snapshot_test, who_needs_a_newer_one_waits_for_the_end_of_the_older_one) {
    services_.script_tenants([](const http_request&, int nth) {
        return answered(200, "", nth == 2 ? milliseconds{10'000} : milliseconds{5});
    });
    reading first, second;
    start(first);
    thread_.pass(seconds{4});
    start(second, seconds{1});
    thread_.pass(seconds{1});
    EXPECT_EQ(calls(), 2) << "one walk at a time";
    thread_.pass(seconds{10});
    EXPECT_TRUE(first.outcome && *first.outcome && second.outcome && *second.outcome);
    EXPECT_EQ(calls(), 2 * calls_of_a_walk);
}

TEST_F(directory_snapshot_test, a_walk_that_waits_for_its_first_page_is_as_fresh_as_its_next_attempt) {
    services_.script_tenants([](const http_request&, int nth) { return nth < 8 ? answered(503) : answered(200, ""); });
    reading first, second;
    start(first);
    thread_.pass(seconds{3});
    start(second);
    thread_.pass(std::chrono::minutes{5});
    EXPECT_TRUE(first.outcome && *first.outcome && second.outcome && *second.outcome);
    EXPECT_EQ(calls(), 7 + calls_of_a_walk);
}

TEST_F(directory_snapshot_test, what_was_asked_before_the_reader_came_is_too_old_for_it_when_it_is_answered) {
    services_.script_tenants(
        [](const http_request&, int nth) { return answered(200, "", milliseconds{nth == 1 ? 8'000 : 5}); });
    reading first, second;
    start(first);
    thread_.pass(seconds{3});
    start(second, seconds{1});
    thread_.pass(seconds{20});
    EXPECT_TRUE(first.outcome && *first.outcome && second.outcome && *second.outcome);
    EXPECT_EQ(second.seen.size(), 25U);
    EXPECT_EQ(calls(), 2 * calls_of_a_walk);
}

TEST_F(directory_snapshot_test, a_refusal_ends_all_who_wait_and_is_not_kept) {
    services_.script_tenants([](const http_request&, int nth) { return nth == 2 ? answered(403) : answered(200, ""); });
    reading first, second, later;
    start(first);
    start(second);
    thread_.pass(seconds{1});
    for (const auto* each : {&first, &second}) {
        ASSERT_TRUE(each->outcome && !*each->outcome);
        EXPECT_TRUE(each->outcome->error().message.contains("403"));
        EXPECT_EQ(each->seen.size(), 10U) << "what came before";
    }
    ASSERT_TRUE(tenants_.problem());
    EXPECT_TRUE(tenants_.problem()->contains("403"));
    start(later, seconds{10});
    thread_.pass(seconds{1});
    EXPECT_TRUE(later.outcome && *later.outcome);
    EXPECT_FALSE(tenants_.problem());
}

TEST_F(directory_snapshot_test, tells_within_ten_seconds_that_the_service_does_not_answer) {
    services_.script_tenants([](const http_request&, int) { return simulation::hanging(); });
    reading first;
    start(first);
    thread_.pass(seconds{4});
    EXPECT_FALSE(tenants_.problem());
    thread_.pass(seconds{6});
    EXPECT_EQ(tenants_.problem(), "the tenant service does not answer");
    EXPECT_EQ(first.troubles, std::vector<std::string>{"the tenant service does not answer"});
}

TEST_F(directory_snapshot_test, a_deadline_and_a_stop_end_the_reader_and_then_the_walk) {
    services_.script_tenants([](const http_request&, int) { return answered(503); });
    reading impatient, stopped;
    start(impatient, seconds{0}, seconds{20});
    start(stopped);
    thread_.pass(seconds{10});
    stopped.stop.request_stop();
    thread_.settle();
    EXPECT_TRUE(stopped.outcome && !*stopped.outcome);
    EXPECT_FALSE(impatient.outcome);
    thread_.pass(seconds{11});
    ASSERT_TRUE(impatient.outcome && !*impatient.outcome);
    EXPECT_TRUE(impatient.outcome->error().message.contains("503")) << impatient.outcome->error().message;
    thread_.pass(seconds{30});
    const auto before = calls();
    thread_.pass(std::chrono::minutes{10});
    EXPECT_EQ(calls(), before) << "nobody needs it any more";
    EXPECT_FALSE(tenants_.problem());
}

TEST_F(directory_snapshot_test, one_tenant_is_asked_for_unless_the_snapshot_has_it) {
    const auto wanted = services_.tenants().at(17).id;
    reading by_id, all;
    const auto one = thread_.run(tenants_.find(reader(by_id), wanted));
    ASSERT_TRUE(one && *one);
    EXPECT_EQ((*one)->id, wanted);
    EXPECT_EQ(calls(), 0);
    EXPECT_EQ(services_.tenant_calls(), 1);
    start(all);
    thread_.pass(seconds{1});
    ASSERT_TRUE(thread_.run(tenants_.find(reader(by_id, seconds{5}), wanted)));
    EXPECT_EQ(services_.tenant_calls(), 1);
    const auto unknown =
        thread_.run(tenants_.find(reader(by_id, seconds{5}), draws_.id<tenant_id>(thread_.time.now())));
    ASSERT_TRUE(unknown);
    EXPECT_FALSE(*unknown);
    EXPECT_EQ(services_.tenant_calls(), 2) << "it may be newer than the snapshot";
}

TEST_F(directory_snapshot_test, many_who_want_one_tenant_each_share_a_walk) {
    std::vector<std::optional<tenant_id>> found(25);
    reading shared;
    const auto look = [](directory_snapshot& in, directory_snapshot::reader how, tenant_id id,
                         std::optional<tenant_id>& into) -> task<> {
        const auto one = co_await in.find(std::move(how), id);
        if (one && *one) into = (*one)->id;
    };
    for (std::size_t i = 0; i < found.size(); ++i)
        thread_.start(look(tenants_, reader(shared), services_.tenants().at(i).id, found[i]));
    thread_.pass(seconds{5});
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i], services_.tenants().at(i).id);
    EXPECT_EQ(services_.tenant_calls(), 2);
    EXPECT_EQ(calls(), calls_of_a_walk);
}

TEST_F(directory_snapshot_test, hands_out_who_is_wanted_and_asks_once_for_each_place) {
    auto tenants = services_.tenants();
    for (std::size_t i = 0; i < tenants.size(); ++i) {
        tenants[i].timezone = i % 2 == 0 ? "Europe/Madrid" : "Atlantic/Canary";
        tenants[i].tier = i % 3 == 0 ? subscription_tier::enterprise : subscription_tier::starter;
    }
    services_.set_tenants(tenants);
    reading wanted;
    auto how = reader(wanted);
    std::vector<std::string> asked;
    how.filter.tiers = {subscription_tier::enterprise};
    how.is_due = [&asked](tenant each) -> task<result<bool>> {
        asked.push_back(each.timezone);
        co_return each.timezone == "Atlantic/Canary";
    };
    thread_.start(read(wanted, std::move(how)));
    thread_.pass(seconds{5});
    ASSERT_TRUE(wanted.outcome && *wanted.outcome);
    EXPECT_EQ((*wanted.outcome)->active, 25U) << "whoever is wanted";
    EXPECT_EQ(asked, (std::vector<std::string>{"Europe/Madrid", "Atlantic/Canary"}));
    std::set<tenant_id> expected;
    for (std::size_t i = 3; i < tenants.size(); i += 6) expected.insert(tenants[i].id);
    EXPECT_EQ(wanted.seen, expected);
}

TEST_F(directory_snapshot_test, is_dropped_when_nobody_has_needed_it_for_a_while) {
    reading first;
    start(first);
    thread_.pass(seconds{1});
    EXPECT_GT(tenants_.bytes(), 0U);
    thread_.pass(seconds{50});
    tenants_.tidy_up();
    EXPECT_GT(tenants_.bytes(), 0U);
    thread_.pass(seconds{10});
    tenants_.tidy_up();
    EXPECT_EQ(tenants_.bytes(), 0U);
}

TEST_F(directory_snapshot_test, a_list_that_is_not_whole_is_told_until_one_is) {
    const auto flaws = std::make_shared<simulation::draws>(1);
    services_.tenant_directory().set_flaws({.total_off_by = 3}, flaws);
    reading first, second;
    start(first);
    thread_.pass(seconds{5});
    ASSERT_TRUE(first.outcome && *first.outcome);
    EXPECT_EQ((*first.outcome)->problem, "the tenant service states 28 active tenants and lists 25");
    EXPECT_EQ(tenants_.problem(), "the tenant service states 28 active tenants and lists 25");
    services_.tenant_directory().set_flaws({}, flaws);
    start(second);
    thread_.pass(seconds{5});
    EXPECT_EQ((*second.outcome)->problem, "");
    EXPECT_FALSE(tenants_.problem());
}

TEST_F(directory_snapshot_test, an_empty_list_is_not_kept) {
    const auto all = services_.tenants();
    services_.set_tenants({});
    reading first, second;
    start(first);
    thread_.pass(seconds{1});
    EXPECT_EQ(first.seen.size(), 0U);
    services_.set_tenants(all);
    start(second, seconds{10});
    thread_.pass(seconds{1});
    EXPECT_EQ(second.seen.size(), 25U);
}

TEST_F(directory_snapshot_test, knows_who_is_gone_only_from_a_whole_snapshot) {
    const auto gone = services_.tenants().front();
    EXPECT_FALSE(tenants_.lacks(gone.id));
    auto others = services_.tenants();
    others.erase(others.begin());
    services_.set_tenants(others);
    reading first;
    start(first);
    thread_.pass(milliseconds{6});
    EXPECT_FALSE(tenants_.lacks(gone.id)) << "the walk goes on";
    thread_.pass(seconds{1});
    EXPECT_TRUE(tenants_.lacks(gone.id));
    EXPECT_FALSE(tenants_.lacks(others.front().id));
}

}  // namespace
}  // namespace orchestrator
