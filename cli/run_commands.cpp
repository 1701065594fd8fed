// orchestrator workflow run, execution retry, execution watch: what starts an execution or waits for one.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <ostream>

#include "cli/api_lists.h"
#include "cli/command_context.h"
#include "cli/json_text.h"
#include "cli/option_values.h"
#include "cli/terminal_text.h"
#include "cli/wait_for_execution.h"
#include "domain/json/exact_json.h"

namespace orchestrator::cli {
namespace {

constexpr auto waiting_footer =
    "Exits with 0 when the execution completed and with 1 when it ended partial, failed or cancelled.\n"
    "Ctrl-C stops the waiting, not the execution.";

struct run_options {
    std::string workflow;
    std::vector<std::string> tenants;
    std::vector<std::string> tiers;
    std::string idempotency_key;
    bool wait = false;
};

json::array to_array(const std::vector<std::string>& texts) { return json::array(texts.begin(), texts.end()); }

api_request request_of(const run_options& options) {
    api_request request{.method = http_method::post, .path = workflow_path(options.workflow, "/execute")};
    json::object selection;
    if (!options.tenants.empty()) selection["tenant_ids"] = to_array(options.tenants);
    if (!options.tiers.empty()) selection["subscription_tiers"] = to_array(options.tiers);
    if (!selection.empty()) request.body = write_json_exactly(selection);
    if (!options.idempotency_key.empty()) request.headers.emplace_back("Idempotency-Key", options.idempotency_key);
    return request;
}

std::string id_of(const api_answer& answer) {
    auto id = answer.body.is_object() ? text_of(answer.body.get_object(), "id") : std::string{};
    if (id.empty())
        throw command_failure{exit_code::unavailable,
                              "the server's answer is not an execution; is it an orchestrator?"};
    return id;
}

// What stands behind both starting commands: says what was started, or waits for it.
int started(command_context& context, const api_answer& answer, bool wait) {
    const auto id = id_of(answer);
    const auto& execution = answer.body.get_object();
    if (!context.wants_json()) {
        const bool known_key = answer.status == 200;
        context.out << fmt::format("{} {}: execution {}\n", known_key ? "already started with this key," : "started",
                                   harmless(text_of(execution, "workflow_name")), id)
                    << std::flush;
    }
    if (wait) return wait_for_execution(context, id);
    if (context.wants_json())
        context.out << write_indented(answer.body);
    else
        context.out << fmt::format("follow it with:  orchestrator execution watch {}\n", id);
    return status_of(exit_code::success);
}

int run_workflow(command_context& context, const run_options& options) {
    return started(context, context.api.send(request_of(options)), options.wait);
}

int retry(command_context& context, const std::string& id, bool wait) {
    const auto path = execution_path(resolve_execution(context.api, id), "/retry");
    return started(context, context.api.send({.method = http_method::post, .path = path}), wait);
}

}  // namespace

void add_workflow_run(CLI::App& workflow, const command_runner& run) {
    auto* verb = workflow.add_subcommand("run", "Start an execution of a workflow");
    auto options = std::make_shared<run_options>();
    verb->add_option("NAME", options->workflow, "The workflow_name or the id")->required()->type_name("");
    verb->add_flag("--wait", options->wait, "Show the progress until the end, then a report");
    verb->add_option("--tenant", options->tenants, "Only these tenants")->type_name("ID");
    accept_choice(verb->add_option("--tier", options->tiers, "Only tenants of these subscription tiers"),
                  "starter|professional|enterprise");
    verb->add_option("--idempotency-key", options->idempotency_key,
                     "The same key never starts a second execution: for scripts that try again")
        ->type_name("KEY");
    verb->footer(
        std::string{"Examples:\n  orchestrator workflow run morning_bake --wait\n"
                    "  orchestrator workflow run morning_bake --tier enterprise professional\n"
                    "  orchestrator workflow run morning_bake --idempotency-key bake-2025-11-06 --wait -o json\n\n"
                    "Executions are followed later with: orchestrator execution watch latest\n"} +
        waiting_footer);
    verb->callback([=] { run([=](command_context& context) { return run_workflow(context, *options); }); });
}

void add_execution_retry(CLI::App& execution, const command_runner& run) {
    auto* verb = execution.add_subcommand("retry", "Run again what failed, as a new execution");
    auto id = std::make_shared<std::string>();
    auto wait = std::make_shared<bool>(false);
    verb->add_option("ID", *id, "The execution; latest: the newest")->required()->type_name("");
    verb->add_flag("--wait", *wait, "Show the progress until the end, then a report");
    verb->footer(std::string{"Example:\n  orchestrator execution retry latest --wait\n\n"} + waiting_footer);
    verb->callback([=] { run([=](command_context& context) { return retry(context, *id, *wait); }); });
}

void add_execution_watch(CLI::App& execution, const command_runner& run) {
    auto* verb = execution.add_subcommand("watch", "Show the progress of an execution until its end, then a report");
    auto id = std::make_shared<std::string>();
    verb->add_option("ID", *id, "The execution; latest: the newest")->required()->type_name("");
    verb->footer(std::string{"Example:\n  orchestrator execution watch latest\n\n"} + waiting_footer);
    verb->callback([=] {
        run([=](command_context& context) { return wait_for_execution(context, resolve_execution(context.api, *id)); });
    });
}

}  // namespace orchestrator::cli
