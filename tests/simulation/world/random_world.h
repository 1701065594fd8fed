// What may happen in a world, drawn from its seed: the workflow, the tenants, the answers of the services, and the
// misfortunes.
#pragma once

#include "tests/simulation/world/world.h"

namespace orchestrator::simulation {

// One to ten steps in a random graph.
[[nodiscard]] workflow_definition random_workflow(draws&);
// workflows/daily_operations.json, as it is shipped.
[[nodiscard]] workflow_definition daily_operations();
// A workflow from its JSON text; one that is not valid is an error of the test.
[[nodiscard]] workflow_definition workflow_from(std::string_view json_text);

// Active tenants of all tiers, and with `others` some who may not run.
[[nodiscard]] std::vector<tenant> random_tenants(draws&, int count, bool others);

// A list of tenants that may be cut, shift, repeat itself and lie; or that is right.
[[nodiscard]] list_flaws random_flaws(draws&, bool is_bare);

// How often a service does not answer 200: 0 never, 1 always.
[[nodiscard]] simulated_services::script random_answers(std::shared_ptr<draws>, double trouble);
// Polls of accepted jobs that fail, and say nothing about the job.
[[nodiscard]] std::function<std::optional<scripted_answer>(int)> random_polls(std::shared_ptr<draws>, double trouble);

// Crashes, stalls, stops, cancellations, full disks and jumps of the clock in the next minutes; and nobody stays away.
void schedule_misfortunes(world&, draws&, std::vector<execution_id>, int how_many);

}  // namespace orchestrator::simulation
