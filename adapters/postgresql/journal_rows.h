// The journal's transaction: results, logs, counters and ends of many runs in one round trip and one commit.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "adapters/postgresql/connection.h"
#include "adapters/postgresql/open_claims.h"
#include "domain/execution/journal_delta.h"
#include "ports/run_store.h"

namespace orchestrator::postgresql {

// What else has changed the counters of an execution, and a line about it. Last in its transaction: others wait for the
// execution from here on.
void add_to_execution(connection&, execution_id, const journal_delta::of_execution&, const log_entry&);

// One writer of the journal. Each of its batches has a number that is kept in the same transaction: when the answer to
// a commit is lost, the number tells whether the batch is there, and it is not written twice.
class journal_writer {
  public:
    journal_writer(uuid writer_id, open_claims& claims) : writer_id_{writer_id}, claims_{claims} {}

    // Throws database_error; then nothing was written, or the next call with the same entries finds out.
    journal_receipt commit(connection&, const std::vector<journal_entry>&, system_time now);

  private:
    struct sent_batch {
        std::int64_t number = 0;
        std::size_t fingerprint = 0;  // of its entries
        std::vector<run_claim> refused;
        std::vector<execution_id> executions;
    };

    journal_receipt write(connection&, const std::vector<journal_entry>&, system_time now, bool again);
    journal_receipt write_at_once(connection&, const std::vector<journal_entry>&, const std::set<std::int64_t>& leases,
                                  system_time now, bool again);
    std::optional<journal_receipt> write_with_care(connection&, const std::vector<journal_entry>&, system_time now);
    bool note_batch(connection&) const;
    void note_sent(std::vector<run_claim> refused, std::vector<execution_id> executions);
    journal_receipt receipt_of_sent(connection&) const;

    uuid writer_id_;
    open_claims& claims_;
    std::int64_t last_number_ = 0;
    sent_batch sent_;
    bool in_doubt_ = false;  // `sent_` may be there, or not: the last attempt threw
};

}  // namespace orchestrator::postgresql
