#include "domain/event/event.h"

#include <fmt/format.h>
#include <boost/json.hpp>

namespace orchestrator {
namespace json = boost::json;
namespace {

// An execution ends once, so its id makes the event's: version 8 of RFC 9562, which leaves the bits to us.
event_id id_of_end(execution_id of) {
    event_id id{of.value};
    id.value.bytes[6] = std::uint8_t((id.value.bytes[6] & 0x0f) | 0x80);
    return id;
}

std::string why_it_failed(const execution& ended) {
    if (!ended.error_message.empty()) return ended.error_message;
    if (ended.status == execution_status::cancelled) return "the execution was cancelled";
    return fmt::format("{} of {} tenants failed", ended.tenants.failed, ended.tenants.total);
}

std::string_view name_of(execution_status status) {
    if (status == execution_status::failed) return "workflow_failed";
    return status == execution_status::cancelled ? "workflow_cancelled" : "workflow_completed";
}

}  // namespace

event end_event(const execution& ended) {
    const auto at = ended.completed_at.value();
    const auto began = ended.started_at.value_or(ended.created_at);
    const auto name = name_of(ended.status);
    event made;
    made.id = id_of_end(ended.id);
    made.exchange = event_exchange;
    made.routing_key = fmt::format("orchestrator.{}", name);
    made.event_type = fmt::format("orchestrator_{}", name);
    made.created_at = at;

    json::object payload{{"event_type", made.event_type},
                         {"event_id", to_string(made.id)},
                         {"workflow_name", ended.workflow_name},
                         {"execution_id", to_string(ended.id)},
                         {"status", to_string(ended.status)}};
    if (name == "workflow_completed") {
        payload["tenants_processed"] = ended.tenants.total;
    } else {
        payload["error_message"] = why_it_failed(ended);
        payload["tenants_affected"] = ended.tenants.total - ended.tenants.completed;
    }
    payload["tenants_failed"] = ended.tenants.failed;
    payload["steps_completed"] = ended.steps.completed;
    payload["steps_failed"] = ended.steps.failed;
    payload["steps_skipped"] = ended.steps.skipped;
    payload["duration_seconds"] = std::chrono::floor<std::chrono::seconds>(at - began).count();
    payload["duration_ms"] = (at - began).count();
    if (ended.scheduled_for) payload["scheduled_for"] = format_time(*ended.scheduled_for);
    payload["timestamp"] = format_time(at);
    made.payload = json::serialize(payload);
    return made;
}

}  // namespace orchestrator
