#include "adapters/sqlite/outbox_rows.h"

#include <spdlog/spdlog.h>

#include "adapters/sql/row_values.h"

namespace orchestrator::sqlite {
void insert_event(connection& database, const event& added) {
    auto row = database.query("outbox", "insert");
    row.bind(1, added.id)
        .bind(2, std::string_view{added.exchange})
        .bind(3, std::string_view{added.routing_key})
        .bind(4, std::string_view{added.event_type})
        .bind(5, std::string_view{added.payload})
        .bind(6, added.created_at);
    row.run();
}

std::vector<kept_event> unpublished_events(connection& database, int limit, system_time now) {
    std::vector<kept_event> found;
    auto rows = database.query("outbox", "unpublished");
    rows.bind(1, limit).bind(2, now);
    while (rows.step()) found.push_back(sql::kept_event_from(rows));
    return found;
}

void note_published(connection& database, const std::vector<event_id>& ids, system_time now) {
    for (const auto& id : ids) {
        auto row = database.query("outbox", "note_published");
        row.bind(1, id).bind(2, now);
        row.run();
    }
}

void note_unpublished(connection& database, const std::vector<unpublished_event>& refused) {
    for (const auto& each : refused) {
        auto row = database.query("outbox", "note_unpublished");
        row.bind(1, each.id).bind(2, std::string_view{each.problem}).bind(3, each.not_before);
        row.run();
    }
}

void note_broker_problem(connection& database, const std::string& problem) {
    auto rows = database.query("outbox", "note_broker_problem");
    rows.bind(1, std::string_view{problem});
    rows.run();
}

int forget_events(connection& database, system_time keep_from, int most) {
    std::vector<uuid> old;
    int unpublished = 0;
    {
        const auto first_kept = first_id_at(keep_from);
        auto rows = database.query("outbox", "old");
        rows.bind(1, keep_from).bind(2, first_kept).bind(3, most);
        for (; rows.step(); unpublished += int(rows.integer(1))) old.push_back(rows.id(0));
    }
    for (const auto& id : old) {
        auto row = database.query("outbox", "forget");
        row.bind(1, id).run();
    }
    if (unpublished > 0) spdlog::warn("{} old events that were never published are forgotten", unpublished);
    return int(old.size());
}

std::vector<kept_event> list_events(connection& database, const event_query& query) {
    std::vector<kept_event> found;
    auto rows = database.query("outbox", "list");
    rows.bind(1, query.unpublished_only).bind(2, query.before).bind(3, query.limit);
    while (rows.step()) found.push_back(sql::kept_event_from(rows));
    return found;
}

}  // namespace orchestrator::sqlite
