#include "adapters/sqlite/store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "adapters/blocking/worker.h"
#include "adapters/sql/guarded.h"
#include "adapters/sqlite/backfill_rows.h"
#include "adapters/sqlite/calendar_rows.h"
#include "adapters/sqlite/clock_rows.h"
#include "adapters/sqlite/connection.h"
#include "adapters/sqlite/ending_rows.h"
#include "adapters/sqlite/execution_rows.h"
#include "adapters/sqlite/history_rows.h"
#include "adapters/sqlite/journal_rows.h"
#include "adapters/sqlite/leader_rows.h"
#include "adapters/sqlite/migrations.h"
#include "adapters/sqlite/outbox_rows.h"
#include "adapters/sqlite/run_rows.h"
#include "adapters/sqlite/schedule_rows.h"
#include "adapters/sqlite/service_rows.h"
#include "adapters/sqlite/workflow_rows.h"
#include "domain/history/chunk_size.h"

namespace orchestrator::sqlite {
namespace {

// A larger file is checked by an operator's own `PRAGMA integrity_check`, not at each start.
constexpr std::uintmax_t largest_file_checked_at_start = 1ULL << 30;
constexpr int steps_ended_at_once = 10'000;

// A lock that ends with the process, however it ends.
class instance_lock {
  public:
    instance_lock() = default;
    instance_lock(instance_lock&& other) noexcept : file_{std::exchange(other.file_, -1)} {}
    instance_lock& operator=(instance_lock&& other) noexcept {
        std::swap(file_, other.file_);
        return *this;
    }
    ~instance_lock() {
        if (file_ >= 0) ::close(file_);
    }

    static result<instance_lock> take(const std::string& path) {
        instance_lock lock;
        lock.file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (lock.file_ < 0)
            return fail(errc::store_unavailable, fmt::format("cannot open {}: {}", path, std::strerror(errno)));
        if (::flock(lock.file_, LOCK_EX | LOCK_NB) != 0)
            return fail(errc::store_unavailable,
                        fmt::format("another instance uses this database already (it holds {}). "
                                    "SQLite serves one instance",
                                    path));
        return lock;
    }

  private:
    int file_ = -1;
};

void configure(connection& database, int cache_kib) {
    database.execute("PRAGMA foreign_keys = ON");
    database.execute(fmt::format("PRAGMA cache_size = -{}", cache_kib));
    database.execute("PRAGMA temp_store = MEMORY");
    // Debian builds SQLite to overwrite with zeros whatever is deleted; nothing here is secret from who reads the file.
    database.execute("PRAGMA secure_delete = OFF");
}

// Asked before SQLite does: it would leave files beside the database that are as little writable as it is.
result<void> check_writable(const std::string& path) {
    if (::access(path.c_str(), F_OK) != 0 || ::access(path.c_str(), W_OK) == 0) return {};
    return fail(errc::store_read_only,
                fmt::format("database {} is read-only: make the file and its folder writable", path));
}

result<void> check_whole(connection& database, const std::string& path) {
    std::error_code unknown;
    if (std::filesystem::file_size(path, unknown) > largest_file_checked_at_start) return {};
    auto check = database.prepare_once("PRAGMA quick_check(1)");
    if (check.step() && check.text(0) == "ok") return {};
    return fail(errc::store_corrupt,
                fmt::format("database {} is damaged: {}. Stop, keep a copy of the file, then restore a "
                            "backup, or save what is readable with: sqlite3 {} .recover | sqlite3 new.db",
                            path, check.text(0), path));
}

template <class Work>
auto guarded(Work& work) {
    return sql::guarded<database_error>(work);
}

}  // namespace

struct store::state {
    state(const store_options& options, instance_lock held)
        : lock{std::move(held)}, write_database{options.path, connection::mode::read_write} {}

    instance_lock lock;
    connection write_database;
    std::optional<connection> read_database;
    journal_writer journal;
    chunk_size chunk;  // of history, at once
    // Last, so that their threads end before what they use.
    std::optional<blocking::worker> writer;
    std::optional<blocking::worker> reader;

    // In a transaction of its own.
    template <class Work>
    auto write(Work work) {
        return writer->run([this, work = std::move(work)]() mutable {
            auto in_transaction = [&] { return sql::in_transaction<transaction>(write_database, work); };
            return guarded(in_transaction);
        });
    }

    template <class Work>
    auto read(Work work) {
        return reader->run([this, work = std::move(work)]() mutable {
            auto on_connection = [&] {
                // One snapshot for what reads more than one table.
                read_database->execute("BEGIN");
                struct end {
                    connection& database;
                    ~end() {
                        try {
                            database.execute("COMMIT");
                        } catch (const database_error&) {
                            // Nothing was written.
                        }
                    }
                } snapshot{*read_database};
                return work(*read_database);
            };
            return guarded(on_connection);
        });
    }
};

store::store(std::unique_ptr<state> made) : state_{std::move(made)} {}
store::~store() = default;

result<std::unique_ptr<store>> store::open(const store_options& options) {
    auto work = [&]() -> result<std::unique_ptr<store>> {
        if (auto writable = check_writable(options.path); !writable) return std::unexpected{writable.error()};
        instance_lock lock;
        if (options.exclusive) {
            auto taken = instance_lock::take(options.path + ".lock");
            if (!taken) return std::unexpected{taken.error()};
            lock = std::move(*taken);
        }
        auto made = std::make_unique<state>(options, std::move(lock));
        auto& database = made->write_database;
        // One fsync for each commit, and a checkpoint only now and then.
        database.execute("PRAGMA journal_mode = WAL");
        database.execute("PRAGMA synchronous = FULL");
        database.execute("PRAGMA wal_autocheckpoint = 10000");
        configure(database, options.cache_kib);
        if (auto whole = check_whole(database, options.path); !whole) return std::unexpected{whole.error()};
        if (auto migrated = migrate(database); !migrated) return std::unexpected{migrated.error()};
        // We are alone, so whoever held a claim is dead, were it by our own name: no need to wait for any lease's end.
        if (options.exclusive) {
            transaction takeover{database};
            release_every_instance(database);
            takeover.commit();
        }

        made->read_database.emplace(options.path, connection::mode::read_only);
        configure(*made->read_database, options.cache_kib);
        made->writer.emplace();
        made->reader.emplace();
        return std::unique_ptr<store>{new store{std::move(made)}};
    };
    auto opened = guarded(work);
    if (!opened && opened.error().code == errc::store_corrupt && !opened.error().message.contains("backup"))
        opened.error().message +=
            fmt::format(". {} is no usable SQLite database: restore a backup, or name another file", options.path);
    return opened;
}

// Workflows

task<result<std::vector<workflow>>> store::list_workflows() {
    return state_->read([](connection& db) { return sqlite::list_workflows(db); });
}
task<result<workflow>> store::find_workflow(workflow_id id) {
    return state_->read([id](connection& db) { return sqlite::find_workflow(db, id); });
}
task<result<workflow>> store::find_workflow_by_name(std::string name) {
    return state_->read([name = std::move(name)](connection& db) { return sqlite::find_workflow_by_name(db, name); });
}
task<result<bool>> store::knows_workflow_name(std::string name) {
    return state_->read([name = std::move(name)](connection& db) { return sqlite::knows_workflow_name(db, name); });
}
task<result<void>> store::insert_workflow(workflow added) {
    return state_->write([added = std::move(added)](connection& db) { return sqlite::insert_workflow(db, added); });
}
task<result<workflow>> store::replace_workflow(workflow changed) {
    return state_->write(
        [changed = std::move(changed)](connection& db) { return sqlite::replace_workflow(db, changed); });
}
task<result<workflow>> store::enable_workflow(workflow_id id, bool enabled, system_time now) {
    return state_->write([=](connection& db) { return sqlite::enable_workflow(db, id, enabled, now); });
}
task<result<void>> store::delete_workflow(workflow_id id, system_time now) {
    return state_->write([=](connection& db) { return sqlite::delete_workflow(db, id, now); });
}
task<result<workflow>> store::restore_workflow(workflow_id id, system_time now) {
    return state_->write([=](connection& db) { return sqlite::restore_workflow(db, id, now); });
}

// Executions

task<result<opened_execution>> store::open_execution(execution opened) {
    return state_->write([opened = std::move(opened)](connection& db) { return sqlite::open_execution(db, opened); });
}
task<result<int>> store::insert_runs(execution_id id, std::vector<planned_run> runs, system_time now) {
    return state_->write(
        [id, now, runs = std::move(runs)](connection& db) { return sqlite::insert_runs(db, id, runs, now); });
}
task<result<void>> store::note_planning_problem(execution_id id, std::string problem) {
    return state_->write(
        [id, problem = std::move(problem)](connection& db) { return sqlite::note_planning_problem(db, id, problem); });
}
task<result<void>> store::complete_planning(execution_id id, planning_outcome outcome, system_time now) {
    return state_->write([id, now, outcome = std::move(outcome)](connection& db) {
        return sqlite::complete_planning(db, id, outcome, now);
    });
}
task<result<std::vector<execution_id>>> store::claim_planning(std::string instance_id, std::vector<execution_id> known,
                                                              int most) {
    return state_->write([most, known = std::move(known), id = std::move(instance_id)](connection& db) {
        return sqlite::claim_planning(db, id, known, most);
    });
}
task<result<void>> store::leave_planning(execution_id id, std::string instance_id, std::string problem) {
    return state_->write([id, instance_id = std::move(instance_id), problem = std::move(problem)](connection& db) {
        sqlite::leave_planning(db, id, instance_id, problem);
    });
}
task<result<void>> store::request_cancel(execution_id id, system_time now) {
    return state_->write([=](connection& db) { return sqlite::request_cancel(db, id, now); });
}
// Bit by bit, as the journal waits for us meanwhile.
task<result<int>> store::end_runs(run_ending ending, system_time now) {
    int ended = 0;
    for (run_id last{};;) {
        const auto next = co_await state_->write([=, journal = &state_->journal](connection& db) {
            return end_next_runs(db, *journal, ending, last, steps_ended_at_once, now);
        });
        if (!next) co_return std::unexpected{next.error()};
        ended += next->runs;
        if (next->is_all) co_return ended;
        last = next->last;
    }
}
task<result<execution>> store::finish_if_done(execution_id id, system_time now) {
    return state_->write([=](connection& db) { return sqlite::finish_if_done(db, id, now); });
}
task<result<system_time>> store::age_history(system_time now, milliseconds most) {
    return state_->write([=](connection& db) { return sqlite::age_history(db, now, most); });
}
task<result<history_bit>> store::keep_history(system_time, system_time keep_from) {
    return state_->writer->run([state = state_.get(), keep_from] {
        auto work = [&] {
            const auto began = std::chrono::steady_clock::now();
            auto forget = [&](connection& db) { return forget_some(db, keep_from, state->chunk.rows()); };
            const auto done = sql::in_transaction<transaction>(state->write_database, forget);
            state->chunk.took(std::chrono::steady_clock::now() - began);  // the commit included
            return done;
        };
        return guarded(work);
    });
}
task<result<bool>> store::archive_runs(system_time) {
    co_return false;  // their indexes hold what is to be claimed, and nothing else
}
task<result<std::vector<execution>>> store::open_executions() {
    return state_->read([](connection& db) { return sqlite::open_executions(db); });
}
task<result<std::int64_t>> store::lowest_waiting_rank() {
    return state_->read([](connection& db) { return sqlite::lowest_waiting_rank(db); });
}
task<result<execution>> store::find_execution(execution_id id) {
    return state_->read([id](connection& db) { return sqlite::find_execution(db, id); });
}
task<result<std::vector<execution>>> store::list_executions(execution_query query) {
    return state_->read([query = std::move(query)](connection& db) { return sqlite::list_executions(db, query); });
}
task<result<std::vector<step_summary>>> store::step_summaries(execution_id id) {
    return state_->read([id](connection& db) { return sqlite::step_summaries(db, id); });
}
task<result<std::vector<tenant_run_view>>> store::list_runs(execution_id id, run_query query) {
    return state_->read([id, query](connection& db) { return sqlite::list_runs(db, id, query); });
}
task<result<std::vector<log_entry>>> store::list_logs(execution_id id, log_query query) {
    return state_->read([id, query = std::move(query)](connection& db) { return sqlite::list_logs(db, id, query); });
}

// Runs

task<result<std::vector<claimed_run>>> store::claim_runs(std::string instance_id, int limit, system_time now,
                                                         std::vector<std::string> closed_services) {
    return state_->write([instance_id = std::move(instance_id), limit, now, closed = std::move(closed_services)](
                             connection& db) { return sqlite::claim_runs(db, instance_id, limit, now, closed); });
}
task<result<std::int64_t>> store::count_open_runs(int most, system_time now, std::vector<std::string> closed_services) {
    return state_->read([most, now, closed = std::move(closed_services)](connection& db) {
        return sqlite::count_open_runs(db, most, now, closed);
    });
}
task<result<std::optional<system_time>>> store::next_parked_run(std::vector<std::string> closed_services) {
    return state_->read(
        [closed = std::move(closed_services)](connection& db) { return sqlite::next_parked_run(db, closed); });
}
task<result<journal_receipt>> store::commit(const std::vector<journal_entry>& entries, system_time now) {
    return state_->writer->run([state = state_.get(), &entries, now] {
        auto work = [&] { return state->journal.commit(state->write_database, entries, now); };
        return guarded(work);
    });
}
task<result<bool>> store::renew_lease(std::string instance_id, milliseconds lease, system_time now) {
    return state_->write([instance_id = std::move(instance_id), lease_until = now + lease](connection& db) {
        return sqlite::renew_lease(db, instance_id, lease_until);
    });
}
task<result<int>> store::release_runs(std::string instance_id, std::vector<run_claim> claims) {
    return state_->write([instance_id = std::move(instance_id), claims = std::move(claims)](connection& db) {
        return sqlite::release_runs(db, instance_id, claims);
    });
}
task<result<int>> store::release_unknown_runs(std::string instance_id, std::vector<run_claim> known) {
    return state_->write([instance_id = std::move(instance_id), known = std::move(known)](connection& db) {
        return sqlite::release_unknown_runs(db, instance_id, known);
    });
}
task<result<std::vector<std::string>>> store::live_instances(system_time now) {
    return state_->read([now](connection& db) { return sqlite::live_instances(db, now); });
}
task<result<int>> store::release_lost_runs(system_time now, std::string survivor) {
    return state_->write(
        [now, survivor = std::move(survivor)](connection& db) { return sqlite::release_lost_runs(db, now, survivor); });
}
task<result<void>> store::release_instance(std::string instance_id) {
    return state_->write(
        [instance_id = std::move(instance_id)](connection& db) { sqlite::release_instance(db, instance_id); });
}

// Schedules

task<result<std::int64_t>> store::schedule_revision() {
    return state_->read([](connection& db) { return sqlite::schedule_revision(db); });
}
task<result<decision_receipt>> store::decide(const std::vector<schedule_decision>& decisions, std::int64_t epoch,
                                             system_time now) {
    return state_->write([=, &decisions](connection& db) -> result<decision_receipt> {
        if (const auto current = sqlite::check_epoch(db, epoch); !current) return std::unexpected{current.error()};
        return sqlite::decide(db, decisions, now);
    });
}
task<result<std::vector<decided_occurrence>>> store::list_occurrences(workflow_id id, system_time from,
                                                                      system_time until, int limit) {
    return state_->read([=](connection& db) { return sqlite::list_occurrences(db, id, from, until, limit); });
}
task<result<std::vector<schedule_version>>> store::list_schedule_versions(workflow_id id) {
    return state_->read([=](connection& db) { return sqlite::list_schedule_versions(db, id); });
}
task<result<std::optional<system_time>>> store::busy_until(workflow_id id, system_time now) {
    return state_->read([=](connection& db) { return sqlite::busy_until(db, id, now); });
}
task<result<std::vector<milliseconds>>> store::past_durations(workflow_id id, int most) {
    return state_->read([=](connection& db) { return sqlite::past_durations(db, id, most); });
}
task<result<std::vector<tenant_group>>> store::list_tenant_groups() {
    return state_->read([](connection& db) { return sqlite::list_tenant_groups(db); });
}
task<result<void>> store::replace_tenant_groups(std::vector<tenant_group> groups, std::int64_t epoch) {
    return state_->write([epoch, groups = std::move(groups)](connection& db) -> result<void> {
        if (auto current = sqlite::check_epoch(db, epoch); !current) return current;
        sqlite::replace_tenant_groups(db, groups);
        return {};
    });
}

// Calendars

task<result<std::vector<stored_calendar>>> store::list_calendars() {
    return state_->read([](connection& db) { return sqlite::list_calendars(db); });
}
task<result<stored_calendar>> store::find_calendar(std::string code, int version) {
    return state_->read(
        [code = std::move(code), version](connection& db) { return sqlite::find_calendar(db, code, version); });
}
task<result<stored_calendar>> store::put_calendar(stored_calendar added) {
    return state_->write([added = std::move(added)](connection& db) { return sqlite::put_calendar(db, added); });
}
task<result<void>> store::delete_calendar(std::string code, system_time now) {
    return state_->write(
        [code = std::move(code), now](connection& db) { return sqlite::delete_calendar(db, code, now); });
}

// Backfills

task<result<void>> store::insert_backfill(backfill added, std::vector<system_time> occurrences) {
    return state_->write([added = std::move(added), occurrences = std::move(occurrences)](connection& db) {
        sqlite::insert_backfill(db, added, occurrences);
    });
}
task<result<std::vector<tracked_backfill>>> store::list_backfills(int limit) {
    return state_->read([limit](connection& db) { return sqlite::list_backfills(db, limit); });
}
task<result<tracked_backfill>> store::find_backfill(backfill_id id) {
    return state_->read([id](connection& db) { return sqlite::find_backfill(db, id); });
}
task<result<tracked_backfill>> store::cancel_backfill(backfill_id id, system_time now) {
    return state_->write([=](connection& db) { return sqlite::cancel_backfill(db, id, now); });
}
task<result<std::vector<backfill_turn>>> store::next_of_backfills(system_time now) {
    return state_->write([now](connection& db) { return sqlite::next_of_backfills(db, now); });
}
task<result<std::vector<execution_id>>> store::open_backfill_executions(std::vector<backfill_start> starts,
                                                                        std::int64_t epoch, system_time now) {
    return state_->write([=, starts = std::move(starts)](connection& db) -> result<std::vector<execution_id>> {
        if (const auto current = sqlite::check_epoch(db, epoch); !current) return std::unexpected{current.error()};
        return sqlite::open_backfill_executions(db, starts, now);
    });
}

// Leadership

task<result<leader_answer>> store::claim_lead(leader_claim claim, system_time now) {
    return state_->write(
        [now, claim = std::move(claim)](connection& db) { return sqlite::claim_lead(db, claim, now); });
}
task<result<void>> store::resign_lead(std::int64_t epoch, system_time now) {
    return state_->write([=](connection& db) { sqlite::resign_lead(db, epoch, now); });
}
task<result<store_time>> store::read_clock() {
    return state_->read([](connection& db) { return sqlite::read_clock(db); });
}
task<result<std::optional<leader_record>>> store::find_leader(system_time now) {
    return state_->read([=](connection& db) { return sqlite::find_leader(db, now); });
}

// Services

task<result<std::vector<service_setting>>> store::list_service_settings() {
    return state_->read([](connection& db) { return sqlite::list_service_settings(db); });
}
task<result<service_setting>> store::change_service(service_change change, system_time now) {
    return state_->write(
        [change = std::move(change), now](connection& db) { return sqlite::change_service(db, change, now); });
}

// Events

task<result<std::vector<kept_event>>> store::unpublished_events(int limit, system_time now) {
    return state_->read([limit, now](connection& db) { return sqlite::unpublished_events(db, limit, now); });
}
task<result<void>> store::note_published(std::vector<event_id> ids, system_time now) {
    return state_->write([now, ids = std::move(ids)](connection& db) { sqlite::note_published(db, ids, now); });
}
task<result<void>> store::note_unpublished(std::vector<unpublished_event> refused) {
    return state_->write([refused = std::move(refused)](connection& db) { sqlite::note_unpublished(db, refused); });
}
task<result<void>> store::note_broker_problem(std::string problem) {
    return state_->write([problem = std::move(problem)](connection& db) { sqlite::note_broker_problem(db, problem); });
}
task<result<std::vector<kept_event>>> store::list_events(event_query query) {
    return state_->read([query](connection& db) { return sqlite::list_events(db, query); });
}

}  // namespace orchestrator::sqlite
