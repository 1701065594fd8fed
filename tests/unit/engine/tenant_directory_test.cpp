// The client of the tenant service: both shapes of its answer, and everything else that may come instead.
#include "engine/tenant_directory.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/simulation/world/draws.h"
#include "tests/simulation/world/simulated_network.h"
#include "tests/simulation/world/virtual_thread.h"

namespace orchestrator {
namespace {

using simulation::answered;

constexpr std::string_view one_tenant = R"({"id":"018f5e3c-0000-7000-8000-000000000001","name":"Bakery",)"
                                        R"("subscription_tier":"enterprise","status":"active"})";

class tenant_directory_test : public testing::Test {
  protected:
    // Answers in this order; the last one again and again.
    void script(std::vector<simulation::scripted_answer> answers) {
        services_.script_tenants([this, answers = std::move(answers)](const http_request& request, int nth) {
            last_target_ = request.target;
            return answers[std::min(std::size_t(nth), answers.size()) - 1];
        });
    }
    tenant_directory::patience patience(milliseconds time_left = std::chrono::hours{1}) {
        return {.deadline = thread_.line.steady_now() + time_left,
                .stop = stop_.get_token(),
                .on_trouble = [this](std::string problem) -> task<> {
                    troubles_.push_back(std::move(problem));
                    co_return;
                }};
    }
    result<listed_page> page(milliseconds time_left = std::chrono::hours{1}) {
        return thread_.run(directory_.page(patience(time_left), {.skip = 0, .limit = 500}));
    }
    [[nodiscard]] int calls() const { return services_.tenant_list_calls(); }

    simulation::virtual_thread thread_;
    simulation::simulated_services services_;
    simulation::simulated_network network_{services_, thread_.time};
    system::random random_{1};
    tenant_directory directory_{network_, thread_.time, random_, services_.directory().at("tenant")};
    std::stop_source stop_;
    std::string last_target_;
    std::vector<std::string> troubles_;
};

TEST_F(tenant_directory_test, tells_once_of_what_lasts_longer_than_an_attempt) {
    script({answered(503), answered(200, "[]")});
    ASSERT_TRUE(page());
    EXPECT_TRUE(troubles_.empty());
    script({answered(503), answered(503), answered(503), answered(503), answered(200, "[]")});
    ASSERT_TRUE(page());
    ASSERT_EQ(troubles_.size(), 2U);
    EXPECT_EQ(troubles_[1], "") << "it is over";
    EXPECT_TRUE(troubles_[0].starts_with("the tenant service answered HTTP 503")) << troubles_[0];
}

TEST_F(tenant_directory_test, reads_an_object_with_tenants_and_a_bare_array) {
    for (const auto& body : {R"({"tenants":[)" + std::string{one_tenant} + "]}", "[" + std::string{one_tenant} + "]"}) {
        script({answered(200, body)});
        const auto read = page();
        ASSERT_TRUE(read) << body;
        ASSERT_EQ(read->elements.size(), 1U);
        ASSERT_TRUE(read->elements.front());
        EXPECT_EQ(read->elements.front()->name, "Bakery");
        EXPECT_EQ(read->elements.front()->tier, subscription_tier::enterprise);
        EXPECT_FALSE(read->total || read->next_cursor);
    }
}

TEST_F(tenant_directory_test, reads_how_many_there_are_and_where_it_goes_on) {
    script({answered(200, R"({"tenants":[],"total":7,"next_cursor":"a b"})")});
    const auto first = page();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->total, 7);
    EXPECT_EQ(first->next_cursor, "a b");
    script({answered(200, R"({"tenants":[],"total":"7","next_cursor":null})")});
    const auto last = page();
    ASSERT_TRUE(last);
    EXPECT_FALSE(last->total);
    EXPECT_EQ(last->next_cursor, "") << "there is none";
}

TEST_F(tenant_directory_test, asks_for_the_page_that_it_is_told) {
    script({answered(200, "[]")});
    ASSERT_TRUE(thread_.run(directory_.page(patience(), {.skip = 1'500, .limit = 250})));
    EXPECT_EQ(last_target_, "/api/v1/tenants?status=active&skip=1500&limit=250");
    ASSERT_TRUE(thread_.run(directory_.page(patience(), {.skip = 0, .limit = 250, .cursor = "a b&c"})));
    EXPECT_EQ(last_target_, "/api/v1/tenants?status=active&limit=250&cursor=a%20b%26c");
}

TEST_F(tenant_directory_test, elements_that_are_no_tenants_keep_their_place) {
    script({answered(200, "[" + std::string{one_tenant} + R"(,7,null,{"id":"x"},[]])")});
    const auto read = page();
    ASSERT_TRUE(read);
    ASSERT_EQ(read->elements.size(), 5U);
    EXPECT_TRUE(read->elements[0]);
    for (int i = 1; i < 5; ++i) EXPECT_FALSE(read->elements[std::size_t(i)]);
}

TEST_F(tenant_directory_test, finds_one_tenant_by_its_id) {
    const auto id = tenant_id::parse("018f5e3c-0000-7000-8000-000000000001").value();
    script({answered(503), answered(200, std::string{one_tenant})});
    const auto found = thread_.run(directory_.find(patience(), id));
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->name, "Bakery");
    EXPECT_EQ(last_target_, "/api/v1/tenants/018f5e3c-0000-7000-8000-000000000001");

    script({answered(404)});
    const auto unknown = thread_.run(directory_.find(patience(), id));
    ASSERT_TRUE(unknown);
    EXPECT_FALSE(*unknown);

    script({answered(403)});
    EXPECT_EQ(thread_.run(directory_.find(patience(), id)).error().code, errc::service_failed);

    script({answered(200, std::string{one_tenant})});
    const auto another = tenant_id::parse("018f5e3c-0000-7000-8000-000000000002").value();
    EXPECT_FALSE(thread_.run(directory_.find(patience(), another))) << "the service answered with somebody else";
}

TEST_F(tenant_directory_test, tries_again_while_the_service_is_away) {
    script({simulation::lost(http_fault::connect_failed), answered(503), answered(429),
            simulation::lost(http_fault::connection_lost), answered(200, "[]")});
    EXPECT_TRUE(page());
    EXPECT_EQ(calls(), 5);
}

TEST_F(tenant_directory_test, obeys_retry_after) {
    auto throttled = answered(429);
    throttled.response.headers.emplace_back("Retry-After", "90");
    script({throttled, answered(200, "[]")});
    EXPECT_TRUE(page());
    EXPECT_GE(thread_.line.elapsed(), milliseconds{90'000});
}

TEST_F(tenant_directory_test, a_refusal_is_final) {
    for (const int status : {400, 401, 403, 404, 301}) {
        script({answered(status)});
        const auto before = calls();
        const auto refused = page();
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, errc::service_failed);
        EXPECT_TRUE(refused.error().message.contains(std::to_string(status))) << refused.error().message;
        EXPECT_EQ(calls() - before, 1);
    }
}

TEST_F(tenant_directory_test, an_answer_that_is_no_list_is_asked_for_five_times) {
    for (const auto* body : {"", "<html>", "{}", R"({"tenants":7})", "7", R"({"tenants":[)", "\xff"}) {
        script({answered(200, body)});
        const auto before = calls();
        if (*body == '\0') continue;  // an empty body means the default list to the script
        const auto failed = page();
        ASSERT_FALSE(failed) << body;
        EXPECT_EQ(failed.error().code, errc::service_failed);
        EXPECT_TRUE(failed.error().message.contains("something else than tenants")) << failed.error().message;
        EXPECT_EQ(calls() - before, 5);
    }
}

TEST_F(tenant_directory_test, an_answer_that_was_broken_once_is_read_at_the_second_try) {
    script({answered(200, R"({"tenants":[)"), answered(200, "[]")});
    EXPECT_TRUE(page());
}

TEST_F(tenant_directory_test, gives_up_when_the_next_try_would_come_after_the_deadline) {
    script({answered(503)});
    const auto failed = page(milliseconds{20'000});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, errc::service_failed);
    EXPECT_LE(thread_.line.elapsed(), milliseconds{20'000});
}

TEST_F(tenant_directory_test, one_hanging_call_does_not_use_up_the_whole_time) {
    script({simulation::hanging(), answered(200, "[]")});
    EXPECT_TRUE(page());
    EXPECT_LE(thread_.line.elapsed(), milliseconds{31'000});
}

TEST_F(tenant_directory_test, stops_when_it_is_told_so) {
    script({answered(503)});
    stop_.request_stop();
    EXPECT_FALSE(page());
    EXPECT_EQ(calls(), 0);
}

}  // namespace
}  // namespace orchestrator
