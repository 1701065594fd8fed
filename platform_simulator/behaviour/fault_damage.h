// What a fault does to an answer.
#pragma once

#include "platform_simulator/behaviour/platform.h"

namespace orchestrator::simulator {

// Whether the service does its work although the rule hits the call.
[[nodiscard]] bool strikes_after_work(const fault_rule&);

// `planned` holds the right answer, or nothing of use when the fault struck before the work. An answer that refuses
// the request keeps its status, however its body is damaged.
void damage(planned_answer& planned, const drawn_fault&, system_time now);

}  // namespace orchestrator::simulator
