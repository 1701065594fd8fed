// orchestrator leader.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <ostream>

#include "cli/api_lists.h"
#include "cli/command_context.h"
#include "cli/json_text.h"
#include "cli/quantity_text.h"
#include "cli/terminal_text.h"

namespace orchestrator::cli {
namespace {

int show_leader(command_context& context) {
    const auto answer = context.api.send({.path = "/leader"}).body;
    const bool is_led = answer.is_object() && is_true(answer.get_object(), "is_led");
    if (printed_as_json(context, answer)) return status_of(is_led ? exit_code::success : exit_code::not_found);
    const auto& leader = answer.get_object();
    const auto epoch = integer_of(leader, "epoch");
    if (epoch == 0) {
        context.out << "nobody leads, and nobody ever did: is any instance running with ORCHESTRATOR_SCHEDULER on?\n";
        return status_of(exit_code::not_found);
    }
    const auto who = harmless(text_of(leader, "instance_id"));
    const auto seen = format_instant(text_of(leader, "last_heartbeat_at"));
    if (!is_led) {
        context.out << fmt::format("nobody leads: {} was the last, heard of at {} (epoch {})\n", who, seen, epoch);
        return status_of(exit_code::not_found);
    }
    context.out << fmt::format("{} leads since {} (epoch {})\nlast heartbeat {}; its lease holds for {} ms more\n", who,
                               format_instant(text_of(leader, "became_leader_at")), epoch, seen,
                               integer_of(leader, "lease_left_ms"));
    return status_of(exit_code::success);
}

}  // namespace

void add_leader_command(CLI::App& root, const command_runner& run) {
    auto* leader = root.add_subcommand("leader", "Which instance leads: starts what is scheduled");
    leader->footer("Exit status 3: nobody leads.");
    leader->callback([=] { run(show_leader); });
}

}  // namespace orchestrator::cli
