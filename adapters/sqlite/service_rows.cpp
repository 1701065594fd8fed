#include "adapters/sqlite/service_rows.h"

#include "adapters/sql/row_values.h"

namespace orchestrator::sqlite {

std::vector<service_setting> list_service_settings(connection& database) {
    std::vector<service_setting> listed;
    auto rows = database.query("services", "list");
    while (rows.step()) listed.push_back(sql::service_setting_from(rows));
    return listed;
}

service_setting change_service(connection& database, const service_change& change, system_time now) {
    auto row = database.query("services", "change");
    row.bind(1, std::string_view{change.service})
        .bind(2, change.max_calls.has_value())
        .bind(3, change.max_calls.value_or(std::nullopt))
        .bind(4, change.paused_until.has_value())
        .bind(5, change.paused_until.value_or(std::nullopt))
        .bind(6, change.reason.has_value())
        .bind(7, std::string_view{change.reason ? *change.reason : std::string_view{}})
        .bind(8, now);
    row.step();
    return sql::service_setting_from(row);
}

}  // namespace orchestrator::sqlite
