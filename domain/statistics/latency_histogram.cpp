#include "domain/statistics/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace orchestrator {
namespace {

constexpr int precision_bits = 4;
constexpr std::int64_t exact_below = 1 << precision_bits;

}  // namespace

int latency_bucket(milliseconds duration) {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(0, duration.count()));
    if (value < std::uint64_t(exact_below)) return static_cast<int>(value);
    const int exponent = static_cast<int>(std::bit_width(value)) - 1 - precision_bits;
    const auto mantissa = static_cast<int>(value >> exponent) - static_cast<int>(exact_below);
    return static_cast<int>(exact_below) * (exponent + 1) + mantissa;
}

milliseconds latency_bucket_upper_bound(int bucket) {
    if (bucket < exact_below) return milliseconds{bucket};
    const int exponent = bucket / static_cast<int>(exact_below) - 1;
    const std::int64_t mantissa = bucket % exact_below + exact_below;
    return milliseconds{((mantissa + 1) << exponent) - 1};
}

void latency_histogram::add_bucket(int bucket, std::int64_t count) {
    buckets_[bucket] += count;
    count_ += count;
}

std::optional<milliseconds> latency_histogram::quantile(double q) const {
    if (count_ == 0) return std::nullopt;
    const auto rank = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(q * double(count_))));
    std::int64_t seen = 0;
    for (const auto& [bucket, count] : buckets_) {
        seen += count;
        if (seen >= rank) return latency_bucket_upper_bound(bucket);
    }
    return latency_bucket_upper_bound(buckets_.rbegin()->first);
}

}  // namespace orchestrator
