// Which fault hits which call. Tenants are picked by a stable hash, calls by a draw from the plan's seed and the number
// of the call: the same calls in the same order, and at the same times where a rule counts by time, meet the same
// faults.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "domain/identifiers.h"
#include "domain/time.h"
#include "platform_simulator/behaviour/fault_rules.h"

namespace orchestrator::simulator {

// No delay of one call is longer.
inline constexpr milliseconds longest_delay{600'000};

struct drawn_fault {
    milliseconds delay{0};             // the sum of the rules of latency and capacity
    const fault_rule* rule = nullptr;  // what else happens, if anything; valid until replace()
    int status = 0;                    // of an error, a throttle or a rate limit
};

class fault_draws {
  public:
    explicit fault_draws(fault_plan plan) : plan_{std::move(plan)}, states_(plan_.rules.size()) {}

    [[nodiscard]] const fault_plan& plan() const { return plan_; }
    void replace(fault_plan plan);
    // Begins again with the first call.
    void restart();

    // `tenant`: empty when the call names none.
    drawn_fault next(route, std::optional<tenant_id> tenant, system_time now);

    [[nodiscard]] std::uint64_t calls() const { return calls_; }
    [[nodiscard]] std::uint64_t calls_of(route where) const { return calls_by_route_[std::size_t(where)]; }
    [[nodiscard]] std::uint64_t count_of(fault_kind kind) const { return counts_[std::size_t(kind)]; }

  private:
    // What a rule remembers of earlier calls.
    struct rule_state {
        std::unordered_map<std::uint64_t, int> hits;  // by tenant, where `hits_per_tenant` bounds them
        std::chrono::sys_seconds second{};            // of the last call that a rate limit looked at
        int calls_in_second = 0;
        std::vector<system_time> free_at;  // of a capacity's places, as a heap, the earliest first
    };

    [[nodiscard]] bool concerns(std::size_t rule, route, const std::optional<tenant_id>&) const;
    [[nodiscard]] bool hits_this_call(std::size_t rule) const;
    // These two count the call.
    bool is_within_hits(std::size_t rule, const std::optional<tenant_id>&);
    bool is_within_rate(std::size_t rule, system_time now);
    [[nodiscard]] milliseconds delay_of(std::size_t rule) const;
    milliseconds time_in_service(std::size_t rule, system_time now);

    fault_plan plan_;
    std::vector<rule_state> states_;  // one for each rule
    std::uint64_t calls_ = 0;
    std::array<std::uint64_t, route_count> calls_by_route_{};
    std::array<std::uint64_t, fault_kind_count> counts_{};
};

}  // namespace orchestrator::simulator
