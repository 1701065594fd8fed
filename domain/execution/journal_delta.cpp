#include "domain/execution/journal_delta.h"

#include <algorithm>

namespace orchestrator {
namespace {

void count(step_counts& into, const step_record& record) {
    switch (record.status) {
        case step_status::completed:
            ++into.completed;
            break;
        case step_status::failed:
            ++into.failed;
            break;
        case step_status::skipped:
            ++into.skipped;
            break;
    }
    into.retries += std::max(0, record.attempts - 1);
}

}  // namespace

void journal_delta::add_step(execution_id id, const step_record& record) {
    auto& delta = executions_[id];
    count(delta.steps, record);
    count(delta.by_step[record.step_index], record);
    if (record.status != step_status::skipped) ++delta.latency[record.step_index][latency_bucket(record.duration)];
}

void journal_delta::add_end(execution_id id, run_status status) {
    auto& tenants = executions_[id].tenants;
    switch (status) {
        case run_status::completed:
            ++tenants.completed;
            break;
        case run_status::partial:
            ++tenants.partial;
            break;
        case run_status::failed:
            ++tenants.failed;
            break;
        case run_status::cancelled:
            ++tenants.cancelled;
            break;
        case run_status::pending:
        case run_status::running:
            break;
    }
}

}  // namespace orchestrator
