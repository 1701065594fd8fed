// The handlers of all routes, by the file that holds them. Only the route table in api.cpp names them.
#pragma once

#include "api/api.h"
#include "api/router.h"

namespace orchestrator::api {

// workflows.cpp
task<answer> list_workflows(const api_dependencies&, routed_request);
task<answer> create_workflow(const api_dependencies&, routed_request);
task<answer> show_workflow(const api_dependencies&, routed_request);
task<answer> replace_workflow(const api_dependencies&, routed_request);
task<answer> delete_workflow(const api_dependencies&, routed_request);
task<answer> restore_workflow(const api_dependencies&, routed_request);
task<answer> enable_workflow(const api_dependencies&, routed_request);
task<answer> disable_workflow(const api_dependencies&, routed_request);
// By UUID or by name.
task<result<workflow>> resolve_workflow(const api_dependencies&, std::string id_or_name);

// start_execution.cpp
task<answer> execute_workflow(const api_dependencies&, routed_request);
task<answer> retry_execution(const api_dependencies&, routed_request);
// 409: what is stored cannot be run.
[[nodiscard]] std::unexpected<problem> refuse_definition(const std::vector<violation>&);

// executions.cpp
task<answer> list_executions(const api_dependencies&, routed_request);
task<answer> list_failed_executions(const api_dependencies&, routed_request);
task<answer> show_execution(const api_dependencies&, routed_request);
task<answer> list_tenants(const api_dependencies&, routed_request);
task<answer> list_logs(const api_dependencies&, routed_request);
task<answer> cancel_execution(const api_dependencies&, routed_request);
// 400 for what is no UUID, 404 for an execution that is not there.
task<std::expected<execution, problem>> resolve_execution(const api_dependencies&, std::string id);

// event_stream.cpp
task<answer> stream_events(const api_dependencies&, routed_request);

// schedule.cpp
task<answer> list_schedules(const api_dependencies&, routed_request);
task<answer> change_schedules(const api_dependencies&, routed_request);
task<answer> show_next_run(const api_dependencies&, routed_request);
task<answer> pause_workflow(const api_dependencies&, routed_request);
task<answer> resume_workflow(const api_dependencies&, routed_request);

// schedule_preview.cpp
task<answer> preview_schedule(const api_dependencies&, routed_request);
task<answer> explain_schedule(const api_dependencies&, routed_request);

// schedule_dry_run.cpp
task<answer> dry_run_schedule(const api_dependencies&, routed_request);

// backfills.cpp
task<answer> list_backfills(const api_dependencies&, routed_request);
task<answer> create_backfill(const api_dependencies&, routed_request);
task<answer> show_backfill(const api_dependencies&, routed_request);
task<answer> cancel_backfill(const api_dependencies&, routed_request);

// calendars.cpp
task<answer> list_calendars(const api_dependencies&, routed_request);
task<answer> show_calendar(const api_dependencies&, routed_request);
task<answer> list_holidays(const api_dependencies&, routed_request);
task<answer> put_calendar(const api_dependencies&, routed_request);
task<answer> import_calendar(const api_dependencies&, routed_request);
task<answer> delete_calendar(const api_dependencies&, routed_request);

// events.cpp
task<answer> list_events(const api_dependencies&, routed_request);

// leader.cpp
task<answer> show_leader(const api_dependencies&, routed_request);

// services.cpp
task<answer> list_services(const api_dependencies&, routed_request);
task<answer> show_service(const api_dependencies&, routed_request);
task<answer> change_service(const api_dependencies&, routed_request);

// metrics.cpp
task<answer> show_metrics(const api_dependencies&, routed_request);

// health.cpp
task<answer> show_health(const api_dependencies&, routed_request);
task<answer> show_liveness(const api_dependencies&, routed_request);

}  // namespace orchestrator::api
