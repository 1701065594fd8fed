// The journal's transaction: results, logs, counters and ends of many runs at once.
#pragma once

#include <map>
#include <vector>

#include "adapters/sqlite/connection.h"
#include "domain/execution/journal_delta.h"
#include "ports/run_store.h"

namespace orchestrator::sqlite {

class journal_writer {
  public:
    // One transaction of its own. Throws database_error; then nothing was written.
    journal_receipt commit(connection&, const std::vector<journal_entry>&, system_time now);

  private:
    void write_logs(connection&, const journal_entry&);
    static void write_counts(connection&, const journal_delta&, journal_receipt&);

    // The last sequence given in each execution that was written to lately.
    std::map<execution_id, std::int64_t> last_sequence_;
};

}  // namespace orchestrator::sqlite
