#include "cli/run_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/quantity_text.h"
#include "cli/table.h"

namespace orchestrator::cli {
namespace {

constexpr std::size_t most_groups = 10;

std::string outcome_line(const execution_snapshot& execution, milliseconds elapsed, const palette& colours) {
    return fmt::format("{}  {} {} {}, {} steps/s\n", colours.paint(colour::bold, harmless(execution.workflow_name)),
                       colours.paint(colour_of_status(execution.status), execution.status),
                       execution.has_ended() ? "in" : "after", format_duration(elapsed),
                       format_rate(execution.steps_per_second));
}

std::string tenants_line(const tenant_counts& tenants, const palette& colours) {
    const auto part = [&](std::int64_t count, std::string_view status) {
        return colours.paint(count > 0 ? colour_of_status(status) : colour::plain, fmt::format("{} {}", count, status));
    };
    return fmt::format("tenants    {} total: {}, {}, {}, {}\n", tenants.total, part(tenants.completed, "completed"),
                       part(tenants.partial, "partial"), part(tenants.failed, "failed"),
                       part(tenants.cancelled, "cancelled"));
}

table_cell count_cell(std::int64_t count, colour tint) {
    return {fmt::format("{}", count), count > 0 ? tint : colour::plain};
}

std::string reason_of(const failure_group& group) {
    auto reason = group.error_message.empty() ? std::string{"no reason was given"} : harmless(group.error_message);
    const auto status = fmt::format("{}", group.http_status);
    if (group.http_status != 0 && !reason.contains(status)) reason += fmt::format(" (HTTP {})", status);
    return reason;
}

std::string example_of(const failure_group& group) {
    const auto name = harmless(group.example_tenant_name);
    const auto tenant = name.empty() ? group.example_tenant_id : fmt::format("{} ({})", name, group.example_tenant_id);
    return fmt::format("{} {}{}", group.tenants, group.tenants == 1 ? "tenant: " : "tenants, for example ", tenant);
}

std::string failure_lines(const failure_group& group, const palette& colours) {
    return fmt::format("  {}: {}\n    {}\n",
                       group.step_name.empty() ? "(no step)" : colours.paint(colour::bold, harmless(group.step_name)),
                       colours.paint(colour::red, reason_of(group)), colours.paint(colour::dim, example_of(group)));
}

std::string failures_section(const report_failures& failures, const palette& colours) {
    if (failures.groups.empty()) return {};
    std::string text = '\n' + colours.paint(colour::bold, "failures");
    if (!failures.complete) text += fmt::format(" (of the first {} tenants without success)", failures.tenants_read);
    text += '\n';
    const auto shown = std::min(most_groups, failures.groups.size());
    for (std::size_t i = 0; i < shown; ++i) text += failure_lines(failures.groups[i], colours);
    if (failures.groups.size() > shown)
        text += fmt::format("  … and {} other reasons\n", failures.groups.size() - shown);
    return text;
}

std::string next_command(const execution_snapshot& execution) {
    if (execution.status != "failed" && execution.status != "partial") return {};
    return fmt::format("\nrun the failed ones again:  orchestrator execution retry {}\n", execution.id);
}

}  // namespace

std::string step_table(const std::vector<step_progress>& steps, const palette& colours, std::size_t width) {
    if (steps.empty()) return {};
    constexpr auto right = alignment::right;
    std::vector<table_row> rows;
    for (const auto& step : steps)
        rows.push_back({step.name, count_cell(step.completed, colour::green), count_cell(step.failed, colour::red),
                        count_cell(step.skipped, colour::yellow), count_cell(step.retries, colour::plain),
                        format_duration(step.p50), format_duration(step.p95)});
    return render_table({{"step", alignment::left, true},
                         {"ok", right},
                         {"failed", right},
                         {"skipped", right},
                         {"retries", right},
                         {"p50", right},
                         {"p95", right}},
                        rows, colours, width);
}

std::string run_report(const execution_snapshot& execution, const report_failures& failures, milliseconds elapsed,
                       const palette& colours, std::size_t width) {
    auto text = outcome_line(execution, elapsed, colours);
    text += fmt::format("execution  {}\n", execution.id);
    if (!execution.error_message.empty())
        text += fmt::format("error      {}\n", colours.paint(colour::red, harmless(execution.error_message)));
    text += tenants_line(execution.tenants, colours);
    if (!execution.steps.empty()) text += '\n' + step_table(execution.steps, colours, width);
    return text + failures_section(failures, colours) + next_command(execution);
}

}  // namespace orchestrator::cli
