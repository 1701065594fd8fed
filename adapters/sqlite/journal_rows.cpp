#include "adapters/sqlite/journal_rows.h"

#include "adapters/sqlite/run_rows.h"

namespace orchestrator::sqlite {

journal_receipt journal_writer::commit(connection& database, const std::vector<journal_entry>& entries, system_time now) {
    journal_receipt receipt;
    journal_delta delta;
    try {
        transaction work{database};
        for (const auto& entry : entries) {
            if (!holds_claim(database, entry.claim)) {
                receipt.refused.push_back(entry.claim);
                continue;
            }
            for (const auto& record : entry.steps)
                if (insert_result(database, entry.claim.run, record)) delta.add_step(entry.execution, record);
            write_logs(database, entry);
            if (entry.outcome) {
                end_claim(database, entry.claim.run, *entry.outcome, now);
                if (entry.outcome->release == run_release::ended) delta.add_end(entry.execution, entry.outcome->status);
            }
        }
        write_counts(database, delta, receipt);
        work.commit();
    } catch (const database_error&) {
        last_sequence_.clear();  // counted further than what is stored
        throw;
    }
    for (const auto& drained : receipt.drained) last_sequence_.erase(drained);
    return receipt;
}

void journal_writer::write_logs(connection& database, const journal_entry& entry) {
    if (entry.logs.empty()) return;
    auto [last, unknown] = last_sequence_.try_emplace(entry.execution, 0);
    if (unknown) {
        auto row = database.query("executions", "last_log");
        row.bind(1, entry.execution);
        if (row.step()) last->second = row.integer(0);
    }
    for (const auto& log : entry.logs) {
        auto row = database.query("executions", "insert_log");
        row.bind(1, entry.execution)
            .bind(2, ++last->second)
            .bind(3, log.tenant)
            .bind(4, std::string_view{log.step_name})
            .bind(5, log.step_index)
            .bind(6, to_string(log.level))
            .bind(7, std::string_view{log.message})
            .bind_or_null(8, log.data)
            .bind(9, log.logged_at);
        row.run();
    }
}

void journal_writer::write_counts(connection& database, const journal_delta& delta, journal_receipt& receipt) {
    for (const auto& [id, added] : delta.executions()) {
        for (const auto& [step, counts] : added.by_step) {
            auto row = database.query("executions", "add_step_counts");
            row.bind(1, id).bind(2, step).bind(3, counts.completed).bind(4, counts.failed).bind(5, counts.skipped);
            row.bind(6, counts.retries);
            row.run();
        }
        for (const auto& [step, buckets] : added.latency)
            for (const auto& [bucket, count] : buckets) {
                auto row = database.query("executions", "add_latency");
                row.bind(1, id).bind(2, step).bind(3, bucket).bind(4, count);
                row.run();
            }
        auto row = database.query("executions", "add_counts");
        row.bind(1, id)
            .bind(2, added.tenants.completed)
            .bind(3, added.tenants.partial)
            .bind(4, added.tenants.failed)
            .bind(5, added.tenants.cancelled)
            .bind(6, added.steps.completed)
            .bind(7, added.steps.failed)
            .bind(8, added.steps.skipped)
            .bind(9, added.steps.retries);
        if (row.step() && row.integer(0) != 0) receipt.drained.push_back(id);
        row.run();
    }
}

}  // namespace orchestrator::sqlite
