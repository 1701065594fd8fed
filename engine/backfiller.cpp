#include "engine/backfiller.h"

#include <algorithm>

#include "domain/workflow/workflow.h"

namespace orchestrator {

backfiller::backfiller(options chosen, backfill_store& store, clock& time, random_source& random)
    : options_{std::move(chosen)}, store_{store}, time_{time}, random_{random} {}

task<result<std::vector<execution_id>>> backfiller::open_next(std::int64_t epoch) {
    const auto turns = co_await store_.next_of_backfills(time_.now());
    if (!turns) co_return std::unexpected{turns.error()};
    go_on_ = !turns->empty();
    std::vector<backfill_start> starts;
    for (const auto& turn : *turns)
        for (const auto at : turn.next) starts.push_back({turn.of.id, open(turn.of, at)});
    if (starts.empty()) co_return std::vector<execution_id>{};
    co_return co_await store_.open_backfill_executions(std::move(starts), epoch, time_.now());
}

execution backfiller::open(const backfill& of, system_time scheduled_for) {
    const auto now = time_.now();
    execution made;
    made.id = random_.new_id<execution_id>(now);
    made.workflow = of.workflow;
    made.workflow_name = of.workflow_name;
    made.execution_type = "scheduled";
    made.definition = of.definition;
    made.scheduled_for = scheduled_for;
    made.is_backfill = true;
    made.created_at = now;
    const auto definition = parse_definition(of.definition);
    made.deadline_at = now + (definition ? std::min(definition->max_execution_time, options_.longest_execution)
                                         : options_.longest_execution);
    made.executed_by_instance = options_.instance_id;
    return made;
}

}  // namespace orchestrator
