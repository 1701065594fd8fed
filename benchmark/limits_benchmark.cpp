// What limits, breaker and budget cost a call: nanoseconds, on one core.
#include <fmt/format.h>

#include <chrono>

#include "domain/limits/adaptive_limit.h"
#include "domain/limits/circuit_breaker.h"
#include "domain/limits/retry_budget.h"
#include "domain/limits/service_pause.h"

namespace orchestrator {
namespace {

using std::chrono::steady_clock;

constexpr int calls = 5'000'000;
constexpr steady_duration latency = milliseconds{50};

// Calls of four routes, 5,000 a second: 256 in flight.
template <class Step>
double nanoseconds_a_call(Step step) {
    steady_time now{std::chrono::hours{1}};
    const auto begin = steady_clock::now();
    for (int i = 0; i < calls; ++i) step(i, now += std::chrono::microseconds{200});
    return std::chrono::duration<double, std::nano>(steady_clock::now() - begin).count() / calls;
}

int measure() {
    adaptive_limit limit{{}};
    circuit_breaker breaker;
    retry_budget budget;
    service_pause pause;
    int started = 0;
    const auto learn = [&](int i, steady_time now) {
        const auto took = latency + std::chrono::microseconds{(i * 7'919) % 20'000};
        limit.on_answer({.route = std::size_t(i % 4), .sent_at = now - took, .latency = took, .in_flight = 256}, now);
    };
    const auto guard = [&](int, steady_time now) {
        if (!breaker.may_start(now)) return;
        ++started;
        breaker.end(breaker.start(now), call_health::well, now, 0.5);
    };
    const auto pay = [&](int, steady_time now) { budget.note_first_attempt(now); };
    const double of_limit = nanoseconds_a_call(learn);
    const double of_breaker = nanoseconds_a_call(guard);
    const double of_budget = nanoseconds_a_call(pay);
    const double of_all = nanoseconds_a_call([&](int i, steady_time now) {
        if (pause.until(now)) return;
        guard(i, now);
        pay(i, now);
        learn(i, now);
    });
    fmt::print(R"({{"limit_ns": {:.1f}, "breaker_ns": {:.1f}, "budget_ns": {:.1f}, "all_ns": {:.1f}}})"
               "\n",
               of_limit, of_breaker, of_budget, of_all);
    return started > 0 && limit.limit() > 0 ? 0 : 1;
}

}  // namespace
}  // namespace orchestrator

int main() { return orchestrator::measure(); }
