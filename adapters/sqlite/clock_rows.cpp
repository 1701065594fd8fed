#include "adapters/sqlite/clock_rows.h"

namespace orchestrator::sqlite {

// SQLite runs in this process: its clock is that of the machine.
store_time read_clock(connection& database) {
    auto row = database.query("clock", "newest");
    if (!row.step() || row.integer(0) == 0) return {};
    return {.now = {}, .newest = row.time(0)};
}

system_time age_history(connection& database, system_time now, milliseconds most) {
    auto aged = database.query("clock", "age_history");
    aged.bind(1, now).bind(2, std::int64_t{most.count()}).run();
    auto row = database.query("clock", "aged_to");
    return row.step() ? row.time(0) : system_time{};
}

}  // namespace orchestrator::sqlite
