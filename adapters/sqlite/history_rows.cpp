#include "adapters/sqlite/history_rows.h"

#include <vector>

#include "adapters/sqlite/outbox_rows.h"

namespace orchestrator::sqlite {
namespace {

struct old_execution {
    uuid id;
    std::int64_t first_log = 0;
    std::int64_t last_log = 0;
};

std::vector<old_execution> old_executions(connection& database, system_time keep_from, int most) {
    std::vector<old_execution> found;
    auto rows = database.query("history", "old_executions");
    rows.bind(1, keep_from).bind(2, most);
    while (rows.step()) found.push_back({rows.id(0), rows.integer(1), rows.integer(2)});
    return found;
}

}  // namespace

int forget_executions(connection& database, system_time keep_from, int most) {
    const auto old = old_executions(database, keep_from, most);
    for (const auto& each : old) {
        auto results = database.query("history", "forget_results");
        results.bind(1, each.id).run();
        auto logs = database.query("history", "forget_logs");
        logs.bind(1, each.id).bind(2, each.first_log).bind(3, each.last_log).run();
        auto retries = database.query("history", "forget_retries");
        retries.bind(1, each.id).run();
        auto execution = database.query("history", "forget_execution");
        execution.bind(1, each.id).run();
    }
    forget_events(database, keep_from);
    return int(old.size());
}

}  // namespace orchestrator::sqlite
