// Where workflows are kept. Safe to call from any thread's coroutine; each call is one transaction.
#pragma once

#include <string>
#include <vector>

#include "domain/error.h"
#include "domain/workflow/workflow.h"
#include "ports/task.h"

namespace orchestrator {

class workflow_store {
  public:
    virtual ~workflow_store() = default;

    // By name, ascending. Deleted ones are left out.
    virtual task<result<std::vector<workflow>>> list_workflows() = 0;
    // not_found: unknown or deleted.
    virtual task<result<workflow>> find_workflow(workflow_id) = 0;
    virtual task<result<workflow>> find_workflow_by_name(std::string name) = 0;
    // Was there ever a workflow of this name, deleted ones included?
    virtual task<result<bool>> knows_workflow_name(std::string name) = 0;
    // already_exists: a workflow that is not deleted has this name.
    virtual task<result<void>> insert_workflow(workflow) = 0;
    // Replaces what people write (all but id, times and counters). not_found, already_exists (the new name is taken).
    virtual task<result<workflow>> replace_workflow(workflow) = 0;
    virtual task<result<workflow>> enable_workflow(workflow_id, bool enabled, system_time now) = 0;
    // Hidden, not destroyed: its executions keep their history, and restore brings it back. not_found.
    virtual task<result<void>> delete_workflow(workflow_id, system_time now) = 0;
    // not_found: no deleted workflow has this id. already_exists: its name was taken meanwhile.
    virtual task<result<workflow>> restore_workflow(workflow_id, system_time now) = 0;
};

}  // namespace orchestrator
