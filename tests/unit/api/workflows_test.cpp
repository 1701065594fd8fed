#include <gmock/gmock.h>

#include "tests/unit/api/fake_platform.h"

namespace orchestrator::api {
namespace {

using namespace fakes;

constexpr auto definition = R"({"workflow_name": "nightly", "steps": [{"name": "a", "service": "s", "path": "/p"}]})";

struct workflows_api : testing::Test, platform {};

TEST_F(workflows_api, lists_by_name) {
    add_workflow("weekly");
    add_workflow("daily");
    const auto reply = ask("GET", "/workflows");
    EXPECT_EQ(reply.status, 200);
    const auto list = body_of(reply).at("workflows").as_array();
    ASSERT_EQ(list.size(), 2u);
    EXPECT_EQ(list[0].at("workflow_name").as_string(), "daily");
    EXPECT_EQ(list[0].at("steps").as_array().size(), 2u);
    EXPECT_TRUE(list[0].at("last_success_at").is_null());
}

TEST_F(workflows_api, creates_with_location) {
    const auto reply = ask("POST", "/workflows", definition);
    ASSERT_EQ(reply.status, 201) << reply.body;
    ASSERT_EQ(workflows.rows.size(), 1u);
    const auto id = to_string(workflows.rows.begin()->first);
    EXPECT_EQ(find_header(reply.headers, "Location"), "/api/v1/orchestrator/workflows/" + id);
    EXPECT_EQ(body_of(reply).at("id").as_string(), id);
    EXPECT_EQ(body_of(reply).at("created_at").as_string(), "2025-11-06T08:30:20.125Z");
}

TEST_F(workflows_api, refuses_a_taken_name) {
    add_workflow("nightly");
    const auto reply = ask("POST", "/workflows", definition);
    EXPECT_EQ(reply.status, 409);
    EXPECT_EQ(problem_in(reply), "already_exists");
}

TEST_F(workflows_api, finds_by_id_and_by_name) {
    const auto id = to_string(add_workflow("daily").id);
    EXPECT_EQ(body_of(ask("GET", "/workflows/" + id)).at("workflow_name").as_string(), "daily");
    EXPECT_EQ(body_of(ask("GET", "/workflows/daily")).at("id").as_string(), id);
    EXPECT_EQ(ask("GET", "/workflows/hourly").status, 404);
    EXPECT_EQ(ask("GET", "/workflows/00000000-0000-7000-8000-000000000000").status, 404);
}

TEST_F(workflows_api, replaces_the_definition_and_keeps_the_id) {
    const auto id = add_workflow("daily").id;
    const auto reply = ask("PUT", "/workflows/daily", definition);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(workflows.rows.at(id).workflow_name, "nightly");
    EXPECT_EQ(workflows.rows.size(), 1u);
}

TEST_F(workflows_api, deletes_and_restores_by_uuid) {
    const auto id = to_string(add_workflow("daily").id);
    const auto deleted = ask("DELETE", "/workflows/daily");
    EXPECT_EQ(deleted.status, 204);
    EXPECT_TRUE(deleted.body.empty());
    EXPECT_EQ(ask("GET", "/workflows/daily").status, 404);
    const auto by_name = ask("POST", "/workflows/daily/restore");
    EXPECT_EQ(by_name.status, 400);
    EXPECT_EQ(problem_in(by_name), "invalid_argument path:id");
    EXPECT_EQ(ask("POST", "/workflows/" + id + "/restore").status, 200);
    EXPECT_EQ(ask("GET", "/workflows/daily").status, 200);
}

TEST_F(workflows_api, enables_and_disables) {
    add_workflow("daily");
    EXPECT_FALSE(body_of(ask("POST", "/workflows/daily/disable")).at("is_enabled").as_bool());
    EXPECT_TRUE(body_of(ask("POST", "/workflows/daily/enable", "{}")).at("is_enabled").as_bool());
}

TEST_F(workflows_api, tells_where_the_body_is_wrong_and_changes_nothing) {
    struct bad_body {
        std::string body;
        int status;
        std::string problem;
    };
    const bad_body cases[] = {
        {"", 400, "invalid_argument "},
        {"{\"workflow_name\": \n x", 400, "invalid_argument "},
        {"{", 400, "invalid_argument "},
        {"{} {}", 400, "invalid_argument "},
        {"\"\xFF\"", 400, "invalid_argument "},
        {std::string(33, '[') + std::string(33, ']'), 400, "invalid_argument "},
        {"[]", 422, "invalid_argument "},
        {R"({"workflow_name": "A", "steps": [{"name": "a", "service": "s", "path": "/", "depends_on": ["b"]}], "x": 1})",
         422, "invalid_argument /workflow_name /steps/0/depends_on/0 /x"},
        {std::string((1 << 20) + 1, ' '), 413, "content_too_large"},
    };
    for (const auto& [body, status, problem] : cases) {
        const auto reply = ask("POST", "/workflows", body);
        EXPECT_EQ(reply.status, status) << body.substr(0, 200);
        EXPECT_EQ(problem_in(reply), problem) << body.substr(0, 200);
        EXPECT_EQ(find_header(reply.headers, "Content-Type"), "application/problem+json");
    }
    EXPECT_EQ(writes(), 0);
}

TEST_F(workflows_api, names_line_and_column_of_what_is_not_json) {
    const auto reply = ask("POST", "/workflows", "{\"a\":\n  x}");
    EXPECT_EQ(body_of(reply).at("detail").as_string(), "line 2, column 3: syntax error");
}

TEST_F(workflows_api, takes_a_body_of_the_greatest_depth_for_json) {
    EXPECT_EQ(ask("POST", "/workflows", std::string(32, '[') + std::string(32, ']') + "\n ").status, 422);
}

TEST_F(workflows_api, wants_json_as_media_type) {
    for (const auto* type : {"text/plain", "application/jsonx", "application"}) {
        const auto reply = ask("POST", "/workflows", definition, {{"Content-Type", type}});
        EXPECT_EQ(reply.status, 415) << type;
        EXPECT_EQ(problem_in(reply), "unsupported_media_type header:Content-Type");
    }
    EXPECT_EQ(writes(), 0);
    EXPECT_EQ(ask("POST", "/workflows", definition, {{"content-type", "Application/JSON ; charset=utf-8"}}).status,
              201);
}

TEST_F(workflows_api, refuses_input_that_a_route_does_not_take) {
    add_workflow("daily");
    EXPECT_EQ(problem_in(ask("GET", "/workflows?limit=1")), "invalid_argument query:limit");
    EXPECT_EQ(problem_in(ask("DELETE", "/workflows/daily?force=true")), "invalid_argument query:force");
    const auto reply = ask("POST", "/workflows/daily/disable", R"({"is/now": true})");
    EXPECT_EQ(reply.status, 422);
    EXPECT_EQ(problem_in(reply), "invalid_argument /is~1now");
    EXPECT_EQ(writes(), 0);
}

TEST_F(workflows_api, refuses_writes_while_nothing_can_be_recorded_but_reads_on) {
    add_workflow("daily");
    engine.current.store_problem = error{errc::store_full, "the disk is full", {}};
    const auto refused = ask("POST", "/workflows", definition);
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(problem_in(refused), "store_full");
    EXPECT_EQ(body_of(refused).at("detail").as_string(), "the disk is full");
    engine.current.accepting = false;
    EXPECT_EQ(problem_in(ask("DELETE", "/workflows/daily")), "stopping");
    EXPECT_EQ(ask("GET", "/workflows/daily").status, 200);
    EXPECT_EQ(writes(), 0);
}

TEST_F(workflows_api, gives_every_answer_its_headers) {
    for (const auto& reply : {ask("GET", "/workflows"), ask("GET", "/nowhere"), ask("DELETE", "/workflows/x"),
                              finish(subject.handle({"GET", "/%", {}, {}}))}) {
        EXPECT_EQ(find_header(reply.headers, "Cache-Control"), "no-store");
        EXPECT_EQ(find_header(reply.headers, "X-Content-Type-Options"), "nosniff");
    }
    EXPECT_EQ(find_header(ask("GET", "/workflows").headers, "Content-Type"), "application/json");
    EXPECT_EQ(finish(subject.handle({"GET", "/workflows", {}, {}})).status, 404);
    const auto refused = ask("PATCH", "/workflows");
    EXPECT_EQ(refused.status, 405);
    EXPECT_EQ(problem_in(refused), "method_not_allowed");
    EXPECT_EQ(find_header(refused.headers, "Allow"), "GET, HEAD, POST");
}

TEST_F(workflows_api, health_tells_of_store_and_engine) {
    engine.current.active_runs = 7;
    const auto healthy = ask("GET", "/health");
    EXPECT_EQ(healthy.status, 200);
    EXPECT_EQ(body_of(healthy), json::parse(R"({"status": "healthy", "version": ")" ORCHESTRATOR_VERSION R"(",
        "instance_id": "instance-1", "store": {"kind": "memory", "problem": null}, "problems": [], "leads": false, "active_runs": 7,
        "refused_writes": 0, "calls_in_flight": 0})"));
    engine.current.problems.push_back({"service", "inventory", "does not answer"});
    const auto degraded = ask("GET", "/health");
    EXPECT_EQ(degraded.status, 200) << "another instance would have the same neighbours";
    EXPECT_EQ(body_of(degraded).at("status").as_string(), "degraded");
    EXPECT_EQ(body_of(degraded).at("problems"),
              json::parse(R"([{"kind": "service", "subject": "inventory", "message": "does not answer"}])"));
    engine.current.store_problem = error{errc::store_full, "the disk is full", {}};
    const auto unhealthy = ask("GET", "/health");
    EXPECT_EQ(unhealthy.status, 503);
    EXPECT_EQ(body_of(unhealthy).at("status").as_string(), "unhealthy");
    EXPECT_EQ(body_of(unhealthy).at("store").at("problem").as_string(), "the disk is full");
    engine.current.accepting = false;
    EXPECT_EQ(body_of(ask("GET", "/health")).at("status").as_string(), "stopping");
    EXPECT_EQ(ask("GET", "/health/live").status, 200);
}

TEST_F(workflows_api, metrics_are_told_in_the_text_format_beside_the_api) {
    engine.current.leads = true;
    engine.current.refused_writes = 3;
    engine.current.store_problem = error{errc::store_full, "the disk is full", {}};
    const auto told = finish(subject.handle({"GET", "/metrics", {}, {}}));
    EXPECT_EQ(told.status, 200);
    EXPECT_EQ(find_header(told.headers, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_THAT(told.body, testing::HasSubstr("# TYPE orchestrator_leader_instance gauge\n"
                                              "orchestrator_leader_instance{instance_id=\"instance-1\"} 1\n"));
    EXPECT_THAT(told.body, testing::HasSubstr("orchestrator_refused_writes_total{kind=\"outcome\"} 3\n"));
    EXPECT_THAT(told.body, testing::HasSubstr("orchestrator_store_available 0\n"));
    EXPECT_EQ(ask("GET", "/metrics").status, 404) << "that one is the API's own, and not there yet";
    EXPECT_EQ(finish(subject.handle({"POST", "/metrics", {}, {}})).status, 405);
}

TEST_F(workflows_api, health_and_metrics_tell_of_the_connections_of_this_process) {
    process = {.service_connections = 40,
               .max_service_connections = 576,
               .waiting_calls = 2,
               .api_connections = 3,
               .max_api_connections = 1'024,
               .problems = {{"descriptors", "calls", "no connection can be opened"}}};
    engine.current.problems.push_back({"service", "inventory", "does not answer"});
    const auto health = ask("GET", "/health");
    EXPECT_EQ(health.status, 200);
    EXPECT_EQ(body_of(health).at("status").as_string(), "degraded");
    EXPECT_EQ(body_of(health).at("problems").as_array().size(), 2U);
    EXPECT_EQ(body_of(health).at("problems").at(1).at("kind").as_string(), "descriptors");
    const auto metrics = finish(subject.handle({"GET", "/metrics", {}, {}})).body;
    for (const auto* line :
         {"orchestrator_connections{of=\"services\"} 40\n", "orchestrator_connections{of=\"api\"} 3\n",
          "orchestrator_connections_limit{of=\"services\"} 576\n", "orchestrator_connections_limit{of=\"api\"} 1024\n",
          "orchestrator_calls_waiting_for_connection 2\n", "orchestrator_descriptor_problems 1\n"})
        EXPECT_THAT(metrics, testing::HasSubstr(line));
}

}  // namespace
}  // namespace orchestrator::api
