// Which fault hits which call. Tenants are picked by a stable hash, calls by a draw from the plan's seed and the number
// of the call: the same calls in the same order meet the same faults.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "domain/identifiers.h"
#include "domain/time.h"
#include "platform_simulator/behaviour/fault_rules.h"

namespace orchestrator::simulator {

// No delay of one call is longer.
inline constexpr milliseconds longest_delay{600'000};

struct drawn_fault {
    milliseconds delay{0};             // the sum of the latency rules
    const fault_rule* rule = nullptr;  // what else happens, if anything; valid until replace()
    int status = 0;                    // of an error or throttle
};

class fault_draws {
  public:
    explicit fault_draws(fault_plan plan) : plan_{std::move(plan)} {}

    [[nodiscard]] const fault_plan& plan() const { return plan_; }
    void replace(fault_plan plan) { plan_ = std::move(plan); }
    // Begins again with the first call.
    void restart();

    // `tenant`: empty when the call names none.
    drawn_fault next(route, std::optional<tenant_id> tenant);

    [[nodiscard]] std::uint64_t calls() const { return calls_; }
    [[nodiscard]] std::uint64_t count_of(fault_kind kind) const { return counts_[std::size_t(kind)]; }

  private:
    [[nodiscard]] bool concerns(std::size_t rule, route, const std::optional<tenant_id>&) const;
    [[nodiscard]] bool hits_this_call(std::size_t rule) const;
    [[nodiscard]] milliseconds delay_of(std::size_t rule) const;

    fault_plan plan_;
    std::uint64_t calls_ = 0;
    std::array<std::uint64_t, fault_kind_count> counts_{};
};

}  // namespace orchestrator::simulator
