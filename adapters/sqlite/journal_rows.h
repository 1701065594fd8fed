// The journal's transaction: results, logs, counters and ends of many runs at once.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "adapters/sqlite/connection.h"
#include "domain/execution/journal_delta.h"
#include "ports/run_store.h"

namespace orchestrator::sqlite {

// The logs that one batch wrote for one execution.
struct log_range {
    std::int64_t first = 0;  // 0: none
    std::int64_t last = 0;
};

class journal_writer {
  public:
    // One transaction of its own. Throws database_error; then nothing was written.
    journal_receipt commit(connection&, const std::vector<journal_entry>&, system_time now);
    // What else, in a transaction of its own, has changed the counters of an execution, and a line about it.
    void add_to_execution(connection&, execution_id, const journal_delta::of_execution&, const log_entry&);

  private:
    void write_log(connection&, execution_id, const log_entry&, log_range& written);
    void read_last_log(connection&);

    std::optional<std::int64_t> last_log_id_;  // of all executions; nullopt: not read yet
};

}  // namespace orchestrator::sqlite
