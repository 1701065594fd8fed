// Workflow definitions for tests that care for the graph only: no services, no templates.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "domain/workflow/workflow.h"

namespace orchestrator {

struct graph_step {
    std::vector<std::size_t> after{};
    trigger_rule rule = trigger_rule::all_success;
    bool critical = true;
};

inline step_set steps_of(const std::vector<std::size_t>& steps) {
    step_set set;
    for (const auto step : steps) set.insert(step);
    return set;
}

inline workflow_definition step_graph(const std::vector<graph_step>& steps) {
    workflow_definition definition;
    definition.workflow_name = "graph";
    for (const auto& each : steps) {
        auto& step = definition.steps.emplace_back();
        step.name = "step_" + std::to_string(definition.steps.size() - 1);
        step.depends_on = steps_of(each.after);
        step.rule = each.rule;
        step.critical = each.critical;
        definition.step_names.push_back(step.name);
    }
    return definition;
}

}  // namespace orchestrator
