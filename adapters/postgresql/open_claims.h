// What this program has claimed and not given back: a claim holds as long as its lease stands, so that a batch of
// outcomes need not look at each of its runs. Whatever is not known here is looked up in the database.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "ports/run_store.h"

namespace orchestrator::postgresql {

class open_claims {
  public:
    // Claimed under a lease of this number.
    void add(const run_claim&, std::int64_t lease_number);
    // The outcomes of these entries are kept: claims that end with one of them are closed.
    void close(const std::vector<journal_entry>&);

    // Under which leases these claims were made; nullopt: one of them is not known.
    [[nodiscard]] std::optional<std::set<std::int64_t>> leases_of(const std::vector<journal_entry>&) const;

  private:
    struct claimed {
        std::int64_t token;
        std::int64_t lease_number;
    };

    mutable std::mutex guard_;  // claims and the journal have threads of their own
    std::unordered_map<std::int64_t, claimed> by_run_;
    std::int64_t newest_lease_ = 0;
};

}  // namespace orchestrator::postgresql
