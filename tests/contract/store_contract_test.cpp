// What every store promises of workflows and executions (ports/workflow_store.h, ports/execution_store.h).
// Runs and their journal: store_contract_runs_test.cpp; what is read: store_contract_queries_test.cpp.
#include <gmock/gmock.h>

#include "tests/contract/store_fixture.h"

namespace orchestrator::store_test {
namespace {

INSTANTIATE_TEST_SUITE_P(stores, store_contract, every_store(), [](const auto& kind) { return kind.param; });

std::vector<std::string> names_of(const std::vector<workflow>& listed) {
    std::vector<std::string> names;
    for (const auto& each : listed) names.push_back(each.workflow_name);
    return names;
}

TEST_P(store_contract, keeps_every_field_of_a_workflow) {
    auto written = make_workflow(2, "weekly_digest");
    written.workflow_type = "weekly";
    written.description = "Für alle: ñ, \"quotes\", 100%";
    written.is_enabled = false;
    written.max_execution_time_seconds = 77;
    written.max_retries = 0;
    written.retry_delay_seconds = 9;
    expect(workflows().insert_workflow(written));

    const auto read = expect(workflows().find_workflow(written.id));
    EXPECT_EQ(read.id, written.id);
    EXPECT_EQ(read.workflow_name, "weekly_digest");
    EXPECT_EQ(read.workflow_type, "weekly");
    EXPECT_EQ(read.description, written.description);
    EXPECT_FALSE(read.is_enabled);
    EXPECT_EQ(read.max_execution_time_seconds, 77);
    EXPECT_EQ(read.max_retries, 0);
    EXPECT_EQ(read.retry_delay_seconds, 9);
    EXPECT_EQ(read.steps, two_steps);
    EXPECT_EQ(read.created_at, start);
    EXPECT_EQ(read.updated_at, start);
    EXPECT_FALSE(read.last_execution_at || read.last_success_at || read.last_failure_at);
    EXPECT_EQ(read.consecutive_failures, 0);
    EXPECT_EQ(expect(workflows().find_workflow_by_name("weekly_digest")).id, written.id);
}

TEST_P(store_contract, lists_workflows_by_name) {
    expect(workflows().insert_workflow(make_workflow(2, "zeta")));
    expect(workflows().insert_workflow(make_workflow(3, "alpha")));
    EXPECT_EQ(names_of(expect(workflows().list_workflows())),
              (std::vector<std::string>{"alpha", "workflow_1", "zeta"}));
}

TEST_P(store_contract, does_not_find_an_unknown_workflow) {
    EXPECT_EQ(fault(workflows().find_workflow(workflow_no(9))), errc::not_found);
    EXPECT_EQ(fault(workflows().find_workflow_by_name("nothing")), errc::not_found);
    EXPECT_EQ(fault(workflows().replace_workflow(make_workflow(9, "nothing"))), errc::not_found);
    EXPECT_EQ(fault(workflows().enable_workflow(workflow_no(9), true, start)), errc::not_found);
    EXPECT_EQ(fault(workflows().delete_workflow(workflow_no(9), start)), errc::not_found);
    EXPECT_EQ(fault(workflows().restore_workflow(workflow_no(9), start)), errc::not_found);
    EXPECT_EQ(fault(workflows().restore_workflow(workflow_no(1), start)), errc::not_found) << "it is not deleted";
}

TEST_P(store_contract, refuses_a_name_that_is_taken) {
    expect(workflows().insert_workflow(make_workflow(2, "other")));
    EXPECT_EQ(fault(workflows().insert_workflow(make_workflow(3, "other"))), errc::already_exists);
    EXPECT_EQ(fault(workflows().find_workflow(workflow_no(3))), errc::not_found);
    EXPECT_EQ(fault(workflows().replace_workflow(make_workflow(1, "other"))), errc::already_exists);
    EXPECT_EQ(expect(workflows().find_workflow(workflow_no(1))).workflow_name, "workflow_1");
}

TEST_P(store_contract, replaces_what_people_write_and_nothing_else) {
    open(1, 0);
    expect(executions().finish_if_done(execution_no(1), after(5)));
    auto changed = make_workflow(1, "renamed");
    changed.description = "new";
    changed.created_at = after(100);
    changed.updated_at = after(101);
    changed.consecutive_failures = 55;
    const auto answer = expect(workflows().replace_workflow(changed));
    for (const auto& read : {answer, expect(workflows().find_workflow(workflow_no(1)))}) {
        EXPECT_EQ(read.workflow_name, "renamed");
        EXPECT_EQ(read.description, "new");
        EXPECT_EQ(read.created_at, start);
        EXPECT_EQ(read.updated_at, after(101));
        EXPECT_EQ(read.last_execution_at, after(5));
        EXPECT_EQ(read.consecutive_failures, 0);
    }
    EXPECT_EQ(fault(workflows().find_workflow_by_name("workflow_1")), errc::not_found);
}

TEST_P(store_contract, a_workflow_may_keep_its_own_name_when_it_is_replaced) {
    EXPECT_EQ(expect(workflows().replace_workflow(make_workflow(1, "workflow_1"))).workflow_name, "workflow_1");
}

TEST_P(store_contract, enables_and_disables_a_workflow) {
    EXPECT_FALSE(expect(workflows().enable_workflow(workflow_no(1), false, after(1))).is_enabled);
    const auto read = expect(workflows().find_workflow(workflow_no(1)));
    EXPECT_FALSE(read.is_enabled);
    EXPECT_EQ(read.updated_at, after(1));
    EXPECT_TRUE(expect(workflows().enable_workflow(workflow_no(1), true, after(2))).is_enabled);
}

TEST_P(store_contract, a_deleted_workflow_is_hidden_and_its_executions_stay) {
    open(1, 1);
    expect(workflows().delete_workflow(workflow_no(1), after(1)));
    EXPECT_EQ(fault(workflows().find_workflow(workflow_no(1))), errc::not_found);
    EXPECT_EQ(fault(workflows().find_workflow_by_name("workflow_1")), errc::not_found);
    EXPECT_EQ(fault(workflows().delete_workflow(workflow_no(1), after(2))), errc::not_found);
    EXPECT_EQ(fault(workflows().replace_workflow(make_workflow(1, "x"))), errc::not_found);
    EXPECT_TRUE(expect(workflows().list_workflows()).empty());
    EXPECT_EQ(found(1).workflow, workflow_no(1));
    EXPECT_EQ(claim(10).size(), 1U);
}

TEST_P(store_contract, restore_brings_a_deleted_workflow_back) {
    expect(workflows().delete_workflow(workflow_no(1), after(1)));
    EXPECT_EQ(expect(workflows().restore_workflow(workflow_no(1), after(2))).workflow_name, "workflow_1");
    EXPECT_EQ(expect(workflows().find_workflow(workflow_no(1))).updated_at, after(2));
}

TEST_P(store_contract, knows_the_name_of_a_deleted_workflow) {
    EXPECT_FALSE(expect(workflows().knows_workflow_name("workflow_2")));
    EXPECT_TRUE(expect(workflows().knows_workflow_name("workflow_1")));
    expect(workflows().delete_workflow(workflow_no(1), after(1)));
    EXPECT_TRUE(expect(workflows().knows_workflow_name("workflow_1")));
}

TEST_P(store_contract, the_name_of_a_deleted_workflow_is_free_and_then_bars_its_return) {
    expect(workflows().delete_workflow(workflow_no(1), after(1)));
    expect(workflows().insert_workflow(make_workflow(2, "workflow_1")));
    EXPECT_EQ(fault(workflows().restore_workflow(workflow_no(1), after(2))), errc::already_exists);
    EXPECT_EQ(expect(workflows().find_workflow_by_name("workflow_1")).id, workflow_no(2));
    expect(workflows().delete_workflow(workflow_no(2), after(3)));
    EXPECT_EQ(expect(workflows().restore_workflow(workflow_no(1), after(4))).id, workflow_no(1));
}

TEST_P(store_contract, keeps_every_field_of_an_execution) {
    expect(executions().open_execution(make_execution(1)));
    auto written = make_execution(2);
    written.execution_type = "retry";
    written.retry_of = execution_no(1);
    written.idempotency_key = "key";
    written.filter = {.tenant_ids = {tenant_no(3), tenant_no(4)},
                      .tiers = {subscription_tier::enterprise, subscription_tier::starter}};
    const auto opened = expect(executions().open_execution(written));
    EXPECT_TRUE(opened.created);
    EXPECT_EQ(opened.id, execution_no(2));

    const auto read = found(2);
    EXPECT_EQ(read.workflow, workflow_no(1));
    EXPECT_EQ(read.workflow_name, "workflow_1");
    EXPECT_EQ(read.execution_type, "retry");
    EXPECT_EQ(read.retry_of, execution_no(1));
    EXPECT_EQ(read.idempotency_key, "key");
    EXPECT_EQ(read.filter.tenant_ids, written.filter.tenant_ids);
    EXPECT_EQ(read.filter.tiers, written.filter.tiers);
    EXPECT_EQ(read.definition, written.definition);
    EXPECT_EQ(read.status, execution_status::pending);
    EXPECT_FALSE(read.planning_complete || read.cancel_requested || read.started_at || read.completed_at);
    EXPECT_EQ(read.created_at, start);
    EXPECT_EQ(read.deadline_at, after(3'600));
    EXPECT_EQ(read.executed_by_instance, "host_1");
    EXPECT_EQ(read.tenants, tenant_counts{});
    EXPECT_EQ(read.steps, step_counts{});
    EXPECT_EQ(found(1).retry_of, std::nullopt);
}

TEST_P(store_contract, an_idempotency_key_opens_one_execution_for_each_workflow) {
    expect(workflows().insert_workflow(make_workflow(2, "workflow_2")));
    auto first = make_execution(1), again = make_execution(2), elsewhere = make_execution(3, 2);
    first.idempotency_key = again.idempotency_key = elsewhere.idempotency_key = "once";
    again.filter.tenant_ids = {tenant_no(1)};
    EXPECT_TRUE(expect(executions().open_execution(first)).created);
    const auto repeated = expect(executions().open_execution(again));
    EXPECT_FALSE(repeated.created);
    EXPECT_EQ(repeated.id, execution_no(1));
    EXPECT_EQ(fault(executions().find_execution(execution_no(2))), errc::not_found);
    EXPECT_TRUE(expect(executions().open_execution(elsewhere)).created);
}

TEST_P(store_contract, without_an_idempotency_key_each_call_opens_an_execution) {
    EXPECT_TRUE(expect(executions().open_execution(make_execution(1))).created);
    EXPECT_TRUE(expect(executions().open_execution(make_execution(2))).created);
}

TEST_P(store_contract, an_unknown_execution_is_not_found_by_any_call) {
    const auto unknown = execution_no(99);
    EXPECT_EQ(fault(executions().find_execution(unknown)), errc::not_found);
    EXPECT_EQ(fault(executions().insert_runs(unknown, {make_run(1)}, start)), errc::not_found);
    EXPECT_EQ(fault(executions().complete_planning(unknown, planned_to_end, start)), errc::not_found);
    EXPECT_EQ(fault(executions().request_cancel(unknown, start)), errc::not_found);
    EXPECT_EQ(fault(executions().finish_if_done(unknown, start)), errc::not_found);
    EXPECT_EQ(fault(executions().step_summaries(unknown)), errc::not_found);
    EXPECT_EQ(fault(executions().list_runs(unknown, {})), errc::not_found);
    EXPECT_EQ(fault(executions().list_logs(unknown, {})), errc::not_found);
}

TEST_P(store_contract, inserting_runs_makes_a_pending_execution_running) {
    expect(executions().open_execution(make_execution(1)));
    EXPECT_EQ(expect(executions().insert_runs(execution_no(1), {make_run(1), make_run(2)}, after(1))), 2);
    EXPECT_EQ(expect(executions().insert_runs(execution_no(1), {make_run(3)}, after(2))), 1);
    const auto read = found(1);
    EXPECT_EQ(read.status, execution_status::running);
    EXPECT_EQ(read.started_at, after(1));
    EXPECT_EQ(read.tenants.total, 3);
    EXPECT_EQ(read.steps.total, 6);
}

TEST_P(store_contract, planning_again_inserts_only_the_tenants_that_are_missing) {
    expect(executions().open_execution(make_execution(1)));
    expect(executions().insert_runs(execution_no(1), {make_run(1), make_run(2)}, start));
    EXPECT_EQ(expect(executions().insert_runs(execution_no(1), {make_run(1), make_run(3), make_run(3)}, start)), 1);
    EXPECT_EQ(expect(executions().insert_runs(execution_no(1), {make_run(1)}, start)), 0);
    EXPECT_EQ(found(1).tenants.total, 3);
    EXPECT_EQ(found(1).steps.total, 6);
    EXPECT_EQ(listed_runs(1).size(), 3U);
}

TEST_P(store_contract, two_executions_may_have_the_same_tenant) {
    open(1, 1);
    open(2, 1);
    EXPECT_EQ(claim(10).size(), 2U);
}

TEST_P(store_contract, planning_is_completed_once) {
    expect(executions().open_execution(make_execution(1)));
    expect(executions().complete_planning(execution_no(1), {.error_message = "the tenant service is down"}, after(3)));
    expect(executions().complete_planning(execution_no(1), planned_to_end, after(4)));
    const auto read = found(1);
    EXPECT_TRUE(read.planning_complete);
    EXPECT_FALSE(read.planned_to_end);
    EXPECT_EQ(read.error_message, "the tenant service is down");
    EXPECT_EQ(read.started_at, after(3));
}

TEST_P(store_contract, an_execution_that_was_not_planned_to_its_end_never_ends_completed) {
    open(1, 1);
    EXPECT_TRUE(found(1).planned_to_end);
    commit({entry_for(claim(1).at(0), {}, ended(run_status::completed))});
    EXPECT_EQ(expect(executions().finish_if_done(execution_no(1), start)).status, execution_status::completed);

    for (const int number : {2, 3}) expect(executions().open_execution(make_execution(number)));
    expect(executions().insert_runs(execution_no(2), {make_run(1)}, start));
    commit({entry_for(claim(1).at(0), {}, ended(run_status::completed))});
    for (const int number : {2, 3}) {
        expect(executions().complete_planning(execution_no(number), {.error_message = "broke off"}, start));
        EXPECT_EQ(expect(executions().finish_if_done(execution_no(number), start)).status,
                  number == 2 ? execution_status::partial : execution_status::failed);
        EXPECT_FALSE(found(number).planned_to_end);
        EXPECT_EQ(found(number).error_message, "broke off");
    }
}

TEST_P(store_contract, each_execution_is_planned_by_one_instance) {
    for (const int number : {1, 2, 3, 4}) expect(executions().open_execution(make_execution(number)));
    const auto take = [&](std::string instance, std::vector<execution_id> known, int most) {
        return expect(executions().claim_planning(std::move(instance), std::move(known), most));
    };
    using ids = std::vector<execution_id>;
    EXPECT_EQ(take("nobody", {}, 10), ids{}) << "it has no lease";
    expect(runs().renew_lease("host_1", std::chrono::seconds{30}, start));
    expect(runs().renew_lease("host_2", std::chrono::seconds{30}, start));
    EXPECT_EQ(take("host_1", {}, 2), (ids{execution_no(1), execution_no(2)})) << "oldest first";
    expect(executions().complete_planning(execution_no(3), planned_to_end, start));
    EXPECT_EQ(take("host_2", {}, 10), ids{execution_no(4)});
    EXPECT_EQ(take("host_2", {execution_no(4)}, 10), ids{});
    EXPECT_EQ(take("host_2", {}, 10), ids{execution_no(4)}) << "the answer to its claim was lost";

    // Its planner is gone: the others take it up.
    expect(runs().release_instance("host_1"));
    EXPECT_EQ(take("host_2", {execution_no(4)}, 1), ids{execution_no(1)});
    expect(executions().complete_planning(execution_no(1), {.error_message = "broke off"}, start));
    expect(executions().finish_if_done(execution_no(1), start));
    EXPECT_EQ(take("host_2", {execution_no(4)}, 10), ids{execution_no(2)});
}

TEST_P(store_contract, what_planning_waits_for_is_shown_until_it_is_over) {
    expect(executions().open_execution(make_execution(1)));
    expect(executions().note_planning_problem(execution_no(1), "planning waits: no answer"));
    EXPECT_EQ(found(1).error_message, "planning waits: no answer");
    EXPECT_FALSE(found(1).started_at || found(1).planning_complete);
    expect(executions().complete_planning(execution_no(1), planned_to_end, after(3)));
    EXPECT_EQ(found(1).error_message, "");
    expect(executions().note_planning_problem(execution_no(1), "too late"));
    EXPECT_EQ(found(1).error_message, "");
    EXPECT_EQ(expect(executions().finish_if_done(execution_no(1), after(4))).status, execution_status::completed);
    EXPECT_EQ(fault(executions().note_planning_problem(execution_no(9), "")), errc::not_found);
}

TEST_P(store_contract, an_execution_ends_only_when_it_is_planned_and_no_run_is_open) {
    expect(executions().open_execution(make_execution(1)));
    EXPECT_EQ(expect(executions().finish_if_done(execution_no(1), start)).status, execution_status::pending);
    expect(executions().insert_runs(execution_no(1), {make_run(1)}, start));
    commit({entry_for(claim(1).at(0), {}, ended(run_status::completed))});
    EXPECT_EQ(expect(executions().finish_if_done(execution_no(1), start)).status, execution_status::running);
    expect(executions().insert_runs(execution_no(1), {make_run(2)}, start));
    expect(executions().complete_planning(execution_no(1), planned_to_end, start));
    EXPECT_EQ(expect(executions().finish_if_done(execution_no(1), start)).status, execution_status::running);
    commit({entry_for(claim(1).at(0), {}, ended(run_status::failed))});
    const auto done = expect(executions().finish_if_done(execution_no(1), after(9)));
    EXPECT_EQ(done.status, execution_status::partial);
    EXPECT_EQ(done.completed_at, after(9));
}

TEST_P(store_contract, an_execution_ends_once) {
    open(1, 0);
    EXPECT_EQ(expect(executions().finish_if_done(execution_no(1), after(1))).status, execution_status::completed);
    const auto again = expect(executions().finish_if_done(execution_no(1), after(2)));
    EXPECT_EQ(again.status, execution_status::completed);
    EXPECT_EQ(again.completed_at, after(1));
    EXPECT_EQ(expect(workflows().find_workflow(workflow_no(1))).last_execution_at, after(1));
}

TEST_P(store_contract, an_ended_execution_takes_neither_runs_nor_a_cancellation) {
    open(1, 0);
    expect(executions().finish_if_done(execution_no(1), after(1)));
    EXPECT_EQ(fault(executions().insert_runs(execution_no(1), {make_run(1)}, after(2))), errc::state_conflict);
    EXPECT_EQ(fault(executions().request_cancel(execution_no(1), after(2))), errc::state_conflict);
    EXPECT_FALSE(found(1).cancel_requested);
    EXPECT_TRUE(claim(1).empty());
}

TEST_P(store_contract, a_cancelled_execution_ends_as_cancelled) {
    open(1, 1);
    const auto run = claim(1).at(0);
    cancel(1, after(1));
    cancel(1, after(2));
    EXPECT_TRUE(found(1).cancel_requested);
    EXPECT_EQ(found(1).cancel_requested_at, after(1));
    commit({entry_for(run, {}, ended(run_status::cancelled))});
    EXPECT_EQ(expect(executions().finish_if_done(execution_no(1), after(3))).status, execution_status::cancelled);
    EXPECT_EQ(found(1).tenants.cancelled, 1);
}

TEST_P(store_contract, the_workflow_counts_failures_in_a_row) {
    auto end_with = [&, number = 0](run_status status, system_time when) mutable {
        open(++number, 1);
        commit({entry_for(claim(1).at(0), {}, ended(status))});
        if (status == run_status::cancelled) cancel(number, when);
        expect(executions().finish_if_done(execution_no(number), when));
        return expect(workflows().find_workflow(workflow_no(1)));
    };
    EXPECT_EQ(end_with(run_status::failed, after(1)).consecutive_failures, 1);
    auto noted = end_with(run_status::partial, after(2));
    EXPECT_EQ(noted.consecutive_failures, 2);
    EXPECT_EQ(noted.last_execution_at, after(2));
    EXPECT_EQ(noted.last_failure_at, after(2));
    EXPECT_EQ(noted.last_success_at, std::nullopt);
    noted = end_with(run_status::cancelled, after(3));
    EXPECT_EQ(noted.consecutive_failures, 2);
    EXPECT_EQ(noted.last_execution_at, after(3));
    EXPECT_EQ(noted.last_failure_at, after(2));
    noted = end_with(run_status::completed, after(4));
    EXPECT_EQ(noted.consecutive_failures, 0);
    EXPECT_EQ(noted.last_success_at, after(4));
    EXPECT_EQ(noted.last_failure_at, after(2));
}

TEST_P(store_contract, open_executions_are_those_that_have_not_ended_oldest_first) {
    expect(executions().open_execution(make_execution(3)));
    open(1, 0);
    open(2, 1);
    expect(executions().finish_if_done(execution_no(1), after(1)));
    const auto listed = expect(executions().open_executions());
    ASSERT_EQ(listed.size(), 2U);
    EXPECT_EQ(listed[0].id, execution_no(2));
    EXPECT_EQ(listed[1].id, execution_no(3));
}

}  // namespace
}  // namespace orchestrator::store_test
