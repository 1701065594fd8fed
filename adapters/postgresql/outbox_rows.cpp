#include "adapters/postgresql/outbox_rows.h"

#include <spdlog/spdlog.h>

#include "adapters/sql/row_values.h"

namespace orchestrator::postgresql {
void insert_event(connection& database, const event& added) {
    database.query("outbox", "insert", added.id, added.exchange, added.routing_key, added.event_type, added.payload,
                   added.created_at);
}

std::vector<kept_event> unpublished_events(connection& database, int limit, system_time now) {
    std::vector<kept_event> found;
    for (const auto& each : database.query("outbox", "unpublished", limit, now))
        found.push_back(sql::kept_event_from(each));
    return found;
}

void note_published(connection& database, const std::vector<event_id>& ids, system_time now) {
    database.query("outbox", "note_published", array_of<event_id>{ids}, now);
}

void note_unpublished(connection& database, const std::vector<unpublished_event>& refused) {
    array_of<event_id> ids;
    array_of<std::string_view> problems;
    array_of<system_time> not_before;
    for (const auto& each : refused) {
        ids.add(each.id);
        problems.add(std::string_view{each.problem});
        not_before.add(each.not_before);
    }
    database.query("outbox", "note_unpublished", ids, problems, not_before);
}

void note_broker_problem(connection& database, const std::string& problem) {
    database.query("outbox", "note_broker_problem", problem);
}

int forget_events(connection& database, system_time keep_from, int most) {
    const auto forgotten = database.query("outbox", "forget", keep_from, first_id_at(keep_from), most);
    const auto unpublished = forgotten.front().integer(1);
    if (unpublished > 0) spdlog::warn("{} old events that were never published are forgotten", unpublished);
    return int(forgotten.front().integer(0));
}

std::vector<kept_event> list_events(connection& database, const event_query& query) {
    std::vector<kept_event> found;
    for (const auto& each : database.query("outbox", "list", query.unpublished_only, query.before, query.limit))
        found.push_back(sql::kept_event_from(each));
    return found;
}

}  // namespace orchestrator::postgresql
