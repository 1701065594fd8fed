// /backfills: occurrences of past days that nobody ran, made up for a few at a time.
#include <fmt/format.h>

#include <algorithm>

#include "api/json_values.h"
#include "api/query_parameters.h"
#include "api/request_body.h"
#include "api/resources.h"
#include "api/schedule.h"
#include "domain/schedule/backfill.h"

namespace orchestrator::api {
namespace {

constexpr int default_limit = 50;
constexpr int most_concurrent = 100;
constexpr int most_retries_followed = 100;

struct wanted_backfill {
    workflow of;
    backfill_range range{};
    int max_concurrent = 1;
    bool dry_run = false;
};

json::object backfill_to_json(const tracked_backfill& from) {
    const auto& of = from.of;
    const auto& seen = from.progress;
    const std::string_view status = !from.is_done()   ? (of.cancelled_at ? "cancelling" : "running")
                                    : of.cancelled_at ? "cancelled"
                                                      : "completed";
    return {{"id", to_string(of.id)},
            {"workflow_id", to_string(of.workflow)},
            {"workflow_name", of.workflow_name},
            {"start_date", format_date(of.start_date)},
            {"end_date", format_date(of.end_date)},
            {"max_concurrent", of.max_concurrent},
            {"status", status},
            {"created_at", format_time(of.created_at)},
            {"cancelled_at", time_or_null(of.cancelled_at)},
            {"done_at", time_or_null(of.done_at)},
            {"occurrences",
             {{"total", seen.occurrences}, {"opened", seen.opened}, {"ended", seen.ended}, {"failed", seen.failed}}}};
}

std::optional<local_days> read_date(json_fields& fields, std::string_view name) {
    const auto text = fields.text(name, 10);
    if (!text) return std::nullopt;
    const auto date = parse_date(*text);
    if (!date) fields.add_violation(name, fmt::format("\"{}\" is not a date such as 2026-11-01", *text));
    return date;
}

task<std::expected<wanted_backfill, problem>> read_wanted(const api_dependencies& api, const json::value& body) {
    std::vector<violation> violations;
    json_fields fields{body, "", violations};
    const auto id = fields.text("workflow_id", 36);
    const auto name = fields.text("workflow_name", 64);
    const auto start_date = read_date(fields, "start_date");
    const auto end_date = read_date(fields, "end_date");
    wanted_backfill wanted;
    wanted.max_concurrent = int(fields.integer("max_concurrent", {1, most_concurrent}).value_or(1));
    wanted.dry_run = fields.boolean("dry_run").value_or(false);
    fields.refuse_unknown();
    if (!id && !name && violations.empty()) fields.add_violation("workflow_name", "is required, or workflow_id");
    if (!start_date && violations.empty()) fields.add_violation("start_date", "is required: the first day");
    if (start_date) wanted.range = {*start_date, end_date.value_or(*start_date)};
    if (wanted.range.end_date < wanted.range.start_date)
        fields.add_violation("end_date", "is before start_date; both days are included");
    if (!violations.empty()) co_return refuse_broken_rules(std::move(violations));
    auto found = co_await resolve_workflow(api, id ? *id : *name);
    if (!found) co_return refuse(std::move(found.error()));
    if (!found->is_enabled)
        co_return refuse(errc::state_conflict, fmt::format("workflow \"{}\" is disabled", found->workflow_name));
    if (!found->when.is_set())
        co_return refuse(errc::state_conflict,
                         fmt::format("workflow \"{}\" has no schedule: nothing was ever due", found->workflow_name));
    wanted.of = std::move(*found);
    co_return wanted;
}

struct incomplete_occurrence {
    system_time at;
    execution_id to_retry;
};

struct planned_backfill {
    std::vector<system_time> occurrences;
    std::size_t started_already = 0;
    std::vector<incomplete_occurrence> incomplete;  // they ran without all of their tenants
    std::vector<std::string> problems;
};

// What to retry of an occurrence that ran without all of its tenants: its execution, or the last retry of it. nullopt:
// nobody is missing, or it still runs, or somebody cancelled it.
task<std::expected<std::optional<execution_id>, problem>> incomplete_execution(const api_dependencies& api,
                                                                               execution_id id) {
    for (int hops = 0; hops < most_retries_followed; ++hops) {
        const auto found = co_await api.executions.find_execution(id);
        if (!found && found.error().code != errc::not_found) co_return refuse(found.error());
        const bool can_be_retried =
            found && (found->status == execution_status::failed || found->status == execution_status::partial);
        if (!can_be_retried || found->planned_to_end) co_return std::nullopt;
        execution_query retries;
        retries.retry_of = id;
        retries.limit = 1;
        const auto last = co_await api.executions.list_executions(retries);
        if (!last) co_return refuse(last.error());
        if (last->empty()) break;
        id = last->front().id;
    }
    co_return id;
}

task<std::expected<planned_backfill, problem>> plan(const api_dependencies& api, const wanted_backfill& wanted) {
    auto tables = co_await tables_of(api, wanted.of.when);
    if (!tables) co_return refuse(std::move(tables.error()));
    std::vector<const timetable*> timetables;
    for (const auto& each : tables->tables) timetables.push_back(&each.times);
    const auto due = occurrences_in(timetables, wanted.range, std::chrono::floor<std::chrono::seconds>(api.time.now()));
    planned_backfill made{.occurrences = {}, .incomplete = {}, .problems = std::move(tables->problems)};
    if (due.size() > most_backfill_occurrences)
        co_return refuse_broken_rules({{"/end_date", fmt::format("more than {} times were due in this range: make it "
                                                                 "shorter, and start another backfill after it",
                                                                 most_backfill_occurrences)}});
    if (due.empty()) co_return made;
    if (const auto kept_from = api.time.now() - api.history_kept; system_time{due.front()} < kept_from)
        co_return refuse_broken_rules(
            {{"/start_date",
              fmt::format("{} is before {}: what ran then is forgotten (HISTORY_RETENTION_DAYS), and might "
                          "run a second time",
                          format_time(due.front()), format_time(kept_from))}});
    const auto decided = co_await api.schedules.list_occurrences(wanted.of.id, due.front(),
                                                                 due.back() + std::chrono::seconds{1}, 1'000'000);
    if (!decided) co_return refuse(decided.error());
    for (const auto at : due) {
        const auto known = std::ranges::find(*decided, system_time{at}, &decided_occurrence::scheduled_for);
        if (known == decided->end() || known->outcome != occurrence_outcome::started) {
            made.occurrences.push_back(at);
            continue;
        }
        std::expected<std::optional<execution_id>, problem> to_retry;
        if (known->execution) to_retry = co_await incomplete_execution(api, *known->execution);
        if (!to_retry) co_return std::unexpected{std::move(to_retry.error())};
        if (*to_retry)
            made.incomplete.push_back({at, **to_retry});
        else
            ++made.started_already;
    }
    co_return made;
}

json::array times(const std::vector<system_time>& all) {
    json::array listed;
    for (const auto at : all) listed.push_back(json::string{format_time(at)});
    return listed;
}

json::array to_json(const std::vector<incomplete_occurrence>& all) {
    json::array listed;
    for (const auto& each : all)
        listed.push_back({{"scheduled_for", format_time(each.at)}, {"execution_id", to_string(each.to_retry)}});
    return listed;
}

std::string nothing_to_do(const planned_backfill& planned) {
    if (!planned.incomplete.empty())
        return fmt::format(
            "{} of these times ran without all of their tenants: retry execution {} with POST "
            "/executions/{{id}}/retry; {} others ran already",
            planned.incomplete.size(), to_string(planned.incomplete.front().to_retry), planned.started_already);
    if (planned.started_already > 0)
        return fmt::format("all {} times of this range ran already", planned.started_already);
    return "nothing was due in this range, up to now";
}

std::expected<backfill_id, problem> read_id(const std::string& text) {
    if (const auto id = backfill_id::parse(text)) return *id;
    return refuse_unreadable({{"path:id", fmt::format("\"{}\" is not a UUID", excerpt(text))}});
}

}  // namespace

task<answer> create_backfill(const api_dependencies& api, routed_request request) {
    const auto body = read_json_body(request.message);
    if (!body) co_return std::unexpected{body.error()};
    if (!*body) co_return refuse_unreadable({{"", "a backfill is required as the JSON body"}});
    auto wanted = co_await read_wanted(api, **body);
    if (!wanted) co_return std::unexpected{std::move(wanted.error())};
    auto planned = co_await plan(api, *wanted);
    if (!planned) co_return std::unexpected{std::move(planned.error())};
    const auto definition = compile_workflow(wanted->of);
    if (!definition) co_return refuse_definition(definition.error());
    const auto now = api.time.now();
    tracked_backfill made{{.id = api.random.new_id<backfill_id>(now),
                           .workflow = wanted->of.id,
                           .workflow_name = wanted->of.workflow_name,
                           .definition = definition->source,
                           .start_date = wanted->range.start_date,
                           .end_date = wanted->range.end_date,
                           .max_concurrent = wanted->max_concurrent,
                           .created_at = now},
                          {.occurrences = std::int64_t(planned->occurrences.size())}};
    auto shown = backfill_to_json(made);
    shown["dry_run"] = wanted->dry_run;
    shown["started_already"] = planned->started_already;
    shown["incomplete"] = to_json(planned->incomplete);
    shown["scheduled_for"] = times(planned->occurrences);
    json::array problems;
    for (const auto& each : planned->problems) problems.push_back(json::string{each});
    shown["problems"] = std::move(problems);
    if (wanted->dry_run) {
        shown["id"] = nullptr;
        shown["status"] = nullptr;
        co_return json_response(200, std::move(shown));
    }
    if (planned->occurrences.empty()) co_return refuse(errc::state_conflict, nothing_to_do(*planned));
    const auto path = fmt::format("{}/backfills/{}", base_path, to_string(made.of.id));
    const auto inserted = co_await api.backfills.insert_backfill(std::move(made.of), std::move(planned->occurrences));
    if (!inserted) co_return refuse(inserted.error());
    api.engine.schedules_changed();
    auto reply = json_response(201, std::move(shown));
    reply.headers.emplace_back("Location", path);
    co_return reply;
}

task<answer> list_backfills(const api_dependencies& api, routed_request request) {
    query_parameters query{std::move(request.query)};
    const int limit = query.limit(default_limit);
    if (auto refused = query.conclude(); !refused) co_return std::unexpected{std::move(refused.error())};
    const auto found = co_await api.backfills.list_backfills(limit);
    if (!found) co_return refuse(found.error());
    json::array list;
    for (const auto& each : *found) list.push_back(backfill_to_json(each));
    co_return json_response(200, json::object{{"backfills", std::move(list)}});
}

task<answer> show_backfill(const api_dependencies& api, routed_request request) {
    const auto id = read_id(request.id);
    if (!id) co_return std::unexpected{id.error()};
    const auto found = co_await api.backfills.find_backfill(*id);
    if (!found) co_return refuse(found.error());
    co_return json_response(200, backfill_to_json(*found));
}

task<answer> cancel_backfill(const api_dependencies& api, routed_request request) {
    const auto id = read_id(request.id);
    if (!id) co_return std::unexpected{id.error()};
    const auto found = co_await api.backfills.cancel_backfill(*id, api.time.now());
    if (!found) co_return refuse(found.error());
    api.engine.schedules_changed();
    co_return json_response(200, backfill_to_json(*found));
}

}  // namespace orchestrator::api
