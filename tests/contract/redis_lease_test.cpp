// The lease in a real Redis server, which tests/with_servers starts.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "adapters/redis/leader_lease.h"
#include "tests/contract/store_fixture.h"

namespace orchestrator::redis {
namespace {

using store_test::ask;
using store_test::expect;

address server() {
    const char* url = std::getenv("TEST_REDIS_URL");
    if (!url) throw std::runtime_error{"TEST_REDIS_URL is not set: run this through tests/with_servers redis --"};
    return parse_address(url).value();
}

class redis_lease : public testing::Test {
  protected:
    redis_lease() { EXPECT_TRUE(database_.command({"DEL", leader_lease::key})); }

    connection database_{server(), milliseconds{1'000}};
    leader_lease one_{server(), "one", milliseconds{1'000}};
    leader_lease two_{server(), "two", milliseconds{1'000}};
};

bool within_a_second(const std::function<bool()>& come_about) {
    for (int i = 0; i < 200 && !come_about(); ++i) std::this_thread::sleep_for(milliseconds{5});
    return come_about();
}

TEST_F(redis_lease, the_first_holds_it_and_the_second_learns_for_how_long) {
    EXPECT_TRUE(expect(one_.take(milliseconds{10'000})).is_held);
    const auto refused = expect(two_.take(milliseconds{10'000}));
    EXPECT_FALSE(refused.is_held);
    EXPECT_GT(refused.left, milliseconds{5'000});
    EXPECT_LE(refused.left, milliseconds{10'000});
}

TEST_F(redis_lease, ends_by_itself_unless_it_is_renewed) {
    expect(one_.take(milliseconds{100}));
    std::this_thread::sleep_for(milliseconds{60});
    EXPECT_TRUE(expect(one_.take(milliseconds{100})).is_held);
    std::this_thread::sleep_for(milliseconds{60});
    EXPECT_FALSE(expect(two_.take(milliseconds{100})).is_held);
    std::this_thread::sleep_for(milliseconds{60});
    EXPECT_TRUE(expect(two_.take(milliseconds{100})).is_held);
    EXPECT_FALSE(expect(one_.take(milliseconds{100})).is_held);
}

TEST_F(redis_lease, is_given_back_by_its_holder_only) {
    expect(one_.take(milliseconds{10'000}));
    expect(two_.release());
    expect(two_.resign());
    EXPECT_FALSE(expect(two_.take(milliseconds{10'000})).is_held);
    expect(one_.release());
    EXPECT_TRUE(expect(two_.take(milliseconds{10'000})).is_held);
    expect(two_.resign());
    EXPECT_TRUE(expect(one_.take(milliseconds{10'000})).is_held);
}

TEST_F(redis_lease, who_resigns_tells_the_others_and_nobody_else_does) {
    std::atomic<int> told_one = 0;
    std::atomic<int> told_two = 0;
    one_.on_resigned([&] { ++told_one; });
    two_.on_resigned([&] { ++told_two; });
    ASSERT_TRUE(within_a_second([&] {
        const auto listeners = database_.command({"PUBSUB", "NUMSUB", leader_lease::channel});
        return listeners && listeners->integer_at(1) == 2;
    }));
    expect(one_.take(milliseconds{10'000}));
    expect(one_.release());
    expect(one_.resign());
    EXPECT_TRUE(within_a_second([&] { return told_two == 1; })) << "whether it held the key or not";
    expect(two_.resign());
    EXPECT_TRUE(within_a_second([&] { return told_one == 1; }));
    EXPECT_EQ(told_two, 1) << "nobody hears of itself, nor of who only gave the key back";
}

TEST_F(redis_lease, a_key_that_somebody_set_for_ever_ends_all_the_same) {
    ASSERT_TRUE(database_.command({"SET", leader_lease::key, "by hand"}));
    EXPECT_EQ(expect(one_.take(milliseconds{100})).left, milliseconds{100});
    std::this_thread::sleep_for(milliseconds{110});
    EXPECT_TRUE(expect(one_.take(milliseconds{100})).is_held);
}

TEST_F(redis_lease, a_server_that_is_not_there_is_a_fault_that_passes) {
    leader_lease nowhere{parse_address("redis://127.0.0.1:1").value(), "one", milliseconds{100}};
    const auto answer = ask(nowhere.take(milliseconds{1'000}));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, errc::store_unavailable);
    EXPECT_TRUE(answer.error().message.starts_with("Redis at 127.0.0.1:1: ")) << answer.error().message;
}

TEST(redis_address, is_read_from_a_url) {
    const auto found = parse_address("redis://me:s%40cret@cache:7000/3");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->host, "cache");
    EXPECT_EQ(found->port, 7'000);
    EXPECT_EQ(found->user, "me");
    EXPECT_EQ(found->password, "s@cret");
    EXPECT_EQ(found->database, 3);
    EXPECT_EQ(parse_address("redis://h")->port, 6'379);
    EXPECT_EQ(parse_address("Redis://h")->port, 6'379);
    EXPECT_EQ(parse_address("redis://:word@h")->password, "word");
    for (const auto* wrong : {"", "redis://", "rediss://h", "http://h", "redis://h/x", "redis://h:0", "redis://h:65536",
                              "redis://h:99999", "redis://me@h", "redis://h?a=b"})
        EXPECT_FALSE(parse_address(wrong)) << wrong;
}

}  // namespace
}  // namespace orchestrator::redis
