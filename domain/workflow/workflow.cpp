#include "domain/workflow/workflow.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "domain/execution/lane.h"
#include "domain/json/exact_json.h"
#include "domain/json_fields.h"
#include "domain/workflow/parse_steps.h"

namespace orchestrator {
namespace {

constexpr std::string_view workflow_types[] = {"daily", "weekly", "monthly", "on_demand"};

step_defaults defaults_of(int max_retries, int retry_delay_seconds) {
    step_defaults defaults;
    defaults.retry.max_retries = max_retries;
    defaults.retry.delay = std::chrono::seconds{retry_delay_seconds};
    // A growing wait needs room above its first bound.
    defaults.retry.max_delay = std::max<milliseconds>(defaults.retry.max_delay, defaults.retry.delay * 4);
    return defaults;
}

std::expected<workflow_definition, std::vector<violation>> compile(std::string workflow_name, int max_seconds,
                                                                   const json::value& steps,
                                                                   const step_defaults& defaults) {
    std::vector<violation> violations;
    workflow_definition definition;
    definition.workflow_name = std::move(workflow_name);
    definition.max_execution_time = std::chrono::seconds{max_seconds};
    definition.steps = parse_steps(steps, "/steps", defaults, workflow_rules{}, violations);
    if (!violations.empty()) return std::unexpected{std::move(violations)};
    for (const auto& step : definition.steps) {
        definition.step_names.push_back(step.name);
        definition.results_read |=
            step.path.reads_results_of() | step.body.reads_results_of() | step.message.reads_results_of();
    }
    return definition;
}

// Of what it says wrongly or in words that we do not know. Once an execution stands, a schedule has no other say in it.
bool decides_who_takes_part(const schedule& when, const std::vector<violation>& violations) {
    if (violations.empty()) return false;
    const auto is_mode = [](const violation& each) { return each.pointer == "/schedule/timezone_mode"; };
    return when.zone_mode != timezone_mode::workflow || std::ranges::any_of(violations, is_mode);
}

}  // namespace

std::string_view to_string(trigger_rule rule) { return rule == trigger_rule::all_done ? "all_done" : "all_success"; }

step_set steps_to_rerun(const workflow_definition& definition, step_set completed) {
    auto rerun = definition.all_steps() - completed;
    for (auto before = step_set{}; before != rerun;) {
        before = rerun;
        for (std::size_t i = 0; i < definition.steps.size(); ++i)
            if (definition.steps[i].depends_on.intersects(rerun)) rerun.insert(i);
    }
    return rerun;
}

std::string lane_of(const workflow_definition& definition, step_set steps) {
    std::set<std::string_view> services;
    for (const auto step : steps) services.insert(definition.steps[step].service);
    return lane_of(services);
}

std::string next_service(const workflow_definition& definition, step_set completed) {
    step_set next;
    for (const auto step : definition.all_steps() - completed)
        if (completed.contains(definition.steps[step].depends_on)) next.insert(step);
    return lane_of(definition, next);
}

std::expected<workflow, std::vector<violation>> parse_workflow(const json::value& source, const workflow_rules& rules) {
    std::vector<violation> violations;
    json_fields fields{source, "", violations};
    workflow read;

    read.workflow_name = fields.required_text("workflow_name", 64).value_or("");
    if (!read.workflow_name.empty() && !is_identifier(read.workflow_name))
        fields.add_violation("workflow_name", fmt::format("\"{}\" must be a lower-case letter followed by letters, "
                                                          "digits and underscores",
                                                          read.workflow_name));
    if (const auto type = fields.text("workflow_type", 100)) {
        read.workflow_type = *type;
        if (std::ranges::find(workflow_types, *type) == std::ranges::end(workflow_types))
            fields.add_violation("workflow_type",
                                 fmt::format("\"{}\" is not one of {}", *type, fmt::join(workflow_types, ", ")));
    }
    read.description = fields.text("description", 4'000).value_or("");
    read.is_enabled = fields.boolean("is_enabled").value_or(true);
    const auto integer = [&](std::string_view name, number_range range, int fallback) {
        return static_cast<int>(fields.integer(name, range).value_or(fallback));
    };
    read.max_execution_time_seconds =
        integer("max_execution_time_seconds", {1, double(rules.longest_execution_seconds)},
                std::min(3'600, rules.longest_execution_seconds));
    read.max_retries = integer("max_retries", {0, 20}, 3);
    read.retry_delay_seconds = integer("retry_delay_seconds", {0, 3'600}, 300);

    read.when = read_schedule(fields, schedule{.timezone = rules.default_timezone});

    if (const auto* steps = fields.any("steps")) {
        parse_steps(*steps, "/steps", defaults_of(read.max_retries, read.retry_delay_seconds), rules, violations);
        read.steps = write_json_exactly(*steps);
    } else if (source.is_object()) {
        fields.add_violation("steps", "is required: an array of steps");
    }
    fields.refuse_unknown();
    if (!violations.empty()) return std::unexpected{std::move(violations)};
    return read;
}

std::expected<workflow_definition, std::vector<violation>> compile_workflow(const workflow& from) {
    boost::system::error_code failed;
    const auto steps = read_json_exactly(from.steps, failed);
    if (failed) return std::unexpected{std::vector{violation{"/steps", "is not JSON: " + failed.message()}}};
    auto definition = compile(from.workflow_name, from.max_execution_time_seconds, steps,
                              defaults_of(from.max_retries, from.retry_delay_seconds));
    if (definition)
        definition->source =
            write_json_exactly(json::value{{"workflow_name", from.workflow_name},
                                           {"max_execution_time_seconds", from.max_execution_time_seconds},
                                           {"max_retries", from.max_retries},
                                           {"retry_delay_seconds", from.retry_delay_seconds},
                                           {"schedule", from.when.is_set() ? json::value(to_json(from.when)) : nullptr},
                                           {"steps", steps}});
    if (definition) definition->when = from.when;
    return definition;
}

std::expected<workflow_definition, std::vector<violation>> parse_definition(std::string_view source) {
    boost::system::error_code failed;
    const auto value = read_json_exactly(source, failed);
    if (failed) return std::unexpected{std::vector{violation{"", "is not JSON: " + failed.message()}}};
    std::vector<violation> violations;
    json_fields fields{value, "", violations};
    const auto name = fields.required_text("workflow_name", 255);
    const auto seconds = fields.integer("max_execution_time_seconds", {1, 1e9}).value_or(3'600);
    const auto max_retries = fields.integer("max_retries", {0, 20}).value_or(3);
    const auto delay = fields.integer("retry_delay_seconds", {0, 3'600}).value_or(300);
    const auto* steps = fields.any("steps");
    if (!steps) fields.add_violation("steps", "is required");
    if (!violations.empty()) return std::unexpected{std::move(violations)};

    auto definition = compile(*name, int(seconds), *steps, defaults_of(int(max_retries), int(delay)));
    if (!definition) return definition;
    definition->source = source;
    if (const auto* when = fields.any("schedule")) {
        json_fields schedule_fields{*when, "/schedule", violations};
        definition->when = read_schedule(schedule_fields, {});
        if (decides_who_takes_part(definition->when, violations)) return std::unexpected{std::move(violations)};
    }
    return definition;
}

std::string unreadable_definition_message(const std::vector<violation>& violations) {
    const auto first = violations.empty() ? violation{} : violations.front();
    return fmt::format("this version of the program cannot read the definition of the execution: {}: {}", first.pointer,
                       first.message);
}

std::vector<std::string> step_names_of(std::string_view source) {
    boost::system::error_code failed;
    const auto value = read_json_exactly(source, failed);
    const auto* object = failed ? nullptr : value.if_object();
    const auto* found = object ? object->if_contains("steps") : nullptr;
    const auto* steps = found ? found->if_array() : nullptr;
    std::vector<std::string> names;
    for (std::size_t i = 0; steps && i < steps->size(); ++i) {
        const auto* step = (*steps)[i].if_object();
        const auto* name = step ? step->if_contains("name") : nullptr;
        const auto* text = name ? as_text(*name) : nullptr;
        names.push_back(text && !text->empty() ? std::string{*text} : fmt::format("step_{}", i));
    }
    return names;
}

}  // namespace orchestrator
