// A service with so many concurrent places on a virtual clock, and instances that call it as often as their limits
// allow: the closed loop in which a limit has to prove itself. Beyond its places a service queues; beyond twice its
// places it thrashes (each call takes longer), and what a caller has given up is worked off nevertheless.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <queue>
#include <random>
#include <tuple>
#include <vector>

#include "domain/limits/adaptive_limit.h"

namespace orchestrator::simulated {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::seconds;

struct service_model {
    int places = 100;
    microseconds fastest{50'000}, slowest{100'000};  // of a call that need not wait, uniform
    double thrashing = 0;        // how much longer calls take for each further multiple of the places in the system
    double thrashes_beyond = 2;  // multiples of the places
    int refuses_beyond = 0;      // answers 503 at once when so many are there; 0: never
    microseconds timeout{5'000'000};  // of the callers
};

struct completion {
    steady_time at;
    microseconds latency;
    std::size_t instance;
};

class closed_loop {
  public:
    closed_loop(service_model model, std::uint64_t seed) : model_{model}, random_{seed} {}

    std::size_t add_instance(adaptive_limit::settings settings) {
        instances_.push_back(std::make_unique<instance>(adaptive_limit{settings}));
        fill(instances_.size() - 1);
        return instances_.size() - 1;
    }
    void set_places(int places) {
        model_.places = places;
        start_queued();
    }
    void set_latency(microseconds fastest, microseconds slowest) {
        model_.fastest = fastest;
        model_.slowest = slowest;
    }
    void run_for(steady_duration span) {
        const auto end = now_ + span;
        while (!events_.empty() && events_.top().at <= end) {
            auto happens = std::move(const_cast<event&>(events_.top()).what);
            now_ = events_.top().at;
            events_.pop();
            happens();
        }
        now_ = end;
    }

    [[nodiscard]] steady_time now() const { return now_; }
    [[nodiscard]] const adaptive_limit& limit_of(std::size_t i) const { return instances_[i]->limit; }
    [[nodiscard]] int refusals() const { return refusals_; }
    [[nodiscard]] int timeouts() const { return timeouts_; }

    // Calls a second that succeeded between two moments.
    [[nodiscard]] double goodput(steady_time from, steady_time until, int of_instance = -1) const {
        const auto counts = [&](const completion& done) {
            return done.at >= from && done.at < until && (of_instance < 0 || done.instance == std::size_t(of_instance));
        };
        return double(std::ranges::count_if(done_, counts)) / std::chrono::duration<double>(until - from).count();
    }
    [[nodiscard]] microseconds latency_quantile(double q, steady_time from, steady_time until) const {
        std::vector<microseconds> latencies;
        for (const auto& done : done_)
            if (done.at >= from && done.at < until) latencies.push_back(done.latency);
        std::ranges::sort(latencies);
        return latencies.empty() ? microseconds{0} : latencies[std::size_t(q * double(latencies.size() - 1))];
    }

  private:
    struct instance {
        adaptive_limit limit;
        int in_flight = 0;
    };
    struct call {
        std::size_t instance;
        steady_time sent_at;
        bool given_up = false;
        bool answered = false;
    };
    struct event {
        steady_time at;
        std::uint64_t order;
        std::function<void()> what;
        bool operator<(const event& other) const { return std::tie(other.at, other.order) < std::tie(at, order); }
    };

    void at(steady_time when, std::function<void()> what) { events_.push({when, ++order_, std::move(what)}); }
    void fill(std::size_t i) {
        auto& caller = *instances_[i];
        for (; caller.in_flight < caller.limit.limit(); ++caller.in_flight) send(i);
    }
    void send(std::size_t i) {
        auto made = std::make_shared<call>(call{i, now_});
        if (model_.refuses_beyond > 0 && in_service_ + int(queue_.size()) >= model_.refuses_beyond) {
            at(now_ + microseconds{1'000}, [this, made] { refuse(*made); });
            return;
        }
        at(now_ + model_.timeout, [this, made] { give_up(*made); });
        queue_.push_back(std::move(made));
        start_queued();
    }
    void start_queued() {
        while (!queue_.empty() && in_service_ < model_.places) {
            auto next = std::move(queue_.front());
            queue_.pop_front();
            const double inside = double(in_service_ + int(queue_.size())) / model_.places;
            ++in_service_;
            const double longer = 1 + model_.thrashing * std::max(0.0, inside - model_.thrashes_beyond);
            const double drawn = double(model_.fastest.count()) +
                                 double((model_.slowest - model_.fastest).count()) * double(random_() >> 11) * 0x1p-53;
            at(now_ + microseconds{std::int64_t(drawn * longer)}, [this, next] { finish(*next); });
        }
    }
    void finish(call& ended) {
        --in_service_;
        start_queued();
        if (ended.given_up) return;
        ended.answered = true;
        done_.push_back({now_, duration_cast<microseconds>(now_ - ended.sent_at), ended.instance});
        answer(ended, call_signal::ok);
    }
    void refuse(call& refused) {
        ++refusals_;
        answer(refused, call_signal::overload);
    }
    void give_up(call& late) {
        if (late.answered) return;
        ++timeouts_;
        late.given_up = true;
        answer(late, call_signal::overload);
    }
    void answer(const call& ended, call_signal signal) {
        auto& caller = *instances_[ended.instance];
        caller.limit.on_answer({.sent_at = ended.sent_at,
                                .latency = now_ - ended.sent_at,
                                .signal = signal,
                                .in_flight = caller.in_flight},
                               now_);
        --caller.in_flight;
        fill(ended.instance);
    }

    service_model model_;
    std::mt19937_64 random_;
    steady_time now_{seconds{1'000}};
    std::vector<std::unique_ptr<instance>> instances_;
    std::priority_queue<event> events_;
    std::uint64_t order_ = 0;
    std::deque<std::shared_ptr<call>> queue_;
    int in_service_ = 0;
    int refusals_ = 0;
    int timeouts_ = 0;
    std::vector<completion> done_;
};

}  // namespace orchestrator::simulated
