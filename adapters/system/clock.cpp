#include "adapters/system/clock.h"

#include <ctime>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

namespace orchestrator::system {

system_time clock::now() const { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }

steady_time clock::steady_now() const { return std::chrono::steady_clock::now(); }

steady_time clock::unset_now() const {
    ::timespec at{};
    ::clock_gettime(CLOCK_BOOTTIME, &at);
    return steady_time{std::chrono::seconds{at.tv_sec} + std::chrono::nanoseconds{at.tv_nsec}};
}

steady_time clock::steady_at(system_time at) const { return steady_now() + (at - std::chrono::system_clock::now()); }

task<> clock::sleep_until(steady_time until, std::stop_token stop) {
    using timer =
        asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, executor>;
    timer alarm{context_.get_executor(), until};
    const std::stop_callback wake{stop, [&alarm] { alarm.cancel(); }};
    if (stop.stop_requested()) co_return;
    boost::system::error_code cancelled;
    co_await alarm.async_wait(asio::redirect_error(use_task, cancelled));
}

}  // namespace orchestrator::system
