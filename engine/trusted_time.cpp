#include "engine/trusted_time.h"

#include <spdlog/spdlog.h>

namespace orchestrator {

trusted_time::trusted_time(const clock& own, clock_store& store) : own_{own}, store_{store} {
    clock_watch alone;
    alone.take({.at = own.unset_now(), .own = own.now()});
    offset_ = alone.offset().count();
}

task<result<void>> trusted_time::look() {
    const auto asked = own_.unset_now();
    const auto answer = co_await store_.read_clock();
    if (!answer) co_return std::unexpected{answer.error()};
    const auto answered = own_.unset_now();
    const auto own = own_.now();
    const auto uncertainty = std::chrono::ceil<milliseconds>((answered - asked) / 2);
    auto store = answer->now;
    if (store) *store += uncertainty;  // it was read halfway
    std::optional<std::string> now;
    {
        const std::scoped_lock lock{guard_};
        watch_.take({.at = answered, .own = own, .store = store, .uncertainty = uncertainty, .newest = answer->newest});
        offset_ = watch_.offset().count();
        now = watch_.problem(answered);
        if (now == told_) co_return result<void>{};
        told_ = now;
    }
    if (now)
        spdlog::warn("{}", *now);
    else
        spdlog::info("all clocks agree again");
    co_return result<void>{};
}

system_time trusted_time::at(steady_time unset) const {
    return system_time{std::chrono::floor<milliseconds>(unset.time_since_epoch()) + milliseconds{offset_.load()}};
}

bool trusted_time::is_settled() const {
    const std::scoped_lock lock{guard_};
    return watch_.is_settled(own_.unset_now());
}

bool trusted_time::is_sure() const {
    const std::scoped_lock lock{guard_};
    return watch_.is_sure(own_.unset_now());
}

std::optional<health_problem> trusted_time::problem() const {
    const std::scoped_lock lock{guard_};
    auto why = watch_.problem(own_.unset_now());
    if (!why) return std::nullopt;
    return health_problem{"clock", "time", std::move(*why)};
}

milliseconds trusted_time::own_difference() const {
    const std::scoped_lock lock{guard_};
    return watch_.own_difference();
}

steady_time trusted_clock::steady_at(system_time at) const {
    const auto unset = inner_.unset_now();
    const auto fraction = unset.time_since_epoch() - std::chrono::floor<milliseconds>(unset.time_since_epoch());
    return inner_.steady_now() + (at - time_.at(unset)) - fraction;
}

}  // namespace orchestrator
