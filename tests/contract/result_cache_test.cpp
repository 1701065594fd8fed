// What every cache of results promises (ports/result_cache.h): in this process, and in a real Redis server.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "adapters/memory/result_cache.h"
#include "adapters/redis/result_cache.h"
#include "adapters/system/clock.h"
#include "tests/contract/store_fixture.h"

namespace orchestrator {
namespace {

using store_test::ask;
using store_test::tenant_no;

redis::address server() {
    const char* url = std::getenv("TEST_REDIS_URL");
    if (!url) throw std::runtime_error{"TEST_REDIS_URL is not set: run this through tests/with_servers redis --"};
    return redis::parse_address(url).value();
}

task<bool> keep(result_cache& cache, result_key key, std::string result, milliseconds ttl) {
    co_await cache.keep(std::move(key), std::move(result), ttl);
    co_return true;
}

class result_cache_contract : public testing::TestWithParam<std::string> {
  protected:
    result_cache_contract() {
        if (GetParam() == "memory")
            cache_ = std::make_unique<memory::result_cache>(time_);
        else
            cache_ = std::make_unique<redis::result_cache>(server(), milliseconds{1'000});
    }
    // Of this test and no other.
    result_key key(std::string of, int tenant = 1) const {
        const auto* test = testing::UnitTest::GetInstance()->current_test_info();
        return {tenant_no(tenant), of + test->name()};
    }
    std::optional<std::string> find(result_key wanted) { return ask(cache_->find(std::move(wanted))); }
    void keep_it(result_key wanted, std::string result, milliseconds ttl = milliseconds{60'000}) {
        ask(keep(*cache_, std::move(wanted), std::move(result), ttl));
    }

    asio::io_context context_{1};
    system::clock time_{context_};
    std::unique_ptr<result_cache> cache_;
};

INSTANTIATE_TEST_SUITE_P(caches, result_cache_contract, testing::Values("memory", "redis"),
                         [](const auto& kind) { return kind.param; });

// Others read these names: they are a promise.
TEST(result_cache, other_services_find_what_an_execution_came_to) {
    redis::result_cache cache{server(), milliseconds{1'000}};
    redis::connection other{server(), milliseconds{1'000}};
    const auto keep = [&](int number) {
        const auto kept = [&](ended_execution ended) -> task<bool> {
            co_await cache.keep_summary(std::move(ended), milliseconds{60'000});
            co_return true;
        };
        ask(kept({store_test::execution_no(number), "nightly", std::to_string(number)}));
    };
    const auto id = [](int number) { return "orchestrator:execution:" + to_string(store_test::execution_no(number)); };
    keep(1);
    keep(2);
    EXPECT_EQ(other.command({"GET", id(1)})->text(), "1");
    EXPECT_EQ(other.command({"GET", id(2)})->text(), "2");
    EXPECT_EQ(other.command({"GET", "orchestrator:workflow:nightly:latest"})->text(), "2");
    const auto left = other.command({"EVAL", "return {redis.call('PTTL', KEYS[1])}", "1", id(1)})->integer_at(0);
    EXPECT_GT(left, 50'000);
    EXPECT_LE(left, 60'000);
}

TEST_P(result_cache_contract, finds_what_was_kept_for_the_same_tenant_and_nothing_else) {
    EXPECT_EQ(find(key("a")), std::nullopt);
    keep_it(key("a"), R"({"count":7})");
    keep_it(key("empty"), "");
    EXPECT_EQ(find(key("a")), R"({"count":7})");
    EXPECT_EQ(find(key("empty")), "");
    EXPECT_EQ(find(key("b")), std::nullopt);
    EXPECT_EQ(find(key("a", 2)), std::nullopt) << "another tenant";
    keep_it(key("a"), "newer");
    EXPECT_EQ(find(key("a")), "newer");
}

TEST_P(result_cache_contract, forgets_when_the_time_is_over) {
    keep_it(key("short"), "x", milliseconds{30});
    keep_it(key("long"), "y");
    std::this_thread::sleep_for(milliseconds{50});
    EXPECT_EQ(find(key("short")), std::nullopt);
    EXPECT_EQ(find(key("long")), "y");
}

TEST(memory_result_cache, holds_no_more_than_it_may) {
    asio::io_context context{1};
    system::clock time{context};
    memory::result_cache cache{time, 100'000};
    const std::string large(10'000, 'x');
    for (int i = 0; i < 100; ++i) ask(keep(cache, {tenant_no(1), std::to_string(i)}, large, milliseconds{60'000}));
    EXPECT_EQ(ask(cache.find({tenant_no(1), "0"})), std::nullopt);
    EXPECT_EQ(ask(cache.find({tenant_no(1), "99"})), large);
}

TEST(redis_result_cache, a_server_that_is_away_has_nothing_and_is_left_alone_for_a_while) {
    redis::result_cache cache{redis::parse_address("redis://127.0.0.1:1").value(), milliseconds{100}};
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 1'000; ++i) EXPECT_EQ(ask(cache.find({tenant_no(1), "a"})), std::nullopt);
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{30});
    ask(keep(cache, {tenant_no(1), "a"}, "x", milliseconds{1'000}));
}

}  // namespace
}  // namespace orchestrator
