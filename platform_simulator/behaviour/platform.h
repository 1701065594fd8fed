// The simulated platform as a state machine: a request goes in, and out comes what to answer, when, and how to spoil
// it. Knows no socket and no clock; the program around it does as it is told.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "platform_simulator/behaviour/answer.h"
#include "platform_simulator/behaviour/daily_chain.h"
#include "platform_simulator/behaviour/effects.h"
#include "platform_simulator/behaviour/fault_draws.h"
#include "platform_simulator/behaviour/tenant_directory.h"

namespace orchestrator::simulator {

struct incoming_request {
    std::string_view method;
    std::string_view target;  // path and query, percent-encoded
    std::string_view idempotency_key;
    std::string_view body;
    system_time now;  // "today" is its date in UTC
};

// How the answer reaches the client.
enum class delivery {
    whole,
    never,       // nothing for `delay`, then the connection ends
    cut_off,     // the connection ends at once
    slowly,      // `bytes_per_second`
    half_of_it,  // Content-Length of the whole, half of the bytes, then the connection ends
};

struct planned_answer {
    answer content;
    delivery how = delivery::whole;
    milliseconds delay{0};    // before the first byte
    std::string retry_after;  // the header's value; empty: none
    std::string location;     // likewise
    int bytes_per_second = 0;
};

class platform {
  public:
    // `base_path`: such as /bakery; every service lies below it. Empty: they lie at the root.
    platform(bakery_settings, fault_plan, std::string base_path = {});

    // An effect takes place at once, however long the answer is delayed.
    planned_answer respond(const incoming_request&);

    [[nodiscard]] const tenant_directory& tenants() const { return tenants_; }
    [[nodiscard]] tenant_directory& tenants() { return tenants_; }
    [[nodiscard]] const effect_ledger& effects() const { return effects_; }
    [[nodiscard]] const fault_draws& faults() const { return faults_; }
    void replace_faults(fault_plan plan) { faults_.replace(std::move(plan)); }

    // Forgets effects, forecasts and plans, and draws faults from the first call again. Tenants and rules stay.
    void reset();

  private:
    struct understood_request;

    [[nodiscard]] static understood_request understand(const matched_route&, const incoming_request&);
    static void read_tenant(understood_request&, const boost::json::object& fields);
    static void read_days_ahead(understood_request&, const boost::json::object& fields);
    planned_answer answer_with_faults(const understood_request&);
    void turn_into_job(planned_answer&, const understood_request&, const fault_rule&) const;
    answer do_work(const understood_request&);
    answer show_job(const understood_request&);
    [[nodiscard]] answer read(const understood_request&, const bakery*) const;
    answer act_once(const understood_request&, const bakery&);
    answer act(const understood_request&, const bakery&);

    std::uint64_t seed_;
    std::string base_path_;
    tenant_directory tenants_;
    daily_chain chain_;
    effect_ledger effects_;
    fault_draws faults_;
};

}  // namespace orchestrator::simulator
