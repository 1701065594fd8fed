// orchestrator execution logs.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <ostream>

#include "cli/api_lists.h"
#include "cli/command_context.h"
#include "cli/execution_snapshot.h"
#include "cli/json_text.h"
#include "cli/log_view.h"
#include "cli/option_values.h"
#include "cli/progress_display.h"
#include "domain/json/exact_json.h"

namespace orchestrator::cli {
namespace {

constexpr milliseconds between_reads{500};
constexpr auto page_size = "500";

struct logs_options {
    std::string id;
    bool follow = false;
    std::string level;
    std::string tenant;
    std::string step;
};

class log_reader {
  public:
    log_reader(command_context& context, const logs_options& options, std::string id)
        : context_{context}, options_{options}, id_{std::move(id)} {}

    // Prints everything that is there now. False when the person interrupts.
    bool print_all();
    // nullopt when the person interrupts.
    std::optional<bool> execution_has_ended();

  private:
    std::optional<json::value> ask(const api_request& request) {
        if (!options_.follow) return context_.api.send(request).body;  // nothing to outlast an outage for
        return caller_.ask([&] { return context_.api.try_send(request); });
    }
    api_request next_page() const;
    void print(const json::array& logs);

    command_context& context_;
    const logs_options& options_;
    std::string id_;
    quiet_progress outages_{context_.err};
    patient_caller caller_{context_.loop, outages_};
    log_cursor cursor_;
};

api_request log_reader::next_page() const {
    api_request request{.path = execution_path(id_, "/logs"), .query = {{"limit", page_size}}};
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) request.query.emplace_back(name, value);
    };
    add("level", options_.level);
    add("tenant_id", options_.tenant);
    add("step", options_.step);
    add("cursor", cursor_.cursor());
    return request;
}

bool log_reader::print_all() {
    do {
        const auto page = ask(next_page());
        if (!page) return false;
        if (!page->is_object()) throw command_failure{exit_code::unavailable, "the server's answer is not a log"};
        print(cursor_.take(page->get_object()));
    } while (!cursor_.at_end());
    return true;
}

void log_reader::print(const json::array& logs) {
    for (const auto& log : logs)
        context_.out << (context_.wants_json() ? write_json_exactly(log) : log_line(log.get_object(), context_.colours))
                     << '\n';
    context_.out << std::flush;
}

std::optional<bool> log_reader::execution_has_ended() {
    const auto document = ask({.path = execution_path(id_)});
    if (!document) return std::nullopt;
    const auto execution = read_execution(*document);
    return !execution || execution->has_ended();
}

// The end of the execution is asked for before the logs are read: what is read after it is complete.
int follow(command_context& context, log_reader& reader) {
    context.loop.catch_signals();
    while (const auto ended = reader.execution_has_ended()) {
        if (!reader.print_all()) break;
        if (*ended) return status_of(exit_code::success);
        context.loop.pause(between_reads);
    }
    return exit_status_of_signal(context.loop.signal());
}

int logs(command_context& context, const logs_options& options) {
    log_reader reader{context, options, resolve_execution(context.api, options.id)};
    if (options.follow) return follow(context, reader);
    reader.print_all();
    return status_of(exit_code::success);
}

}  // namespace

void add_execution_logs(CLI::App& execution, const command_runner& run) {
    auto* verb = execution.add_subcommand("logs", "The logs of an execution, the oldest first");
    auto options = std::make_shared<logs_options>();
    verb->add_option("ID", options->id, "The execution; latest: the newest")->required()->type_name("");
    verb->add_flag("--follow,-f", options->follow, "Go on until the execution has ended");
    accept_choice(verb->add_option("--level", options->level, "Only this level and above"), "info|warning|error");
    verb->add_option("--tenant", options->tenant, "Only of this tenant")->type_name("ID");
    verb->add_option("--step", options->step, "Only of this step")->type_name("NAME");
    verb->footer(
        "With -o json: one log entry as JSON on each line.\n\n"
        "Examples:\n  orchestrator execution logs latest --follow --level warning\n"
        "  orchestrator execution logs latest --step forecast -o json | jq .log_message");
    verb->callback([=] { run([=](command_context& context) { return logs(context, *options); }); });
}

}  // namespace orchestrator::cli
