#include "adapters/sqlite/journal_rows.h"

#include "adapters/sqlite/run_rows.h"

namespace orchestrator::sqlite {

namespace {

void write_step_counts(connection& database, execution_id id, const journal_delta::of_execution& added) {
    for (const auto& [step, counts] : added.by_step) {
        auto row = database.query("executions", "add_step_counts");
        row.bind(1, id)
            .bind(2, step)
            .bind(3, counts.completed)
            .bind(4, counts.failed)
            .bind(5, counts.skipped)
            .bind(6, counts.retries);
        row.run();
    }
    for (const auto& [step, buckets] : added.latency)
        for (const auto& [bucket, count] : buckets) {
            auto row = database.query("executions", "add_latency");
            row.bind(1, id).bind(2, step).bind(3, bucket).bind(4, count);
            row.run();
        }
}

// True: the execution is planned completely and has no open run any more.
bool write_counts(connection& database, execution_id id, const journal_delta::of_execution& added, log_range logs) {
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
    if (logs.first > 0) row.bind(10, logs.first).bind(11, logs.last);
    const bool drained = row.step() && row.integer(0) != 0;
    row.run();
    return drained;
}

}  // namespace

journal_receipt journal_writer::commit(connection& database, const std::vector<journal_entry>& entries,
                                       system_time now) {
    journal_receipt receipt;
    journal_delta delta;
    std::map<execution_id, log_range> logs;
    try {
        transaction work{database};
        read_last_log(database);
        for (const auto& entry : entries) {
            if (!holds_claim(database, entry.claim)) {
                receipt.refused.push_back(entry.claim);
                continue;
            }
            for (const auto& record : entry.steps)
                if (insert_result(database, entry.claim.run, record)) delta.add_step(entry.execution, record);
            auto& written = logs[entry.execution];
            for (const auto& log : entry.logs) write_log(database, entry.execution, log, written);
            if (entry.outcome) {
                end_claim(database, entry.claim.run, *entry.outcome, now);
                if (entry.outcome->release == run_release::ended) delta.add_end(entry.execution, entry.outcome->status);
            }
        }
        for (const auto& [id, written] : logs) {
            const auto& added = delta.executions().find(id);
            const auto counts = added == delta.executions().end() ? journal_delta::of_execution{} : added->second;
            write_step_counts(database, id, counts);
            if (write_counts(database, id, counts, written)) receipt.drained.push_back(id);
        }
        work.commit();
    } catch (const database_error&) {
        last_log_id_.reset();  // counted further than what is stored
        throw;
    }
    return receipt;
}

void journal_writer::read_last_log(connection& database) {
    if (last_log_id_) return;
    auto row = database.query("executions", "last_log");
    last_log_id_ = row.step() ? row.integer(0) : 0;
}

void journal_writer::write_log(connection& database, execution_id id, const log_entry& log, log_range& written) {
    written.last = ++*last_log_id_;
    if (written.first == 0) written.first = written.last;
    auto row = database.query("executions", "insert_log");
    row.bind(1, id)
        .bind(2, written.last)
        .bind(3, log.tenant)
        .bind(4, std::string_view{log.step_name})
        .bind(5, log.step_index)
        .bind(6, to_string(log.level))
        .bind(7, std::string_view{log.message})
        .bind_or_null(8, log.data)
        .bind(9, log.logged_at);
    row.run();
}

void journal_writer::add_to_execution(connection& database, execution_id id, const journal_delta::of_execution& added,
                                      const log_entry& log) {
    last_log_id_.reset();  // the transaction may fail after us: it is read again, now and next time
    read_last_log(database);
    log_range written;
    write_log(database, id, log, written);
    last_log_id_.reset();
    write_step_counts(database, id, added);
    write_counts(database, id, added, written);
}

}  // namespace orchestrator::sqlite
