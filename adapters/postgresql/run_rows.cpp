#include "adapters/postgresql/run_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "adapters/sql/row_values.h"

namespace orchestrator::postgresql {
namespace {

// What a claim has to know of an execution.
struct execution_flags {
    bool cancelled = false;
    bool retries = false;
};

void read_recorded(connection& database, std::vector<claimed_run>& claimed, const std::set<run_id>& with_results) {
    if (with_results.empty()) return;
    array_of<std::int64_t> runs;
    array_of<execution_id> executions;
    std::map<run_id, claimed_run*> places;
    for (auto& each : claimed) {
        if (!with_results.contains(each.claim.run)) continue;
        runs.add(std::int64_t(each.claim.run));
        executions.add(each.execution);
        places.emplace(each.claim.run, &each);
    }
    for (auto& record : read_results(database, executions, runs))
        places.at(record.run)->recorded.push_back(std::move(record));
}

// One at a time: a statement over all of them would reach its timeout one day, and so would its next try.
std::vector<execution_id> executions_under_way(connection& database) {
    std::vector<execution_id> found;
    for (const auto& each : database.query("tenant_runs", "executions_under_way")) found.push_back({each.id(0)});
    return found;
}

// Waits for a claim that is still being made.
void seize(connection& database, const std::string& instance_id) {
    database.query("tenant_runs", "seize_instances",
                   array_of<std::string_view>{std::array{std::string_view{instance_id}}});
}

}  // namespace

void result_columns::add(const result_to_insert& added) {
    const auto& record = *added.record;
    executions_.add(added.execution);
    runs_.add(std::int64_t(added.run));
    steps_.add(record.step_index);
    statuses_.add(to_string(record.status));
    attempts_.add(record.attempts);
    http_statuses_.add(record.http_status);
    carried_over_.add(record.carried_over);
    started_at_.add(record.started_at);
    durations_.add(std::int64_t{record.duration.count()});
    results_.add(text_or_null{record.result});
    error_codes_.add(text_or_null{record.error_code});
    error_messages_.add(text_or_null{record.error_message});
}

std::map<tenant_id, run_id> insert_runs(connection& database, execution_id execution,
                                        const std::vector<planned_run>& runs) {
    array_of<tenant_id> tenants;
    array_of<std::string_view> names;
    array_of<std::string_view> tiers;
    array_of<std::string_view> zones;
    array_of<std::int64_t> ranks;
    array_of<int> steps;
    array_of<std::string_view> services;
    std::set<tenant_id> seen;
    for (const auto& run : runs) {
        if (!seen.insert(run.for_tenant.id).second) continue;
        tenants.add(run.for_tenant.id);
        names.add(std::string_view{run.for_tenant.name});
        tiers.add(to_string(run.for_tenant.tier));
        zones.add(std::string_view{run.for_tenant.timezone});
        ranks.add(run.fair_rank);
        steps.add(run.steps_total);
        services.add(std::string_view{run.next_service});
    }
    std::map<tenant_id, run_id> added;
    for (const auto& each :
         database.query("tenant_runs", "insert", execution, tenants, names, tiers, zones, ranks, steps, services))
        added.emplace(tenant_id{each.id(1)}, run_id(each.integer(0)));
    return added;
}

void insert_results(connection& database, const std::vector<result_to_insert>& results) {
    result_columns columns;
    for (const auto& each : results) columns.add(each);
    if (columns.empty()) return;
    columns.insert_by([&](auto entity, auto name, const auto&... arrays) { database.query(entity, name, arrays...); });
}

std::vector<step_record> read_results(connection& database, const array_of<execution_id>& executions,
                                      const array_of<std::int64_t>& runs) {
    std::vector<step_record> found;
    for (const auto& each : database.query("tenant_runs", "results", executions, runs))
        found.push_back(sql::step_record_from(each, run_id(each.integer(0)), 1));
    return found;
}

std::vector<claimed_run> claim_runs(connection& database, open_claims& open, const std::string& instance_id, int limit,
                                    system_time now, const std::vector<std::string>& closed_services) {
    connection::pipeline whole{database};
    const array_of<std::string_view> closed{closed_services};
    whole.add("tenant_runs", "claim", instance_id, limit, now, closed);
    whole.add("tenant_runs", "executions_to_mind");
    const auto answers = whole.run();
    std::map<execution_id, execution_flags> to_mind;
    for (const auto& each : answers.at(1))
        to_mind.emplace(execution_id{each.id(0)},
                        execution_flags{.cancelled = each.boolean(1), .retries = each.boolean(2)});

    std::vector<claimed_run> claimed;
    // Those whose wait is over first, in the order of their times.
    std::map<run_id, std::pair<system_time, std::int64_t>> turns;
    std::set<run_id> with_results;
    for (const auto& each : answers.at(0)) {
        auto run = sql::claimed_run_from(each, run_id(each.integer(0)), 1);
        const auto found = to_mind.find(run.execution);
        const auto flags = found == to_mind.end() ? execution_flags{} : found->second;
        run.cancel_requested = flags.cancelled;
        if (flags.retries || run.claim.token > 1) with_results.insert(run.claim.run);
        const auto due_at = each.optional_time(9);
        turns.emplace(run.claim.run, std::pair{due_at.value_or(system_time::max()), due_at ? 0 : each.integer(8)});
        open.add(run.claim, each.integer(10));
        claimed.push_back(std::move(run));
    }
    std::ranges::sort(claimed, {},
                      [&](const claimed_run& run) { return std::pair{turns.at(run.claim.run), run.claim.run}; });
    read_recorded(database, claimed, with_results);
    return claimed;
}

std::int64_t count_open_runs(connection& database, int most, system_time now,
                             const std::vector<std::string>& closed_services) {
    const array_of<std::string_view> closed{closed_services};
    return database.query("tenant_runs", "count_open", most, now, closed, most_unclaimable_counted).front().integer(0);
}

std::optional<system_time> next_parked_run(connection& database, const std::vector<std::string>& closed_services) {
    const array_of<std::string_view> closed{closed_services};
    return database.query("tenant_runs", "next_parked", closed).front().optional_time(0);
}

result<bool> renew_lease(connection& database, const std::string& instance_id, uuid process, milliseconds lease) {
    const auto renewed =
        database.query("tenant_runs", "renew_lease", instance_id, std::int64_t{lease.count()}, process);
    if (!renewed.empty()) return !renewed.front().boolean(0);
    return fail(
        errc::superseded,
        fmt::format("another process runs as {}: each instance needs an ORCHESTRATOR_INSTANCE_ID of its own, or none",
                    instance_id));
}

std::vector<std::string> live_instances(connection& database) {
    std::vector<std::string> live;
    for (const auto& each : database.query("tenant_runs", "live_instances")) live.push_back(each.text(0));
    return live;
}

int release_runs(connection& database, const std::string& instance_id, const std::vector<run_claim>& claims) {
    array_of<std::int64_t> runs;
    array_of<std::int64_t> tokens;
    for (const auto& each : claims) {
        runs.add(std::int64_t(each.run));
        tokens.add(each.token);
    }
    seize(database, instance_id);
    const auto released = database.query("tenant_runs", "give_back", runs, tokens, instance_id).affected();
    if (released > 0) database.query("tenant_runs", "renumber_lease", instance_id);
    return int(released);
}

int release_unknown_runs(connection& database, const std::string& instance_id, const std::vector<run_claim>& known) {
    // Nobody waits for us while we look: the rows of all that is open are many.
    seize(database, instance_id);
    const std::set<run_claim> ones{known.begin(), known.end()};
    std::vector<run_claim> unknown;
    for (const auto execution : executions_under_way(database))
        for (const auto& each : database.query("tenant_runs", "claimed_by", execution, instance_id)) {
            const run_claim claim{run_id(each.integer(0)), each.integer(1)};
            if (!ones.contains(claim)) unknown.push_back(claim);
        }
    if (unknown.empty()) return 0;
    transaction work{database};
    const auto released = release_runs(database, instance_id, unknown);
    work.commit();
    return released;
}

void end_silent_sessions(connection& database, milliseconds silence) {
    database.query("tenant_runs", "end_silent_sessions", std::int64_t{silence.count()});
}

int release_lost_runs(connection& database, const std::string& survivor) {
    std::vector<std::string> lost;
    for (const auto& each : database.query("tenant_runs", "lost_instances", survivor)) lost.push_back(each.text(0));
    return lost.empty() ? 0 : release_instances(database, lost);
}

int release_instances(connection& database, const std::vector<std::string>& instances) {
    array_of<std::string_view> names;
    for (const auto& each : instances) names.add(std::string_view{each});
    database.query("tenant_runs", "seize_instances", names);
    std::int64_t released = 0;
    for (const auto execution : executions_under_way(database))
        released += database.query("tenant_runs", "give_back_all", names, execution).affected();
    database.query("tenant_runs", "forget_instances", names);
    return int(released);
}

}  // namespace orchestrator::postgresql
