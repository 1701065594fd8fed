// Tests of the simulated services as a whole: the chain of a day, effects by key, and what faults do to them.
#include "platform_simulator/behaviour/platform.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include <cmath>

namespace orchestrator::simulator {
namespace {

namespace json = boost::json;
using std::chrono::sys_days;

constexpr system_time today = sys_days{std::chrono::year{2025} / 11 / 6} + std::chrono::hours{8};

class platform_test : public testing::Test {
  protected:
    [[nodiscard]] const bakery& tenant(tenant_status status = tenant_status::active) const {
        return *std::ranges::find(simulated_.tenants().all(), status, &bakery::status);
    }

    planned_answer send(std::string_view method, std::string_view target, std::string_view body = {},
                        std::string_view key = {}) {
        return simulated_.respond({method, target, key, body, now_});
    }

    planned_answer post(std::string_view target, std::string_view key = {}) { return post_for(tenant(), target, key); }

    planned_answer post_for(const bakery& whom, std::string_view target, std::string_view key = {}) {
        return send("POST", target, fmt::format(R"({{"tenant_id":"{}"}})", to_string(whom.id)), key);
    }

    static json::value read(const planned_answer& planned) { return json::parse(planned.content.body); }

    void use_faults(std::string_view rules) {
        simulated_.replace_faults(parse_fault_plan(fmt::format(R"({{"rules":{}}})", rules)).value());
    }

    [[nodiscard]] std::int64_t effects(std::string_view what) const {
        return simulated_.effects().summary().at(what).to_number<std::int64_t>();
    }

    static constexpr std::string_view forecasts = "/api/v1/forecasting/generate";
    static constexpr std::string_view production = "/api/v1/production/schedules/generate";
    static constexpr std::string_view procurement = "/api/v1/procurement/needs/calculate";
    static constexpr std::string_view inventory = "/api/v1/inventory/projections/generate";
    static constexpr std::string_view notification = "/api/v1/notifications/send";

    system_time now_ = today;
    platform simulated_{{.active = 60}, {}};
};

TEST_F(platform_test, each_answer_follows_from_the_one_before) {
    EXPECT_EQ(post(production).content.status, 409);
    EXPECT_EQ(post(procurement).content.status, 409);
    const auto forecast = read(post(forecasts));
    const auto products = forecast.at("forecasts").as_array().size();
    EXPECT_EQ(forecast.at("count").to_number<std::size_t>(), products * 7);
    EXPECT_EQ(post(procurement).content.status, 409);

    const auto plan = read(post(production));
    EXPECT_EQ(plan.at("schedule_date").as_string(), "2025-11-06");
    EXPECT_EQ(plan.at("items").as_array().size(), products);
    EXPECT_GT(plan.at("batches").to_number<int>(), 0);

    const auto needs = read(post(procurement));
    EXPECT_EQ(needs.at("needs_count").to_number<std::size_t>(), needs.at("needs").as_array().size());
    const auto stock = read(post(inventory));
    EXPECT_EQ(stock.at("projections_count").to_number<std::size_t>(), stock.at("items").as_array().size());
    EXPECT_EQ(read(post(notification)).at("status").as_string(), "queued");
}

TEST_F(platform_test, production_plans_the_forecast_of_its_first_day) {
    const auto body = fmt::format(R"({{"tenant_id":"{}","days_ahead":1}})", to_string(tenant().id));
    const auto forecast = read(send("POST", forecasts, body));
    const auto plan = read(post(production));
    for (std::size_t i = 0; const auto& each : forecast.at("forecasts").as_array()) {
        const auto expected = each.at("predicted_demand").to_number<int>();
        const auto planned = plan.at("items").at(i++).at("planned_quantity").to_number<int>();
        EXPECT_EQ(planned, int(std::ceil(expected * 1.03)));
    }
}

TEST_F(platform_test, one_tenants_forecast_is_no_forecast_for_another) {
    post_for(simulated_.tenants().all()[0], forecasts);
    EXPECT_EQ(post_for(simulated_.tenants().all()[1], production).content.status, 409);
}

TEST_F(platform_test, validation_sometimes_has_no_mape) {
    int missing = 0, all = 0;
    for (const auto& each : simulated_.tenants().all()) {
        if (each.status != tenant_status::active) continue;
        const auto path =
            fmt::format("/api/v1/tenants/{}/forecasting/validation/validate-yesterday", to_string(each.id));
        const auto answer = read(send("POST", path, "{}"));
        missing += !answer.as_object().contains("overall_mape");
        ++all;
    }
    EXPECT_EQ(all, 60);
    EXPECT_GE(missing, 1);
    EXPECT_LE(missing, 15);
}

TEST_F(platform_test, refuses_what_it_does_not_understand) {
    EXPECT_EQ(send("POST", forecasts, "{").content.status, 400);
    EXPECT_EQ(send("POST", forecasts, "[]").content.status, 400);
    EXPECT_EQ(send("POST", forecasts, "{}").content.status, 422);
    EXPECT_EQ(send("POST", forecasts, R"({"tenant_id":"01890000-0000-7000-8000-000000000000"})").content.status, 404);
    EXPECT_EQ(send("GET", "/api/v1/tenants/none").content.status, 404);
    EXPECT_EQ(send("GET", "/nowhere").content.status, 404);
    EXPECT_EQ(send("GET", forecasts).content.status, 405);
    EXPECT_EQ(post_for(tenant(tenant_status::suspended), forecasts).content.status, 403);
    EXPECT_TRUE(read(send("GET", "/nowhere")).as_object().contains("detail"));
    EXPECT_EQ(effects("distinct"), 0);
}

TEST_F(platform_test, a_repeated_key_acts_once_and_gets_the_same_answer) {
    const auto first = post(forecasts, "run-1/forecast");
    const auto again = post(forecasts, "run-1/forecast");
    EXPECT_EQ(first.content.body, again.content.body);
    EXPECT_EQ(effects("distinct"), 1);
    EXPECT_EQ(effects("calls"), 2);
    EXPECT_EQ(effects("repeated"), 1);
    const auto details = simulated_.effects().details("run-1/");
    ASSERT_EQ(details.size(), 1U);
    EXPECT_EQ(details[0].at("calls").to_number<int>(), 2);
    EXPECT_EQ(details[0].at("route").as_string(), "generate_forecasts");
    EXPECT_TRUE(simulated_.effects().details("run-2/").empty());
}

TEST_F(platform_test, a_key_belongs_to_one_route_and_tenant) {
    post(forecasts, "key");
    EXPECT_EQ(post(notification, "key").content.status, 422);
    EXPECT_EQ(post_for(simulated_.tenants().all().back(), forecasts, "key").content.status, 422);
    EXPECT_EQ(effects("reused_keys"), 2);
}

TEST_F(platform_test, calls_without_a_key_are_each_an_effect) {
    post(forecasts);
    post(forecasts);
    EXPECT_EQ(effects("distinct"), 2);
    EXPECT_EQ(effects("without_key"), 2);
}

TEST_F(platform_test, reset_forgets_effects_and_forecasts) {
    post(forecasts, "key");
    simulated_.reset();
    EXPECT_EQ(effects("calls"), 0);
    EXPECT_EQ(post(production).content.status, 409);
}

TEST_F(platform_test, a_fault_before_the_work_leaves_no_effect_and_one_after_it_does) {
    use_faults(R"([{"kind":"error","statuses":[503],"when":"before"}])");
    EXPECT_EQ(post(forecasts, "key").content.status, 503);
    EXPECT_EQ(effects("distinct"), 0);
    use_faults(R"([{"kind":"error","statuses":[503],"when":"after"}])");
    EXPECT_EQ(post(forecasts, "key").content.status, 503);
    EXPECT_EQ(effects("distinct"), 1);
}

TEST_F(platform_test, throttling_says_when_to_come_back) {
    use_faults(R"([{"kind":"throttle","statuses":[429],"retry_after_seconds":3}])");
    const auto planned = post(forecasts);
    EXPECT_EQ(planned.content.status, 429);
    EXPECT_EQ(planned.retry_after, "3");
    use_faults(R"([{"kind":"throttle","statuses":[429],"retry_after_seconds":3,"retry_after":"http_date"}])");
    EXPECT_EQ(post(forecasts).retry_after, "Thu, 06 Nov 2025 08:00:03 GMT");
    use_faults(R"([{"kind":"rate_limit","calls_per_second":1,"retry_after":"absent"}])");
    EXPECT_EQ(post(forecasts).content.status, 200);
    EXPECT_EQ(post(forecasts).content.status, 429);
    EXPECT_EQ(post(forecasts).retry_after, "");
}

TEST_F(platform_test, an_accepted_job_is_done_behind_its_location) {
    const auto answer = post(forecasts, "key").content.body;
    use_faults(R"([{"kind":"accepted_job","work_ms":500}])");
    const auto accepted = post(forecasts, "key");
    EXPECT_EQ(accepted.content.status, 202);
    EXPECT_THAT(accepted.location, testing::StartsWith("/api/v1/tenants/" + to_string(tenant().id) + "/job?"));
    EXPECT_EQ(send("GET", accepted.location).content.status, 202);
    now_ += milliseconds{499};
    EXPECT_EQ(send("GET", accepted.location).content.status, 202);
    now_ += milliseconds{1};
    EXPECT_EQ(send("GET", accepted.location).content.status, 200);
    EXPECT_EQ(send("GET", accepted.location).content.body, answer);
    EXPECT_EQ(effects("distinct"), 1);
    EXPECT_EQ(effects("repeated"), 1) << "the second POST, and no poll";
}

TEST_F(platform_test, no_job_is_accepted_without_a_key_or_by_a_refusal) {
    use_faults(R"([{"kind":"accepted_job"}])");
    EXPECT_EQ(post(forecasts).content.status, 200);
    EXPECT_EQ(post(procurement, "key").content.status, 409);
    use_faults(R"([{"kind":"accepted_job"},{"kind":"error","route":"list_tenants"}])");
    EXPECT_EQ(send("GET", "/api/v1/tenants").content.status, 500) << "it is for the next rule";
    const auto job = fmt::format("/api/v1/tenants/{}/job", to_string(tenant().id));
    EXPECT_EQ(send("GET", job).content.status, 404);
    EXPECT_EQ(send("GET", job + "?key=key&done_at=0").content.status, 404);
    EXPECT_EQ(send("GET", job + "?key=%2").content.status, 422);
}

TEST_F(platform_test, a_location_may_be_relative_to_the_path_that_was_called) {
    use_faults(R"([{"kind":"accepted_job","location":"relative_path"}])");
    const auto id = to_string(tenant().id);
    EXPECT_THAT(post(forecasts, "key").location, testing::StartsWith("../tenants/" + id + "/job?key=key&"));
    EXPECT_THAT(post("/api/v1/tenants/" + id + "/forecasting/validation/validate-yesterday", "two").location,
                testing::StartsWith("../../../../tenants/" + id + "/job?key=two&"));
}

TEST(platform_below_a_path, answers_there_only_and_names_it_in_its_locations) {
    platform simulated{{.active = 1}, parse_fault_plan(R"({"rules":[{"kind":"accepted_job"}]})").value(), "/bakery"};
    const auto id = to_string(simulated.tenants().all().front().id);
    const auto send = [&](std::string_view target) {
        const auto body = fmt::format(R"({{"tenant_id":"{}"}})", id);
        return simulated.respond({"POST", target, "key", body, today});
    };
    EXPECT_EQ(send("/api/v1/forecasting/generate").content.status, 404);
    EXPECT_EQ(send("/bakeryapi/v1/forecasting/generate").content.status, 404);
    EXPECT_EQ(send("/bak").content.status, 404);
    EXPECT_THAT(send("/bakery/api/v1/forecasting/generate").location,
                testing::StartsWith("/bakery/api/v1/tenants/" + id + "/job?"));
}

TEST_F(platform_test, hanging_and_cutting_off_are_ways_of_delivery) {
    use_faults(R"([{"kind":"hang","limit_seconds":9}])");
    EXPECT_EQ(post(forecasts).how, delivery::never);
    EXPECT_EQ(post(forecasts).delay, std::chrono::seconds{9});
    use_faults(R"([{"kind":"reset"}])");
    EXPECT_EQ(post(forecasts).how, delivery::cut_off);
    use_faults(R"([{"kind":"truncated_json"}])");
    EXPECT_EQ(post(forecasts).how, delivery::half_of_it);
    use_faults(R"([{"kind":"slow_bytes","bytes_per_second":70}])");
    EXPECT_EQ(post(forecasts).bytes_per_second, 70);
}

TEST_F(platform_test, malformed_json_keeps_its_length) {
    const auto whole = post(forecasts, "key").content.body;
    use_faults(R"([{"kind":"malformed_json"}])");
    const auto planned = post(forecasts, "key");
    EXPECT_EQ(planned.content.status, 200);
    EXPECT_EQ(planned.content.body.size(), whole.size());
    boost::system::error_code failed;
    json::parse(planned.content.body, failed);
    EXPECT_TRUE(failed);
}

TEST_F(platform_test, a_huge_body_is_the_right_answer_with_padding) {
    use_faults(R"([{"kind":"huge_body","mebibytes":2}])");
    const auto planned = post(forecasts);
    EXPECT_GT(planned.content.body.size(), 2U << 20);
    EXPECT_GT(read(planned).at("count").to_number<int>(), 0);
}

}  // namespace
}  // namespace orchestrator::simulator
