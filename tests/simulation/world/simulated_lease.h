// The lease outside, as Redis keeps it: one key for all, reached over a wire. It may be emptied, and be out of reach.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ports/lease.h"
#include "tests/simulation/world/simulated_clock.h"

namespace orchestrator::simulation {

class simulated_lease;

// Shared by all instances, and changed by the world.
struct lease_server {
    void empty() { holder.clear(); }
    // As a client does that is none of ours.
    void hold_for_ever(std::string by) {
        holder = std::move(by);
        until = steady_time::max();
    }

    std::string holder{};  // empty: nobody
    steady_time until{};
    bool is_reachable = true;
    std::vector<simulated_lease*> clients{};
};

class simulated_lease final : public lease {
  public:
    simulated_lease(lease_server& server, simulated_clock& time, std::string token);
    ~simulated_lease() override;

    task<result<lease_answer>> take(milliseconds ttl) override;
    task<result<void>> release() override;
    task<result<void>> resign() override;
    void on_resigned(std::function<void()> told) override { told_ = std::move(told); }

  private:
    task<> travel();
    [[nodiscard]] bool is_taken() const;
    result<void> give_back();

    lease_server& server_;
    simulated_clock& time_;
    std::string token_;
    std::function<void()> told_;
};

}  // namespace orchestrator::simulation
