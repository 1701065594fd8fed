// One attempt at one step: what is sent, which answers count as what, and where an accepted job is polled.
#include "engine/step_call.h"

#include <gtest/gtest.h>

#include <string>

#include "adapters/memory/result_cache.h"
#include "adapters/system/random.h"
#include "tests/simulation/world/random_world.h"
#include "tests/simulation/world/virtual_thread.h"

namespace orchestrator {
namespace {

using simulation::answered;
using std::chrono::seconds;

class step_call_test : public testing::Test {
  protected:
    step_call_test() {
        execution_.id = {make_uuid_v7(thread_.time.now(), {1, 2})};
        execution_.definition = simulation::workflow_from(R"({"workflow_name":"one","steps":[{"name":"bake",
            "service":"production","method":"POST","path":"/bake/{{tenant.id}}","body":{"n":1},"timeout_seconds":10}]})");
        execution_.deadline = thread_.line.steady_now() + seconds{60};
        execution_.targets = {{&services_.directory().at("production"), limits_.service_index("production")}};
    }
    ~step_call_test() override {
        limits_.abandon();
        thread_.drop();
    }

    void script(simulation::scripted_answer answer) {
        services_.script_steps([this, answer](const http_request& request, int) {
            seen_ = request;
            return answer;
        });
    }
    // A 202 with this Location, and then nothing that the script knows of.
    void script_location(std::string location, std::string retry_after = "") {
        auto accepted = answered(202);
        accepted.response.headers.emplace_back("Location", std::move(location));
        if (!retry_after.empty()) accepted.response.headers.emplace_back("Retry-After", std::move(retry_after));
        services_.script_steps([this, accepted](const http_request& request, int nth) {
            targets_.push_back(request.target);
            return nth == 1 ? accepted : answered(200, R"({"done":true})");
        });
    }
    step_attempt attempt() {
        const tenant bakery{.id = {make_uuid_v7(system_time{}, {3, 4})}, .name = tenant_name_};
        const std::vector<step_view> views(1);
        const template_context context{.for_tenant = bakery,
                                       .execution = execution_.id,
                                       .workflow_name = "one",
                                       .step_names = execution_.definition.step_names,
                                       .steps = views,
                                       .own_result = nullptr,
                                       .failed_steps = {}};
        tenant_ = bakery.id;
        return thread_.run(attempt(context));
    }
    task<> pause_after(seconds span, seconds length) {
        co_await thread_.time.sleep_until(thread_.line.steady_now() + span);
        limits_.apply({{.service = "production",
                        .max_calls = {},
                        .paused_until = thread_.time.now() + length,
                        .reason = "is moved",
                        .updated_at = {}}});
    }
    task<step_attempt> attempt(const template_context& context) {
        auto place = co_await used_->place(execution_, 0, false);
        if (!place && place.error() == call_limits::refusal::stopped) co_return withdrawn_attempt();
        if (!place) co_return overdue_attempt(used_->why_it_waits(execution_, 0));
        co_return co_await used_->attempt(execution_, 0, context, std::move(*place));
    }

    simulation::virtual_thread thread_;
    simulation::simulated_services services_;
    simulation::simulated_network network_{services_, thread_.time};
    system::random random_{1};
    call_limits limits_{{.total = 2, .each_service = 1}, thread_.time, random_};
    step_caller caller_{network_, thread_.time, limits_, 200};
    step_caller* used_ = &caller_;
    active_execution execution_;
    tenant_id tenant_;
    std::string tenant_name_ = "Bakery";
    http_request seen_;
    std::vector<std::string> targets_;
};

TEST_F(step_call_test, sends_the_rendered_request_under_a_key_that_does_not_change) {
    script(answered(200));
    attempt();
    EXPECT_EQ(seen_.method, http_method::post);
    EXPECT_EQ(seen_.target, "/bake/" + to_string(tenant_));
    EXPECT_EQ(seen_.body, R"({"n":1})");
    const auto key = to_string(execution_.id) + ":" + to_string(tenant_) + ":bake";
    EXPECT_EQ(find_header(seen_.headers, "Idempotency-Key"), key);
    EXPECT_EQ(idempotency_key(execution_.id, tenant_, "bake"), key);
}

class cached_step_call : public step_call_test {
  protected:
    cached_step_call() {
        execution_.definition.steps[0].cache_ttl = seconds{3};
        used_ = &cached_;
    }

    [[nodiscard]] int calls() const { return called_; }
    void script_counted(std::string body) {
        services_.script_steps([this, body](const http_request&, int) {
            ++called_;
            return answered(200, body);
        });
    }

    memory::result_cache cache_{thread_.time};
    step_caller cached_{network_, thread_.time, limits_, 200, &cache_};
    int called_ = 0;
};

TEST_F(cached_step_call, a_result_is_used_again_until_its_time_is_over) {
    script_counted(R"({"count":7})");
    EXPECT_FALSE(attempt().from_cache);
    const auto again = attempt();
    EXPECT_TRUE(again.from_cache);
    EXPECT_EQ(again.verdict, call_verdict::succeeded);
    EXPECT_EQ(again.result, R"({"count":7})");
    EXPECT_EQ(calls(), 1);
    thread_.pass(seconds{4});
    EXPECT_FALSE(attempt().from_cache);
    EXPECT_EQ(calls(), 2);
}

TEST_F(cached_step_call, another_definition_asks_anew_and_a_failure_is_not_kept) {
    script_counted(R"({"count":7})");
    attempt();
    execution_.definition.source += " ";
    EXPECT_FALSE(attempt().from_cache);
    execution_.definition.source += " ";
    script(answered(500));
    attempt();
    script_counted(R"({"count":8})");
    EXPECT_FALSE(attempt().from_cache);
    EXPECT_TRUE(attempt().from_cache);
}

TEST_F(cached_step_call, a_step_that_says_nothing_is_called_each_time) {
    script_counted("{}");
    execution_.definition.steps[0].cache_ttl = seconds{0};
    attempt();
    EXPECT_FALSE(attempt().from_cache);
    EXPECT_EQ(calls(), 2);
}

TEST_F(step_call_test, an_attempt_ends_with_its_timeout) {
    script(simulation::hanging());
    const auto late = attempt();
    EXPECT_EQ(late.verdict, call_verdict::worth_a_retry);
    EXPECT_EQ(late.error_code, "timed_out");
    EXPECT_EQ(thread_.line.elapsed(), seconds{10});
}

TEST_F(step_call_test, the_deadline_of_the_workflow_wins_and_is_final) {
    script(simulation::hanging());
    execution_.deadline = thread_.line.steady_now() + seconds{3};
    const auto late = attempt();
    EXPECT_EQ(late.verdict, call_verdict::refused);
    EXPECT_EQ(late.error_code, "deadline_exceeded");
    EXPECT_EQ(thread_.line.elapsed(), seconds{3});
}

TEST_F(step_call_test, nothing_is_sent_after_the_deadline) {
    execution_.deadline = thread_.line.steady_now();
    EXPECT_EQ(attempt().error_code, "deadline_exceeded");
    EXPECT_EQ(services_.calls(idempotency_key(execution_.id, tenant_, "bake")), 0);
}

TEST_F(step_call_test, nothing_is_sent_when_its_execution_has_stopped) {
    execution_.stop.request_stop();
    const auto ended = attempt();
    EXPECT_TRUE(ended.interrupted);
    EXPECT_FALSE(ended.called);
    EXPECT_EQ(limits_.in_flight(), 0);
}

TEST_F(step_call_test, a_call_in_flight_is_interrupted_by_the_stop_of_its_execution) {
    script(simulation::hanging());
    simulation::timeline& line = thread_.line;
    thread_.start([](simulation::virtual_thread& thread, std::stop_source stop) -> task<> {
        co_await thread.time.sleep_until(thread.line.steady_now() + seconds{2});
        stop.request_stop();
    }(thread_, execution_.stop));
    const auto ended = attempt();
    EXPECT_TRUE(ended.interrupted);
    EXPECT_TRUE(ended.called);
    EXPECT_EQ(line.elapsed(), seconds{2});
}

TEST_F(step_call_test, a_service_that_is_not_configured_is_refused) {
    execution_.targets[0].origin = nullptr;
    EXPECT_EQ(attempt().error_code, "service_unknown");
}

TEST_F(step_call_test, judges_the_status) {
    for (const auto& [status, verdict] : {std::pair{200, call_verdict::succeeded},
                                          {204, call_verdict::succeeded},
                                          {301, call_verdict::refused},
                                          {404, call_verdict::refused},
                                          {408, call_verdict::worth_a_retry},
                                          {503, call_verdict::worth_a_retry},
                                          {500, call_verdict::worth_a_retry}}) {
        script(answered(status, "secret of the service"));
        const auto ended = attempt();
        EXPECT_EQ(ended.verdict, verdict) << status;
        EXPECT_EQ(ended.http_status, status);
        EXPECT_FALSE(ended.error_message.contains("secret"));
    }
}

TEST_F(step_call_test, a_lost_connection_is_worth_a_retry_and_says_which_service) {
    for (const auto fault : {http_fault::connect_failed, http_fault::tls_failed, http_fault::connection_lost,
                             http_fault::malformed_response}) {
        script(simulation::lost(fault));
        const auto ended = attempt();
        EXPECT_EQ(ended.verdict, call_verdict::worth_a_retry);
        EXPECT_EQ(ended.error_code, to_string(fault));
        EXPECT_TRUE(ended.error_message.starts_with("production: "));
    }
}

TEST_F(step_call_test, passes_retry_after_on) {
    auto throttled = answered(429);
    throttled.response.headers.emplace_back("retry-after", "7");
    script(throttled);
    const auto ended = attempt();
    EXPECT_EQ(ended.verdict, call_verdict::throttled);
    EXPECT_EQ(ended.retry_after, seconds{7});
}

TEST_F(step_call_test, our_own_shortage_is_nobodys_attempt) {
    script(simulation::lost(http_fault::exhausted));
    EXPECT_EQ(attempt().verdict, call_verdict::not_charged);
}

TEST_F(step_call_test, keeps_a_bounded_result_without_secrets) {
    script(answered(200, R"({"count":3,"access_token":"abc"})"));
    EXPECT_EQ(attempt().result, R"({"count":3,"access_token":"***"})");
    script(answered(200, R"({"count":3,"list":[")" + std::string(500, 'x') + "\"]}"));
    EXPECT_EQ(attempt().result, R"({"count":3})");
}

TEST_F(step_call_test, a_truncated_answer_is_a_success_without_a_result) {
    script(answered(200, std::string(2 << 20, '1')));
    const auto ended = attempt();
    EXPECT_EQ(ended.verdict, call_verdict::succeeded);
    EXPECT_TRUE(ended.result.empty());
}

TEST_F(step_call_test, an_accepted_job_is_polled_until_it_ends) {
    auto accepted = answered(200, R"({"done":true})");
    accepted.polls = 3;
    script(accepted);
    const auto ended = attempt();
    EXPECT_EQ(ended.verdict, call_verdict::succeeded);
    EXPECT_EQ(ended.result, R"({"done":true})");
    EXPECT_EQ(services_.effects(idempotency_key(execution_.id, tenant_, "bake")), 1);
}

TEST_F(step_call_test, a_job_that_does_not_end_times_out_with_the_attempt) {
    auto accepted = answered(200);
    accepted.polls = 1'000'000;
    script(accepted);
    EXPECT_EQ(attempt().error_code, "timed_out");
    EXPECT_EQ(thread_.line.elapsed(), seconds{10});
}

TEST_F(step_call_test, a_job_that_fails_fails_the_attempt) {
    auto accepted = answered(422);
    accepted.polls = 2;
    script(accepted);
    const auto ended = attempt();
    EXPECT_EQ(ended.http_status, 422);
    EXPECT_EQ(ended.verdict, call_verdict::refused);
}

TEST_F(step_call_test, a_poll_that_fails_is_made_again_and_the_job_is_not) {
    auto accepted = answered(200, R"({"done":true})", seconds{1});
    accepted.polls = 2;
    services_.script_polls([](int nth) -> std::optional<simulation::scripted_answer> {
        switch (nth) {
            case 1:
                return simulation::lost(http_fault::connection_lost);
            case 2:
                return answered(503);
            case 3:
                return answered(429);
            case 4:
                return answered(500);
            default:
                return std::nullopt;
        }
    });
    execution_.definition.steps[0].timeout = seconds{60};
    script(accepted);
    const auto ended = attempt();
    EXPECT_EQ(ended.verdict, call_verdict::succeeded);
    EXPECT_EQ(services_.calls(idempotency_key(execution_.id, tenant_, "bake")), 1);
}

TEST_F(step_call_test, a_job_holds_no_place_between_polls) {
    auto accepted = answered(200);
    accepted.polls = 100;
    script(accepted);
    int between = -1;
    const auto look = [](simulation::virtual_thread& thread, call_limits& limits, int& seen) -> task<> {
        co_await thread.time.sleep_until(thread.line.steady_now() + milliseconds{250});
        seen = limits.in_flight();
    };
    thread_.start(look(thread_, limits_, between));
    attempt();
    EXPECT_EQ(between, 0);
}

TEST_F(step_call_test, the_time_of_a_job_stands_still_while_its_service_is_paused) {
    auto accepted = answered(200, R"({"done":true})");
    accepted.polls = 3;
    script(accepted);
    thread_.start(limits_.run());
    thread_.start(pause_after(seconds{1}, seconds{40}));
    EXPECT_EQ(attempt().verdict, call_verdict::succeeded);
    EXPECT_GT(thread_.line.elapsed(), seconds{40}) << "ten would be its time";
    EXPECT_EQ(services_.calls(idempotency_key(execution_.id, tenant_, "bake")), 1);
}

TEST_F(step_call_test, a_far_date_to_ask_again_is_as_far_as_may_be) {
    for (const auto* when : {"Fri, 31 Dec 9999 23:59:59 GMT", "999999999", "99999999999999999999"}) {
        execution_.id = {make_uuid_v7(thread_.time.now(), {9, std::uint64_t(when[0])})};
        script_location("/status/7", when);
        EXPECT_EQ(attempt().error_code, "timed_out") << when;
        EXPECT_EQ(targets_.size(), 1U) << "asked again, without a pause";
        targets_.clear();
    }
}

TEST_F(step_call_test, a_call_that_our_own_deadline_ends_says_nothing_of_the_service) {
    thread_.start(limits_.run());
    script(simulation::hanging());
    execution_.deadline = thread_.line.steady_now() + seconds{9};
    EXPECT_EQ(attempt().error_code, "deadline_exceeded");
    thread_.pass(seconds{1});
    EXPECT_EQ(limits_.services().at(0).recent_failures, 0);
    execution_.deadline = thread_.line.steady_now() + seconds{60};
    EXPECT_EQ(attempt().error_code, "timed_out");
    thread_.pass(seconds{1});
    EXPECT_EQ(limits_.services().at(0).recent_failures, 1);
}

TEST_F(step_call_test, an_accepted_job_without_a_location_is_a_success) {
    script(answered(202, R"({"queued":true})"));
    EXPECT_EQ(attempt().verdict, call_verdict::succeeded);
}

TEST_F(step_call_test, polls_where_the_same_service_says) {
    std::uint64_t number = 0;
    for (const auto* location : {"/status/7?x=1", "http://production:8000/status/7?x=1",
                                 "//production:8000/status/7?x=1", "../status/7?x=1", "/status/./7?x=1#part"}) {
        targets_.clear();
        execution_.id = {make_uuid_v7(thread_.time.now(), {9, ++number})};
        script_location(location);
        EXPECT_EQ(attempt().verdict, call_verdict::succeeded) << location;
        ASSERT_EQ(targets_.size(), 2U);
        EXPECT_EQ(targets_[1], "/status/7?x=1");
    }
}

TEST_F(step_call_test, polls_from_the_root_of_the_server_whatever_the_base_path_is) {
    const http_origin behind_a_gateway{"http", "production", "8000", "/api/production"};
    execution_.targets[0].origin = &behind_a_gateway;
    auto accepted = answered(202);
    accepted.response.headers.emplace_back("Location", "/api/production/status/7");
    services_.script_steps([this, accepted](const http_request& request, int nth) {
        targets_.push_back(whole_target(request));
        return nth == 1 ? accepted : answered(200);
    });
    EXPECT_EQ(attempt().verdict, call_verdict::succeeded);
    ASSERT_EQ(targets_.size(), 2U);
    EXPECT_TRUE(targets_[0].starts_with("/api/production/bake/"));
    EXPECT_EQ(targets_[1], "/api/production/status/7");
}

TEST_F(step_call_test, waits_as_long_as_the_accepted_job_asks) {
    script_location("/status/7", "4");
    EXPECT_EQ(attempt().verdict, call_verdict::succeeded);
    EXPECT_GE(thread_.line.elapsed(), seconds{4});
}

TEST_F(step_call_test, never_follows_a_location_that_leads_elsewhere) {
    std::uint64_t number = 0;
    for (const auto* location :
         {"http://evil:8000/x", "https://production:8000/x", "http://production:9000/x", "http://production",
          "//evil/x", "/with space", "ftp://production/x", "http://user@production:8000/x"}) {
        targets_.clear();
        execution_.id = {make_uuid_v7(thread_.time.now(), {10, ++number})};
        script_location(location);
        const auto ended = attempt();
        EXPECT_EQ(ended.error_code, "malformed_response") << location;
        EXPECT_EQ(targets_.size(), 1U);
        EXPECT_FALSE(ended.error_message.contains("evil"));
    }
}

TEST_F(step_call_test, a_value_cannot_lead_to_another_path) {
    script(answered(200));
    for (const auto* path : {"/bake/{{tenant.name}}", "/bake/{{tenant.name}}/today", "/bake/{{tenant.name}}?day=1"})
        for (const auto* name : {".", ".."}) {
            execution_.definition = simulation::workflow_from(
                std::string{R"({"workflow_name":"one","steps":[{"name":"bake","service":"production","path":")"} +
                path + R"("}]})");
            tenant_name_ = name;
            const auto ended = attempt();
            EXPECT_EQ(ended.verdict, call_verdict::refused) << path << ' ' << name;
            EXPECT_EQ(ended.error_code, "path_refused");
            EXPECT_TRUE(seen_.target.empty());
        }
    tenant_name_ = "...";
    EXPECT_EQ(attempt().verdict, call_verdict::succeeded);
    EXPECT_EQ(seen_.target, "/bake/...?day=1");
}

}  // namespace
}  // namespace orchestrator
