#include "platform_simulator/behaviour/fault_draws.h"

#include <algorithm>
#include <cmath>
#include <functional>
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

void fault_draws::replace(fault_plan plan) {
    plan_ = std::move(plan);
    states_.assign(plan_.rules.size(), {});
}

void fault_draws::restart() {
    calls_ = 0;
    calls_by_route_ = {};
    counts_ = {};
    states_.assign(plan_.rules.size(), {});
}

drawn_fault fault_draws::next(route where, std::optional<tenant_id> tenant, system_time now) {
    ++calls_;
    ++calls_by_route_[std::size_t(where)];
    drawn_fault drawn;
    for (std::size_t i = 0; i < plan_.rules.size(); ++i) {
        const auto& rule = plan_.rules[i];
        if (drawn.rule && rule.kind != fault_kind::latency) continue;
        if (!concerns(i, where, tenant) || !hits_this_call(i)) continue;
        if (rule.kind == fault_kind::rate_limit && is_within_rate(i, now)) continue;
        if (rule.hits_per_tenant > 0 && !is_within_hits(i, tenant)) continue;
        ++counts_[std::size_t(rule.kind)];
        if (rule.kind == fault_kind::latency || rule.kind == fault_kind::capacity) {
            const auto more = rule.kind == fault_kind::latency ? delay_of(i) : time_in_service(i, now);
            drawn.delay = std::min(longest_delay, drawn.delay + more);
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
    if (rule.kind == fault_kind::accepted_job && !has_effect(where)) return false;
    if (rule.tenant_share >= 1) return true;
    return tenant && as_unit(draw(plan_.seed, purpose::fault_share, index, number_of(*tenant))) < rule.tenant_share;
}

bool fault_draws::hits_this_call(std::size_t index) const {
    return as_unit(draw(plan_.seed, purpose::fault_rate, index, calls_)) < plan_.rules[index].rate;
}

bool fault_draws::is_within_hits(std::size_t index, const std::optional<tenant_id>& tenant) {
    return tenant && ++states_[index].hits[number_of(*tenant)] <= plan_.rules[index].hits_per_tenant;
}

bool fault_draws::is_within_rate(std::size_t index, system_time now) {
    auto& state = states_[index];
    const auto second = std::chrono::floor<std::chrono::seconds>(now);
    if (second != state.second) state.calls_in_second = 0;
    state.second = second;
    return ++state.calls_in_second <= plan_.rules[index].calls_per_second;
}

milliseconds fault_draws::delay_of(std::size_t index) const {
    const auto drawn = draw(plan_.seed, purpose::fault_delay, index, calls_);
    const double wanted = std::visit(delay_in_ms{as_unit(drawn), as_unit(mix(drawn))}, plan_.rules[index].latency);
    return milliseconds{std::llround(std::min(wanted, double(longest_delay.count())))};
}

// Takes the place that is free first, for as long as the work lasts. The client's own patience changes nothing: a
// service seldom notices that nobody waits for its answer any more.
milliseconds fault_draws::time_in_service(std::size_t index, system_time now) {
    const auto& rule = plan_.rules[index];
    auto& free_at = states_[index].free_at;
    free_at.resize(std::size_t(rule.parallel));
    std::ranges::pop_heap(free_at, std::greater{});
    const auto begins = std::max(now, free_at.back());
    const double waited_ms = double((begins - now).count());
    const auto work = milliseconds{std::llround(rule.work_ms + rule.collapse * waited_ms)};
    free_at.back() = std::min(begins + work, now + longest_delay);
    const auto ends = free_at.back();
    std::ranges::push_heap(free_at, std::greater{});
    return ends - now;
}

}  // namespace orchestrator::simulator
