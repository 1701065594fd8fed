// A lease outside of the database: asked by those who want to lead, so that they need not ask the database, and the way
// to hear at once that a leader has left.
#pragma once

#include <functional>
#include <string>

#include "domain/error.h"
#include "domain/time.h"
#include "ports/task.h"

namespace orchestrator {

struct lease_answer {
    bool is_held = false;  // by us
    milliseconds left{0};  // of whoever holds it
};

class lease {
  public:
    virtual ~lease() = default;

    // Takes it, or renews it if it is ours already, in one step.
    virtual task<result<lease_answer>> take(milliseconds ttl) = 0;
    // Gives it back if it is ours. Nobody is told: who did not lead leaves no room behind.
    virtual task<result<void>> release() = 0;
    // Gives it back if it is ours, and tells all others that a leader has left, whoever holds it.
    virtual task<result<void>> resign() = 0;
    // `told` is called, on any thread, whenever somebody else has resigned. Once, before anything else.
    virtual void on_resigned(std::function<void()> told) = 0;
};

}  // namespace orchestrator
