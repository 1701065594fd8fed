#include "domain/schedule/lead.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace orchestrator {

std::string_view to_string(lead_estimate::basis from) {
    switch (from) {
        case lead_estimate::basis::measured:
            return "measured";
        case lead_estimate::basis::too_few:
            return "too_few";
        case lead_estimate::basis::least:
            return "least";
        case lead_estimate::basis::most:
            return "most";
    }
    return "measured";
}

lead_estimate estimate_lead(std::span<const milliseconds> durations, lead_bounds bounds) {
    using std::chrono::minutes;
    using std::chrono::seconds;
    using basis = lead_estimate::basis;
    const auto least = std::min(bounds.least, bounds.most);
    lead_estimate made{
        .lead = std::chrono::ceil<minutes>(bounds.most), .samples = durations.size(), .from = basis::too_few};
    if (durations.size() < fewest_durations) return made;

    std::vector<milliseconds> sorted{durations.begin(), durations.end()};
    std::ranges::sort(sorted);
    const auto rank = std::size_t(std::ceil(lead_quantile * double(sorted.size())));  // nearest rank
    made.quantile = sorted[rank - 1];
    const auto wanted = milliseconds{std::int64_t(std::ceil(double(made.quantile.count()) * (1 + lead_margin)))};
    made.from = wanted < least ? basis::least : wanted > bounds.most ? basis::most : basis::measured;
    made.lead = std::chrono::ceil<minutes>(std::clamp<milliseconds>(wanted, least, bounds.most));
    return made;
}

}  // namespace orchestrator
