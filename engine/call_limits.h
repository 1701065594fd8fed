// How many calls may be in flight: at once in all, and for each service. First come, first served for each service, and
// a service at its limit holds nobody else up: only calls that may start wait for a place among all.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <string>

#include "engine/wake_signal.h"
#include "ports/task.h"

namespace orchestrator {

class call_limits {
  public:
    struct limits {
        int total = 512;
        int each_service = 256;
    };

    explicit call_limits(limits most) : most_{most} {}

    // A place for one call; given back when it is destroyed.
    class permit {
      public:
        permit(call_limits& owner, int service) : owner_{&owner}, service_{service} {}
        permit(permit&& other) noexcept : owner_{std::exchange(other.owner_, nullptr)}, service_{other.service_} {}
        permit& operator=(permit&&) = delete;
        ~permit() {
            if (owner_) owner_->release(service_);
        }

      private:
        call_limits* owner_;
        int service_;
    };

    // The number by which `acquire` knows a service.
    int service_index(const std::string& name);

    task<permit> acquire(int service);

    [[nodiscard]] int in_flight() const { return in_flight_; }

    // From now on nobody who waits is woken: the process is as good as dead. For crashes in simulation.
    void abandon() { abandoned_ = true; }

  private:
    struct service_state {
        int in_flight = 0;
        std::deque<std::move_only_function<void()>> waiting;
    };

    void release(int service);
    [[nodiscard]] bool may_start(const service_state& service) const {
        return in_flight_ < most_.total && service.in_flight < most_.each_service;
    }
    void start_waiting();

    limits most_;
    std::atomic<int> in_flight_ = 0;  // written on the engine's thread, read by the health check
    bool abandoned_ = false;
    std::size_t next_service_ = 0;  // whose queue is looked at first: each in turn
    std::map<std::string, int> indices_;
    std::deque<service_state> services_;
};

}  // namespace orchestrator
