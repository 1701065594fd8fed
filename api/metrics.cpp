// GET /metrics: what this process knows of itself, in Prometheus' text format 0.0.4. No label names a tenant.
#include <fmt/format.h>

#include "api/resources.h"

namespace orchestrator::api {
namespace {

// A label's value, by the rules of the format.
std::string escaped(std::string_view value) {
    std::string text;
    for (const char c : value) {
        if (c == '\\' || c == '"') text += '\\';
        text += c == '\n' ? std::string_view{"\\n"} : std::string_view{&c, 1};
    }
    return text;
}

class exposition {
  public:
    void begin(std::string_view name, std::string_view type, std::string_view help) {
        name_ = name;
        text_ += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
    }
    void add(std::int64_t value, std::string_view labels = {}) {
        text_ +=
            labels.empty() ? fmt::format("{} {}\n", name_, value) : fmt::format("{}{{{}}} {}\n", name_, labels, value);
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    std::string_view name_;
    std::string text_;
};

void show_connections(exposition& shown, const process_figures& process) {
    shown.begin("orchestrator_connections", "gauge",
                "Open connections: to services, idle ones included, and of the API");
    shown.add(std::int64_t(process.service_connections), "of=\"services\"");
    shown.add(std::int64_t(process.api_connections), "of=\"api\"");
    shown.begin("orchestrator_connections_limit", "gauge", "How many there may be");
    shown.add(std::int64_t(process.max_service_connections), "of=\"services\"");
    shown.add(std::int64_t(process.max_api_connections), "of=\"api\"");
    shown.begin("orchestrator_calls_waiting_for_connection", "gauge", "Calls that wait until they may open one");
    shown.add(process.waiting_calls);
    shown.begin("orchestrator_descriptor_problems", "gauge",
                "1 or more while no connection can be opened or accepted for want of descriptors, ports or memory");
    shown.add(std::int64_t(process.problems.size()));
}

std::string label_of(const service_view& of) { return fmt::format("service=\"{}\"", escaped(of.name)); }

// One sample for each service; none for those that were never called.
template <class Value>
void add_services(exposition& into, const std::vector<service_view>& services, std::string_view name,
                  std::string_view help, Value value) {
    into.begin(name, "gauge", help);
    for (const auto& each : services) into.add(std::int64_t(value(each)), label_of(each));
}

void add_services(exposition& into, const std::vector<service_view>& all) {
    add_services(into, all, "orchestrator_service_limit", "Calls to a service that may be in flight from here",
                 [](const service_view& of) { return of.limit; });
    add_services(into, all, "orchestrator_service_calls_in_flight", "Calls to a service that are in flight from here",
                 [](const service_view& of) { return of.in_flight; });
    add_services(into, all, "orchestrator_service_waiting", "Runs that wait here for a call to a service",
                 [](const service_view& of) { return of.waiting; });
    add_services(into, all, "orchestrator_service_breaker_state", "0 closed, 1 half open, 2 open: nobody calls it",
                 [](const service_view& of) {
                     if (of.breaker == breaker_state::closed) return 0;
                     return of.breaker == breaker_state::half_open ? 1 : 2;
                 });
    add_services(into, all, "orchestrator_service_paused", "1 while a service asked for a pause, or an operator did",
                 [](const service_view& of) { return of.paused_until.has_value(); });
    add_services(into, all, "orchestrator_service_retries_waiting", "Retries that wait here for the budget",
                 [](const service_view& of) { return of.retries_waiting; });
}

}  // namespace

task<answer> show_metrics(const api_dependencies& api, routed_request) {
    const auto health = api.engine.health();
    exposition shown;
    shown.begin("orchestrator_leader_instance", "gauge", "1 while this instance leads, 0 while it follows");
    shown.add(health.leads, fmt::format("instance_id=\"{}\"", escaped(api.instance_id)));
    shown.begin("orchestrator_refused_writes_total", "counter",
                "Writes that came too late: outcomes under a lost claim, decisions under an old epoch");
    shown.add(health.refused_writes, "kind=\"outcome\"");
    shown.add(health.refused_decisions, "kind=\"decision\"");
    shown.begin("orchestrator_store_available", "gauge", "0 while nothing can be recorded");
    shown.add(!health.store_problem);
    shown.begin("orchestrator_active_tenant_runs", "gauge", "Tenant runs that this instance works on");
    shown.add(health.active_runs);
    shown.begin("orchestrator_calls_in_flight", "gauge", "Calls to services that have not been answered yet");
    shown.add(health.calls_in_flight);
    shown.begin("orchestrator_clock_difference_seconds", "gauge",
                "From the time that is followed to the clock of this machine");
    shown.add(double(health.clock_difference.count()) / 1'000);
    if (api.process) show_connections(shown, api.process());
    add_services(shown, api.engine.services());
    response reply{.status = 200, .headers = {}, .body = shown.take(), .next_chunk = {}};
    reply.headers.emplace_back("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    co_return reply;
}

}  // namespace orchestrator::api
