// The commands from the words that a person types to the requests that leave and the text that appears. The server is
// a list of answers.
#include "cli/command_line.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <deque>
#include <sstream>

#include "cli/json_text.h"
#include "cli/surroundings.h"
#include "cli/terminal.h"

namespace orchestrator::cli {
namespace {

struct seen_request {
    std::string line;  // "GET /workflows"
    std::string body;
    std::string idempotency_key;
};

struct scripted_server {
    std::deque<http_result> answers;
    std::vector<seen_request> seen;
    std::string origin;
};

class scripted_client final : public http_client {
  public:
    explicit scripted_client(scripted_server& server) : server_{server} {}

    task<http_result> send(const http_request& request) override {
        constexpr std::string_view prefix = "/api/v1/orchestrator";
        EXPECT_TRUE(request.target.starts_with(prefix)) << request.target;
        server_.seen.push_back({std::string{to_string(request.method)} + ' ' + request.target.substr(prefix.size()),
                                request.body, std::string{find_header(request.headers, "Idempotency-Key")}});
        server_.origin = to_string(*request.origin);
        if (server_.answers.empty())
            co_return std::unexpected{http_failure{http_fault::connect_failed, "no answer left"}};
        auto answer = std::move(server_.answers.front());
        server_.answers.pop_front();
        co_return answer;
    }

  private:
    scripted_server& server_;
};

class cli_command_line : public testing::Test {
  protected:
    void answer(int status, std::string body) {
        server.answers.push_back(http_response{.status = status, .headers = {}, .body = std::move(body)});
    }

    int run(std::vector<const char*> words, const plugged_in_commands& others = {}) {
        words.insert(words.begin(), "orchestrator");
        const surroundings around{
            .in = in,
            .out = out,
            .err = err,
            .size = [] { return view_size{}; },
            .environment = [&](const char* name) { return environment[name]; },
            .make_client = [&](asio::io_context&) { return std::make_unique<scripted_client>(server); }};
        return run_command_line(static_cast<int>(words.size()), words.data(), others, "1.2.3", around);
    }

    scripted_server server;
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    std::map<std::string, std::string> environment;
};

constexpr auto ended = R"({"id": "e1", "workflow_name": "pan", "status": "partial", "duration_ms": 1000,
    "tenants": {"total": 2, "completed": 1, "partial": 0, "failed": 1, "cancelled": 0}, "step_summaries": []})";
constexpr auto failed_tenants = R"({"tenants": [{"tenant_id": "t1", "tenant_name": "Ñandú", "status": "failed",
    "steps": [{"step_name": "bake", "status": "failed", "error_message": "oven cold"}]}], "next_cursor": null})";

TEST_F(cli_command_line, schedule_preview_shows_the_local_time_and_what_the_clocks_do) {
    answer(200, R"({"cron_expression": "30 2 * * *", "description": {"en": "at 02:30, every day", "es": "a las 02:30"},
        "timezone": "Europe/Madrid", "occurrences": [
        {"at": "2026-03-29T01:00:00.000Z", "local": "2026-03-29T03:00:00+02:00", "nominal": "2026-03-29T02:30:00",
         "reason": "after_gap"}]})");
    EXPECT_EQ(run({"schedule", "preview", "30 2 * * *", "-n", "1", "--after", "2026-03-28T12:00:00Z"}), 0) << err.str();
    EXPECT_EQ(server.seen[0].line,
              "GET /schedule/preview?cron_expression=30%202%20%2A%20%2A%20%2A&limit=1"
              "&after=2026-03-28T12%3A00%3A00Z");
    EXPECT_TRUE(out.str().starts_with("at 02:30, every day\n\n")) << out.str();
    EXPECT_NE(out.str().find("2026-03-29 03:00:00 +02:00"), std::string::npos) << out.str();
    EXPECT_NE(out.str().find("2026-03-29 01:00:00"), std::string::npos);
    EXPECT_NE(out.str().find("clocks go forward: 02:30 does not exist"), std::string::npos);
}

TEST_F(cli_command_line, schedule_preview_says_when_nothing_is_due) {
    answer(200, R"({"cron_expression": "@daily", "timezone": "Europe/Madrid", "occurrences": []})");
    EXPECT_EQ(run({"schedule", "preview", "@daily"}), 0);
    EXPECT_EQ(out.str(), "it is never due again before the year 2101\n");
    EXPECT_EQ(run({"schedule", "preview"}), 2) << "the expression is missing";
    EXPECT_EQ(run({"schedule", "preview", "@daily", "-n", "0"}), 2);
}

TEST_F(cli_command_line, schedule_preview_takes_a_workflow_with_what_is_said_otherwise) {
    answer(200, R"({"timezone_mode": "tenant", "problems": ["no zone"], "occurrences": [
        {"at": "2026-01-07T07:00:00.000Z", "local": "2026-01-07T08:00:00+01:00", "reason": "moved",
         "explanation": "moved from 2026-01-06: Epifanía", "tenant_groups": [{"timezone": "Europe/Madrid",
         "calendar": "ES-MD"}, {"timezone": "Africa/Ceuta", "calendar": null}]}]})");
    EXPECT_EQ(run({"schedule", "preview", "-w", "daily", "--holiday-policy", "skip"}), 0) << err.str();
    EXPECT_EQ(server.seen[0].line, "GET /schedule/preview?workflow=daily&holiday_policy=skip&limit=10");
    EXPECT_NE(out.str().find("problem: no zone"), std::string::npos) << out.str();
    EXPECT_NE(out.str().find("Europe/Madrid ES-MD, Africa/Ceuta"), std::string::npos) << out.str();
    EXPECT_NE(out.str().find("moved from 2026-01-06"), std::string::npos);
    EXPECT_EQ(run({"schedule", "preview", "-w", "daily", "--holiday-policy", "sometimes"}), 2);
}

TEST_F(cli_command_line, schedule_explain_says_why) {
    answer(200, R"({"workflow_name": "daily", "date": "2026-01-06", "summary": "0 of 1 times ran",
        "changed_since": true, "lines": [{"at": null, "local": null, "nominal": "2026-01-06T08:00:00",
        "outcome": "suppressed", "explanation": "holiday: Epifanía, ES", "timezone": "Europe/Madrid",
        "calendar": "ES-MD", "execution_id": null}]})");
    EXPECT_EQ(run({"schedule", "explain", "daily", "2026-01-06"}), 0) << err.str();
    EXPECT_EQ(server.seen[0].line, "GET /schedule/explain?workflow=daily&date=2026-01-06");
    EXPECT_TRUE(out.str().starts_with("daily on 2026-01-06: 0 of 1 times ran\n")) << out.str();
    EXPECT_NE(out.str().find("holiday: Epifanía, ES"), std::string::npos) << out.str();
}

TEST_F(cli_command_line, schedule_backfill_asks_and_says_how_to_go_on) {
    answer(201, R"({"id": "b1", "workflow_name": "daily", "scheduled_for": ["2026-01-06T07:00:00.000Z"],
        "started_already": 2})");
    EXPECT_EQ(run({"schedule", "backfill", "daily", "--from", "2026-01-06", "--until", "2026-01-08"}), 0) << err.str();
    EXPECT_EQ(server.seen[0].line, "POST /backfills");
    EXPECT_EQ(server.seen[0].body,
              R"({"workflow_name":"daily","start_date":"2026-01-06","max_concurrent":1,"dry_run":false,)"
              R"("end_date":"2026-01-08"})");
    EXPECT_NE(out.str().find("schedule cancel-backfill b1"), std::string::npos) << out.str();
    EXPECT_NE(out.str().find("2 times of these days ran already"), std::string::npos);
    EXPECT_EQ(run({"schedule", "backfill", "daily"}), 2) << "--from is missing";
}

TEST_F(cli_command_line, service_list_shows_the_state_and_why) {
    answer(200, R"({"instance_id": "i", "services": [
        {"name": "inventory", "state": "unused", "why": "this instance has not called it yet", "settings": null},
        {"name": "production", "state": "down", "why": "production has failed for 12 s", "limit": 88,
         "in_flight": 3, "waiting": 212}]})");
    EXPECT_EQ(run({"service", "list"}), 0) << err.str();
    EXPECT_EQ(server.seen[0].line, "GET /services");
    EXPECT_NE(out.str().find("inventory   unused      -        0  this instance"), std::string::npos) << out.str();
    EXPECT_NE(out.str().find("production  down     3/88      212  production has"), std::string::npos) << out.str();
}

TEST_F(cli_command_line, service_show_says_what_was_set) {
    answer(200, R"({"name": "inventory", "state": "paused", "why": "inventory is paused", "limit": 4, "in_flight": 0,
        "max_calls": 7, "waiting": 9, "breaker": "closed", "recent_calls": 0, "recent_failures": 0,
        "retry_tokens": 10, "retries_waiting": 0, "paused_until": "2026-12-24T18:00:00.000Z",
        "paused_by": "operator", "answered_at": null, "settings": {"max_calls": 7,
        "paused_until": "2026-12-24T18:00:00.000Z", "reason": "is moved"}})");
    EXPECT_EQ(run({"service", "show", "inventory"}), 0) << err.str();
    EXPECT_EQ(server.seen[0].line, "GET /services/inventory");
    EXPECT_NE(out.str().find("set         7 calls at most, paused until 2026-12-24 18:00:00Z: is moved\n"),
              std::string::npos)
        << out.str();
}

TEST_F(cli_command_line, service_pause_needs_an_end_and_a_reason) {
    EXPECT_EQ(run({"service", "pause", "inventory", "--for", "30m"}), 2);
    EXPECT_EQ(run({"service", "pause", "inventory", "--reason", "x"}), 2);
    EXPECT_EQ(run({"service", "pause", "inventory", "--for", "soon", "--reason", "x"}), 2);
    EXPECT_EQ(run({"service", "pause", "inventory", "--for", "1h", "--until", "x", "--reason", "x"}), 2);
    EXPECT_TRUE(server.seen.empty());
    answer(200,
           R"({"name": "inventory", "settings": {"paused_until": "2026-12-24T18:00:00.000Z", "reason": "moved"}})");
    EXPECT_EQ(run({"service", "pause", "inventory", "--until", "2026-12-24T18:00:00Z", "--reason", "moved"}), 0)
        << err.str();
    EXPECT_EQ(server.seen[0].line, "PUT /services/inventory");
    EXPECT_EQ(server.seen[0].body, R"({"paused_until":"2026-12-24T18:00:00Z","reason":"moved"})");
    EXPECT_NE(out.str().find("inventory: set is now paused until 2026-12-24 18:00:00Z: moved\n"), std::string::npos)
        << out.str();
}

TEST_F(cli_command_line, service_resume_and_limit_change_nothing_else) {
    for (int i = 0; i < 4; ++i) answer(200, R"({"name": "inventory", "settings": {}})");
    EXPECT_EQ(run({"service", "resume", "inventory"}), 0) << err.str();
    EXPECT_EQ(run({"service", "limit", "inventory", "20"}), 0) << err.str();
    EXPECT_EQ(run({"service", "limit", "inventory", "20", "--reason", "half of it is down"}), 0) << err.str();
    EXPECT_EQ(run({"service", "limit", "inventory", "--lift"}), 0) << err.str();
    EXPECT_EQ(server.seen[0].body, R"({"paused_until":null})");
    EXPECT_EQ(server.seen[1].body, R"({"max_calls":20})");
    EXPECT_EQ(server.seen[2].body, R"({"max_calls":20,"reason":"half of it is down"})");
    EXPECT_EQ(server.seen[3].body, R"({"max_calls":null})");
    EXPECT_EQ(run({"service", "limit", "inventory"}), 2);
    EXPECT_EQ(run({"service", "limit", "inventory", "0"}), 2);
}

TEST_F(cli_command_line, calendar_import_knows_both_forms) {
    in.str("BEGIN:VCALENDAR\nEND:VCALENDAR\n");
    answer(200,
           R"({"calendar": "mine", "name": "Cierres", "holidays": [{}], "left_out": ["an event without SUMMARY"]})");
    EXPECT_EQ(run({"calendar", "import", "-", "--as", "mine", "--parent", "ES-MD"}), 0) << err.str();
    EXPECT_EQ(server.seen[0].line, "POST /calendars/mine/import?parent=ES-MD");
    EXPECT_NE(out.str().find("imported mine (Cierres): 1 holiday\nleft out: an event without SUMMARY"),
              std::string::npos)
        << out.str();
    in.str(R"({"calendar": "mine", "name": "Cierres", "parent": null, "version": 3, "holidays": []})");
    answer(200, R"({"calendar": "mine", "name": "Cierres", "holidays": []})");
    EXPECT_EQ(run({"calendar", "import", "-"}), 0) << err.str();
    EXPECT_EQ(server.seen[1].line, "PUT /calendars/mine");
    EXPECT_EQ(server.seen[1].body, R"({"calendar":"mine","name":"Cierres","holidays":[]})");
    in.str("BEGIN:VCALENDAR\n");
    EXPECT_EQ(run({"calendar", "import", "-"}), 2) << "--as is missing";
}

TEST_F(cli_command_line, calendar_restore_puts_the_last_version_back) {
    answer(200, R"({"calendar": "x", "name": "one", "version": 1, "is_deleted": false, "holidays": []})");
    answer(200, R"({"calendar": "x", "name": "one", "version": 2, "is_deleted": true, "holidays": []})");
    answer(404, "{}");
    answer(200, "{}");
    EXPECT_EQ(run({"calendar", "restore", "x"}), 0) << err.str();
    EXPECT_EQ(server.seen[3].line, "PUT /calendars/x");
    EXPECT_EQ(server.seen[3].body, R"({"calendar":"x","name":"one","holidays":[]})");
}

TEST_F(cli_command_line, apply_creates_a_workflow_that_does_not_exist) {
    in.str(R"({"workflow_name": "pan diario", "steps": [{}]})");
    answer(404, "{}");
    answer(201, "{}");
    EXPECT_EQ(run({"workflow", "apply", "-"}), 0) << err.str();
    ASSERT_EQ(server.seen.size(), 2U);
    EXPECT_EQ(server.seen[0].line, "GET /workflows/pan%20diario");
    EXPECT_EQ(server.seen[1].line, "POST /workflows");
    EXPECT_TRUE(out.str().starts_with("created workflow pan diario (1 step)\n")) << out.str();
}

TEST_F(cli_command_line, apply_replaces_by_name_and_leaves_out_what_only_the_server_sets) {
    in.str(R"({"id": "x", "workflow_name": "pan", "steps": [], "created_at": "now", "consecutive_failures": 3})");
    answer(200, "{}");
    answer(200, "{}");
    EXPECT_EQ(run({"workflow", "apply", "-"}), 0) << err.str();
    EXPECT_EQ(server.seen[1].line, "PUT /workflows/pan");
    EXPECT_EQ(server.seen[1].body, R"({"workflow_name":"pan","steps":[]})");
    EXPECT_TRUE(out.str().starts_with("replaced workflow pan")) << out.str();
}

TEST_F(cli_command_line, apply_names_line_and_column_and_sends_nothing) {
    in.str("{\n  \"workflow_name\" 1}");
    EXPECT_EQ(run({"workflow", "apply", "-"}), 2);
    EXPECT_EQ(err.str(), "error: stdin:2:19: not JSON: syntax error\n");
    EXPECT_TRUE(server.seen.empty());
}

TEST_F(cli_command_line, delete_prints_the_id_and_how_to_undo_it) {
    answer(200, R"({"id": "w1", "workflow_name": "pan"})");
    answer(204, "");
    EXPECT_EQ(run({"workflow", "delete", "pan"}), 0);
    EXPECT_EQ(server.seen[1].line, "DELETE /workflows/w1");
    EXPECT_EQ(out.str(), "deleted workflow pan (w1)\nundo it with:  orchestrator workflow restore w1\n");
}

TEST_F(cli_command_line, run_sends_the_selection_and_the_key) {
    answer(202, R"({"id": "e1", "workflow_name": "pan"})");
    EXPECT_EQ(run({"workflow", "run", "pan", "--tenant", "a", "b", "--tier", "starter", "--idempotency-key", "k"}), 0);
    EXPECT_EQ(server.seen[0].line, "POST /workflows/pan/execute");
    EXPECT_EQ(server.seen[0].body, R"({"tenant_ids":["a","b"],"subscription_tiers":["starter"]})");
    EXPECT_EQ(server.seen[0].idempotency_key, "k");
    EXPECT_TRUE(out.str().starts_with("started pan: execution e1\n"));
}

TEST_F(cli_command_line, run_wait_with_json_prints_one_document_with_the_failures) {
    answer(202, ended);
    answer(200, ended);
    answer(200, failed_tenants);
    EXPECT_EQ(run({"workflow", "run", "pan", "--wait", "-o", "json"}), 1);
    const auto document = read_json(out.str());
    ASSERT_TRUE(document) << out.str();
    EXPECT_EQ(document->at("status"), "partial");
    EXPECT_EQ(document->at("failures").at(0).at("error_message"), "oven cold");
    EXPECT_EQ(server.seen[2].line, "GET /executions/e1/tenants?status=unsuccessful&limit=500");
    EXPECT_EQ(err.str(), "");
}

TEST_F(cli_command_line, watch_latest_follows_the_newest_execution_to_its_report) {
    answer(200, R"({"executions": [{"id": "e1"}], "next_cursor": "more"})");
    answer(200, ended);
    answer(200, failed_tenants);
    EXPECT_EQ(run({"execution", "watch", "latest"}), 1);
    EXPECT_EQ(server.seen[0].line, "GET /executions?limit=1");
    EXPECT_TRUE(out.str().contains("bake: oven cold\n    1 tenant: Ñandú (t1)\n")) << out.str();
    EXPECT_FALSE(out.str().contains('\x1b')) << "colours in a pipe";
}

TEST_F(cli_command_line, latest_without_any_execution_is_not_found) {
    answer(200, R"({"executions": [], "next_cursor": null})");
    EXPECT_EQ(run({"execution", "show", "latest"}), 3);
}

TEST_F(cli_command_line, list_follows_the_cursor_up_to_the_limit) {
    answer(200, R"({"executions": [{"id": "1"}, {"id": "2"}], "next_cursor": "c d"})");
    answer(200, R"({"executions": [{"id": "3"}], "next_cursor": "e"})");
    EXPECT_EQ(run({"execution", "list", "--workflow", "pan", "--limit", "3", "-o", "json"}), 0);
    EXPECT_EQ(server.seen[0].line, "GET /executions?workflow=pan&limit=3");
    EXPECT_EQ(server.seen[1].line, "GET /executions?workflow=pan&limit=1&cursor=c%20d");
    EXPECT_EQ(read_json(out.str())->at("executions").as_array().size(), 3U);
}

TEST_F(cli_command_line, logs_as_json_are_one_entry_a_line) {
    answer(200, R"({"logs": [{"sequence": 1}], "next_cursor": "c"})");
    answer(200, R"({"logs": [{"sequence": 2}], "next_cursor": null})");
    EXPECT_EQ(run({"execution", "logs", "e1", "--level", "warning", "-o", "json"}), 0);
    EXPECT_EQ(out.str(), "{\"sequence\":1}\n{\"sequence\":2}\n");
    EXPECT_EQ(server.seen[0].line, "GET /executions/e1/logs?limit=500&level=warning");
}

TEST_F(cli_command_line, problems_go_to_stderr_with_the_exit_code_of_their_kind) {
    answer(409, R"({"detail": "workflow \"pan\" is disabled"})");
    EXPECT_EQ(run({"workflow", "run", "pan"}), 5);
    EXPECT_EQ(err.str(), "error: workflow \"pan\" is disabled\n");
    EXPECT_EQ(out.str(), "");
}

TEST_F(cli_command_line, an_absent_server_is_named_with_the_way_to_another) {
    environment["ORCHESTRATOR_URL"] = "http://bakery:9";
    EXPECT_EQ(run({"workflow", "list"}), 6);
    EXPECT_TRUE(err.str().contains("http://bakery:9 cannot be reached")) << err.str();
    EXPECT_TRUE(err.str().contains("--server URL")) << err.str();
}

TEST_F(cli_command_line, the_server_option_goes_before_the_environment_and_may_stand_anywhere) {
    environment["ORCHESTRATOR_URL"] = "http://bakery:9";
    answer(200, R"({"workflows": []})");
    EXPECT_EQ(run({"workflow", "list", "--server", "http://other:7/prefix"}), 0);
    EXPECT_EQ(server.origin, "http://other:7/prefix");
}

TEST_F(cli_command_line, wrong_usage_ends_with_2_and_names_what_would_be_right) {
    const std::pair<std::vector<const char*>, const char*> cases[] = {
        {{}, "a command is missing"},
        {{"workflwo"}, "\"workflwo\" is no command; it has workflow, execution"},
        {{"workflow", "lst"}, "\"lst\" is no command; it has list"},
        {{"workflow", "run"}, "NAME is required"},
        {{"workflow", "run", "x", "--tier", "gold"}, "\"gold\" is none of starter, professional, enterprise"},
        {{"execution", "list", "--limit", "0"}, "\"0\" is not a whole number from 1 to"},
        {{"workflow", "list", "-o", "yaml"}, "\"yaml\" is none of table, json"},
        {{"workflow", "list", "--server", "nowhere"}, "\"nowhere\" is not an http or https URL"},
    };
    for (const auto& [words, message] : cases) {
        err.str({});
        EXPECT_EQ(run(words), 2) << message;
        EXPECT_TRUE(err.str().contains(message)) << err.str();
    }
    EXPECT_TRUE(server.seen.empty());
}

TEST_F(cli_command_line, help_and_version_go_to_stdout) {
    EXPECT_EQ(run({"--version"}), 0);
    EXPECT_EQ(out.str(), "orchestrator 1.2.3\n");
    EXPECT_EQ(run({"workflow", "run", "--help"}), 0);
    EXPECT_TRUE(out.str().contains("--idempotency-key KEY")) << out.str();
    EXPECT_EQ(run({"--help"}), 0);
    EXPECT_TRUE(out.str().contains("Exit codes:")) << out.str();
}

TEST_F(cli_command_line, plugged_in_commands_run_and_decide_the_exit_status) {
    const plugged_in_commands others{[](CLI::App& root, int& status) {
        root.add_subcommand("serve", "Serve")->callback([&status] { status = 9; });
    }};
    EXPECT_EQ(run({"serve"}, others), 9);
    EXPECT_EQ(run({"completion", "bash"}, others), 0);
    EXPECT_TRUE(
        out.str().contains("words='workflow execution schedule calendar event leader service serve completion'"))
        << out.str();
}

TEST(cli_redraw, goes_up_over_what_was_drawn_and_clears_what_is_left) {
    EXPECT_EQ(redraw({"a"}, 0), "\x1b[?2026ha\x1b[K\n\x1b[?2026l");
    EXPECT_EQ(redraw({"a"}, 2), "\x1b[?2026h\x1b[2Fa\x1b[K\n\x1b[J\x1b[?2026l");
}

}  // namespace
}  // namespace orchestrator::cli
