// Who watches an instance from outside: told of every call that begins and of everything that becomes durable.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ports/execution_store.h"
#include "ports/http_client.h"
#include "ports/run_store.h"

namespace orchestrator::simulation {

class witness {
  public:
    virtual ~witness() = default;

    virtual void call_began(const std::string& /*instance*/, const http_request&) {}
    // nullopt: the caller was destroyed in mid-call.
    virtual void call_ended(const std::string& /*instance*/, const http_request&, const std::optional<http_result>&) {}
    virtual void claimed(const std::string& /*instance*/, const std::vector<claimed_run>&) {}
    // Durable from now on; the instance does not know it yet.
    virtual void committed(const std::string& /*instance*/, const std::vector<journal_entry>&, const journal_receipt&) {
    }
    // Now it knows.
    virtual void acknowledged(const std::string& /*instance*/, const std::vector<journal_entry>&,
                              const journal_receipt&) {}
    virtual void planned(const std::string& /*instance*/, execution_id, const std::vector<planned_run>&) {}
    // By its schedule, or by a backfill.
    virtual void opened(const std::string& /*instance*/, const execution&) {}
    // Runs have ended without being worked on.
    virtual void swept(const std::string& /*instance*/, const run_ending&, int /*runs*/) {}
    virtual void finished(const std::string& /*instance*/, const execution&) {}
};

}  // namespace orchestrator::simulation
