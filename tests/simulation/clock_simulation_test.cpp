// Clocks that are wrong: by how much one machine's may be without anything that cannot be undone, done twice or not
// done, and that the operators are told within ten seconds.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/simulation/world/random_world.h"

namespace orchestrator::simulation {
namespace {

using namespace std::chrono;

class wrong_clock : public testing::Test {
  protected:
    wrong_clock() {
        at_.services().set_tenants(random_tenants(draws_, 20, false));
        at_.services().script_steps([this](const http_request&, int) {
            ++calls_;
            return answered(200, R"({"count":1})", milliseconds{2'000});
        });
    }
    ~wrong_clock() override { EXPECT_TRUE(at_.books().problems().empty()) << at_.report(); }

    // As SQLite, which has no clock of its own.
    void without_a_clock_of_the_store() { at_.weather().has_clock = false; }
    // Runs at every full hour.
    workflow_id hourly() {
        workflow made;
        made.id = draws_.id<workflow_id>(at_.time().now());
        made.workflow_name = "hourly";
        made.steps = R"([{"name": "bake", "service": "production", "path": "/bake/{{tenant.id}}"}])";
        made.created_at = made.updated_at = at_.time().now();
        made.when = {.cron_expression = "0 * * * *", .timezone = "Etc/UTC"};
        const auto id = made.id;
        at_once(at_.store().insert_workflow(std::move(made)));
        return id;
    }
    std::vector<system_time> started(workflow_id id) {
        std::vector<system_time> times;
        for (const auto& each : at_once(at_.store().list_occurrences(id, system_time{}, system_time::max(), 1'000)))
            if (each.outcome == occurrence_outcome::started) times.push_back(each.scheduled_for);
        return times;
    }
    [[nodiscard]] std::string told_by(const std::string& instance, std::string_view kind) {
        for (const auto& each : at_.at(instance).health().problems)
            if (each.kind == kind) return each.message;
        return "";
    }
    // An execution that ended so long ago.
    execution_id old_execution(days ago) {
        const auto made_at = at_.time().now() - ago;
        execution opened;
        opened.id = draws_.id<execution_id>(made_at);
        opened.workflow_name = "old";
        opened.execution_type = "manual";
        opened.definition = daily_operations().source;
        opened.created_at = made_at;
        opened.deadline_at = made_at + hours{1};
        const auto id = opened.id;
        at_once(at_.store().open_execution(std::move(opened)));
        at_once(at_.store().complete_planning(id, {.to_end = true}, made_at));
        at_once(at_.store().finish_if_done(id, made_at));
        return id;
    }
    [[nodiscard]] bool is_kept(execution_id id) {
        const auto all = at_once(at_.store().list_executions({}));
        return std::ranges::find(all, id, &execution::id) != all.end();
    }

    draws draws_{9};
    world at_{{.seed = 9}};
    workflow_definition definition_ = daily_operations();
    int calls_ = 0;
};

TEST_F(wrong_clock, takes_no_runs_of_others_and_calls_nothing_twice) {
    const auto right = at_.start_instance();
    const auto ahead = at_.start_instance(seconds{45});
    const auto id = at_.open(definition_);
    at_.run_for(seconds{10});
    EXPECT_TRUE(told_by(ahead, "clock").starts_with("the clock of this machine is 45 s ahead of the database's"))
        << told_by(ahead, "clock");
    EXPECT_EQ(told_by(right, "clock"), "");
    ASSERT_TRUE(at_.run_to_end({id}, hours{1})) << at_.report();
    at_.check_books(id);
    EXPECT_EQ(calls_, 20 * 6);
}

TEST_F(wrong_clock, of_a_machine_decides_nothing_where_the_store_has_one) {
    const auto id = hourly();
    const auto name = at_.start_instance(days{1});
    at_.run_for(hours{3} + minutes{1});
    EXPECT_EQ(started(id).size(), 3U);
    EXPECT_LE(started(id).back(), at_.time().now());
    EXPECT_NE(told_by(name, "clock"), "");
}

TEST_F(wrong_clock, that_is_right_again_after_five_seconds_stops_no_schedule) {
    without_a_clock_of_the_store();
    const auto id = hourly();
    const auto name = at_.start_instance();
    at_.run_for(minutes{30});
    at_.skew(name, days{1});
    at_.run_for(seconds{10});
    EXPECT_TRUE(told_by(name, "clock").starts_with("the clock of this machine leapt 1 d ahead at "))
        << told_by(name, "clock");
    at_.skew(name, milliseconds{0});
    at_.run_for(hours{3} + minutes{1});
    EXPECT_EQ(started(id).size(), 3U);
    EXPECT_EQ(told_by(name, "clock"), "");
}

TEST_F(wrong_clock, at_a_start_deletes_no_history_where_the_store_has_one) {
    const auto old = old_execution(days{80});
    const auto older = old_execution(days{91});
    const auto name = at_.start_instance(days{92});
    at_.run_for(hours{5});
    EXPECT_TRUE(is_kept(older)) << "while the clocks differ nothing is deleted at all";
    at_.skew(name, milliseconds{0});
    at_.run_for(hours{2});
    EXPECT_TRUE(is_kept(old));
    EXPECT_FALSE(is_kept(older));
}

TEST_F(wrong_clock, at_a_start_deletes_a_day_an_hour_and_says_so_where_the_store_has_none) {
    without_a_clock_of_the_store();
    const auto old = old_execution(days{80});
    const auto name = at_.start_instance();
    at_.run_for(minutes{5});
    at_.stop_gracefully(name, milliseconds{0});
    at_.run_for(minutes{1});
    const auto wrong = at_.start_instance(days{92});
    at_.run_for(seconds{10});
    EXPECT_TRUE(told_by(wrong, "clock").contains(" only, 91 d 23 h before: ")) << told_by(wrong, "clock");
    at_.run_for(hours{8});
    EXPECT_TRUE(is_kept(old));
    at_.run_for(hours{6});
    EXPECT_FALSE(is_kept(old)) << "nobody said that the clock was wrong";
}

TEST_F(wrong_clock, which_decided_too_far_is_set_right_and_told) {
    without_a_clock_of_the_store();
    const auto id = hourly();
    const auto wrong = at_.start_instance(days{1});
    at_.run_for(minutes{5});
    at_.crash(wrong, true);
    const auto right = at_.start_instance();
    at_.run_for(seconds{10});
    EXPECT_TRUE(told_by(right, "clock").contains("is stored already, ")) << told_by(right, "clock");
    at_.run_for(minutes{16});
    EXPECT_TRUE(told_by(right, "schedule").starts_with("hourly was decided until ")) << told_by(right, "schedule");
    const auto before = started(id).size();
    at_.run_for(hours{3} + minutes{1});
    EXPECT_EQ(started(id).size(), before + 3);
}

TEST_F(wrong_clock, that_stays_wrong_is_followed_in_the_end) {
    without_a_clock_of_the_store();
    const auto id = hourly();
    const auto name = at_.start_instance(-days{3});  // a machine that starts without the time
    at_.run_for(minutes{1});
    at_.skew(name, milliseconds{0});
    at_.run_for(hours{3} + minutes{1});
    EXPECT_EQ(started(id).size(), 4U) << "one makes up for the days that it had not seen";
    EXPECT_EQ(started(id).back(), floor<hours>(at_.time().now()));
    EXPECT_EQ(told_by(name, "clock"), "");
}

TEST_F(wrong_clock, of_the_store_ends_nothing_and_holds_no_lease_when_it_is_right_again) {
    const auto name = at_.start_instance();
    const auto id = at_.open(definition_);
    at_.run_for(seconds{5});
    at_.weather().clock_wrong_by = days{1};
    at_.run_for(seconds{10});
    EXPECT_TRUE(told_by(name, "clock").starts_with("the clock of the database leapt 1 d ahead"))
        << told_by(name, "clock");
    at_.crash(name, false);
    at_.weather().clock_wrong_by = milliseconds{0};
    at_.start_instance();
    ASSERT_TRUE(at_.run_to_end({id}, minutes{10})) << at_.report();
    at_.check_books(id);
    EXPECT_EQ(at_.find(id).status, execution_status::completed);
}

}  // namespace
}  // namespace orchestrator::simulation
