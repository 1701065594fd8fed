// What every store promises of claims, leases and the journal (ports/run_store.h).
#include <gmock/gmock.h>

#include "tests/contract/store_fixture.h"

namespace orchestrator::store_test {
namespace {

std::vector<tenant_id> tenants_of(const std::vector<claimed_run>& claimed) {
    std::vector<tenant_id> tenants;
    for (const auto& each : claimed) tenants.push_back(each.for_tenant.id);
    return tenants;
}

constexpr auto completed = step_status::completed, failed = step_status::failed, skipped = step_status::skipped;

TEST_P(store_contract, claims_in_order_of_fair_rank_then_of_insertion) {
    expect(executions().open_execution(make_execution(1)));
    expect(executions().insert_runs(execution_no(1), {make_run(1, 500), make_run(2, 250), make_run(3, 500)}, start));
    expect(executions().open_execution(make_execution(2)));
    expect(executions().insert_runs(execution_no(2), {make_run(4, 100)}, start));
    EXPECT_EQ(expect(executions().lowest_waiting_rank()), 100);
    EXPECT_EQ(tenants_of(claim(2)), (std::vector{tenant_no(4), tenant_no(2)}));
    EXPECT_EQ(expect(executions().lowest_waiting_rank()), 500);
    EXPECT_EQ(tenants_of(claim(10)), (std::vector{tenant_no(1), tenant_no(3)}));
    EXPECT_EQ(expect(executions().lowest_waiting_rank()), 0);
    EXPECT_TRUE(claim(10).empty());
}

TEST_P(store_contract, claims_no_more_than_asked_for) {
    open(1, 3);
    EXPECT_EQ(claim(0).size(), 0U);
    EXPECT_EQ(claim(2).size(), 2U);
    EXPECT_EQ(claim(2).size(), 1U);
}

TEST_P(store_contract, a_claim_brings_all_that_the_run_needs) {
    expect(executions().open_execution(make_execution(1)));
    auto planned = make_run(7);
    planned.for_tenant.tier = subscription_tier::enterprise;
    planned.for_tenant.timezone = "Atlantic/Canary";
    expect(executions().insert_runs(execution_no(1), {planned}, start));
    const auto run = claim(1, after(4)).at(0);
    EXPECT_EQ(run.execution, execution_no(1));
    EXPECT_EQ(run.for_tenant.id, tenant_no(7));
    EXPECT_EQ(run.for_tenant.name, "Bakery 7");
    EXPECT_EQ(run.for_tenant.tier, subscription_tier::enterprise);
    EXPECT_EQ(run.for_tenant.timezone, "Atlantic/Canary");
    EXPECT_TRUE(run.recorded.empty());
    EXPECT_TRUE(run.waits.empty());
    const auto view = listed_runs(1).at(0);
    EXPECT_EQ(view.status, run_status::running);
    EXPECT_EQ(view.claimed_by, "host_1");
    EXPECT_EQ(view.started_at, after(4));
}

TEST_P(store_contract, started_at_is_the_first_claim) {
    open(1, 1);
    commit({entry_for(claim(1, after(1)).at(0), {}, returned())});
    EXPECT_EQ(claim(1, after(5)).size(), 1U);
    EXPECT_EQ(listed_runs(1).at(0).started_at, after(1));
}

TEST_P(store_contract, records_steps_and_counts_them) {
    open(1, 2);
    const auto claimed = claim(2);
    commit(
        {entry_for(claimed[0], {make_record(claimed[0].claim.run, 0, completed, 3)}),
         entry_for(claimed[1],
                   {make_record(claimed[1].claim.run, 0, failed, 4), make_record(claimed[1].claim.run, 1, skipped, 0)},
                   ended(run_status::failed))});
    EXPECT_EQ(found(1).steps, (step_counts{.total = 4, .completed = 1, .failed = 1, .skipped = 1, .retries = 5}));
    EXPECT_EQ(found(1).tenants, (tenant_counts{.total = 2, .completed = 0, .partial = 0, .failed = 1, .cancelled = 0}));

    commit({entry_for(claimed[0], {make_record(claimed[0].claim.run, 1, completed)}, ended(run_status::completed))});
    const auto read = found(1);
    EXPECT_EQ(read.steps.ended(), read.steps.total);
    EXPECT_EQ(read.tenants.ended(), read.tenants.total);

    const auto steps = expect(executions().step_summaries(execution_no(1)));
    ASSERT_EQ(steps.size(), 2U);
    EXPECT_EQ(steps[0].step_name, "forecast");
    EXPECT_EQ(steps[0].counts, (step_counts{.total = 2, .completed = 1, .failed = 1, .skipped = 0, .retries = 5}));
    EXPECT_EQ(steps[0].latency.count(), 2);
    EXPECT_EQ(steps[1].counts, (step_counts{.total = 2, .completed = 1, .failed = 0, .skipped = 1, .retries = 0}));
    EXPECT_EQ(steps[1].latency.count(), 1) << "a skipped step took no time";
    EXPECT_EQ(steps[1].latency.quantile(1), latency_bucket_upper_bound(latency_bucket(milliseconds{250})));
}

TEST_P(store_contract, counts_every_end_of_a_run) {
    open(1, 4);
    const auto claimed = claim(4);
    commit({entry_for(claimed[0], {}, ended(run_status::completed)),
            entry_for(claimed[1], {}, ended(run_status::partial)), entry_for(claimed[2], {}, ended(run_status::failed)),
            entry_for(claimed[3], {}, ended(run_status::cancelled))});
    EXPECT_EQ(found(1).tenants, (tenant_counts{4, 1, 1, 1, 1}));
    const auto runs_now = listed_runs(1);
    EXPECT_EQ(runs_now[1].status, run_status::partial);
    EXPECT_EQ(runs_now[1].completed_at, after(2));
}

TEST_P(store_contract, keeps_every_field_of_a_recorded_step) {
    open(1, 1);
    const auto run = claim(1).at(0);
    auto written = make_record(run.claim.run, 1, failed, 4);
    written.http_status = 503;
    written.started_at = after(7);
    written.duration = milliseconds{123'456};
    written.result = R"({"error":"ñ"})";
    written.error_code = "service_error";
    written.error_message = "answered 503";
    commit({entry_for(run, {written}, returned())});
    for (const auto& steps : {listed_runs(1).at(0).steps, claim(1).at(0).recorded}) {
        ASSERT_EQ(steps.size(), 1U);
        const auto& read = steps[0];
        EXPECT_EQ(read.run, run.claim.run);
        EXPECT_EQ(read.step_index, 1);
        EXPECT_EQ(read.status, failed);
        EXPECT_EQ(read.attempts, 4);
        EXPECT_EQ(read.http_status, 503);
        EXPECT_FALSE(read.carried_over);
        EXPECT_EQ(read.started_at, after(7));
        EXPECT_EQ(read.duration, milliseconds{123'456});
        EXPECT_EQ(read.result, written.result);
        EXPECT_EQ(read.error_code, "service_error");
        EXPECT_EQ(read.error_message, "answered 503");
    }
}

TEST_P(store_contract, a_recorded_step_stays_as_it_was_and_counts_once) {
    open(1, 1);
    const auto run = claim(1).at(0);
    commit({entry_for(run, {make_record(run.claim.run, 0, completed)})});
    commit({entry_for(run, {make_record(run.claim.run, 0, failed, 4)}),
            entry_for(run, {make_record(run.claim.run, 0, failed)})});
    EXPECT_EQ(found(1).steps, (step_counts{.total = 2, .completed = 1, .failed = 0, .skipped = 0, .retries = 0}));
    EXPECT_EQ(listed_runs(1).at(0).steps.at(0).status, completed);
}

TEST_P(store_contract, nothing_of_a_lost_claim_is_kept_and_the_rest_of_the_batch_is) {
    open(1, 2);
    const auto old = claim(2);
    commit({entry_for(old[0], {}, returned())});
    const auto current = claim(1, start, "host_2").at(0);
    ASSERT_EQ(current.claim.run, old[0].claim.run);
    EXPECT_GT(current.claim.token, old[0].claim.token);

    auto stale = entry_for(old[0], {make_record(old[0].claim.run, 0, completed)}, ended(run_status::completed));
    stale.logs.push_back(make_log("stale"));
    const auto receipt = commit({stale, entry_for(old[1], {make_record(old[1].claim.run, 0, completed)})});
    EXPECT_EQ(receipt.refused, std::vector{old[0].claim});
    EXPECT_TRUE(receipt.drained.empty());
    EXPECT_EQ(found(1).steps.completed, 1);
    EXPECT_EQ(found(1).tenants.ended(), 0);
    EXPECT_TRUE(expect(executions().list_logs(execution_no(1), {})).empty());
    EXPECT_TRUE(listed_runs(1).at(0).steps.empty());
    EXPECT_EQ(listed_runs(1).at(0).claimed_by, "host_2");
    EXPECT_TRUE(commit({entry_for(current, {}, ended(run_status::completed))}).refused.empty());
}

TEST_P(store_contract, a_claim_is_lost_when_its_run_was_given_back_or_has_ended) {
    open(1, 2);
    const auto claimed = claim(2);
    commit({entry_for(claimed[0], {}, returned()), entry_for(claimed[1], {}, ended(run_status::completed))});
    const auto receipt =
        commit({entry_for(claimed[0], {}, ended(run_status::failed)),
                entry_for(claimed[1], {}, ended(run_status::failed)),
                {.claim = {run_id{999}, 1}, .execution = execution_no(1), .steps = {}, .logs = {}, .outcome = {}}});
    EXPECT_EQ(receipt.refused, (std::vector<run_claim>{claimed[0].claim, claimed[1].claim, {run_id{999}, 1}}));
    EXPECT_EQ(found(1).tenants, (tenant_counts{.total = 2, .completed = 1, .partial = 0, .failed = 0, .cancelled = 0}));
}

TEST_P(store_contract, tells_which_executions_are_drained) {
    open(1, 2);
    open(2, 1);
    expect(executions().open_execution(make_execution(3)));
    expect(executions().insert_runs(execution_no(3), {make_run(1, 9)}, start));  // not planned completely
    const auto claimed = claim(10);
    ASSERT_EQ(claimed.size(), 4U);
    std::vector<journal_entry> ends;
    for (const auto& run : claimed)
        if (run.for_tenant.id == tenant_no(1)) ends.push_back(entry_for(run, {}, ended(run_status::completed)));
    EXPECT_EQ(commit(ends).drained, std::vector{execution_no(2)});
    for (const auto& run : claimed)
        if (run.for_tenant.id == tenant_no(2))
            EXPECT_EQ(commit({entry_for(run, {}, ended(run_status::failed))}).drained, std::vector{execution_no(1)});
}

TEST_P(store_contract, a_parked_run_waits_for_its_time) {
    open(1, 1);
    const std::vector<stored_wait> waits{
        {.step_index = 1, .attempts = 2, .retry_at = after(60), .started_at = after(1)}};
    EXPECT_EQ(expect(runs().next_parked_run({})), std::nullopt);
    commit({entry_for(claim(1).at(0), {}, parked(after(60), waits))});
    EXPECT_EQ(expect(runs().next_parked_run({})), after(60));
    EXPECT_EQ(expect(executions().lowest_waiting_rank()), 0) << "it waits for a time, not for its turn";
    const auto view = listed_runs(1).at(0);
    EXPECT_EQ(view.status, run_status::pending);
    EXPECT_EQ(view.not_before, after(60));
    EXPECT_EQ(view.claimed_by, "");

    EXPECT_TRUE(claim(1, after(60) - milliseconds{1}).empty());
    const auto run = claim(1, after(60)).at(0);
    ASSERT_EQ(run.waits.size(), 1U);
    EXPECT_EQ(run.waits[0].step_index, 1);
    EXPECT_EQ(run.waits[0].attempts, 2);
    EXPECT_EQ(run.waits[0].retry_at, after(60));
    EXPECT_EQ(run.waits[0].started_at, after(1));
    EXPECT_EQ(expect(runs().next_parked_run({})), std::nullopt);
    EXPECT_EQ(listed_runs(1).at(0).not_before, std::nullopt);
}

TEST_P(store_contract, runs_whose_wait_is_over_go_first_in_order_of_their_time) {
    open(1, 4);
    const auto claimed = claim(3);
    commit({entry_for(claimed[0], {}, parked(after(30))), entry_for(claimed[1], {}, parked(after(20))),
            entry_for(claimed[2], {}, parked(after(99)))});
    EXPECT_EQ(tenants_of(claim(10, after(40))), (std::vector{tenant_no(2), tenant_no(1), tenant_no(4)}));
    EXPECT_EQ(expect(runs().next_parked_run({})), after(99));
}

TEST_P(store_contract, the_waits_of_a_run_survive_the_loss_of_its_instance) {
    open(1, 1);
    commit(
        {entry_for(claim(1).at(0), {},
                   parked(after(5), {{.step_index = 0, .attempts = 3, .retry_at = after(5), .started_at = start}}))});
    EXPECT_EQ(claim(1, after(5)).size(), 1U);
    expect(runs().release_instance("host_1"));
    EXPECT_EQ(claim(1, after(5)).at(0).waits.at(0).attempts, 3);
}

TEST_P(store_contract, a_cancelled_execution_waits_for_nothing) {
    open(1, 2);
    const auto claimed = claim(2);
    commit({entry_for(claimed[0], {}, parked(after(900)))});
    cancel(1, start);
    EXPECT_EQ(expect(runs().next_parked_run({})), std::nullopt);
    EXPECT_EQ(listed_runs(1).at(0).status, run_status::cancelled);
    // Its wait was on the way to the store when the cancellation came.
    commit({entry_for(
        claimed[1], {},
        parked(after(900), {{.step_index = 0, .attempts = 1, .retry_at = after(900), .started_at = start}}))});
    cancel(1, after(5));
    EXPECT_EQ(expect(runs().next_parked_run({})), std::nullopt);
    EXPECT_EQ(listed_runs(1).at(1).status, run_status::cancelled);
    EXPECT_TRUE(claim(10, after(1'000)).empty());
}

TEST_P(store_contract, a_lease_that_is_over_frees_the_runs_of_its_instance_only) {
    open(1, 3);
    it_is(start);
    expect(runs().renew_lease("host_1", std::chrono::seconds{10}, start));
    expect(runs().renew_lease("host_2", std::chrono::seconds{20}, start));
    EXPECT_EQ(claim(2).size(), 2U);
    EXPECT_EQ(claim(1, start, "host_2").size(), 1U);
    EXPECT_EQ(expect(runs().release_lost_runs(it_is(after(10)), "host_2")), 0) << "the lease holds to its last moment";
    EXPECT_EQ(expect(runs().release_lost_runs(it_is(after(10) + milliseconds{1}), "host_2")), 2);
    EXPECT_EQ(expect(runs().release_lost_runs(it_is(after(11)), "host_2")), 0);
    EXPECT_EQ(tenants_of(claim(10, after(11), "host_2")), (std::vector{tenant_no(1), tenant_no(2)}));
}

TEST_P(store_contract, tells_whether_a_lease_was_still_known) {
    EXPECT_FALSE(expect(runs().renew_lease("host_1", std::chrono::seconds{10}, it_is(start))));
    EXPECT_TRUE(expect(runs().renew_lease("host_1", std::chrono::seconds{10}, it_is(after(15)))))
        << "over or not, nobody had taken its runs";
    expect(runs().release_lost_runs(it_is(after(30)), "host_2"));
    EXPECT_FALSE(expect(runs().renew_lease("host_1", std::chrono::seconds{10}, after(30))));
}

TEST_P(store_contract, knows_the_instances_whose_lease_holds) {
    EXPECT_TRUE(expect(runs().live_instances(it_is(start))).empty());
    expect(runs().renew_lease("host_2", std::chrono::seconds{20}, start));
    expect(runs().renew_lease("host_1", std::chrono::seconds{10}, start));
    EXPECT_EQ(expect(runs().live_instances(it_is(after(10)))), (std::vector<std::string>{"host_1", "host_2"}));
    EXPECT_EQ(expect(runs().live_instances(it_is(after(11)))), std::vector<std::string>{"host_2"});
}

// A clock that was wrong gave it, and is right again.
TEST_P(store_contract, a_lease_from_a_time_that_is_to_come_does_not_hold) {
    if (GetParam() == "sqlite") GTEST_SKIP() << "its only instance starts with no lease";
    open(1, 1);
    expect(runs().renew_lease("host_1", std::chrono::seconds{30}, it_is(after(86'400))));
    EXPECT_EQ(claim(1).size(), 1U);
    EXPECT_EQ(expect(runs().release_lost_runs(it_is(after(86'341)), "host_2")), 0) << "a correction";
    EXPECT_EQ(expect(runs().release_lost_runs(it_is(after(100)), "host_2")), 1);
}

TEST_P(store_contract, an_instance_without_a_lease_gets_nothing) {
    open(1, 1);
    EXPECT_TRUE(expect(runs().claim_runs("host_1", 1, start, {})).empty());
    expect(runs().renew_lease("host_1", std::chrono::seconds{10}, it_is(start)));
    expect(runs().release_lost_runs(it_is(after(11)), "host_2"));
    EXPECT_TRUE(expect(runs().claim_runs("host_1", 1, after(12), {})).empty()) << "others have taken it away";
    EXPECT_EQ(claim(1).size(), 1U);
}

TEST_P(store_contract, what_comes_late_for_a_claim_that_was_given_back_is_refused) {
    open(1, 2);
    const auto claimed = claim(2);
    EXPECT_EQ(expect(runs().release_unknown_runs("host_1", {claimed[0].claim})), 1);
    const auto receipt = commit({entry_for(claimed[0], {make_record(claimed[0].claim.run, 0, completed)}),
                                 entry_for(claimed[1], {make_record(claimed[1].claim.run, 0, completed)})});
    EXPECT_EQ(receipt.refused, std::vector{claimed[1].claim});
    EXPECT_EQ(found(1).steps.completed, 1);
}

TEST_P(store_contract, claims_that_an_instance_does_not_know_of_are_given_back) {
    open(1, 4);
    const auto known = claim(1).at(0);
    EXPECT_EQ(claim(2).size(), 2U) << "the answer to this one is lost";
    EXPECT_EQ(claim(1, start, "host_2").size(), 1U);
    EXPECT_EQ(expect(runs().release_unknown_runs("host_1", {known.claim})), 2);
    EXPECT_EQ(tenants_of(claim(10)), (std::vector{tenant_no(2), tenant_no(3)}));
    EXPECT_TRUE(commit({entry_for(known, {make_record(known.claim.run, 0, completed)})}).refused.empty());
    EXPECT_EQ(expect(runs().release_unknown_runs("host_2", {})), 1);
}

TEST_P(store_contract, claims_are_given_back_by_name_and_token) {
    open(1, 3);
    const auto claimed = claim(2);
    const auto others = claim(1, start, "host_2").at(0);
    auto older = claimed[1].claim;
    --older.token;
    EXPECT_EQ(expect(runs().release_runs("host_1", {claimed[0].claim, older, others.claim})), 1);
    EXPECT_EQ(expect(runs().release_runs("host_1", {claimed[0].claim})), 0);
    EXPECT_EQ(tenants_of(claim(10)), std::vector{tenant_no(1)});
    EXPECT_TRUE(commit({entry_for(claimed[1], {make_record(claimed[1].claim.run, 0, completed)})}).refused.empty());
}

TEST_P(store_contract, a_renewed_lease_holds_and_the_survivor_keeps_its_own) {
    open(1, 1);
    expect(runs().renew_lease("host_1", std::chrono::seconds{10}, it_is(start)));
    EXPECT_EQ(claim(1).size(), 1U);
    expect(runs().renew_lease("host_1", std::chrono::seconds{30}, start));
    EXPECT_EQ(expect(runs().release_lost_runs(it_is(after(20)), "host_2")), 0);
    EXPECT_EQ(expect(runs().release_lost_runs(it_is(after(40)), "host_1")), 0);
    EXPECT_EQ(expect(runs().release_lost_runs(after(40), "host_2")), 1);
}

TEST_P(store_contract, what_a_lost_instance_recorded_stays_and_its_late_reports_are_refused) {
    open(1, 1);
    expect(runs().renew_lease("host_1", std::chrono::seconds{10}, it_is(start)));
    const auto lost = claim(1).at(0);
    commit({entry_for(lost, {make_record(lost.claim.run, 0, completed)})});
    expect(runs().release_lost_runs(it_is(after(20)), "host_2"));
    EXPECT_EQ(commit({entry_for(lost, {make_record(lost.claim.run, 1, completed)})}).refused, std::vector{lost.claim});
    const auto taken = claim(1, after(20), "host_2").at(0);
    ASSERT_EQ(taken.recorded.size(), 1U);
    EXPECT_EQ(taken.recorded[0].step_index, 0);
    EXPECT_EQ(commit({entry_for(lost, {make_record(lost.claim.run, 1, completed)})}).refused, std::vector{lost.claim});
    EXPECT_EQ(found(1).steps.completed, 1);
}

TEST_P(store_contract, a_stopping_instance_gives_back_all_it_has_and_is_forgotten) {
    open(1, 3);
    expect(runs().renew_lease("host_1", std::chrono::seconds{10}, start));
    const auto claimed = claim(2);
    EXPECT_EQ(claim(1, start, "host_2").size(), 1U);
    commit({entry_for(claimed[0], {}, ended(run_status::completed))});
    expect(runs().release_instance("host_1"));
    expect(runs().release_instance("host_1"));
    EXPECT_EQ(tenants_of(claim(10)), std::vector{tenant_no(2)});
    EXPECT_EQ(expect(runs().release_lost_runs(after(99), "host_2")), 0) << "it has no lease that could end";
}

TEST_P(store_contract, a_returned_run_keeps_its_turn) {
    open(1, 3);
    commit({entry_for(claim(1).at(0), {}, returned())});
    EXPECT_EQ(tenants_of(claim(1)), std::vector{tenant_no(1)});
}

TEST_P(store_contract, an_empty_commit_changes_nothing) {
    const auto receipt = commit({});
    EXPECT_TRUE(receipt.refused.empty());
    EXPECT_TRUE(receipt.drained.empty());
}

TEST_P(store_contract, carried_over_results_come_with_the_claim_and_count_for_nothing) {
    expect(executions().open_execution(make_execution(1)));
    auto retry = make_execution(2);
    retry.execution_type = "retry";
    retry.retry_of = execution_no(1);
    expect(executions().open_execution(retry));
    auto planned = make_run(1);
    planned.steps_total = 1;
    planned.carried_over.push_back(make_record({}, 0, completed, 2));
    planned.carried_over[0].carried_over = true;
    expect(executions().insert_runs(execution_no(2), {planned, make_run(2)}, start));

    const auto run = claim(1).at(0);
    ASSERT_EQ(run.recorded.size(), 1U);
    EXPECT_TRUE(run.recorded[0].carried_over);
    EXPECT_EQ(run.recorded[0].run, run.claim.run);
    EXPECT_EQ(found(2).steps, (step_counts{.total = 3, .completed = 0, .failed = 0, .skipped = 0, .retries = 0}));
    const auto steps = expect(executions().step_summaries(execution_no(2)));
    EXPECT_EQ(steps.at(0).counts.total, 1);
    EXPECT_EQ(steps.at(0).latency.count(), 0);
    EXPECT_EQ(steps.at(1).counts.total, 2);
    commit({entry_for(run, {make_record(run.claim.run, 0, failed), make_record(run.claim.run, 1, completed)})});
    EXPECT_EQ(found(2).steps.ended(), 1) << "the result that was carried over stays";
}

}  // namespace
}  // namespace orchestrator::store_test
