#include "adapters/postgresql/clock_rows.h"

namespace orchestrator::postgresql {

store_time read_clock(connection& database) {
    const auto read = database.query("clock", "read");
    return {.now = read.front().time(0), .newest = read.front().optional_time(1)};
}

system_time age_history(connection& database, system_time now, milliseconds most) {
    return database.query("clock", "age_history", now, std::int64_t{most.count()}).front().time(0);
}

}  // namespace orchestrator::postgresql
