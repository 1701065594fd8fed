#include "adapters/sqlite/run_rows.h"

#include <algorithm>
#include <limits>

#include "adapters/sql/row_values.h"
#include "domain/execution/lane.h"

namespace orchestrator::sqlite {

std::optional<run_id> insert_run(connection& database, execution_id execution, const planned_run& run) {
    auto row = database.query("tenant_runs", "insert");
    row.bind(1, execution)
        .bind(2, run.for_tenant.id)
        .bind(3, std::string_view{run.for_tenant.name})
        .bind(4, to_string(run.for_tenant.tier))
        .bind(5, std::string_view{run.for_tenant.timezone})
        .bind(6, run.fair_rank)
        .bind(7, run.steps_total)
        .bind(8, std::string_view{run.next_service});
    row.run();
    if (database.changes() == 0) return std::nullopt;
    return run_id(database.last_rowid());
}

bool insert_result(connection& database, run_id run, const step_record& record) {
    auto row = database.query("tenant_runs", "insert_result");
    row.bind(1, std::int64_t(run))
        .bind(2, record.step_index)
        .bind(3, to_string(record.status))
        .bind(4, record.attempts)
        .bind(5, record.http_status)
        .bind(6, record.carried_over)
        .bind(7, record.started_at)
        .bind(8, std::int64_t{record.duration.count()})
        .bind_or_null(9, record.result)
        .bind_or_null(10, record.error_code)
        .bind_or_null(11, record.error_message);
    row.run();
    return database.changes() > 0;
}

std::vector<step_record> read_results(connection& database, run_id run) {
    std::vector<step_record> found;
    auto rows = database.query("tenant_runs", "results");
    rows.bind(1, std::int64_t(run));
    while (rows.step()) found.push_back(sql::step_record_from(rows, run, 0));
    return found;
}

namespace {

// A kind of waiting, by the names of its queries.
struct queue {
    const char* lanes;
    const char* first;  // in one lane
};
constexpr queue in_turn{"lanes_in_turn", "first_in_turn"};  // by fair rank
constexpr queue parked{"lanes_parked", "first_parked"};     // by the end of the wait

struct lanes {
    std::vector<std::string> open, closed;
};

lanes find_lanes(connection& database, const queue& of, const std::vector<std::string>& closed_services) {
    lanes found;
    auto rows = database.query("tenant_runs", of.lanes);
    while (rows.step()) {
        auto lane = rows.text(0);
        (is_closed_lane(lane, closed_services) ? found.closed : found.open).push_back(std::move(lane));
    }
    return found;
}

// Sorted as the runs are claimed.
using places = std::vector<std::pair<std::int64_t, run_id>>;

// The first `limit` over all open lanes whose place is not behind `last`.
places first_of(connection& database, const queue& of, const std::vector<std::string>& closed, std::size_t limit,
                std::int64_t last) {
    places first;
    if (limit == 0) return first;
    for (const auto& lane : find_lanes(database, of, closed).open) {
        // No lane is looked at beyond what the lanes before it have.
        auto rows = database.query("tenant_runs", of.first);
        rows.bind(1, std::string_view{lane})
            .bind(2, std::int64_t(limit))
            .bind(3, first.size() < limit ? last : first.back().first);
        while (rows.step()) first.emplace_back(rows.integer(1), run_id(rows.integer(0)));
        std::ranges::sort(first);
        first.resize(std::min(first.size(), limit));
    }
    return first;
}

std::vector<run_id> claimable(connection& database, int limit, system_time now,
                              const std::vector<std::string>& closed) {
    // Runs whose wait is over have waited for their turn already: they go first.
    auto first = first_of(database, parked, closed, std::size_t(limit), now.time_since_epoch().count());
    const auto behind = first_of(database, in_turn, closed, std::size_t(limit) - first.size(),
                                 std::numeric_limits<std::int64_t>::max());
    first.insert(first.end(), behind.begin(), behind.end());
    std::vector<run_id> ids;
    for (const auto& [place, id] : first) ids.push_back(id);
    return ids;
}

// Those of one lane, up to `most`.
std::int64_t count_in_turn(connection& database, const std::string& lane, std::int64_t most) {
    auto row = database.query("tenant_runs", "count_in_turn");
    row.bind(1, std::string_view{lane}).bind(2, most);
    return row.step() ? row.integer(0) : 0;
}

// Likewise, whose wait ends after that time.
std::int64_t count_parked(connection& database, const std::string& lane, system_time after, std::int64_t most) {
    auto row = database.query("tenant_runs", "count_parked");
    row.bind(1, std::string_view{lane}).bind(2, most).bind(3, after);
    return row.step() ? row.integer(0) : 0;
}

// What waits for a later time or for a closed service.
std::int64_t count_unclaimable(connection& database, system_time now, const std::vector<std::string>& closed,
                               std::int64_t most) {
    std::int64_t counted = 0;
    const auto that_are_parked = find_lanes(database, parked, closed);
    for (const auto& lane : that_are_parked.open) counted += count_parked(database, lane, now, most - counted);
    for (const auto& lane : that_are_parked.closed)
        counted += count_parked(database, lane, system_time::min(), most - counted);
    for (const auto& lane : find_lanes(database, in_turn, closed).closed)
        counted += count_in_turn(database, lane, most - counted);
    return counted;
}

std::vector<execution_id> executions_under_way(connection& database) {
    std::vector<execution_id> found;
    auto rows = database.query("tenant_runs", "executions_under_way");
    while (rows.step()) found.push_back({rows.id(0)});
    return found;
}

bool has_lease(connection& database, const std::string& instance_id) {
    auto row = database.query("tenant_runs", "has_lease");
    row.bind(1, std::string_view{instance_id});
    return row.step();
}

}  // namespace

std::vector<claimed_run> claim_runs(connection& database, const std::string& instance_id, int limit, system_time now,
                                    const std::vector<std::string>& closed_services) {
    std::vector<claimed_run> claimed;
    if (!has_lease(database, instance_id)) return claimed;
    for (const auto id : claimable(database, limit, now, closed_services)) {
        auto claim = database.query("tenant_runs", "claim");
        claim.bind(1, std::int64_t(id)).bind(2, std::string_view{instance_id}).bind(3, now);
        claim.run();
        auto row = database.query("tenant_runs", "claimed");
        row.bind(1, std::int64_t(id));
        if (!row.step()) continue;
        auto run = sql::claimed_run_from(row, id, 0);
        run.cancel_requested = row.integer(7) != 0;
        const bool may_have_results = row.integer(8) != 0;
        if (may_have_results) run.recorded = read_results(database, id);
        claimed.push_back(std::move(run));
    }
    return claimed;
}

std::int64_t count_open_runs(connection& database, int most, system_time now,
                             const std::vector<std::string>& closed_services) {
    auto row = database.query("tenant_runs", "count_unfinished");
    const auto unfinished = row.step() ? row.integer(0) : 0;
    if (unfinished - most_unclaimable_counted >= most) return most;
    const auto unclaimable = count_unclaimable(database, now, closed_services, most_unclaimable_counted);
    return std::min<std::int64_t>(most, unfinished - unclaimable);
}

std::optional<system_time> next_parked_run(connection& database, const std::vector<std::string>& closed_services) {
    const auto first = first_of(database, parked, closed_services, 1, std::numeric_limits<std::int64_t>::max());
    if (first.empty()) return std::nullopt;
    return system_time{milliseconds{first.front().first}};
}

bool holds_claim(connection& database, const run_claim& claim) {
    auto row = database.query("tenant_runs", "holds_claim");
    row.bind(1, std::int64_t(claim.run)).bind(2, claim.token);
    return row.step();
}

void end_claim(connection& database, run_id run, const run_outcome& outcome, system_time now) {
    if (outcome.release == run_release::ended) {
        auto row = database.query("tenant_runs", "end");
        row.bind(1, std::int64_t(run)).bind(2, to_string(outcome.status)).bind(3, now);
        row.run();
        return;
    }
    const auto waits = sql::to_json(outcome.waits);
    auto row = database.query("tenant_runs", "park");
    row.bind(1, std::int64_t(run));
    if (outcome.release == run_release::parked) row.bind(2, outcome.not_before);
    row.bind_or_null(3, waits).bind(4, std::string_view{outcome.next_service});
    row.run();
}

bool renew_lease(connection& database, const std::string& instance_id, system_time until) {
    bool had_one = false;
    {
        auto row = database.query("tenant_runs", "has_lease");
        row.bind(1, std::string_view{instance_id});
        had_one = row.step();
    }
    auto row = database.query("tenant_runs", "renew_lease");
    row.bind(1, std::string_view{instance_id}).bind(2, until);
    row.run();
    return had_one;
}

std::vector<std::string> live_instances(connection& database, system_time now) {
    std::vector<std::string> live;
    auto rows = database.query("tenant_runs", "live_instances");
    rows.bind(1, now);
    while (rows.step()) live.push_back(rows.text(0));
    return live;
}

int release_runs(connection& database, const std::string& instance_id, const std::vector<run_claim>& claims) {
    int released = 0;
    for (const auto& each : claims) {
        auto row = database.query("tenant_runs", "give_back");
        row.bind(1, std::int64_t(each.run)).bind(2, each.token).bind(3, std::string_view{instance_id}).run();
        released += int(database.changes());
    }
    return released;
}

int release_unknown_runs(connection& database, const std::string& instance_id, const std::vector<run_claim>& known) {
    const std::set<run_claim> kept{known.begin(), known.end()};
    std::vector<run_claim> unknown;
    for (const auto execution : executions_under_way(database)) {
        auto rows = database.query("tenant_runs", "claimed_by");
        rows.bind(1, execution).bind(2, std::string_view{instance_id});
        while (rows.step())
            if (const run_claim claim{run_id(rows.integer(0)), rows.integer(1)}; !kept.contains(claim))
                unknown.push_back(claim);
    }
    return release_runs(database, instance_id, unknown);
}

int release_lost_runs(connection& database, system_time now, const std::string& survivor) {
    std::vector<std::string> lost;
    {
        auto rows = database.query("tenant_runs", "lost_instances");
        rows.bind(1, now).bind(2, std::string_view{survivor});
        while (rows.step()) lost.push_back(rows.text(0));
    }
    int released = 0;
    for (const auto& instance : lost) released += release_instance(database, instance);
    return released;
}

int release_instance(connection& database, const std::string& instance_id) {
    int released = 0;
    for (const auto execution : executions_under_way(database)) {
        auto row = database.query("tenant_runs", "give_back_all");
        row.bind(1, execution).bind(2, std::string_view{instance_id}).run();
        released += int(database.changes());
    }
    auto row = database.query("tenant_runs", "forget_instance");
    row.bind(1, std::string_view{instance_id}).run();
    return released;
}

void release_every_instance(connection& database) {
    for (const auto execution : executions_under_way(database)) {
        auto row = database.query("tenant_runs", "give_back_every_claim");
        row.bind(1, execution).run();
    }
    database.query("tenant_runs", "forget_every_instance").run();
}

}  // namespace orchestrator::sqlite
