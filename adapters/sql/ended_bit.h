// What one transaction of execution_store::end_runs has done.
#pragma once

#include "domain/identifiers.h"

namespace orchestrator::sql {

struct ended_bit {
    int runs = 0;
    run_id last{};  // of them
    bool is_all = true;
};

}  // namespace orchestrator::sql
