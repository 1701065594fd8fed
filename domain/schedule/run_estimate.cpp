#include "domain/schedule/run_estimate.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace orchestrator {
namespace {

bool counts(const execution& past) {
    const bool ended_well = past.status == execution_status::completed || past.status == execution_status::partial;
    return ended_well && !past.retry_of && past.tenants.total > 0 && past.started_at && past.completed_at;
}

// The smallest sample that at least the share `q` of the samples does not exceed.
double quantile(std::vector<double>& samples, double q) {
    std::ranges::sort(samples);
    const auto rank = std::size_t(std::ceil(q * double(samples.size())));
    return samples[std::max<std::size_t>(rank, 1) - 1];
}

}  // namespace

run_estimate estimate_run(std::span<const execution> past, std::int64_t tenants, std::int64_t steps) {
    std::vector<double> calls;  // for one tenant
    std::vector<double> times;  // ms for one tenant
    for (const auto& each : past) {
        if (!counts(each)) continue;
        const auto of = double(each.tenants.total);
        calls.push_back(double(each.steps.completed + each.steps.failed + each.steps.retries) / of);
        times.push_back(double((*each.completed_at - *each.started_at).count()) / of);
    }
    if (calls.empty()) return {.calls = tenants * steps, .usual = {}, .slow = {}};
    const auto whole = [&](double each) { return std::llround(each * double(tenants)); };
    return {.calls = whole(quantile(calls, 0.5)),
            .usual = milliseconds{whole(quantile(times, 0.5))},
            .slow = milliseconds{whole(quantile(times, slow_quantile))},
            .samples = calls.size()};
}

}  // namespace orchestrator
