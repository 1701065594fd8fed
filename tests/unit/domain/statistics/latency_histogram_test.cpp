// Properties of the buckets of durations and of the quantiles read from them.
#include "domain/statistics/latency_histogram.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace orchestrator {
namespace {

constexpr std::int64_t longest = std::int64_t{1} << 50;

milliseconds random_duration() {
    // Of every order of magnitude.
    const auto bits = *rc::gen::inRange(0, 51);
    return milliseconds{*rc::gen::inRange<std::int64_t>(0, std::min(longest, std::int64_t{1} << bits) + 1)};
}

TEST(latency_bucket, is_exact_below_sixteen_milliseconds) {
    for (int ms = 0; ms < 16; ++ms) {
        EXPECT_EQ(latency_bucket(milliseconds{ms}), ms);
        EXPECT_EQ(latency_bucket_upper_bound(ms), milliseconds{ms});
    }
}

TEST(latency_bucket, goes_on_without_a_gap) {
    int last = -1;
    for (int ms = 0; ms < 100'000; ++ms) {
        const auto bucket = latency_bucket(milliseconds{ms});
        ASSERT_TRUE(bucket == last || bucket == last + 1) << ms;
        last = bucket;
    }
}

TEST(latency_bucket, takes_a_negative_duration_for_none) { EXPECT_EQ(latency_bucket(milliseconds{-5}), 0); }

RC_GTEST_PROP(latency_bucket, holds_its_duration_and_is_no_wider_than_a_sixteenth, ()) {
    const auto duration = random_duration();
    const auto bucket = latency_bucket(duration);
    const auto upper = latency_bucket_upper_bound(bucket);
    RC_ASSERT(upper >= duration);
    RC_ASSERT((upper - duration) * 16 <= duration);
    RC_ASSERT(bucket == 0 || latency_bucket_upper_bound(bucket - 1) < duration);
    RC_ASSERT(latency_bucket(upper) == bucket);
    RC_ASSERT(latency_bucket(upper + milliseconds{1}) == bucket + 1);
}

RC_GTEST_PROP(latency_histogram, a_quantile_is_the_true_one_or_up_to_a_sixteenth_above, ()) {
    std::vector<milliseconds> durations;
    for (int count = *rc::gen::inRange(1, 60); count > 0; --count) durations.push_back(random_duration());
    latency_histogram histogram;
    for (const auto duration : durations) histogram.add(duration);
    std::ranges::sort(durations);
    // A rank over the number of durations asks for exactly that rank.
    const auto rank = *rc::gen::inRange<std::size_t>(1, durations.size() + 1);
    const auto actual = durations[rank - 1];
    const auto found = histogram.quantile((double(rank) - 0.5) / double(durations.size()));
    RC_ASSERT(found.has_value());
    RC_ASSERT(*found >= actual);
    RC_ASSERT((*found - actual) * 16 <= actual);
}

RC_GTEST_PROP(latency_histogram, adds_up_across_batches, ()) {
    latency_histogram whole, one, other;
    for (int count = *rc::gen::inRange(0, 60); count > 0; --count) {
        const auto duration = random_duration();
        whole.add(duration);
        (count % 2 == 0 ? one : other).add(duration);
    }
    for (const auto& [bucket, count] : other.buckets()) one.add_bucket(bucket, count);
    RC_ASSERT(one.buckets() == whole.buckets());
    RC_ASSERT(one.count() == whole.count());
}

TEST(latency_histogram, has_no_quantile_while_nothing_was_measured) {
    EXPECT_EQ(latency_histogram{}.quantile(0.5), std::nullopt);
    EXPECT_EQ(latency_histogram{}.count(), 0);
}

TEST(latency_histogram, takes_the_ends_of_the_range) {
    latency_histogram histogram;
    for (const int ms : {3, 5, 9}) histogram.add(milliseconds{ms});
    EXPECT_EQ(histogram.quantile(0), milliseconds{3});
    EXPECT_EQ(histogram.quantile(1.0 / 3), milliseconds{3});
    EXPECT_EQ(histogram.quantile(0.34), milliseconds{5});
    EXPECT_EQ(histogram.quantile(0.5), milliseconds{5});
    EXPECT_EQ(histogram.quantile(1), milliseconds{9});
    EXPECT_EQ(histogram.count(), 3);
}

}  // namespace
}  // namespace orchestrator
