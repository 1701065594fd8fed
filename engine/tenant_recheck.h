// Was a tenant deactivated between planning and the start of its run? Only if a whole list of tenants lacks it, the
// tenant service is asked for it once; a service that does not answer changes nothing.
#pragma once

#include <stop_token>
#include <string>

#include "engine/directory_snapshot.h"
#include "engine/tenant_directory.h"
#include "ports/run_store.h"

namespace orchestrator {

class tenant_recheck {
  public:
    struct options {
        milliseconds patience{4'000};
        int at_once = 16;  // questions; more runs than that start without one
    };

    tenant_recheck(options chosen, directory_snapshot& tenants, tenant_directory& directory, clock& time)
        : options_{chosen}, tenants_{tenants}, directory_{directory}, time_{time} {}

    // Is this run, which is about to start for the first time, one to ask about?
    [[nodiscard]] bool doubts(const claimed_run&) const;
    // Why the tenant takes part no longer; empty: it does, or nobody knows.
    task<std::string> ask(tenant_id, std::stop_token);

  private:
    options options_;
    directory_snapshot& tenants_;
    tenant_directory& directory_;
    clock& time_;
    int asking_ = 0;
};

}  // namespace orchestrator
