#include <gtest/gtest.h>

#include "tests/unit/api/fake_platform.h"

namespace orchestrator::api {
namespace {

using namespace fakes;

constexpr auto some_uuid = "019a5855-0000-7000-8000-000000000001";

struct executions_api : testing::Test, platform {
    std::string path_of(const execution& one) { return "/executions/" + to_string(one.id); }
};

TEST_F(executions_api, executes_a_workflow_as_it_is_now) {
    const auto& daily = add_workflow("daily");
    const auto reply = ask("POST", "/workflows/daily/execute");
    ASSERT_EQ(reply.status, 202) << reply.body;
    ASSERT_EQ(executions.rows.size(), 1u);
    const auto& opened = executions.rows.front();
    EXPECT_EQ(opened.workflow, daily.id);
    EXPECT_EQ(opened.definition, compile_workflow(daily)->source);
    EXPECT_EQ(opened.execution_type, "manual");
    EXPECT_EQ(opened.deadline_at, start_of_test + std::chrono::hours{1});
    EXPECT_EQ(opened.executed_by_instance, "instance-1");
    EXPECT_EQ(find_header(reply.headers, "Location"), std::string{base_path} + path_of(opened));
    EXPECT_EQ(body_of(reply).at("status").as_string(), "pending");
    EXPECT_EQ(engine.opened, std::vector{opened.id});
}

TEST_F(executions_api, executes_for_the_chosen_tenants_only) {
    add_workflow("daily");
    const auto reply =
        ask("POST", "/workflows/daily/execute",
            std::string{R"({"tenant_ids": [")"} + some_uuid + R"("], "subscription_tiers": ["starter"]})");
    ASSERT_EQ(reply.status, 202) << reply.body;
    EXPECT_EQ(executions.rows[0].filter.tenant_ids, std::vector{*tenant_id::parse(some_uuid)});
    EXPECT_EQ(executions.rows[0].filter.tiers, std::vector{subscription_tier::starter});
}

TEST_F(executions_api, answers_a_used_idempotency_key_with_the_same_execution) {
    add_workflow("daily");
    const http_headers key{{"idempotency-key", "k 1"}};
    const auto first = ask("POST", "/workflows/daily/execute", "", key);
    const auto second = ask("POST", "/workflows/daily/execute", "", key);
    EXPECT_EQ(first.status, 202);
    EXPECT_EQ(second.status, 200);
    EXPECT_EQ(body_of(first).at("id"), body_of(second).at("id"));
    EXPECT_EQ(find_header(first.headers, "Location"), find_header(second.headers, "Location"));
    EXPECT_EQ(executions.rows.size(), 1u);
}

TEST_F(executions_api, checks_the_idempotency_key) {
    add_workflow("daily");
    for (const auto& key : {std::string{}, std::string(256, 'k'), std::string{"a\tb"}, std::string{"ä"}}) {
        const auto reply = ask("POST", "/workflows/daily/execute", "", {{"Idempotency-Key", key}});
        EXPECT_EQ(reply.status, 400) << key;
        EXPECT_EQ(problem_in(reply), "invalid_argument header:Idempotency-Key");
    }
    EXPECT_EQ(writes(), 0);
    EXPECT_EQ(ask("POST", "/workflows/daily/execute", "", {{"Idempotency-Key", std::string(255, '~')}}).status, 202);
}

TEST_F(executions_api, refuses_bad_filters_with_their_places) {
    add_workflow("daily");
    std::string many = R"({"tenant_ids": [)";
    for (int i = 0; i < 10'001; ++i) many += std::string{i ? "," : ""} + "\"" + some_uuid + "\"";
    const std::pair<std::string, std::string> cases[] = {
        {R"({"tenant_ids": ["x", 1], "subscription_tiers": ["gold"], "colour": 1})",
         "invalid_argument /tenant_ids/0 /tenant_ids/1 /subscription_tiers/0 /colour"},
        {R"({"tenant_ids": []})", "invalid_argument /tenant_ids"},
        {R"({"tenant_ids": "x"})", "invalid_argument /tenant_ids"},
        {many + "]}", "invalid_argument /tenant_ids"},
        {"[]", "invalid_argument "},
    };
    for (const auto& [body, problem] : cases) {
        const auto reply = ask("POST", "/workflows/daily/execute", body);
        EXPECT_EQ(reply.status, 422);
        EXPECT_EQ(problem_in(reply), problem);
    }
    EXPECT_EQ(writes(), 0);
    EXPECT_TRUE(engine.opened.empty());
}

TEST_F(executions_api, does_not_execute_what_is_disabled_or_unknown) {
    add_workflow("daily").is_enabled = false;
    const auto disabled = ask("POST", "/workflows/daily/execute");
    EXPECT_EQ(disabled.status, 409);
    EXPECT_EQ(problem_in(disabled), "state_conflict");
    EXPECT_EQ(ask("POST", "/workflows/hourly/execute").status, 404);
    EXPECT_EQ(writes(), 0);
}

TEST_F(executions_api, pages_through_all_newest_first) {
    std::vector<std::string> ids;
    for (int i = 0; i < 3; ++i) ids.push_back(to_string(add_execution(execution_status::completed).id));
    const auto first = body_of(ask("GET", "/executions?limit=2&status=&workflow="));
    ASSERT_EQ(first.at("executions").as_array().size(), 2u);
    EXPECT_EQ(first.at("executions").at(0).at("id").as_string(), ids[2]);
    EXPECT_EQ(first.at("next_cursor").as_string(), ids[1]);
    const auto second = body_of(ask("GET", "/executions?limit=2&cursor=" + ids[1]));
    ASSERT_EQ(second.at("executions").as_array().size(), 1u);
    EXPECT_EQ(second.at("executions").at(0).at("id").as_string(), ids[0]);
    EXPECT_TRUE(second.at("next_cursor").is_null());
}

TEST_F(executions_api, hands_every_filter_to_the_store) {
    EXPECT_EQ(ask("GET", "/executions?status=partial&workflow=daily").status, 200);
    EXPECT_EQ(executions.executions_asked.status, execution_status::partial);
    EXPECT_EQ(executions.executions_asked.workflow_name, "daily");
    EXPECT_EQ(executions.executions_asked.limit, 51);
    EXPECT_EQ(ask("GET", std::string{"/executions/failed?workflow="} + some_uuid).status, 200);
    EXPECT_TRUE(executions.executions_asked.failures_only);
    EXPECT_EQ(executions.executions_asked.workflow, workflow_id::parse(some_uuid));
    EXPECT_TRUE(executions.executions_asked.workflow_name.empty());
}

TEST_F(executions_api, refuses_every_bad_parameter) {
    const auto path = path_of(add_execution(execution_status::running));
    const std::pair<std::string, std::string> cases[] = {
        {"/executions?status=done&cursor=1&limit=0&x=1", "query:status query:cursor query:limit query:x"},
        {"/executions/failed?status=failed", "query:status"},
        {path + "/tenants?status=ok&tenant_id=1&cursor=a&limit=501",
         "query:status query:tenant_id query:cursor query:limit"},
        {path + "/logs?level=debug&tenant_id=1&cursor=-1", "query:level query:tenant_id query:cursor"},
        {path + "/events?logs=1", "query:logs"},
        {path + "?cursor=1", "query:cursor"},
        {"/executions/1", "path:id"},
        {"/executions/1/tenants", "path:id"},
    };
    for (const auto& [target, pointers] : cases) {
        const auto reply = ask("GET", target);
        EXPECT_EQ(reply.status, 400) << target;
        EXPECT_EQ(problem_in(reply), "invalid_argument " + pointers);
    }
}

TEST_F(executions_api, answers_404_for_an_execution_that_is_not_there) {
    for (const auto* rest : {"", "/tenants", "/logs", "/events"})
        EXPECT_EQ(ask("GET", std::string{"/executions/"} + some_uuid + rest).status, 404) << rest;
    for (const auto* rest : {"/retry", "/cancel"})
        EXPECT_EQ(ask("POST", std::string{"/executions/"} + some_uuid + rest).status, 404) << rest;
    EXPECT_EQ(writes(), 0);
}

TEST_F(executions_api, shows_counters_durations_and_steps) {
    auto& one = add_execution(execution_status::running);
    one.started_at = start_of_test - milliseconds{2'500};
    one.tenants = {.total = 10, .completed = 3, .partial = 1, .failed = 1, .cancelled = 0};
    one.steps = {.total = 20, .completed = 8, .failed = 1, .skipped = 1, .retries = 4};
    step_summary summary{.step_name = "bake", .step_index = 0, .counts = one.steps, .latency = {}};
    summary.latency.add(milliseconds{10});
    executions.summaries = {summary, {.step_name = "tell", .step_index = 1, .counts = {}, .latency = {}}};

    const auto shown = body_of(ask("GET", path_of(one)));
    EXPECT_EQ(shown.at("duration_ms").as_int64(), 2'500);
    EXPECT_EQ(shown.at("duration_seconds").as_int64(), 2);
    EXPECT_EQ(shown.at("steps_per_second").as_double(), 4.0);
    EXPECT_EQ(shown.at("tenants").at("pending").as_int64(), 5);
    EXPECT_EQ(shown.at("retries").as_int64(), 4);
    EXPECT_TRUE(shown.at("error_message").is_null());
    EXPECT_EQ(shown.at("step_summaries").at(0).at("p95_ms").as_int64(), 10);
    EXPECT_TRUE(shown.at("step_summaries").at(1).at("p50_ms").is_null());
}

TEST_F(executions_api, shows_no_duration_before_the_start) {
    const auto shown = body_of(ask("GET", path_of(add_execution(execution_status::pending))));
    for (const auto* field :
         {"started_at", "completed_at", "duration_ms", "duration_seconds", "steps_per_second", "retry_of"})
        EXPECT_TRUE(shown.at(field).is_null()) << field;
}

TEST_F(executions_api, shows_the_tenants_with_their_steps) {
    const auto path = path_of(add_execution(execution_status::running));
    step_record json_step{.step_index = 1,
                          .attempts = 2,
                          .http_status = 200,
                          .started_at = start_of_test,
                          .duration = milliseconds{5},
                          .result = R"({"count": 3})",
                          .error_code = {},
                          .error_message = {}};
    auto odd_step = json_step;
    odd_step.result = "not \xFF json";
    for (int i = 1; i <= 2; ++i) {
        tenant_run_view run{};
        run.id = run_id{i};
        run.steps = {json_step, odd_step};
        executions.runs.push_back(run);
    }
    const auto page = body_of(ask("GET", path + "/tenants?limit=1&status=unsuccessful"));
    EXPECT_TRUE(executions.runs_asked.failures_only);
    ASSERT_EQ(page.at("tenants").as_array().size(), 1u);
    EXPECT_EQ(page.at("next_cursor").as_string(), "1");
    const auto& steps = page.at("tenants").at(0).at("steps");
    EXPECT_EQ(steps.at(0).at("step_name").as_string(), "tell");
    EXPECT_EQ(steps.at(0).at("result").at("count").as_int64(), 3);
    EXPECT_EQ(steps.at(1).at("result").as_string(), "not \xEF\xBF\xBD json");
    EXPECT_TRUE(steps.at(0).at("error_code").is_null());
    EXPECT_EQ(body_of(ask("GET", path + "/tenants?limit=1&cursor=1")).at("next_cursor"), nullptr);
    EXPECT_EQ(executions.runs_asked.after, run_id{1});
}

TEST_F(executions_api, shows_the_logs_from_the_cursor_on) {
    const auto path = path_of(add_execution(execution_status::running));
    for (int i = 1; i <= 3; ++i)
        executions.logs.push_back({.sequence = i,
                                   .tenant = {},
                                   .step_name = {},
                                   .message = "m",
                                   .data = R"({"a": 1})",
                                   .logged_at = start_of_test});
    const auto page = body_of(ask("GET", path + "/logs?level=warning&step=bake&limit=1&cursor=1"));
    EXPECT_EQ(executions.logs_asked.lowest_level, log_level::warning);
    EXPECT_EQ(executions.logs_asked.step_name, "bake");
    EXPECT_EQ(page.at("logs").at(0).at("sequence").as_int64(), 2);
    EXPECT_EQ(page.at("logs").at(0).at("log_data").at("a").as_int64(), 1);
    EXPECT_TRUE(page.at("logs").at(0).at("step_index").is_null());
    EXPECT_EQ(page.at("next_cursor").as_string(), "2");
}

TEST_F(executions_api, retries_with_the_definition_and_the_tenants_of_the_first) {
    auto& source = add_execution(execution_status::partial);
    source.filter.tiers = {subscription_tier::enterprise};
    const auto id = source.id;
    ASSERT_EQ(ask("PUT", "/workflows/daily",
                  R"({"workflow_name": "daily", "steps": [{"name": "z", "service": "s", "path": "/"}]})")
                  .status,
              200);
    const auto reply = ask("POST", path_of(source) + "/retry");
    ASSERT_EQ(reply.status, 202) << reply.body;
    const auto& opened = executions.rows.back();
    EXPECT_EQ(opened.retry_of, id);
    EXPECT_EQ(opened.execution_type, "retry");
    EXPECT_EQ(opened.definition, executions.rows.front().definition);
    EXPECT_EQ(opened.filter.tiers, std::vector{subscription_tier::enterprise});
    EXPECT_EQ(find_header(reply.headers, "Location"), std::string{base_path} + path_of(opened));
    EXPECT_EQ(engine.opened, std::vector{opened.id});
}

TEST_F(executions_api, retries_only_what_failed) {
    for (const auto status : {execution_status::pending, execution_status::running, execution_status::completed,
                              execution_status::cancelled}) {
        const auto reply = ask("POST", path_of(add_execution(status)) + "/retry");
        EXPECT_EQ(reply.status, 409);
        EXPECT_EQ(problem_in(reply), "state_conflict");
    }
    EXPECT_EQ(writes(), 0);
}

TEST_F(executions_api, does_not_take_a_key_of_another_request_for_a_retry) {
    const http_headers key{{"Idempotency-Key", "k"}};
    add_workflow("daily");
    ASSERT_EQ(ask("POST", "/workflows/daily/execute", "", key).status, 202);
    const auto path = path_of(add_execution(execution_status::failed)) + "/retry";
    EXPECT_EQ(ask("POST", path, "", key).status, 409);
    EXPECT_EQ(ask("POST", path, "", {{"Idempotency-Key", "l"}}).status, 202);
    EXPECT_EQ(ask("POST", path, "", {{"Idempotency-Key", "l"}}).status, 200);
}

TEST_F(executions_api, cancels_what_runs_and_tells_the_engine) {
    const auto& one = add_execution(execution_status::running);
    const auto reply = ask("POST", path_of(one) + "/cancel");
    EXPECT_EQ(reply.status, 202);
    EXPECT_TRUE(body_of(reply).at("cancel_requested").as_bool());
    EXPECT_EQ(engine.cancelled, std::vector{one.id});
}

TEST_F(executions_api, does_not_cancel_what_has_ended) {
    const auto reply = ask("POST", path_of(add_execution(execution_status::completed)) + "/cancel");
    EXPECT_EQ(reply.status, 409);
    EXPECT_TRUE(engine.cancelled.empty());
}

}  // namespace
}  // namespace orchestrator::api
