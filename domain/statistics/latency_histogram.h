// Durations in buckets whose width grows with the value, so that a quantile over millions of steps costs a few
// hundred numbers and is off by at most 1/16 of its value. Buckets add up: across batches, instances and days.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "domain/time.h"

namespace orchestrator {

// The bucket that a duration falls in: exact below 16 ms, then 16 buckets to each power of two.
[[nodiscard]] int latency_bucket(milliseconds);

// The largest duration of a bucket: what a quantile reports, so that it never flatters.
[[nodiscard]] milliseconds latency_bucket_upper_bound(int bucket);

class latency_histogram {
  public:
    void add(milliseconds duration) { add_bucket(latency_bucket(duration), 1); }
    void add_bucket(int bucket, std::int64_t count);

    [[nodiscard]] std::int64_t count() const { return count_; }
    [[nodiscard]] const std::map<int, std::int64_t>& buckets() const { return buckets_; }

    // `q` in [0, 1]; nullopt while nothing was measured.
    [[nodiscard]] std::optional<milliseconds> quantile(double q) const;

  private:
    std::map<int, std::int64_t> buckets_;
    std::int64_t count_ = 0;
};

}  // namespace orchestrator
