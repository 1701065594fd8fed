#include "adapters/postgresql/journal_rows.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "adapters/postgresql/run_rows.h"
#include "adapters/sql/row_text.h"
#include "domain/execution/journal_delta.h"

namespace orchestrator::postgresql {
namespace {

// What a guard in SQL answers: a lease is over, a claim is lost, the batch is there.
constexpr std::string_view guard_failed = "22012";
constexpr std::string_view recorded_already = "23505";

using claim_key = std::pair<run_id, std::int64_t>;
using step_key = std::pair<run_id, int>;

claim_key key_of(const run_claim& claim) { return {claim.run, claim.token}; }

// Ids of logs: sorted by their time, so that they compress well; nothing finds a log by its id.
uuid new_log_id(system_time now) {
    thread_local std::mt19937_64 random{std::random_device{}()};
    return make_uuid_v7(now, {random(), random()});
}

std::size_t fingerprint_of(const std::vector<journal_entry>& entries) {
    std::size_t hash = entries.size();
    const auto mix = [&](std::int64_t value) {
        hash ^= std::hash<std::int64_t>{}(value) + 0x9e3779b97f4a7c15 + (hash << 6) + (hash >> 2);
    };
    for (const auto& entry : entries) {
        mix(std::int64_t(entry.claim.run));
        mix(entry.claim.token);
        mix(std::int64_t(entry.logs.size()));
        mix(entry.outcome.has_value());
        for (const auto& record : entry.steps) mix(record.step_index);
    }
    return hash;
}

struct claim_columns {
    array_of<std::int64_t> runs;
    array_of<std::int64_t> tokens;

    explicit claim_columns(const std::vector<journal_entry>& entries) {
        std::set<claim_key> seen;
        for (const auto& entry : entries) {
            if (!seen.insert(key_of(entry.claim)).second) continue;
            runs.add(std::int64_t(entry.claim.run));
            tokens.add(entry.claim.token);
        }
    }
};

struct log_columns {
    array_of<uuid> ids;
    array_of<tenant_id> tenants;
    array_of<std::string_view> step_names;
    array_of<int> step_indexes;
    array_of<std::string_view> levels;
    array_of<std::string_view> messages;
    array_of<std::string_view> data;
    array_of<system_time> logged_at;

    void add(const log_entry& log) {
        ids.add(new_log_id(log.logged_at));
        tenants.add(log.tenant);
        step_names.add(std::string_view{log.step_name});
        step_indexes.add(log.step_index);
        levels.add(to_string(log.level));
        messages.add(std::string_view{log.message});
        data.add(text_or_null{log.data});
        logged_at.add(log.logged_at);
    }
};

// The counters of executions, and the logs that are counted with them.
class counts_statements {
  public:
    void add_to(connection::pipeline& into, execution_id id, const journal_delta::of_execution& added,
                const log_columns& logs) {
        into.add("executions", "add_counts", id, added.tenants.completed, added.tenants.partial, added.tenants.failed,
                 added.tenants.cancelled, added.steps.completed, added.steps.failed, added.steps.skipped,
                 added.steps.retries, std::int64_t(logs.ids.size()));
        if (logs.ids.size() > 0) {
            into.add("executions", "insert_logs", id, logs.ids, logs.tenants, logs.step_names, logs.step_indexes,
                     logs.levels, logs.messages, logs.data, logs.logged_at);
        }
        if (!added.by_step.empty()) {
            auto& columns = step_columns_.emplace_back();
            for (const auto& [step, counts] : added.by_step) columns.add(step, counts);
            into.add("executions", "add_step_counts", id, columns.steps, columns.completed, columns.failed,
                     columns.skipped, columns.retries);
        }
        if (!added.latency.empty()) {
            auto& columns = latency_columns_.emplace_back();
            for (const auto& [step, buckets] : added.latency)
                for (const auto& [bucket, times] : buckets) columns.add(step, bucket, times);
            into.add("executions", "add_latencies", id, columns.steps, columns.buckets, columns.counts);
        }
    }

  private:
    struct step_columns {
        array_of<int> steps;
        array_of<std::int64_t> completed;
        array_of<std::int64_t> failed;
        array_of<std::int64_t> skipped;
        array_of<std::int64_t> retries;

        void add(int step, const step_counts& counts) {
            steps.add(step);
            completed.add(counts.completed);
            failed.add(counts.failed);
            skipped.add(counts.skipped);
            retries.add(counts.retries);
        }
    };
    struct latency_columns {
        array_of<int> steps;
        array_of<int> buckets;
        array_of<std::int64_t> counts;

        void add(int step, int bucket, std::int64_t count) {
            steps.add(step);
            buckets.add(bucket);
            counts.add(count);
        }
    };

    // A pipeline refers to its arrays until it has run.
    std::deque<step_columns> step_columns_;
    std::deque<latency_columns> latency_columns_;
};

// What is known before a batch is written. Nearly always every claim holds and nothing is recorded.
struct standing {
    std::optional<std::set<claim_key>> held;  // nullopt: all of them
    std::set<step_key> recorded;
};

// What a batch writes, column by column.
class batch_columns {
  public:
    batch_columns(const std::vector<journal_entry>& entries, const standing& known) {
        std::set<claim_key> given_back;
        for (const auto& entry : entries) {
            const auto claim = key_of(entry.claim);
            if (given_back.contains(claim) || (known.held && !known.held->contains(claim))) {
                refused_.push_back(entry.claim);
                continue;
            }
            add(entry, known.recorded);
            if (entry.outcome) given_back.insert(claim);
        }
    }

    [[nodiscard]] const std::vector<run_claim>& refused() const { return refused_; }

    // The executions, in the order in which add_to asks for their counts.
    [[nodiscard]] std::vector<execution_id> executions() const {
        std::vector<execution_id> ids;
        for (const auto& [id, logs] : logs_) ids.push_back(id);
        return ids;
    }

    // The counts come last, so that instances that work on the same execution wait for each other only shortly; they
    // are taken in the order of the ids, so that nobody waits in a circle. Returns the places of the statements that
    // answer whether an execution is drained.
    std::vector<std::size_t> add_to(connection::pipeline& into, system_time now) {
        if (!results_.empty()) {
            results_.insert_by(
                [&](auto entity, auto name, const auto&... arrays) { into.add(entity, name, arrays...); });
        }
        if (ended_.size() > 0) into.add("tenant_runs", "end", ended_, ended_under_, statuses_, now);
        if (parked_.size() > 0)
            into.add("tenant_runs", "park", parked_, parked_under_, not_before_, waits_, next_services_);
        std::vector<std::size_t> counts_at;
        for (const auto& [id, logs] : logs_) {
            counts_at.push_back(into.size());
            const auto found = delta_.executions().find(id);
            counts_.add_to(into, id, found == delta_.executions().end() ? none_ : found->second, logs);
        }
        return counts_at;
    }

  private:
    void add(const journal_entry& entry, const std::set<step_key>& recorded) {
        for (const auto& record : entry.steps) {
            const step_key step{entry.claim.run, record.step_index};
            if (recorded.contains(step) || !seen_.insert(step).second) continue;
            results_.add({entry.execution, entry.claim.run, &record});
            delta_.add_step(entry.execution, record);
        }
        auto& logs = logs_[entry.execution];
        for (const auto& log : entry.logs) logs.add(log);
        if (entry.outcome) end_claim(entry);
    }

    void end_claim(const journal_entry& entry) {
        if (entry.outcome->release == run_release::ended) {
            ended_.add(std::int64_t(entry.claim.run));
            ended_under_.add(entry.claim.token);
            statuses_.add(to_string(entry.outcome->status));
            delta_.add_end(entry.execution, entry.outcome->status);
            return;
        }
        parked_.add(std::int64_t(entry.claim.run));
        parked_under_.add(entry.claim.token);
        waits_.add(text_or_null{sql::to_json(entry.outcome->waits)});
        next_services_.add(std::string_view{entry.outcome->next_service});
        if (entry.outcome->release == run_release::parked)
            not_before_.add(entry.outcome->not_before);
        else
            not_before_.add_null();
    }

    std::vector<run_claim> refused_;
    std::set<step_key> seen_;
    result_columns results_;
    journal_delta delta_;
    const journal_delta::of_execution none_;
    std::map<execution_id, log_columns> logs_;
    array_of<std::int64_t> ended_;
    array_of<std::int64_t> ended_under_;  // tokens
    array_of<std::string_view> statuses_;
    array_of<std::int64_t> parked_;
    array_of<std::int64_t> parked_under_;
    array_of<system_time> not_before_;
    array_of<std::string_view> waits_;
    array_of<std::string_view> next_services_;
    counts_statements counts_;
};

std::vector<execution_id> drained_of(const std::vector<rows>& answers, const std::vector<std::size_t>& counts_at,
                                     const std::vector<execution_id>& executions) {
    std::vector<execution_id> drained;
    for (std::size_t i = 0; i < executions.size(); ++i) {
        const auto& answer = answers.at(counts_at[i]);
        if (!answer.empty() && answer.front().boolean(0)) drained.push_back(executions[i]);
    }
    return drained;
}

standing read_standing(connection& database, const std::vector<journal_entry>& entries, const claim_columns& claims) {
    standing known;
    const auto held = database.query("tenant_runs", "held_claims", claims.runs, claims.tokens);
    known.held.emplace();
    for (const auto& each : held) known.held->emplace(run_id(each.integer(0)), each.integer(1));
    std::set<execution_id> executions;
    for (const auto& entry : entries) executions.insert(entry.execution);
    for (const auto& each :
         database.query("tenant_runs", "recorded_steps", array_of<execution_id>{executions}, claims.runs))
        known.recorded.emplace(run_id(each.integer(0)), int(each.integer(1)));
    return known;
}

}  // namespace

void add_to_execution(connection& database, execution_id id, const journal_delta::of_execution& added,
                      const log_entry& log) {
    log_columns logs;
    logs.add(log);
    counts_statements counts;
    connection::pipeline whole{database};
    counts.add_to(whole, id, added, logs);
    whole.run();
}

journal_receipt journal_writer::commit(connection& database, const std::vector<journal_entry>& entries,
                                       system_time now) {
    const auto fingerprint = fingerprint_of(entries);
    const bool again = in_doubt_ && sent_.fingerprint == fingerprint;
    if (!again) sent_ = {.number = ++last_number_, .fingerprint = fingerprint, .refused = {}, .executions = {}};
    in_doubt_ = true;
    auto receipt = write(database, entries, now, again);
    in_doubt_ = false;
    claims_.close(entries);
    return receipt;
}

journal_receipt journal_writer::write(connection& database, const std::vector<journal_entry>& entries, system_time now,
                                      bool again) {
    if (const auto leases = claims_.leases_of(entries)) {
        try {
            return write_at_once(database, entries, *leases, now, again);
        } catch (const database_error& fault) {
            if (fault.sqlstate() != guard_failed && fault.sqlstate() != recorded_already) throw;
        }
    }
    if (auto receipt = write_with_care(database, entries, now)) return std::move(*receipt);
    return receipt_of_sent(database);
}

// One round trip and one commit. Its guards fail unless every lease stands and nothing is recorded yet.
journal_receipt journal_writer::write_at_once(connection& database, const std::vector<journal_entry>& entries,
                                              const std::set<std::int64_t>& leases, system_time now, bool again) {
    batch_columns columns{entries, {}};
    if (!again) note_sent(columns.refused(), columns.executions());
    const array_of<std::int64_t> standing_leases{leases};
    connection::pipeline whole{database};
    whole.add("tenant_runs", "note_batch", writer_id_, sent_.number);
    whole.add("tenant_runs", "hold_leases", standing_leases);
    const auto counts_at = columns.add_to(whole, now);
    const auto answers = whole.run();
    return {columns.refused(), drained_of(answers, counts_at, columns.executions())};
}

// Looks at what stands, and writes what may be written. nullopt: the batch is there, an earlier attempt was kept after
// all.
std::optional<journal_receipt> journal_writer::write_with_care(connection& database,
                                                               const std::vector<journal_entry>& entries,
                                                               system_time now) {
    transaction work{database};
    // First, as it waits for an earlier attempt whose commit still hangs: what stands is looked at after that.
    if (!note_batch(database)) return std::nullopt;
    const claim_columns claims{entries};
    database.query("tenant_runs", "hold_claimants", claims.runs);
    batch_columns columns{entries, read_standing(database, entries, claims)};
    note_sent(columns.refused(), columns.executions());
    connection::pipeline whole{database};
    const auto counts_at = columns.add_to(whole, now);
    const auto answers = whole.run();
    work.commit();
    return journal_receipt{columns.refused(), drained_of(answers, counts_at, columns.executions())};
}

// False: it is there.
bool journal_writer::note_batch(connection& database) const {
    try {
        database.query("tenant_runs", "note_batch", writer_id_, sent_.number);
        return true;
    } catch (const database_error& fault) {
        if (fault.sqlstate() != guard_failed) throw;
        return false;
    }
}

void journal_writer::note_sent(std::vector<run_claim> refused, std::vector<execution_id> executions) {
    sent_.refused = std::move(refused);
    sent_.executions = std::move(executions);
}

journal_receipt journal_writer::receipt_of_sent(connection& database) const {
    journal_receipt receipt{.refused = sent_.refused, .drained = {}};
    for (const auto& each : database.query("executions", "drained", array_of<execution_id>{sent_.executions}))
        receipt.drained.push_back({each.id(0)});
    return receipt;
}

}  // namespace orchestrator::postgresql
