// The door to the services: when may a call start, and when does a run that waits for it give up?
//
// First come, first served for each service, unless some would miss their deadline; and a service that is slow,
// throttled or down holds nobody else up: it may take a share of the places only (domain/limits/bulkhead.h), and its
// own queue waits at its own gate. Every wait has a deadline and ends when its owner stops; without them nobody can
// wait.
#pragma once

#include <atomic>
#include <expected>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "domain/limits/bulkhead.h"
#include "domain/limits/call_urgency.h"
#include "domain/limits/service_gate.h"
#include "domain/limits/service_setting.h"
#include "engine/service_view.h"
#include "engine/wake_signal.h"
#include "ports/clock.h"
#include "ports/random.h"
#include "ports/task.h"

namespace orchestrator {

class call_limits {
  public:
    struct limits {
        int total = 512;
        int each_service = 256;
        bool adaptive = true;
    };

    // Why somebody who waited was sent away.
    enum class refusal {
        stopped,   // the owner was stopped, or this instance drains
        deadline,  // it could not start in time
        surplus,   // too many wait for this service: the run is to go back to the store
    };

    // What somebody who wants to call is ready to bear.
    struct terms {
        steady_time deadline;
        std::stop_token stop;  // requested on the engine's thread
        bool is_retry = false;
        call_urgency urgency{};
        bool may_be_surplus = true;  // false: it has nowhere to go back to
    };

    // The right to wait for one service and to call it. Counts as held until it is destroyed.
    class permit {
      public:
        permit(call_limits& owner, int service);
        permit(permit&& other) noexcept
            : owner_{std::exchange(other.owner_, nullptr)},
              service_{other.service_},
              is_placed_{other.is_placed_},
              ticket_{other.ticket_},
              report_{other.report_} {}
        permit& operator=(permit&&) = delete;
        ~permit();

        // How the call ended; the service's limit, breaker and pause learn from it when the place is given back. A
        // place that is given back without it says nothing about the service.
        void report(const call_report& how) { report_ = how; }
        // Gives the place back while an accepted job goes on at the service.
        void yield_place();
        // Takes one again, to ask how the job is.
        task<std::expected<void, refusal>> regain(terms);
        // This call is to show whether a service that was down is there again.
        [[nodiscard]] bool is_probe() const { return ticket_.pass.is_probe; }

      private:
        friend class call_limits;

        call_limits* owner_;
        int service_;
        bool is_placed_ = false;
        service_gate::ticket ticket_;
        call_report report_;
    };

    // `runs`: how many this instance works on, of how many. `on_open`: a service takes runs again that was closed.
    call_limits(limits most, clock& time, random_source& random, std::function<shared_pool()> runs = {},
                std::function<void()> on_open = {});
    ~call_limits();
    call_limits(const call_limits&) = delete;
    call_limits& operator=(const call_limits&) = delete;

    // Ends waits whose time is over, opens gates whose pause is over, and keeps the views fresh; until stop().
    task<> run();
    // Whoever waits for a first place is sent away from now on; accepted jobs may still be asked about.
    void stop();
    // From now on nobody who waits is woken: the process is as good as dead. For crashes in simulation.
    void abandon();

    // The number by which `acquire` knows a service.
    int service_index(const std::string& name);
    task<std::expected<permit, refusal>> acquire(int service, terms);

    // What an operator set, by name of the service; what is not named is as configured.
    void apply(std::vector<service_setting>);

    // What may be claimed now: how many runs at most, and for which services none. Who was closed and opens again is
    // told of by `on_open`.
    struct claim_terms {
        int most = std::numeric_limits<int>::max();
        std::vector<std::string> closed_services{};
    };
    [[nodiscard]] claim_terms what_to_claim();
    // Why a call to this service does not start, for whom it concerns: "inventory takes 4 calls at a time".
    [[nodiscard]] std::string describe(int service) const;
    // From any thread.
    [[nodiscard]] int in_flight() const { return in_flight_; }
    // As of a moment ago. From any thread.
    [[nodiscard]] std::vector<service_view> services() const;

    // Where `run` sleeps.
    [[nodiscard]] const wake_signal& sleeps_in() const { return wake_; }

  private:
    friend class permit;

    struct waiter;
    struct lane;  // a gate and who waits at it

    task<std::expected<void, refusal>> wait(permit&, terms);
    [[nodiscard]] bool may_start(const lane&, bool is_retry, steady_time now) const;
    void place(permit&, bool is_retry, steady_time now);
    void give_back(permit&);
    void leave(permit&);
    void start_waiting(steady_time now);
    bool start_next(lane&, steady_time now);
    waiter& first_of(lane&, bool is_retry, steady_time now);
    void send_away(waiter&, refusal);
    void end_overdue(steady_time now);
    [[nodiscard]] steady_time next_event(steady_time now) const;
    void apply_to(lane&) const;
    [[nodiscard]] int room(const lane&, steady_time now) const;
    void tell_of_opening(lane&, steady_time now);
    void wake_by(steady_time);
    void publish(steady_time now);
    template <class Visit>
    void each_waiter(Visit);

    limits most_;
    clock& time_;
    random_source& random_;
    std::function<shared_pool()> runs_;
    std::function<void()> on_open_;
    std::atomic<int> in_flight_ = 0;  // written on the engine's thread, read by the health check
    bool abandoned_ = false;
    bool stopped_ = false;
    int held_ = 0;                                     // permits, over all services
    steady_time first_deadline_ = steady_time::max();  // of those who wait, or earlier
    steady_time short_until_{};                        // this process was out of descriptors, ports or memory
    wake_signal wake_;
    steady_time wakes_at_ = steady_time::max();  // `run`, by itself
    std::uint64_t arrivals_ = 0;
    std::size_t next_lane_ = 0;  // whose queue is looked at first: each in turn
    std::map<std::string, int> indices_;
    std::vector<std::unique_ptr<lane>> lanes_;
    std::vector<service_setting> settings_;
    mutable std::mutex guard_;  // of views_ alone
    std::vector<service_view> views_;
};

}  // namespace orchestrator
