// /services: what this instance sees, what operators set, and what of both reaches the metrics.
#include <gmock/gmock.h>

#include "api/service_json.h"
#include "tests/unit/api/fake_platform.h"

namespace orchestrator::api::fakes {
namespace {

using testing::HasSubstr;

class services_api : public testing::Test {
  protected:
    response ask(std::string method, std::string path, std::string body = {}) {
        http_headers headers;
        if (!body.empty()) headers.emplace_back("Content-Type", "application/json");
        return finish(subject.handle({std::move(method), std::string{base_path} + path, headers, std::move(body)}));
    }
    static service_view seen(std::string name) {
        service_view view;
        view.name = std::move(name);
        view.limit = 88;
        view.max_calls = 240;
        view.why = limit_reason::saturated;
        view.in_flight = 80;
        view.waiting = 12;
        view.slowness = 1.234;
        return view;
    }

    platform parts;
    api subject{{.workflows = parts.workflows,
                 .executions = parts.executions,
                 .engine = parts.engine,
                 .time = parts.time,
                 .random = parts.random,
                 .zones = parts.zones,
                 .schedules = parts.schedules,
                 .calendars = parts.schedules,
                 .backfills = parts.schedules,
                 .leaders = parts.schedules,
                 .service_settings = parts.schedules,
                 .outbox = parts.schedules,
                 .calendar_files = parts.calendar_files,
                 .rules = {.services = std::set<std::string, std::less<>>{"inventory", "production"}},
                 .instance_id = "instance-1",
                 .store_kind = "memory"}};
};

TEST_F(services_api, all_that_are_configured_are_listed_with_what_is_known) {
    parts.engine.known_services = {seen("production")};
    const auto reply = ask("GET", "/services");
    EXPECT_EQ(reply.status, 200);
    const auto body = body_of(reply);
    EXPECT_EQ(body.at("instance_id"), "instance-1");
    const auto& services = body.at("services").as_array();
    ASSERT_EQ(services.size(), 2u);
    EXPECT_EQ(services[0].at("name"), "inventory");
    EXPECT_EQ(services[0].at("state"), "unused");
    EXPECT_EQ(services[0].at("why"), "this instance has not called it yet");
    EXPECT_TRUE(services[0].at("limit").is_null());
    EXPECT_EQ(services[0].at("breaker"), "closed");
    EXPECT_TRUE(services[0].at("settings").is_null());
    EXPECT_EQ(services[1].at("state"), "well");
    EXPECT_EQ(services[1].at("why"), "88 calls at a time, as more would bring no more throughput");
    EXPECT_EQ(services[1].at("limit"), 88);
    EXPECT_EQ(services[1].at("limit_reason"), "saturated");
    EXPECT_EQ(services[1].at("max_calls"), 240);
    EXPECT_EQ(services[1].at("waiting"), 12);
    EXPECT_EQ(services[1].at("slowness"), 1.23);
    EXPECT_EQ(services[1].at("breaker"), "closed");
}

TEST_F(services_api, every_reason_has_a_sentence) {
    auto view = seen("production");
    for (auto why = limit_reason::fixed; why <= limit_reason::measuring; why = limit_reason(int(why) + 1)) {
        view.why = why;
        EXPECT_FALSE(to_string(why).empty());
        EXPECT_GT(explain(view).size(), std::string_view{"88 calls at a time, "}.size()) << to_string(why);
    }
    view.problem = "has failed for 12 s; the next try is in 3 s";
    EXPECT_EQ(explain(view), "production has failed for 12 s; the next try is in 3 s");
}

TEST_F(services_api, states_say_the_worst_first) {
    auto view = seen("production");
    EXPECT_EQ(state_of(view), "well");
    view.slowness = 2;
    EXPECT_EQ(state_of(view), "slow");
    view.breaker = breaker_state::half_open;
    EXPECT_EQ(state_of(view), "tried");
    view.breaker = breaker_state::open;
    EXPECT_EQ(state_of(view), "down");
    view.paused_until = start_of_test;
    EXPECT_EQ(state_of(view), "throttled");
    view.is_paused_by_operator = true;
    EXPECT_EQ(state_of(view), "paused");
}

TEST_F(services_api, a_pause_needs_a_reason_and_is_lifted_by_null) {
    const auto paused_for = ask("PUT", "/services/inventory", R"({"pause_for_seconds": 90, "reason": "is moved"})");
    EXPECT_EQ(body_of(paused_for).at("settings").at("paused_until"), "2025-11-06T08:31:50.125Z");
    EXPECT_EQ(ask("PUT", "/services/inventory",
                  R"({"pause_for_seconds": 90, "paused_until": "2025-11-06T09:00:00Z", "reason": "is moved"})")
                  .status,
              422);
    EXPECT_EQ(problem_in(ask("PUT", "/services/inventory", R"({"paused_until": "2025-11-06T09:00:00Z"})")),
              "invalid_argument /reason");
    const auto paused =
        ask("PUT", "/services/inventory", R"({"paused_until": "2025-11-06T09:00:00Z", "reason": "is moved"})");
    EXPECT_EQ(paused.status, 200) << paused.body;
    const auto shown = body_of(paused);
    const auto& settings = shown.at("settings");
    EXPECT_EQ(settings.at("paused_until"), "2025-11-06T09:00:00.000Z");
    EXPECT_EQ(settings.at("reason"), "is moved");
    EXPECT_TRUE(settings.at("max_calls").is_null());
    const auto limited = body_of(ask("PUT", "/services/inventory", R"({"max_calls": 7})")).at("settings");
    EXPECT_EQ(limited.at("paused_until"), "2025-11-06T09:00:00.000Z") << "what is not named stays";
    EXPECT_TRUE(limited.at("reason").is_null()) << "it was that of the change before";
    const auto lifted = body_of(ask("PUT", "/services/inventory", R"({"paused_until": null})")).at("settings");
    EXPECT_TRUE(lifted.at("paused_until").is_null());
    EXPECT_EQ(lifted.at("max_calls"), 7) << "what is not named stays";
    EXPECT_EQ(body_of(ask("GET", "/services/inventory")).at("settings").at("max_calls"), 7);
}

TEST_F(services_api, a_pause_that_is_over_is_not_shown) {
    ask("PUT", "/services/inventory", R"({"paused_until": "2025-11-06T09:00:00Z", "reason": "is moved"})");
    parts.time.slept += std::chrono::hours{24};
    EXPECT_TRUE(body_of(ask("GET", "/services/inventory")).at("settings").at("paused_until").is_null());
}

TEST_F(services_api, what_makes_no_sense_is_refused_with_its_place) {
    const auto refused = [&](std::string body) { return problem_in(ask("PUT", "/services/inventory", body)); };
    EXPECT_EQ(refused(R"({"max_calls": 0})"), "invalid_argument /max_calls");
    EXPECT_EQ(refused(R"({"max_calls": 257})"), "invalid_argument /max_calls");
    EXPECT_EQ(refused(R"({"max_calls": "many"})"), "invalid_argument /max_calls");
    EXPECT_EQ(refused(R"({"paused_until": "tomorrow", "reason": "x"})"), "invalid_argument /paused_until");
    EXPECT_EQ(refused(R"({"paused_until": "2025-11-06T08:30:20Z", "reason": "x"})"), "invalid_argument /paused_until");
    EXPECT_EQ(refused(R"({"paused_until": "2027-11-06T08:30:20Z", "reason": "x"})"), "invalid_argument /paused_until");
    EXPECT_EQ(refused(R"({"calls": 7})"), "invalid_argument /calls");
    EXPECT_EQ(refused("{}"), "invalid_argument ");
    EXPECT_TRUE(finish(parts.schedules.list_service_settings())->empty());
}

TEST_F(services_api, another_name_is_not_found) {
    EXPECT_EQ(ask("GET", "/services/oven").status, 404);
    const auto reply = ask("PUT", "/services/oven", R"({"max_calls": 1})");
    EXPECT_EQ(reply.status, 404);
    EXPECT_THAT(reply.body, HasSubstr("inventory, production"));
}

TEST_F(services_api, metrics_tell_of_each_service_and_of_no_tenant) {
    auto open = seen("production");
    open.breaker = breaker_state::open;
    open.retries_waiting = 3;
    parts.engine.known_services = {open};
    const auto reply = finish(subject.handle({"GET", "/metrics", {}, {}}));
    EXPECT_THAT(reply.body, HasSubstr("orchestrator_service_limit{service=\"production\"} 88\n"));
    EXPECT_THAT(reply.body, HasSubstr("orchestrator_service_calls_in_flight{service=\"production\"} 80\n"));
    EXPECT_THAT(reply.body, HasSubstr("orchestrator_service_waiting{service=\"production\"} 12\n"));
    EXPECT_THAT(reply.body, HasSubstr("orchestrator_service_breaker_state{service=\"production\"} 2\n"));
    EXPECT_THAT(reply.body, HasSubstr("orchestrator_service_paused{service=\"production\"} 0\n"));
    EXPECT_THAT(reply.body, HasSubstr("orchestrator_service_retries_waiting{service=\"production\"} 3\n"));
}

}  // namespace
}  // namespace orchestrator::api::fakes
