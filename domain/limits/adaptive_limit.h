// How many calls to one service may be in flight from this instance: a number that follows what the service can do.
//
// Answers are gathered in windows of two round trips or so. A window tells three things: how much slower than unloaded
// the service was (the median of latency / baseline of the route), how much of the limit was used, and whether
// throughput grows with what is in flight (elasticity: covariance over variance of the last windows).
//
//     slower than tolerated          limit × tolerance / slowness     never grows at the same time
//     used, and throughput grows     limit + √limit                   doubled at the start, until the first doubt
//     throughput falls               limit - √limit
//     otherwise                      stays
//     429, 503, timeout, no connect  limit × 0.7                      once a round trip, and only when they are many
//
// Now and then one window runs at half the limit, in the same moment on all instances, so that the queue at the service
// drains and its unloaded latency shows; work goes on meanwhile. Elsewhere the baseline comes down at once, and goes up
// only, slowly, where fewer calls in flight do not help. docs/decisions/0019 has the reasons and figures.
// Pure, without allocation; fed by service_gate. It never refuses anything: it is a number.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "domain/time.h"

namespace orchestrator {

// What an answer says about the load of the service.
enum class call_signal {
    ok,        // 2xx: its latency counts
    failed,    // an answer that blames the request or the service, not the load: 4xx, 500
    overload,  // 429, 503, a timeout, no connection
    ignored,   // a poll of an accepted job, our own shortage, a call that we cancelled
};

struct answer_sample {
    std::uint64_t route = 0;  // which of the service's routes, by any number or hash: their latencies differ
    steady_time sent_at;
    steady_duration latency{};  // from the bytes sent to the head received: not what we ourselves take
    call_signal signal = call_signal::ok;
    int in_flight = 0;  // calls to the service when this one ended, itself included
};

enum class limit_reason {
    fixed,       // by configuration: nothing is learnt
    starting,    // doubles with each window
    growing,     // used, and throughput grows with it
    at_most,     // as high as configured
    unused,      // fewer calls than the limit allows: nothing to learn
    saturated,   // more in flight would bring no more throughput
    slow,        // was taken back, because the service became slower than tolerated
    overloaded,  // was cut, because the service refused, hung or could not be reached
    measuring,   // one window at half the limit
};

[[nodiscard]] std::string_view to_string(limit_reason);

struct limit_state {
    int limit = 0;
    int most = 0;
    limit_reason reason = limit_reason::starting;
    double slowness = 1;  // median of latency / baseline in the last window
};

class adaptive_limit {
  public:
    struct settings {
        int most = 256;
        int start = 4;
        bool fixed = false;      // the limit is `most`, always
        std::uint64_t seed = 1;  // jitter of the windows: instances must not move in step
        steady_time beat{};      // one moment of the wall clock, the same for all instances: they measure together
    };

    explicit adaptive_limit(settings);

    void on_answer(const answer_sample&, steady_time now);

    // At least 1.
    [[nodiscard]] int limit() const { return whole_limit_; }
    [[nodiscard]] int most() const { return settings_.most; }
    [[nodiscard]] limit_state state() const;

    // A new bound from an operator; what was learnt stays.
    void set_most(int most);

  private:
    struct kept_sample {
        float latency_ms;
        std::uint32_t slot;  // of its route in `latencies_`
    };
    struct window_view {
        double slowness;
        double tolerated;
        double used;  // of the limit
        double elasticity;
        bool is_by_us;  // false: slow, but fewer calls in flight do not help

        [[nodiscard]] bool is_slow() const { return slowness > tolerated; }
    };
    // Routes are kept in sets by their number. A full set gives up a route that was not called for long; while it has
    // none, it takes no other: what was learnt about a route is worth more than a look at one more.
    static constexpr std::size_t route_sets = 8, routes_of_set = 8;
    static constexpr std::size_t kept_samples = 128;

    // How throughput goes with what is in flight, with older windows fading.
    class elasticity_meter {
      public:
        void add(double in_flight, double throughput);
        // Relative growth of throughput for relative growth of in-flight: 1 while unloaded, 0 when saturated. NaN while
        // what was in flight hardly varied.
        [[nodiscard]] double value() const;

      private:
        double weight_ = 0, mean_x_ = 0, mean_y_ = 0, variance_ = 0, covariance_ = 0;
    };

    void take_overload(const answer_sample&, steady_time now);
    void take_latency(const answer_sample&, steady_time now);
    void open_window(steady_time now);
    void close_window(steady_time now);
    // nullopt: there is no room for it.
    [[nodiscard]] std::optional<std::uint32_t> slot_of(std::uint64_t route);
    void decide(const window_view&, steady_time now);
    void end_measurement(double slowness, steady_time now);
    [[nodiscard]] double median_slowness() const;
    // `rise`: how much of the way up, if recent latency lies above.
    void learn_baselines(double rise);
    [[nodiscard]] double rise_of(const window_view&);
    void end_start(steady_time now);
    void begin_measurement(steady_time now);
    void set_limit(double limit, limit_reason);
    [[nodiscard]] double jitter();

    settings settings_;
    double limit_;
    int whole_limit_;
    limit_reason reason_ = limit_reason::starting;

    bool starting_ = true;
    double slowness_ = 1;
    double overload_share_ = 0;
    steady_time last_cut_{steady_time::min()};
    double typical_latency_ms_ = 0;
    elasticity_meter elasticity_;
    struct route_latency {
        std::uint64_t route = 0;
        std::int64_t called_in = 0;  // window; 0: never
        float baseline_ms = 0;       // unloaded, as far as we know; 0: not learnt yet
        float recent_ms = 0;         // median of the last windows
    };
    std::array<route_latency, route_sets * routes_of_set> latencies_{};

    steady_time window_began_{steady_time::min()};
    steady_time window_settled_{};  // answers from here on count as throughput
    steady_time window_due_{};
    std::int64_t window_ = 0;  // its number, from 1
    std::int64_t kept_ = 0;    // since the window began; the last `kept_samples` are there
    std::int64_t answers_ = 0;
    double in_flight_sum_ = 0;
    std::array<kept_sample, kept_samples> samples_;

    bool measuring_ = false;
    double limit_before_ = 0;
    double slowness_before_ = 1;
    bool used_ = false;
    int not_by_us_ = 0;  // windows in a row, or nearly, in which fewer calls in flight did not help
    steady_time next_measurement_{};
    int beats_between_ = 1;  // more while measurements find nothing
    std::uint64_t random_state_;
};

}  // namespace orchestrator
