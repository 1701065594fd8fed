#include "server/builtin_workflows.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <boost/json.hpp>

#include <algorithm>

#include "domain/calendar/calendar.h"

namespace orchestrator::server {
namespace {

// The environment says the first value; afterwards the row in the store wins.
void seed_schedule(workflow& built_in, const schedule_seeds& seeds) {
    built_in.when.timezone = seeds.timezone;
    if (built_in.workflow_name == "daily_operations") built_in.when.cron_expression = seeds.daily_cron;
    if (built_in.workflow_name == "weekly_digest") built_in.when.cron_expression = seeds.weekly_cron;
}

// Somebody who sets a variable and sees no change shall learn why.
void tell_what_holds(const workflow& built_in, const schedule_seeds& seeds, const result<workflow>& stored) {
    if (!stored) return;  // deleted, or renamed
    auto seeded = built_in;
    seed_schedule(seeded, seeds);
    const auto tell = [&](std::string_view what, const std::string& usual, const std::string& wanted,
                          const std::string& holds) {
        if (wanted != usual && wanted != holds)
            spdlog::warn(
                "{}: the environment says {} \"{}\", but only for a new database: \"{}\" is stored and holds; "
                "change it with orchestrator workflow show {} -o json, edit, workflow apply",
                built_in.workflow_name, what, wanted, holds, built_in.workflow_name);
    };
    tell("cron", built_in.when.cron_expression, seeded.when.cron_expression, stored->when.cron_expression);
    tell("zone", built_in.when.timezone, seeded.when.timezone, stored->when.timezone);
}

std::unexpected<error> broken(const embedded_file& file, const violation& why) {
    return fail(errc::invalid_argument, fmt::format("{}{}: {}", file.path, why.pointer, why.message));
}

}  // namespace

task<result<int>> install_builtin_workflows(workflow_store& store, clock& time, random_source& random,
                                            schedule_seeds seeds, int longest) {
    int installed = 0;
    for (const auto& file : builtin_workflow_files()) {
        auto parsed = parse_workflow(boost::json::parse(file.text), workflow_rules{});
        if (!parsed) co_return broken(file, parsed.error().front());
        // An operator who deleted or renamed a workflow does not get it back with the next start.
        const auto known = co_await store.knows_workflow_name(parsed->workflow_name);
        if (!known) co_return std::unexpected{known.error()};
        if (*known) {
            tell_what_holds(*parsed, seeds, co_await store.find_workflow_by_name(parsed->workflow_name));
            continue;
        }
        parsed->id = random.new_id<workflow_id>(time.now());
        parsed->max_execution_time_seconds = std::min(parsed->max_execution_time_seconds, longest);
        parsed->created_at = parsed->updated_at = time.now();
        seed_schedule(*parsed, seeds);
        const auto inserted = co_await store.insert_workflow(std::move(*parsed));
        if (inserted)
            ++installed;
        else if (inserted.error().code != errc::already_exists)
            co_return std::unexpected{inserted.error()};
    }
    co_return installed;
}

task<result<int>> install_builtin_calendars(calendar_store& store, clock& time) {
    const auto listed = co_await store.list_calendars();
    if (!listed) co_return std::unexpected{listed.error()};
    int installed = 0;
    for (const auto& file : builtin_calendar_files()) {
        const auto parsed = parse_calendar(boost::json::parse(file.text));
        if (!parsed) co_return broken(file, parsed.error().front());
        const auto known = std::ranges::find(*listed, parsed->code, &stored_calendar::code);
        const bool ours = known != listed->end() && known->is_builtin && known->source != parsed->source;
        // One that is not listed was never there, or somebody has deleted it.
        const bool absent = known == listed->end() && !(co_await store.find_calendar(parsed->code, 1));
        if (!ours && !absent) continue;
        const auto put = co_await store.put_calendar({.code = parsed->code,
                                                      .name = parsed->name,
                                                      .parent = parsed->parent,
                                                      .source = parsed->source,
                                                      .is_builtin = true,
                                                      .updated_at = time.now()});
        if (!put) co_return std::unexpected{put.error()};
        ++installed;
    }
    co_return installed;
}

}  // namespace orchestrator::server
