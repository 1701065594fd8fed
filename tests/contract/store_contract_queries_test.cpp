// What every store promises of lists: filters, cursors, limits, order (ports/execution_store.h).
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "domain/execution/end_summary.h"
#include "tests/contract/store_fixture.h"

namespace orchestrator::store_test {
namespace {

std::vector<int> numbers_of(const std::vector<execution>& listed) {
    std::vector<int> numbers;
    for (const auto& each : listed)
        for (int number = 0; number < 100; ++number)
            if (each.id == execution_no(number)) numbers.push_back(number);
    return numbers;
}

std::vector<std::string> messages_of(const std::vector<log_entry>& listed) {
    std::vector<std::string> messages;
    for (const auto& each : listed) messages.push_back(each.message);
    return messages;
}

std::vector<tenant_id> tenants_of(const std::vector<tenant_run_view>& listed) {
    std::vector<tenant_id> tenants;
    for (const auto& each : listed) tenants.push_back(each.tenant);
    return tenants;
}

using ids = std::vector<int>;

TEST_P(store_contract, lists_executions_newest_first_page_by_page) {
    for (const int number : {2, 1, 4, 3, 5}) expect(executions().open_execution(make_execution(number)));
    execution_query query;
    query.limit = 2;
    EXPECT_EQ(numbers_of(expect(executions().list_executions(query))), (ids{5, 4}));
    query.before = execution_no(4);
    EXPECT_EQ(numbers_of(expect(executions().list_executions(query))), (ids{3, 2}));
    query.before = execution_no(2);
    EXPECT_EQ(numbers_of(expect(executions().list_executions(query))), (ids{1}));
    query.before = execution_no(1);
    EXPECT_TRUE(expect(executions().list_executions(query)).empty());
}

TEST_P(store_contract, an_end_leaves_a_summary_with_the_execution) {
    open(1, 2);
    const auto runs = claim(2);
    commit({entry_for(runs.at(0), {make_record(runs.at(0).claim.run, 0, step_status::completed, 3)},
                      ended(run_status::completed)),
            entry_for(runs.at(1), {make_record(runs.at(1).claim.run, 0, step_status::failed)},
                      ended(run_status::failed))});
    EXPECT_EQ(found(1).result_summary, "");
    const auto answer = expect(executions().finish_if_done(execution_no(1), after(9)));
    EXPECT_EQ(answer.result_summary, summarise_end(answer, expect(executions().step_summaries(execution_no(1)))));
    EXPECT_THAT(answer.result_summary,
                testing::HasSubstr(R"("forecast":{"total":2,"completed":1,"failed":1,"skipped":0,"retries":2})"));
    EXPECT_EQ(found(1).result_summary, answer.result_summary);
    EXPECT_EQ(expect(executions().list_executions({})).at(0).result_summary, answer.result_summary);
}

TEST_P(store_contract, filters_executions_by_status_workflow_and_failure) {
    expect(workflows().insert_workflow(make_workflow(2, "workflow_2")));
    const auto end_with = [&](int number, run_status status) {
        open(number, 1);
        commit({entry_for(claim(1).at(0), {}, ended(status))});
        expect(executions().finish_if_done(execution_no(number), after(number)));
    };
    end_with(1, run_status::completed);
    end_with(2, run_status::failed);
    end_with(3, run_status::partial);
    expect(executions().open_execution(make_execution(4, 2)));

    const auto listed = [&](const execution_query& query) {
        return numbers_of(expect(executions().list_executions(query)));
    };
    execution_query query;
    query.status = execution_status::completed;
    EXPECT_EQ(listed(query), (ids{1}));
    query.failures_only = true;
    EXPECT_EQ(listed(query), (ids{}));
    query.status.reset();
    EXPECT_EQ(listed(query), (ids{3, 2}));
    query.limit = 1;
    query.before = execution_no(3);
    EXPECT_EQ(listed(query), (ids{2}));
    query = {};
    query.workflow = workflow_no(2);
    EXPECT_EQ(listed(query), (ids{4}));
    query = {};
    query.workflow_name = "workflow_1";
    EXPECT_EQ(listed(query), (ids{3, 2, 1}));
    query.workflow = workflow_no(2);
    EXPECT_EQ(listed(query), (ids{}));

    auto retry = make_execution(5);
    retry.retry_of = execution_no(2);
    expect(executions().open_execution(retry));
    query = {};
    query.retry_of = execution_no(2);
    EXPECT_EQ(listed(query), (ids{5}));
    query.retry_of = execution_no(5);
    EXPECT_EQ(listed(query), (ids{}));
}

TEST_P(store_contract, lists_runs_without_their_steps) {
    open(1, 1);
    const auto run = claim(1).at(0);
    commit({entry_for(run, {make_record(run.claim.run, 0, step_status::completed)}, ended(run_status::partial))});
    run_query query;
    query.with_steps = false;
    EXPECT_TRUE(expect(executions().list_runs(execution_no(1), query)).at(0).steps.empty());
    query.with_steps = true;
    EXPECT_EQ(expect(executions().list_runs(execution_no(1), query)).at(0).steps.size(), 1U);
}

TEST_P(store_contract, lists_runs_in_the_order_of_insertion_page_by_page) {
    open(7, 1);
    expect(executions().open_execution(make_execution(1)));
    expect(executions().insert_runs(execution_no(1), {make_run(5, 1), make_run(3, 9), make_run(4, 5)}, start));
    run_query query;
    query.limit = 2;
    const auto page = listed_runs(1, query);
    EXPECT_EQ(tenants_of(page), (std::vector{tenant_no(5), tenant_no(3)}));
    query.after = page.back().id;
    EXPECT_EQ(tenants_of(listed_runs(1, query)), (std::vector{tenant_no(4)}));
}

TEST_P(store_contract, filters_runs_by_status_failure_and_tenant) {
    open(1, 4);
    const auto claimed = claim(3);
    commit({entry_for(claimed[0], {}, ended(run_status::completed)),
            entry_for(claimed[1], {}, ended(run_status::failed)),
            entry_for(claimed[2], {}, ended(run_status::partial))});
    run_query query;
    query.status = run_status::pending;
    EXPECT_EQ(tenants_of(listed_runs(1, query)), (std::vector{tenant_no(4)}));
    query = {};
    query.failures_only = true;
    EXPECT_EQ(tenants_of(listed_runs(1, query)), (std::vector{tenant_no(2), tenant_no(3)}));
    query.limit = 1;
    EXPECT_EQ(tenants_of(listed_runs(1, query)), (std::vector{tenant_no(2)}));
    query = {};
    query.tenant = tenant_no(3);
    EXPECT_EQ(tenants_of(listed_runs(1, query)), (std::vector{tenant_no(3)}));
    query.status = run_status::completed;
    EXPECT_TRUE(listed_runs(1, query).empty());
}

TEST_P(store_contract, the_steps_of_a_run_are_listed_by_index) {
    open(1, 1);
    const auto run = claim(1).at(0);
    commit({entry_for(run, {make_record(run.claim.run, 1, step_status::skipped, 0)})});
    commit({entry_for(run, {make_record(run.claim.run, 0, step_status::failed)}, returned())});
    const auto view = listed_runs(1).at(0);
    ASSERT_EQ(view.steps.size(), 2U);
    EXPECT_EQ(view.steps[0].step_index, 0);
    EXPECT_EQ(view.steps[1].step_index, 1);
    EXPECT_EQ(view.tenant_name, "Bakery 1");
    EXPECT_EQ(view.tier, subscription_tier::starter);
    EXPECT_EQ(view.timezone, "Europe/Madrid");
}

TEST_P(store_contract, summaries_name_every_step_before_any_has_ended) {
    open(1, 3);
    const auto steps = expect(executions().step_summaries(execution_no(1)));
    ASSERT_EQ(steps.size(), 2U);
    EXPECT_EQ(steps[1].step_name, "plan");
    EXPECT_EQ(steps[1].step_index, 1);
    EXPECT_EQ(steps[1].counts.total, 3);
    EXPECT_EQ(steps[1].counts.ended(), 0);
    EXPECT_EQ(steps[1].latency.quantile(0.5), std::nullopt);
}

TEST_P(store_contract, the_sequence_of_logs_grows_and_is_a_cursor_in_each_execution) {
    open(1, 1);
    open(2, 1);
    const auto claimed = claim(2);
    for (int round = 0; round < 3; ++round) {
        std::vector<journal_entry> entries{entry_for(claimed[0], {}), entry_for(claimed[1], {})};
        entries[0].logs = {make_log(fmt::format("a{}", round)), make_log(fmt::format("b{}", round))};
        entries[1].logs = {make_log(fmt::format("c{}", round))};
        commit(entries);
    }
    const auto in_pages = [&](int number) {
        std::vector<std::string> messages;
        log_query query;
        query.limit = 2;
        for (auto page = expect(executions().list_logs(execution_no(number), query)); !page.empty();
             page = expect(executions().list_logs(execution_no(number), query)))
            for (const auto& log : page) {
                EXPECT_GT(log.sequence, query.after);
                query.after = log.sequence;
                messages.push_back(log.message);
            }
        return messages;
    };
    EXPECT_EQ(in_pages(1), (std::vector<std::string>{"a0", "b0", "a1", "b1", "a2", "b2"}));
    EXPECT_EQ(in_pages(2), (std::vector<std::string>{"c0", "c1", "c2"}));
}

TEST_P(store_contract, an_execution_without_logs_lists_none) {
    open(1, 1);
    open(2, 1);
    auto entry = entry_for(claim(1).at(0), {});
    entry.logs = {make_log("of the first")};
    commit({entry});
    EXPECT_TRUE(expect(executions().list_logs(execution_no(2), {})).empty());
}

TEST_P(store_contract, logs_go_on_after_an_execution_was_drained) {
    open(1, 1);
    auto first = entry_for(claim(1).at(0), {}, ended(run_status::completed));
    first.logs = {make_log("first")};
    EXPECT_EQ(commit({first}).drained.size(), 1U);
    expect(executions().insert_runs(execution_no(1), {make_run(2)}, start));
    auto second = entry_for(claim(1).at(0), {}, ended(run_status::completed));
    second.logs = {make_log("second")};
    EXPECT_TRUE(commit({second}).refused.empty());
    const auto logs = expect(executions().list_logs(execution_no(1), {}));
    ASSERT_EQ(logs.size(), 2U);
    EXPECT_GT(logs[1].sequence, logs[0].sequence);
}

TEST_P(store_contract, keeps_every_field_of_a_log) {
    open(1, 1);
    auto entry = entry_for(claim(1).at(0), {});
    auto written = make_log("ñ failed: 503", log_level::error, 4, 1);
    written.data = R"({"attempt":2})";
    written.logged_at = after(8);
    auto of_nobody = make_log("planned");
    of_nobody.tenant.reset();
    entry.logs = {written, of_nobody};
    commit({entry});
    const auto logs = expect(executions().list_logs(execution_no(1), {}));
    ASSERT_EQ(logs.size(), 2U);
    EXPECT_EQ(logs[0].tenant, tenant_no(4));
    EXPECT_EQ(logs[0].step_name, "plan");
    EXPECT_EQ(logs[0].step_index, 1);
    EXPECT_EQ(logs[0].level, log_level::error);
    EXPECT_EQ(logs[0].message, "ñ failed: 503");
    EXPECT_EQ(logs[0].data, written.data);
    EXPECT_EQ(logs[0].logged_at, after(8));
    EXPECT_EQ(logs[1].tenant, std::nullopt);
    EXPECT_EQ(logs[1].data, "");
}

TEST_P(store_contract, filters_logs_by_level_tenant_and_step) {
    open(1, 1);
    auto entry = entry_for(claim(1).at(0), {});
    entry.logs = {make_log("i1", log_level::info, 1, 0), make_log("w1", log_level::warning, 1, 1),
                  make_log("e2", log_level::error, 2, 0), make_log("w2", log_level::warning, 2, 1)};
    commit({entry});
    const auto listed = [&](const log_query& query) {
        return messages_of(expect(executions().list_logs(execution_no(1), query)));
    };
    using texts = std::vector<std::string>;
    log_query query;
    EXPECT_EQ(listed(query), (texts{"i1", "w1", "e2", "w2"}));
    query.lowest_level = log_level::info;
    EXPECT_EQ(listed(query), (texts{"i1", "w1", "e2", "w2"}));
    query.lowest_level = log_level::warning;
    EXPECT_EQ(listed(query), (texts{"w1", "e2", "w2"}));
    query.limit = 2;
    EXPECT_EQ(listed(query), (texts{"w1", "e2"}));
    query.after = 3;
    EXPECT_EQ(listed(query), (texts{"w2"}));
    query = {};
    query.lowest_level = log_level::error;
    EXPECT_EQ(listed(query), (texts{"e2"}));
    query = {};
    query.tenant = tenant_no(2);
    EXPECT_EQ(listed(query), (texts{"e2", "w2"}));
    query.step_name = "plan";
    EXPECT_EQ(listed(query), (texts{"w2"}));
}

TEST_P(store_contract, texts_come_back_as_they_were_whatever_they_hold) {
    open(1, 1);
    auto entry = entry_for(claim(1).at(0), {});
    const std::string hostile = "'; DROP TABLE orchestrator_executions; --\n\t\"%s\" \xF0\x9F\xA5\x90";
    entry.logs = {make_log(hostile)};
    commit({entry});
    EXPECT_EQ(expect(executions().list_logs(execution_no(1), {})).at(0).message, hostile);
    EXPECT_EQ(fault(workflows().find_workflow_by_name(hostile)), errc::not_found);
}

}  // namespace
}  // namespace orchestrator::store_test
