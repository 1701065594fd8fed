#include "adapters/postgresql/service_rows.h"

#include "adapters/sql/row_values.h"

namespace orchestrator::postgresql {

std::vector<service_setting> list_service_settings(connection& database) {
    std::vector<service_setting> listed;
    for (const auto& each : database.query("services", "list")) listed.push_back(sql::service_setting_from(each));
    return listed;
}

service_setting change_service(connection& database, const service_change& change, system_time now) {
    const auto changed = database.query("services", "change", change.service, change.max_calls.has_value(),
                                        change.max_calls.value_or(std::nullopt), change.paused_until.has_value(),
                                        change.paused_until.value_or(std::nullopt), change.reason.has_value(),
                                        change.reason.value_or(std::string{}), now);
    return sql::service_setting_from(changed.front());
}

}  // namespace orchestrator::postgresql
