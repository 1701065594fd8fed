// The HTTP API of docs/api.md: from a request to an answer, without a socket. Runs on one thread, its own.
//
// Rules broken by the caller are answered, never thrown. What a store throws goes through to the server, which answers
// 500 without the exception's text.
#pragma once

#include <functional>
#include <string>

#include "api/message.h"
#include "api/process_figures.h"
#include "engine/run_control.h"
#include "ports/backfill_store.h"
#include "ports/calendar_file.h"
#include "ports/calendar_store.h"
#include "ports/clock.h"
#include "ports/event_outbox.h"
#include "ports/execution_store.h"
#include "ports/leader_store.h"
#include "ports/random.h"
#include "ports/schedule_store.h"
#include "ports/service_settings_store.h"
#include "ports/workflow_store.h"
#include "ports/zone_source.h"

namespace orchestrator::api {

inline constexpr std::string_view base_path = "/api/v1/orchestrator";

struct problem;  // error_response.h

struct api_dependencies {
    workflow_store& workflows;
    execution_store& executions;
    run_control& engine;
    clock& time;
    random_source& random;
    zone_source& zones;
    schedule_store& schedules;
    calendar_store& calendars;
    backfill_store& backfills;
    leader_store& leaders;
    service_settings_store& service_settings;
    event_outbox& outbox;
    const calendar_file_reader& calendar_files;
    workflow_rules rules;                        // what a new definition is checked against
    std::string instance_id;                     // this instance, as its claims name it
    std::string store_kind;                      // "postgresql", "sqlite", "memory": shown by /health
    std::chrono::days history_kept{90};          // what is older cannot be made up for
    int max_calls_per_service = 256;             // as configured; operators may set less
    bool has_broker = true;                      // false: events stay in the outbox
    std::function<process_figures()> process{};  // empty: nothing is known of its connections
};

class api {
  public:
    explicit api(api_dependencies);
    api(const api&) = delete;
    api& operator=(const api&) = delete;

    // The api outlives the answer, its stream included.
    task<response> handle(request);

  private:
    task<std::expected<response, problem>> answer_to(request);

    api_dependencies dependencies_;
};

}  // namespace orchestrator::api
