#include "domain/limits/adaptive_limit.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

namespace orchestrator {
namespace {

using std::chrono::duration;
using std::chrono::duration_cast;
using fractional_ms = duration<double, std::milli>;

// How much slower than unloaded is no matter for a batch, and what is never a matter: our own event loop is late by as
// much when it is busy.
constexpr double tolerance = 1.3;
constexpr double slack_ms = 10;

constexpr double cut = 0.7;
constexpr double overload_weight = 1.0 / 64;
constexpr double overload_that_counts = 0.05;

constexpr double used_enough = 0.8;
constexpr double loaded = 1.1;  // from this slowness on, throughput has to show that more calls are worth it
constexpr double worth_growing = 0.25;
constexpr double harmful = -0.25;

constexpr double not_our_load = 0.7;  // throughput falls with our calls: latency does not come from them

constexpr int sure = 5;                // so many windows that say so
constexpr double measured_rise = 0.5;  // of the way to what was measured
constexpr double slow_rise = 0.1;
constexpr double headroom = 1.05;  // above what a measurement finds to be enough

constexpr std::int64_t full_window = 20;
constexpr std::int64_t least_window = 8;  // at a limit so low that a full one would take many round trips
constexpr std::int64_t poor_window = 3;   // when there is little to do
constexpr double shortest_window_ms = 100;

constexpr std::int64_t windows_in_use = 64;  // a route that was called within these is not given up for another
constexpr double longest_window_ms = 600'000;

// All instances measure in the same moment, or each would see the queue that the others keep full.
constexpr steady_duration shortest_beat = std::chrono::seconds{5};
constexpr double round_trips_between = 50;
constexpr int most_beats_between = 16;

double in_ms(steady_duration span) { return fractional_ms{span}.count(); }
steady_duration from_ms(double ms) { return duration_cast<steady_duration>(fractional_ms{ms}); }

// The latency that counts as unloaded.
double reference_ms(double baseline_ms) { return std::max(baseline_ms, (baseline_ms + slack_ms) / tolerance); }

}  // namespace

std::string_view to_string(limit_reason reason) {
    switch (reason) {
        case limit_reason::fixed:
            return "fixed";
        case limit_reason::starting:
            return "starting";
        case limit_reason::growing:
            return "growing";
        case limit_reason::at_most:
            return "at_most";
        case limit_reason::unused:
            return "unused";
        case limit_reason::saturated:
            return "saturated";
        case limit_reason::slow:
            return "slow";
        case limit_reason::overloaded:
            return "overloaded";
        case limit_reason::measuring:
            return "measuring";
    }
    return "";
}

adaptive_limit::adaptive_limit(settings chosen)
    : settings_{chosen},
      limit_{double(std::clamp(chosen.fixed ? chosen.most : chosen.start, 1, std::max(1, chosen.most)))},
      whole_limit_{int(limit_)},
      reason_{chosen.fixed ? limit_reason::fixed : limit_reason::starting},
      random_state_{chosen.seed * 0x9E3779B97F4A7C15ull | 1} {}

limit_state adaptive_limit::state() const {
    return {.limit = whole_limit_, .most = settings_.most, .reason = reason_, .slowness = slowness_};
}

void adaptive_limit::set_most(int most) {
    settings_.most = std::max(1, most);
    limit_ = settings_.fixed ? settings_.most : std::min<double>(limit_, settings_.most);
    whole_limit_ = int(std::lround(limit_));
}

void adaptive_limit::on_answer(const answer_sample& sample, steady_time now) {
    if (settings_.fixed || sample.signal == call_signal::ignored) return;
    const bool bad = sample.signal == call_signal::overload;
    overload_share_ += (double(bad) - overload_share_) * overload_weight;
    if (bad) take_overload(sample, now);
    if (sample.signal == call_signal::ok) take_latency(sample, now);
}

// What was sent before the last cut tells of the limit before it.
void adaptive_limit::take_overload(const answer_sample& sample, steady_time now) {
    if (overload_share_ < overload_that_counts || sample.sent_at <= last_cut_) return;
    last_cut_ = now;
    starting_ = false;
    measuring_ = false;
    set_limit(limit_ * cut, limit_reason::overloaded);
    open_window(now);
}

void adaptive_limit::take_latency(const answer_sample& sample, steady_time now) {
    const double latency = in_ms(sample.latency);
    typical_latency_ms_ += (latency - typical_latency_ms_) * (typical_latency_ms_ == 0 ? 1 : 0.1);
    if (window_began_ == steady_time::min()) open_window(sample.sent_at);
    if (now >= next_measurement_) begin_measurement(now);
    if (now >= window_settled_) {
        ++answers_;
        in_flight_sum_ += sample.in_flight;
    }
    if (sample.sent_at < window_began_) return;
    if (const auto slot = slot_of(sample.route))
        samples_[std::size_t(kept_++) % kept_samples] = {float(latency), *slot};
    if (now < window_due_) return;
    const auto late = window_due_ + 4 * (window_due_ - window_began_);
    const auto enough = std::clamp<std::int64_t>(whole_limit_ * 4, least_window, full_window);
    if (kept_ >= enough || (kept_ >= poor_window && now >= late)) close_window(now);
}

std::optional<std::uint32_t> adaptive_limit::slot_of(std::uint64_t route) {
    const auto first = route % route_sets * routes_of_set;
    const auto set = std::span{latencies_}.subspan(first, routes_of_set);
    auto found =
        std::ranges::find_if(set, [&](const route_latency& of) { return of.called_in > 0 && of.route == route; });
    if (found == set.end()) {
        found = std::ranges::min_element(set, {}, &route_latency::called_in);
        if (found->called_in > 0 && window_ - found->called_in < windows_in_use) return std::nullopt;
        *found = {.route = route};
    }
    found->called_in = window_;
    return std::uint32_t(first) + std::uint32_t(found - set.begin());
}

void adaptive_limit::open_window(steady_time now) {
    ++window_;
    const double shortest = starting_ ? shortest_window_ms / 10 : shortest_window_ms;
    const double round_trip = std::clamp(typical_latency_ms_, shortest / 2, longest_window_ms / 2);
    window_began_ = now;
    window_settled_ = now + from_ms(std::min(round_trip, 2 * typical_latency_ms_));
    window_due_ = now + from_ms(2 * round_trip * (0.8 + 0.4 * jitter()));
    kept_ = answers_ = 0;
    in_flight_sum_ = 0;
}

void adaptive_limit::close_window(steady_time now) {
    const double in_flight = answers_ > 0 ? in_flight_sum_ / double(answers_) : 0;
    const double throughput = double(answers_) / std::max(0.001, in_ms(now - window_settled_));
    elasticity_.add(in_flight, throughput);
    const double elasticity = elasticity_.value();
    const double slowness = median_slowness();
    window_view seen{.slowness = slowness,
                     .tolerated = tolerance * (0.9 + 0.2 * jitter()),
                     .used = in_flight / whole_limit_,
                     .elasticity = elasticity,
                     .is_by_us = true};
    seen.is_by_us = !(seen.is_slow() && elasticity >= not_our_load);
    const double rise = rise_of(seen);
    if (measuring_)
        end_measurement(slowness, now);
    else
        decide(seen, now);
    learn_baselines(rise);
    slowness_ = slowness;
    open_window(now);
}

double adaptive_limit::rise_of(const window_view& seen) {
    not_by_us_ = std::clamp(not_by_us_ + (seen.is_by_us ? -1 : 1), 0, 2 * sure);
    const bool is_at_bottom = seen.is_slow() && limit_ <= 2;
    if (measuring_ || is_at_bottom) return measured_rise;
    return !seen.is_by_us && not_by_us_ >= sure ? slow_rise : 0;
}

void adaptive_limit::decide(const window_view& seen, steady_time now) {
    const double root = std::sqrt(limit_);
    used_ = seen.used >= used_enough;
    if (seen.is_slow()) {
        end_start(now);
        const double proportional = limit_ * std::max(0.5, seen.tolerated / seen.slowness);
        set_limit(seen.is_by_us ? proportional : std::max(proportional, limit_ - root), limit_reason::slow);
    } else if (!used_) {
        set_limit(limit_, limit_reason::unused);
    } else if (seen.slowness > loaded && seen.elasticity < worth_growing) {
        end_start(now);
        set_limit(seen.elasticity < harmful ? limit_ - root : limit_, limit_reason::saturated);
    } else if (starting_) {
        set_limit(limit_ * 2, limit_reason::starting);
    } else {
        set_limit(limit_ + root, limit_reason::growing);
    }
}

void adaptive_limit::end_start(steady_time now) {
    if (std::exchange(starting_, false)) next_measurement_ = now;
}

void adaptive_limit::begin_measurement(steady_time now) {
    if (settings_.beat > now) settings_.beat -= shortest_beat * ((settings_.beat - now) / shortest_beat + 1);
    auto beat = shortest_beat * beats_between_;
    while (in_ms(beat) < round_trips_between * typical_latency_ms_) beat *= 2;
    next_measurement_ = settings_.beat + beat * ((now - settings_.beat) / beat + 1);
    if (starting_ || measuring_ || !used_ || slowness_ < 0.95 || limit_ < 2) return;
    measuring_ = true;
    limit_before_ = limit_;
    slowness_before_ = slowness_;
    set_limit(limit_ / 2, limit_reason::measuring);
    open_window(now);
}

// By Little's law what was in flight before, at the latency of now, would have brought the same throughput.
void adaptive_limit::end_measurement(double slowness, steady_time now) {
    measuring_ = false;
    const double enough = limit_before_ * std::min(1.0, slowness) / slowness_before_;
    const bool found_nothing = slowness > 0.95 * slowness_before_;
    beats_between_ = found_nothing ? std::min(2 * beats_between_, most_beats_between) : 1;
    if (slowness < 0.9) next_measurement_ = std::min(next_measurement_, now + std::chrono::seconds{2});
    set_limit(std::clamp(headroom * enough, limit_before_ / 2, limit_before_), limit_reason::saturated);
}

double adaptive_limit::median_slowness() const {
    std::array<float, kept_samples> ratios;
    std::size_t count = 0;
    for (const auto& sample : std::span{samples_}.first(std::min<std::size_t>(std::size_t(kept_), kept_samples)))
        if (const float baseline = latencies_[sample.slot].baseline_ms; baseline > 0)
            ratios[count++] = float(sample.latency_ms / reference_ms(baseline));
    if (count == 0) return 1;
    const auto middle = ratios.begin() + std::ptrdiff_t(count / 2);
    std::nth_element(ratios.begin(), middle, ratios.begin() + std::ptrdiff_t(count));
    return *middle;
}

void adaptive_limit::learn_baselines(double rise) {
    const auto samples = std::span{samples_}.first(std::min<std::size_t>(std::size_t(kept_), kept_samples));
    std::uint64_t seen = 0;
    for (const auto& sample : samples) seen |= std::uint64_t{1} << sample.slot;
    std::array<float, kept_samples> latencies;
    for (; seen != 0; seen &= seen - 1) {
        const auto slot = std::uint32_t(std::countr_zero(seen));
        std::size_t count = 0;
        for (const auto& sample : samples)
            if (sample.slot == slot) latencies[count++] = sample.latency_ms;
        if (std::int64_t(count) < poor_window) continue;
        const auto middle = latencies.begin() + std::ptrdiff_t(count / 2);
        std::nth_element(latencies.begin(), middle, latencies.begin() + std::ptrdiff_t(count));
        auto& of = latencies_[slot];
        of.recent_ms = of.recent_ms == 0 ? *middle : of.recent_ms + (*middle - of.recent_ms) * 0.6f;
        if (of.baseline_ms == 0 || of.recent_ms < of.baseline_ms)
            of.baseline_ms = of.recent_ms;
        else
            of.baseline_ms += (of.recent_ms - of.baseline_ms) * float(rise);
    }
}

void adaptive_limit::set_limit(double limit, limit_reason reason) {
    if (limit > settings_.most) reason = limit_reason::at_most;
    limit_ = std::clamp<double>(limit, 1, settings_.most);
    whole_limit_ = int(std::lround(limit_));
    reason_ = reason;
}

// xorshift64: for spreading, not for chance.
double adaptive_limit::jitter() {
    random_state_ ^= random_state_ << 13;
    random_state_ ^= random_state_ >> 7;
    random_state_ ^= random_state_ << 17;
    return double(random_state_ >> 11) * 0x1.0p-53;
}

void adaptive_limit::elasticity_meter::add(double in_flight, double throughput) {
    constexpr double fading = 0.8;
    const double share = 1 / (weight_ = weight_ * fading + 1);
    const double dx = in_flight - mean_x_, dy = throughput - mean_y_;
    mean_x_ += share * dx;
    mean_y_ += share * dy;
    variance_ = (1 - share) * (variance_ + share * dx * dx);
    covariance_ = (1 - share) * (covariance_ + share * dx * dy);
}

double adaptive_limit::elasticity_meter::value() const {
    constexpr double least_variation = 0.04;
    if (mean_x_ <= 0 || mean_y_ <= 0 || variance_ < std::pow(least_variation * mean_x_, 2))
        return std::numeric_limits<double>::quiet_NaN();
    return covariance_ / variance_ * mean_x_ / mean_y_;
}

}  // namespace orchestrator
