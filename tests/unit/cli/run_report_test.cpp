#include "cli/run_report.h"

#include <gtest/gtest.h>

namespace orchestrator::cli {
namespace {

namespace json = boost::json;

json::object tenant(const char* id, const char* name, const char* step, const char* reason) {
    const auto failed =
        json::object{{"step_name", step}, {"status", "failed"}, {"http_status", 503}, {"error_message", reason}};
    return {{"tenant_id", id},
            {"tenant_name", name},
            {"steps", json::array{json::object{{"step_name", "first"}, {"status", "completed"}}, failed,
                                  json::object{{"step_name", "last"}, {"status", "skipped"}}}}};
}

TEST(cli_failure_summary, groups_by_step_and_reason_with_the_most_frequent_first) {
    failure_summary summary;
    summary.add(tenant("1", "Ñandú", "forecast", "no stock"));
    summary.add(tenant("2", "Güell", "forecast", "busy"));
    summary.add(tenant("3", "Pão", "forecast", "busy"));
    const auto groups = summary.groups();
    ASSERT_EQ(groups.size(), 2U);
    EXPECT_EQ(groups[0].error_message, "busy");
    EXPECT_EQ(groups[0].tenants, 2);
    EXPECT_EQ(groups[0].example_tenant_name, "Güell");
    EXPECT_EQ(groups[1].tenants, 1);
}

TEST(cli_failure_summary, counts_a_run_without_a_failed_step) {
    failure_summary summary;
    summary.add({{"tenant_id", "1"}, {"steps", json::array{}}});
    ASSERT_EQ(summary.groups().size(), 1U);
    EXPECT_EQ(summary.groups()[0].step_name, "");
}

TEST(cli_failure_summary, json_has_null_for_what_is_not_known) {
    const auto all = to_json({{.step_name = "s", .tenants = 2}});
    EXPECT_EQ(all[0].at("step_name"), "s");
    EXPECT_TRUE(all[0].at("http_status").is_null());
    EXPECT_EQ(all[0].at("tenants"), 2);
}

execution_snapshot partial() {
    const auto read = read_execution(json::parse(R"({
        "id": "0190", "workflow_name": "pan_diario", "status": "partial", "duration_ms": 184900,
        "steps_per_second": 326.4, "tenants": {"total": 10, "completed": 8, "partial": 1, "failed": 1, "cancelled": 0},
        "step_summaries": [{"step_name": "forecast", "total": 10, "completed": 8, "failed": 2, "skipped": 0,
                            "retries": 3, "p50_ms": 120, "p95_ms": null}]})"));
    return *read;
}

TEST(cli_run_report, tells_outcome_tenants_steps_and_reasons) {
    const report_failures failures{.groups = {{.step_name = "forecast",
                                               .error_message = "busy",
                                               .http_status = 503,
                                               .tenants = 2,
                                               .example_tenant_id = "t1",
                                               .example_tenant_name = "Ñandú"}},
                                   .tenants_read = 2};
    EXPECT_EQ(run_report(partial(), failures, milliseconds{184'900}, palette{false}, 0),
              "pan_diario  partial in 3 min 04 s, 326 steps/s\n"
              "execution  0190\n"
              "tenants    10 total: 8 completed, 1 partial, 1 failed, 0 cancelled\n"
              "\n"
              "step      ok  failed  skipped  retries     p50  p95\n"
              "forecast   8       2        0        3  120 ms    -\n"
              "\n"
              "failures\n"
              "  forecast: busy (HTTP 503)\n"
              "    2 tenants, for example Ñandú (t1)\n"
              "\n"
              "run the failed ones again:  orchestrator execution retry 0190\n");
}

TEST(cli_run_report, shows_at_most_ten_reasons_and_says_what_it_leaves_out) {
    report_failures failures{.groups = {}, .tenants_read = 5'000, .complete = false};
    for (int i = 0; i < 12; ++i) failures.groups.push_back({.step_name = "s", .error_message = "e", .tenants = 1});
    const auto text = run_report(partial(), failures, milliseconds{1}, palette{false}, 0);
    EXPECT_TRUE(text.contains("of the first 5000 tenants")) << text;
    EXPECT_TRUE(text.contains("and 2 other reasons")) << text;
}

TEST(cli_run_report, a_completed_execution_has_no_failures_and_no_advice) {
    auto execution = partial();
    execution.status = "completed";
    const auto text = run_report(execution, {}, milliseconds{1}, palette{false}, 0);
    EXPECT_FALSE(text.contains("failures"));
    EXPECT_FALSE(text.contains("retry 0190"));
}

TEST(cli_execution_snapshot, refuses_what_is_no_execution) {
    EXPECT_FALSE(read_execution(json::parse("[]")));
    EXPECT_FALSE(read_execution(json::parse(R"({"status": "healthy"})")));
}

TEST(cli_execution_snapshot, elapsed_time_is_never_negative) {
    execution_snapshot execution;
    EXPECT_EQ(execution.elapsed(system_time{milliseconds{5}}), milliseconds{0});
    execution.started_at = system_time{milliseconds{10}};
    EXPECT_EQ(execution.elapsed(system_time{milliseconds{5}}), milliseconds{0});
    EXPECT_EQ(execution.elapsed(system_time{milliseconds{15}}), milliseconds{5});
}

}  // namespace
}  // namespace orchestrator::cli
