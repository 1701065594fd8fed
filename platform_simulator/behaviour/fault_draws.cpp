#include "platform_simulator/behaviour/fault_draws.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "platform_simulator/behaviour/draws.h"

namespace orchestrator::simulator {
namespace {

// `first` and `second`: draws from [0, 1).
struct delay_in_ms {
    double first, second;

    double operator()(const constant_latency& constant) const { return constant.delay_ms; }
    double operator()(const uniform_latency& uniform) const {
        return uniform.min_ms + (uniform.max_ms - uniform.min_ms) * first;
    }
    // Box and Muller, 1958: a standard normal from two uniform draws.
    double operator()(const log_normal_latency& log_normal) const {
        const double normal = std::sqrt(-2 * std::log(1 - first)) * std::cos(2 * std::numbers::pi * second);
        return log_normal.median_ms * std::exp(log_normal.sigma * normal);
    }
};

}  // namespace

void fault_draws::restart() {
    calls_ = 0;
    counts_ = {};
}

drawn_fault fault_draws::next(route where, std::optional<tenant_id> tenant) {
    ++calls_;
    drawn_fault drawn;
    for (std::size_t i = 0; i < plan_.rules.size(); ++i) {
        const auto& rule = plan_.rules[i];
        const bool adds_up = rule.kind == fault_kind::latency;
        if (drawn.rule && !adds_up) continue;
        if (!concerns(i, where, tenant) || !hits_this_call(i)) continue;
        ++counts_[std::size_t(rule.kind)];
        if (adds_up) {
            drawn.delay = std::min(longest_delay, drawn.delay + delay_of(i));
            continue;
        }
        drawn.rule = &rule;
        if (!rule.statuses.empty())
            drawn.status =
                rule.statuses[as_index(draw(plan_.seed, purpose::fault_choice, i, calls_), rule.statuses.size())];
    }
    return drawn;
}

bool fault_draws::concerns(std::size_t index, route where, const std::optional<tenant_id>& tenant) const {
    const auto& rule = plan_.rules[index];
    if (rule.where && *rule.where != where) return false;
    if (rule.tenant_share >= 1) return true;
    return tenant && as_unit(draw(plan_.seed, purpose::fault_share, index, number_of(*tenant))) < rule.tenant_share;
}

bool fault_draws::hits_this_call(std::size_t index) const {
    return as_unit(draw(plan_.seed, purpose::fault_rate, index, calls_)) < plan_.rules[index].rate;
}

milliseconds fault_draws::delay_of(std::size_t index) const {
    const auto drawn = draw(plan_.seed, purpose::fault_delay, index, calls_);
    const double wanted = std::visit(delay_in_ms{as_unit(drawn), as_unit(mix(drawn))}, plan_.rules[index].latency);
    return milliseconds{std::llround(std::min(wanted, double(longest_delay.count())))};
}

}  // namespace orchestrator::simulator
