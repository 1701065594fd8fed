// What every store promises of runs that end without being worked on (ports/execution_store.h, end_runs).
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "tests/contract/store_fixture.h"

namespace orchestrator::store_test {
namespace {

constexpr auto completed = step_status::completed, failed = step_status::failed, skipped = step_status::skipped;
constexpr auto after_deadline = after(3'700);

class overdue : public store_contract {
  protected:
    [[nodiscard]] int end(run_ending ending, system_time now = after_deadline) const {
        return expect(executions().end_runs(ending, now));
    }
    // The books of the execution agree, whatever happened.
    void check_books(int number) const {
        const auto at = found(number);
        tenant_counts tenants{.total = at.tenants.total};
        step_counts steps{.total = at.steps.total};
        run_query everything;
        everything.limit = 100'000;
        for (const auto& run : listed_runs(number, everything)) {
            tenants.completed += run.status == run_status::completed;
            tenants.partial += run.status == run_status::partial;
            tenants.failed += run.status == run_status::failed;
            tenants.cancelled += run.status == run_status::cancelled;
            for (const auto& step : run.steps) {
                if (step.carried_over) continue;
                steps.completed += step.status == completed;
                steps.failed += step.status == failed;
                steps.skipped += step.status == skipped;
                steps.retries += std::max(0, step.attempts - 1);
            }
        }
        EXPECT_EQ(at.tenants, tenants);
        EXPECT_EQ(at.steps, steps);
        step_counts summed;
        for (const auto& summary : expect(executions().step_summaries(execution_no(number)))) {
            summed.total += summary.counts.total;
            summed.completed += summary.counts.completed;
            summed.failed += summary.counts.failed;
            summed.skipped += summary.counts.skipped;
            summed.retries += summary.counts.retries;
        }
        EXPECT_EQ(summed, steps);
    }
    [[nodiscard]] static run_ending by_deadline(bool is_held_too = false, milliseconds grace = {}) {
        return {.execution = execution_no(1), .cause = end_cause::deadline, .grace = grace, .is_held_too = is_held_too};
    }
    [[nodiscard]] static run_ending by_cancellation(bool is_held_too = false, milliseconds grace = {}) {
        return {
            .execution = execution_no(1), .cause = end_cause::cancellation, .grace = grace, .is_held_too = is_held_too};
    }
};

TEST_P(overdue, what_waits_ends_as_failed_and_says_why) {
    open(1, 2);
    commit(
        {entry_for(claim(1).at(0), {},
                   parked(after(99'999), {{.step_index = 0, .attempts = 2, .retry_at = start, .started_at = start}}))});
    EXPECT_EQ(end(by_deadline()), 2);
    for (const auto& run : listed_runs(1)) {
        EXPECT_EQ(run.status, run_status::failed);
        EXPECT_EQ(run.completed_at, after_deadline);
        EXPECT_EQ(run.not_before, std::nullopt);
        ASSERT_EQ(run.steps.size(), 2U);
        for (const auto& step : run.steps) {
            EXPECT_EQ(step.status, skipped);
            EXPECT_EQ(step.attempts, 0);
            EXPECT_EQ(step.started_at, after_deadline);
            EXPECT_EQ(step.error_code, "deadline_exceeded");
            EXPECT_THAT(step.error_message, testing::HasSubstr("the deadline passed before this step could be called"));
        }
    }
    const auto logs = expect(executions().list_logs(execution_no(1), {}));
    ASSERT_EQ(logs.size(), 1U) << "one line for all";
    EXPECT_EQ(logs[0].level, log_level::warning);
    EXPECT_THAT(logs[0].message, testing::HasSubstr("2 tenants"));
    EXPECT_EQ(logs[0].tenant, std::nullopt);
    check_books(1);
    EXPECT_EQ(expect(executions().finish_if_done(execution_no(1), after_deadline)).status, execution_status::failed);
    EXPECT_TRUE(claim(10, after(1'000'000)).empty());
    EXPECT_EQ(expect(runs().next_parked_run({})), std::nullopt);
}

TEST_P(overdue, what_has_an_outcome_keeps_it) {
    open(1, 3);
    const auto claimed = claim(3);
    commit(
        {entry_for(claimed[0], {make_record(claimed[0].claim.run, 0, completed)}, returned()),
         entry_for(claimed[1], {make_record(claimed[1].claim.run, 0, failed, 4)}, returned()),
         entry_for(claimed[2],
                   {make_record(claimed[2].claim.run, 0, completed), make_record(claimed[2].claim.run, 1, completed)},
                   ended(run_status::completed))});
    EXPECT_EQ(end(by_deadline()), 2);
    const auto ended_runs = listed_runs(1);
    EXPECT_EQ(ended_runs[0].status, run_status::partial) << "a step completed";
    EXPECT_EQ(ended_runs[1].status, run_status::failed);
    EXPECT_EQ(ended_runs[2].status, run_status::completed);
    EXPECT_EQ(ended_runs[2].completed_at, after(2));
    EXPECT_EQ(ended_runs[0].steps.at(0).status, completed);
    EXPECT_EQ(ended_runs[0].steps.at(1).status, skipped);
    EXPECT_EQ(ended_runs[1].steps.at(0).attempts, 4);
    check_books(1);
}

TEST_P(overdue, who_waited_to_call_a_service_says_so) {
    expect(executions().open_execution(make_execution(1)));
    expect(executions().insert_runs(execution_no(1), {make_run(1, 1, "hanging"), make_run(2, 2)}, start));
    EXPECT_EQ(end(by_deadline()), 2);
    const auto ended_runs = listed_runs(1);
    EXPECT_THAT(ended_runs[0].steps.at(0).error_message, testing::EndsWith("; the run waited to call hanging"));
    EXPECT_THAT(ended_runs[1].steps.at(0).error_message, testing::EndsWith("could be called"));
}

TEST_P(overdue, carried_over_steps_are_steps_of_the_run_and_no_success_of_it) {
    open(1, 1);
    auto retry = make_execution(2);
    retry.execution_type = "retry";
    retry.retry_of = execution_no(1);
    expect(executions().open_execution(retry));
    auto planned = make_run(1);
    planned.steps_total = 1;
    planned.carried_over = {make_record({}, 0, completed)};
    planned.carried_over[0].carried_over = true;
    expect(executions().insert_runs(execution_no(2), {planned}, start));
    auto ending = by_deadline();
    ending.execution = execution_no(2);
    EXPECT_EQ(end(ending), 1);
    const auto run = listed_runs(2).at(0);
    EXPECT_EQ(run.status, run_status::failed);
    ASSERT_EQ(run.steps.size(), 2U);
    EXPECT_TRUE(run.steps[0].carried_over);
    EXPECT_EQ(run.steps[1].status, skipped);
    check_books(2);
}

TEST_P(overdue, what_is_held_is_left_to_its_holder_unless_it_is_held_too_long) {
    open(1, 2);
    const auto run = claim(1).at(0);
    EXPECT_EQ(end(by_deadline()), 1);
    EXPECT_EQ(listed_runs(1).at(0).status, run_status::running);
    EXPECT_EQ(end(by_deadline(true)), 1);
    EXPECT_EQ(listed_runs(1).at(0).status, run_status::failed);
    EXPECT_EQ(listed_runs(1).at(0).claimed_by, "host_1") << "who did not end it";
    check_books(1);

    for (const auto& late : {entry_for(run, {make_record(run.claim.run, 0, completed)}),
                             entry_for(run, {}, ended(run_status::completed)), entry_for(run, {}, parked(after(9'999))),
                             entry_for(run, {make_record(run.claim.run, 1, completed)}, ended(run_status::completed))})
        EXPECT_THAT(commit({late}).refused, testing::ElementsAre(run.claim));
    EXPECT_EQ(listed_runs(1).at(0).steps.at(0).status, skipped);
    check_books(1);
}

TEST_P(overdue, a_lost_claim_takes_no_other_with_it) {
    open(1, 1);
    auto other = make_execution(2);
    other.deadline_at = after(1'000'000);
    expect(executions().open_execution(other));
    expect(executions().insert_runs(execution_no(2), {make_run(1), make_run(2)}, start));
    const auto claimed = claim(3);
    ASSERT_EQ(claimed.size(), 3U);
    EXPECT_EQ(end(by_deadline(true)), 1);
    std::vector<journal_entry> entries;
    for (const auto& run : claimed)
        entries.push_back(
            entry_for(run, {make_record(run.claim.run, 0, completed), make_record(run.claim.run, 1, completed)},
                      ended(run_status::completed)));
    EXPECT_EQ(commit(entries).refused.size(), 1U);
    EXPECT_EQ(found(2).tenants.completed, 2);
    check_books(1);
    check_books(2);
}

TEST_P(overdue, nothing_ends_before_its_time) {
    open(1, 1);
    EXPECT_EQ(end(by_deadline(), after(3'599)), 0);
    EXPECT_EQ(end(by_deadline(false, std::chrono::seconds{5}), after(3'604)), 0);
    EXPECT_EQ(end(by_deadline(false, std::chrono::seconds{5}), after(3'605)), 1);
}

TEST_P(overdue, a_deadline_that_only_our_own_clock_has_reached_has_not_passed) {
    if (GetParam() != "postgresql") GTEST_SKIP() << "has no clock of its own";
    auto opened = make_execution(1);
    opened.deadline_at = std::chrono::floor<milliseconds>(std::chrono::system_clock::now()) + std::chrono::hours{1};
    expect(executions().open_execution(opened));
    expect(executions().insert_runs(execution_no(1), {make_run(1)}, start));
    EXPECT_EQ(end(by_deadline(), opened.deadline_at + std::chrono::hours{1}), 0);
}

TEST_P(overdue, a_cancellation_ends_what_waits_and_later_what_is_held) {
    open(1, 3);
    EXPECT_EQ(end(by_cancellation()), 0) << "nobody asked for it";
    const auto claimed = claim(2);
    commit({entry_for(claimed[1], {make_record(claimed[1].claim.run, 0, completed)}, returned())});
    cancel(1, after(10));
    auto view = listed_runs(1);
    EXPECT_EQ(view[0].status, run_status::running);
    EXPECT_EQ(view[1].status, run_status::cancelled) << "what completed before does not matter";
    EXPECT_EQ(view[1].steps.at(0).status, completed);
    EXPECT_EQ(view[1].steps.at(1).error_code, "cancelled");
    EXPECT_EQ(view[2].status, run_status::cancelled);
    check_books(1);

    const std::chrono::seconds grace{60};
    EXPECT_EQ(end(by_cancellation(true, grace), after(69)), 0);
    EXPECT_EQ(end(by_cancellation(true, grace), after(70)), 1);
    EXPECT_EQ(listed_runs(1).at(0).status, run_status::cancelled);
    check_books(1);
    EXPECT_EQ(expect(executions().finish_if_done(execution_no(1), after(71))).status, execution_status::cancelled);
}

TEST_P(overdue, what_has_ended_ends_once) {
    open(1, 2);
    EXPECT_EQ(end(by_deadline(true)), 2);
    EXPECT_EQ(end(by_deadline(true)), 0);
    expect(executions().finish_if_done(execution_no(1), after_deadline));
    EXPECT_EQ(end(by_deadline(true)), 0);
    EXPECT_EQ(fault(executions().end_runs({.execution = execution_no(9)}, after_deadline)), errc::not_found);
    EXPECT_EQ(expect(executions().list_logs(execution_no(1), {})).size(), 1U);
    check_books(1);
}

// As a newer version may have written it.
TEST_P(overdue, a_definition_that_cannot_be_read_is_shown_and_ends) {
    auto opened = make_execution(1);
    opened.definition =
        R"({"workflow_name":"later","steps":[{"kind":"later","name":"forecast"},{"kind":"nameless"},7]})";
    expect(executions().open_execution(opened));
    auto planned = make_run(1);
    planned.steps_total = 4;  // of which the definition shows three
    expect(executions().insert_runs(execution_no(1), {planned}, start));
    expect(executions().complete_planning(execution_no(1), {.to_end = true}, start));
    EXPECT_EQ(expect(executions().list_executions({})).size(), 1U);
    EXPECT_EQ(expect(executions().open_executions()).size(), 1U);
    const auto run = claim(1).at(0);
    commit({entry_for(run, {make_record(run.claim.run, 0, completed)}, returned())});
    EXPECT_EQ(end(by_deadline()), 1);
    EXPECT_EQ(listed_runs(1).at(0).steps.size(), 4U);
    EXPECT_EQ(listed_runs(1).at(0).status, run_status::partial);
    std::vector<std::string> names;
    for (const auto& each : expect(executions().step_summaries(execution_no(1)))) names.push_back(each.step_name);
    EXPECT_EQ(names, (std::vector<std::string>{"forecast", "step_1", "step_2", "step_3"}));
    check_books(1);
    EXPECT_EQ(expect(executions().finish_if_done(execution_no(1), after_deadline)).status, execution_status::partial);
}

TEST_P(overdue, planning_is_left_to_others_and_says_why) {
    expect(executions().open_execution(make_execution(1)));
    lease("older");
    lease("newer");
    const auto id = execution_no(1);
    EXPECT_EQ(expect(executions().claim_planning("older", {}, 10)), std::vector{id});
    EXPECT_TRUE(expect(executions().claim_planning("newer", {}, 10)).empty());
    expect(executions().leave_planning(id, "newer", "is not its planner"));
    EXPECT_EQ(found(1).error_message, "");
    expect(executions().leave_planning(id, "older", "cannot read it"));
    EXPECT_EQ(found(1).error_message, "cannot read it");
    EXPECT_TRUE(expect(executions().claim_planning("older", {id}, 10)).empty());
    EXPECT_EQ(expect(executions().claim_planning("newer", {}, 10)), std::vector{id});
    expect(executions().complete_planning(id, {.to_end = true}, start));
    expect(executions().leave_planning(id, "newer", "too late"));
    EXPECT_EQ(found(1).error_message, "");
}

// Somebody records while somebody else ends what is held: each run has one end, and each step one outcome.
TEST_P(overdue, who_records_at_the_same_time_is_recorded_or_refused) {
    constexpr int many = 2'000;
    open(1, many);
    const auto claimed = claim(many);
    std::atomic<int> refused = 0;
    std::atomic<int> committed = 0;
    std::jthread recorder{[&] {
        for (int i = 0; i < many; i += 20) {
            std::vector<journal_entry> entries;
            for (int each = i; each < i + 20; ++each) {
                const auto& run = claimed[std::size_t(each)];
                switch (each % 4) {
                    case 0:
                        entries.push_back(entry_for(run, {make_record(run.claim.run, 0, completed)}));
                        break;
                    case 1:
                        entries.push_back(
                            entry_for(run, {make_record(run.claim.run, 0, failed)}, parked(after(100'000))));
                        break;
                    default:
                        entries.push_back(entry_for(
                            run, {make_record(run.claim.run, 0, completed), make_record(run.claim.run, 1, completed)},
                            ended(run_status::completed)));
                }
            }
            refused += int(expect(runs().commit(entries, after_deadline)).refused.size());
            ++committed;
        }
    }};
    while (committed < 5) std::this_thread::yield();
    int ended_here = 0;
    for (int again = 0; again < 3; ++again) ended_here += end(by_deadline(true));
    recorder.join();
    ended_here += end(by_deadline(true));
    check_books(1);
    const auto at = found(1);
    EXPECT_EQ(at.tenants.ended(), many);
    EXPECT_EQ(at.tenants.completed + ended_here, many);
    EXPECT_GT(ended_here, 0);
    EXPECT_EQ(expect(executions().finish_if_done(execution_no(1), after_deadline)).status, execution_status::partial);
}

INSTANTIATE_TEST_SUITE_P(stores, overdue, every_store(), [](const auto& info) { return info.param; });

}  // namespace
}  // namespace orchestrator::store_test
