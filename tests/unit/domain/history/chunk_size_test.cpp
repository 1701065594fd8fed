#include "domain/history/chunk_size.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "domain/history/history_pace.h"

namespace orchestrator {
namespace {

// Of a store that takes so long for a row.
milliseconds longest_chunk(std::chrono::microseconds each, int turns) {
    chunk_size size;
    steady_duration longest{0};
    for (int turn = 0; turn < turns; ++turn) {
        const auto took = each * size.rows();
        longest = std::max<steady_duration>(longest, took);
        size.took(took);
    }
    return std::chrono::ceil<milliseconds>(longest);
}

TEST(chunk_size_test, stays_far_below_50_ms_on_a_slow_disk_and_grows_on_a_fast_one) {
    EXPECT_LE(longest_chunk(std::chrono::microseconds{100}, 1'000), milliseconds{30});
    EXPECT_LE(longest_chunk(std::chrono::microseconds{5}, 1'000), milliseconds{25});
    chunk_size fast;
    for (int turn = 0; turn < 20; ++turn) fast.took(milliseconds{1});
    EXPECT_EQ(fast.rows(), 5'000);
    fast.took(milliseconds{100});
    EXPECT_EQ(fast.rows(), 1'250);
    for (int turn = 0; turn < 20; ++turn) fast.took(milliseconds{100});
    EXPECT_EQ(fast.rows(), 50) << "some progress is made even so";
}

TEST(history_pace_test, an_hour_at_first_and_a_day_an_hour_after_that) {
    EXPECT_EQ(longest_history_step(milliseconds{0}), std::chrono::hours{1});
    EXPECT_EQ(longest_history_step(std::chrono::hours{1}), std::chrono::hours{25});
}

}  // namespace
}  // namespace orchestrator
