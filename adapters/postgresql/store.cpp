#include "adapters/postgresql/store.h"

#include <fmt/format.h>

#include <random>

#include "adapters/blocking/worker.h"
#include "adapters/postgresql/backfill_rows.h"
#include "adapters/postgresql/calendar_rows.h"
#include "adapters/postgresql/clock_rows.h"
#include "adapters/postgresql/connection.h"
#include "adapters/postgresql/ending_rows.h"
#include "adapters/postgresql/execution_rows.h"
#include "adapters/postgresql/history_rows.h"
#include "adapters/postgresql/journal_rows.h"
#include "adapters/postgresql/leader_rows.h"
#include "adapters/postgresql/migrations.h"
#include "adapters/postgresql/outbox_rows.h"
#include "adapters/postgresql/run_rows.h"
#include "adapters/postgresql/schedule_rows.h"
#include "adapters/postgresql/server_state.h"
#include "adapters/postgresql/service_rows.h"
#include "adapters/postgresql/workflow_rows.h"
#include "adapters/sql/guarded.h"
#include "domain/history/chunk_size.h"

namespace orchestrator::postgresql {
namespace {

template <class Work>
auto guarded(Work& work) {
    return sql::guarded<database_error>(work);
}

constexpr int tries_after_conflict = 3;
constexpr int steps_ended_at_once = 70'000;
constexpr int held_steps_ended_at_once = 7'000;  // who records under their instances waits for us

uuid random_uuid() {
    std::random_device device;
    uuid made;
    for (auto& byte : made.bytes) byte = std::uint8_t(device());
    return made;
}

}  // namespace

struct store::state {
    explicit state(const store_options& options)
        : journal_database{connection_options_of(options, true)},
          claim_database{connection_options_of(options, true)},
          write_database{connection_options_of(options, true)},
          read_database{connection_options_of(options)},
          browse_database{connection_options_of(options)},
          leader_database{connection_options_of(options)},
          history_database{connection_options_of(options)},
          answer_timeout{options.answer_timeout},
          writer{process_id, claims} {}

    static connection_options connection_options_of(const store_options& options, bool plans_by_index = false) {
        connection_options chosen;
        chosen.plans_by_index = plans_by_index;
        chosen.url = options.url;
        chosen.connect_timeout = options.connect_timeout;
        chosen.answer_timeout = options.answer_timeout;
        return chosen;
    }

    connection journal_database;
    connection claim_database;
    connection write_database;
    connection read_database;
    connection browse_database;
    connection leader_database;
    connection history_database;
    milliseconds answer_timeout;
    uuid process_id = random_uuid();
    std::string encoding{};
    open_claims claims;
    journal_writer writer;
    chunk_size chunk;  // the historian's
    // Last, so that their threads end before what they use.
    blocking::worker journal;
    blocking::worker claimer;
    blocking::worker others;
    blocking::worker reader;
    blocking::worker browser;
    blocking::worker leader;
    blocking::worker historian;

    // In a transaction of its own.
    template <class Work>
    auto write(Work work) {
        return others.run([this, work = std::move(work)]() mutable {
            auto in_transaction = [&] {
                for (int tries = 1;; ++tries) try {
                        return sql::in_transaction<transaction>(write_database, work);
                    } catch (const database_error& fault) {
                        if (!fault.is_conflict() || tries == tries_after_conflict) throw;
                    }
            };
            return guarded(in_transaction);
        });
    }

    // What is asked before a claim and the claim itself: beside planning, which would hold up who waits for work.
    template <class Work>
    auto claim(Work work) {
        return alone(claimer, claim_database, std::move(work));
    }

    // One statement, or work that begins its own transaction.
    template <class Work>
    auto write_alone(Work work) {
        return alone(others, write_database, std::move(work));
    }

    // Beside everything else: leases, of the leader and of the instance, must not wait for what is being planned.
    template <class Work>
    auto lead(Work work) {
        return alone(leader, leader_database, std::move(work));
    }

    // One statement: a snapshot by itself.
    template <class Work>
    auto read_alone(Work work) {
        return alone(reader, read_database, std::move(work));
    }

    // One snapshot for several statements.
    template <class Work>
    auto read(Work work) {
        return snapshot(reader, read_database, std::move(work));
    }

    // Lists for people, who may ask for much: what the engine reads does not wait behind them.
    template <class Work>
    auto browse(Work work) {
        return snapshot(browser, browse_database, std::move(work));
    }

    template <class Work>
    auto browse_alone(Work work) {
        return alone(browser, browse_database, std::move(work));
    }

    // History, as many rows at once as take a moment.
    template <class Work>
    auto keep(Work work) {
        return historian.run([this, work = std::move(work)]() mutable {
            auto timed = [&] {
                const auto began = std::chrono::steady_clock::now();
                auto answer = work(history_database, chunk.rows());
                chunk.took(std::chrono::steady_clock::now() - began);
                return answer;
            };
            return guarded(timed);
        });
    }

    template <class Work>
    static auto alone(blocking::worker& worker, connection& database, Work work) {
        return worker.run([&database, work = std::move(work)]() mutable {
            auto on_connection = [&] { return work(database); };
            return guarded(on_connection);
        });
    }

    template <class Work>
    static auto snapshot(blocking::worker& worker, connection& database, Work work) {
        return worker.run([&database, work = std::move(work)]() mutable {
            auto in_snapshot = [&] {
                transaction snapshot{database, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"};
                auto answer = work(database);
                snapshot.commit();
                return answer;
            };
            return guarded(in_snapshot);
        });
    }
};

store::store(std::unique_ptr<state> made) : state_{std::move(made)} {}
store::~store() = default;

result<std::unique_ptr<store>> store::open(const store_options& options) {
    auto work = [&]() -> result<std::unique_ptr<store>> {
        auto made = std::make_unique<state>(options);
        auto patiently = state::connection_options_of(options);
        patiently.answer_timeout = longest_migration;
        connection migrating{patiently};
        if (auto migrated = migrate(migrating); !migrated) return std::unexpected{migrated.error()};
        made->write_database.connect_if_needed();
        made->encoding = made->write_database.encoding();
        make_partitions(made->write_database, postgresql::read_clock(made->write_database).now.value());
        // The first outcomes of the morning shall not wait for a connection.
        for (auto* each : {&made->journal_database, &made->claim_database, &made->read_database})
            each->connect_if_needed();
        return std::unique_ptr<store>{new store{std::move(made)}};
    };
    return guarded(work);
}

std::string store::limitation() const { return postgresql::limitation_of(state_->encoding); }

// Workflows

task<result<std::vector<workflow>>> store::list_workflows() {
    return state_->read_alone([](connection& db) { return postgresql::list_workflows(db); });
}
task<result<workflow>> store::find_workflow(workflow_id id) {
    return state_->read([id](connection& db) { return postgresql::find_workflow(db, id); });
}
task<result<workflow>> store::find_workflow_by_name(std::string name) {
    return state_->read(
        [name = std::move(name)](connection& db) { return postgresql::find_workflow_by_name(db, name); });
}
task<result<bool>> store::knows_workflow_name(std::string name) {
    return state_->read([name = std::move(name)](connection& db) { return postgresql::knows_workflow_name(db, name); });
}
task<result<void>> store::insert_workflow(workflow added) {
    return state_->write([added = std::move(added)](connection& db) { return postgresql::insert_workflow(db, added); });
}
task<result<workflow>> store::replace_workflow(workflow changed) {
    return state_->write(
        [changed = std::move(changed)](connection& db) { return postgresql::replace_workflow(db, changed); });
}
task<result<workflow>> store::enable_workflow(workflow_id id, bool enabled, system_time now) {
    return state_->write([=](connection& db) { return postgresql::enable_workflow(db, id, enabled, now); });
}
task<result<void>> store::delete_workflow(workflow_id id, system_time now) {
    return state_->write([=](connection& db) { return postgresql::delete_workflow(db, id, now); });
}
task<result<workflow>> store::restore_workflow(workflow_id id, system_time now) {
    return state_->write([=](connection& db) { return postgresql::restore_workflow(db, id, now); });
}

// Executions

task<result<opened_execution>> store::open_execution(execution opened) {
    return state_->write_alone(
        [opened = std::move(opened)](connection& db) { return postgresql::open_execution(db, opened); });
}
task<result<int>> store::insert_runs(execution_id id, std::vector<planned_run> runs, system_time now) {
    return state_->write(
        [id, now, runs = std::move(runs)](connection& db) { return postgresql::insert_runs(db, id, runs, now); });
}
task<result<void>> store::note_planning_problem(execution_id id, std::string problem) {
    return state_->write([id, problem = std::move(problem)](connection& db) {
        return postgresql::note_planning_problem(db, id, problem);
    });
}
task<result<void>> store::complete_planning(execution_id id, planning_outcome outcome, system_time now) {
    return state_->write([id, now, outcome = std::move(outcome)](connection& db) {
        return postgresql::complete_planning(db, id, outcome, now);
    });
}
task<result<std::vector<execution_id>>> store::claim_planning(std::string instance_id, std::vector<execution_id> known,
                                                              int most) {
    return state_->write([most, known = std::move(known), id = std::move(instance_id)](connection& db) {
        return postgresql::claim_planning(db, id, known, most);
    });
}
task<result<void>> store::leave_planning(execution_id id, std::string instance_id, std::string problem) {
    return state_->write([id, instance_id = std::move(instance_id), problem = std::move(problem)](connection& db) {
        postgresql::leave_planning(db, id, instance_id, problem);
    });
}
task<result<void>> store::request_cancel(execution_id id, system_time now) {
    return state_->write([=](connection& db) { return postgresql::request_cancel(db, id, now); });
}
// Bit by bit, as all who record outcomes of the execution wait for us. If we do not come to the end, the engines of all
// instances ask for it once more.
task<result<int>> store::end_runs(run_ending ending, system_time now) {
    const int most = ending.is_held_too ? held_steps_ended_at_once : steps_ended_at_once;
    int ended = 0;
    for (run_id last{};;) {
        const auto next =
            co_await state_->write([=](connection& db) { return end_next_runs(db, ending, last, most, now); });
        if (!next) co_return std::unexpected{next.error()};
        ended += next->runs;
        if (next->is_all) co_return ended;
        last = next->last;
    }
}
task<result<execution>> store::finish_if_done(execution_id id, system_time now) {
    return state_->write([=](connection& db) { return postgresql::finish_if_done(db, id, now); });
}
task<result<system_time>> store::age_history(system_time now, milliseconds most) {
    return state_->write([=](connection& db) { return postgresql::age_history(db, now, most); });
}
task<result<history_bit>> store::keep_history(system_time now, system_time keep_from) {
    return state_->keep([now, keep_from](connection& db, int rows) {
        make_partitions(db, now);
        transaction work{db};
        const auto done = forget_some(db, keep_from, rows);
        work.commit();
        if (done.is_all) drop_partitions(db, keep_from);
        return done;
    });
}
task<result<bool>> store::archive_runs(system_time ended_before) {
    return state_->keep([ended_before](connection& db, int rows) {
        transaction work{db};
        const bool has_more = archive_some_runs(db, ended_before, rows);
        work.commit();
        return has_more;
    });
}
task<result<std::vector<execution>>> store::open_executions() {
    return state_->read_alone([](connection& db) { return postgresql::open_executions(db); });
}
task<result<std::int64_t>> store::lowest_waiting_rank() {
    return state_->read_alone([](connection& db) { return postgresql::lowest_waiting_rank(db); });
}
task<result<execution>> store::find_execution(execution_id id) {
    return state_->read_alone([id](connection& db) { return postgresql::find_execution(db, id); });
}
task<result<std::vector<execution>>> store::list_executions(execution_query query) {
    return state_->browse_alone(
        [query = std::move(query)](connection& db) { return postgresql::list_executions(db, query); });
}
task<result<std::vector<step_summary>>> store::step_summaries(execution_id id) {
    return state_->browse([id](connection& db) { return postgresql::step_summaries(db, id); });
}
task<result<std::vector<tenant_run_view>>> store::list_runs(execution_id id, run_query query) {
    const auto work = [id, query](connection& db) { return postgresql::list_runs(db, id, query); };
    return query.failures_only ? state_->read(work) : state_->browse(work);  // the planner's, or somebody's
}
task<result<std::vector<log_entry>>> store::list_logs(execution_id id, log_query query) {
    return state_->browse(
        [id, query = std::move(query)](connection& db) { return postgresql::list_logs(db, id, query); });
}

// Runs

task<result<std::vector<claimed_run>>> store::claim_runs(std::string instance_id, int limit, system_time now,
                                                         std::vector<std::string> closed_services) {
    return state_->claim([state = state_.get(), instance_id = std::move(instance_id), limit, now,
                          closed = std::move(closed_services)](connection& db) {
        return postgresql::claim_runs(db, state->claims, instance_id, limit, now, closed);
    });
}
task<result<std::int64_t>> store::count_open_runs(int most, system_time now, std::vector<std::string> closed_services) {
    return state_->claim([most, now, closed = std::move(closed_services)](connection& db) {
        return postgresql::count_open_runs(db, most, now, closed);
    });
}
task<result<std::optional<system_time>>> store::next_parked_run(std::vector<std::string> closed_services) {
    return state_->claim(
        [closed = std::move(closed_services)](connection& db) { return postgresql::next_parked_run(db, closed); });
}
task<result<journal_receipt>> store::commit(const std::vector<journal_entry>& entries, system_time now) {
    return state_->journal.run([state = state_.get(), &entries, now] {
        auto work = [&] { return state->writer.commit(state->journal_database, entries, now); };
        return guarded(work);
    });
}
task<result<bool>> store::renew_lease(std::string instance_id, milliseconds lease, system_time) {
    return state_->lead([process = state_->process_id, instance_id = std::move(instance_id), lease](connection& db) {
        return postgresql::renew_lease(db, instance_id, process, lease);
    });
}
task<result<int>> store::release_runs(std::string instance_id, std::vector<run_claim> claims) {
    return state_->write([instance_id = std::move(instance_id), claims = std::move(claims)](connection& db) {
        return postgresql::release_runs(db, instance_id, claims);
    });
}
task<result<int>> store::release_unknown_runs(std::string instance_id, std::vector<run_claim> known) {
    return state_->write_alone([instance_id = std::move(instance_id), known = std::move(known)](connection& db) {
        return postgresql::release_unknown_runs(db, instance_id, known);
    });
}
task<result<std::vector<std::string>>> store::live_instances(system_time) {
    return state_->read_alone([](connection& db) { return postgresql::live_instances(db); });
}
task<result<int>> store::release_lost_runs(system_time, std::string survivor) {
    // Where nothing waits for the rows that such a session holds. A fault of it shows in what follows.
    static_cast<void>(co_await state_->lead(
        [silence = state_->answer_timeout](connection& db) { postgresql::end_silent_sessions(db, silence); }));
    co_return co_await state_->write(
        [survivor = std::move(survivor)](connection& db) { return postgresql::release_lost_runs(db, survivor); });
}
task<result<void>> store::release_instance(std::string instance_id) {
    return state_->write(
        [instance_id = std::move(instance_id)](connection& db) { postgresql::release_instances(db, {instance_id}); });
}

// Schedules

task<result<std::int64_t>> store::schedule_revision() {
    return state_->read_alone([](connection& db) { return postgresql::schedule_revision(db); });
}
task<result<decision_receipt>> store::decide(const std::vector<schedule_decision>& decisions, std::int64_t epoch,
                                             system_time now) {
    return state_->write([=, &decisions](connection& db) -> result<decision_receipt> {
        if (const auto current = postgresql::hold_epoch(db, epoch); !current) return std::unexpected{current.error()};
        return postgresql::decide(db, decisions, now);
    });
}
task<result<std::vector<decided_occurrence>>> store::list_occurrences(workflow_id id, system_time from,
                                                                      system_time until, int limit) {
    return state_->browse_alone(
        [=](connection& db) { return postgresql::list_occurrences(db, id, from, until, limit); });
}
task<result<std::vector<schedule_version>>> store::list_schedule_versions(workflow_id id) {
    return state_->browse_alone([=](connection& db) { return postgresql::list_schedule_versions(db, id); });
}
task<result<std::optional<system_time>>> store::busy_until(workflow_id id, system_time now) {
    return state_->read_alone([=](connection& db) { return postgresql::busy_until(db, id, now); });
}
task<result<std::vector<milliseconds>>> store::past_durations(workflow_id id, int most) {
    return state_->read_alone([=](connection& db) { return postgresql::past_durations(db, id, most); });
}
task<result<std::vector<tenant_group>>> store::list_tenant_groups() {
    return state_->read_alone([](connection& db) { return postgresql::list_tenant_groups(db); });
}
task<result<void>> store::replace_tenant_groups(std::vector<tenant_group> groups, std::int64_t epoch) {
    return state_->write([epoch, groups = std::move(groups)](connection& db) -> result<void> {
        if (auto current = postgresql::hold_epoch(db, epoch); !current) return current;
        postgresql::replace_tenant_groups(db, groups);
        return {};
    });
}

// Calendars

task<result<std::vector<stored_calendar>>> store::list_calendars() {
    return state_->read_alone([](connection& db) { return postgresql::list_calendars(db); });
}
task<result<stored_calendar>> store::find_calendar(std::string code, int version) {
    return state_->read(
        [code = std::move(code), version](connection& db) { return postgresql::find_calendar(db, code, version); });
}
task<result<stored_calendar>> store::put_calendar(stored_calendar added) {
    return state_->write([added = std::move(added)](connection& db) { return postgresql::put_calendar(db, added); });
}
task<result<void>> store::delete_calendar(std::string code, system_time now) {
    return state_->write(
        [code = std::move(code), now](connection& db) { return postgresql::delete_calendar(db, code, now); });
}

// Backfills

task<result<void>> store::insert_backfill(backfill added, std::vector<system_time> occurrences) {
    return state_->write([added = std::move(added), occurrences = std::move(occurrences)](connection& db) {
        postgresql::insert_backfill(db, added, occurrences);
    });
}
task<result<std::vector<tracked_backfill>>> store::list_backfills(int limit) {
    return state_->read([limit](connection& db) { return postgresql::list_backfills(db, limit); });
}
task<result<tracked_backfill>> store::find_backfill(backfill_id id) {
    return state_->read([id](connection& db) { return postgresql::find_backfill(db, id); });
}
task<result<tracked_backfill>> store::cancel_backfill(backfill_id id, system_time now) {
    return state_->write([=](connection& db) { return postgresql::cancel_backfill(db, id, now); });
}
task<result<std::vector<backfill_turn>>> store::next_of_backfills(system_time now) {
    return state_->write([now](connection& db) { return postgresql::next_of_backfills(db, now); });
}
task<result<std::vector<execution_id>>> store::open_backfill_executions(std::vector<backfill_start> starts,
                                                                        std::int64_t epoch, system_time now) {
    return state_->write([=, starts = std::move(starts)](connection& db) -> result<std::vector<execution_id>> {
        if (const auto current = postgresql::hold_epoch(db, epoch); !current) return std::unexpected{current.error()};
        return postgresql::open_backfill_executions(db, starts, now);
    });
}

// Leadership

task<result<leader_answer>> store::claim_lead(leader_claim claim, system_time) {
    return state_->lead([claim = std::move(claim)](connection& db) { return postgresql::claim_lead(db, claim); });
}
task<result<void>> store::resign_lead(std::int64_t epoch, system_time) {
    return state_->lead([epoch](connection& db) { postgresql::resign_lead(db, epoch); });
}
task<result<store_time>> store::read_clock() {
    return state_->lead([](connection& db) { return postgresql::read_clock(db); });
}
task<result<std::optional<leader_record>>> store::find_leader(system_time) {
    return state_->read_alone([](connection& db) { return postgresql::find_leader(db); });
}

// Services

task<result<std::vector<service_setting>>> store::list_service_settings() {
    return state_->read_alone([](connection& db) { return postgresql::list_service_settings(db); });
}
task<result<service_setting>> store::change_service(service_change change, system_time now) {
    return state_->write(
        [change = std::move(change), now](connection& db) { return postgresql::change_service(db, change, now); });
}

// Events

task<result<std::vector<kept_event>>> store::unpublished_events(int limit, system_time now) {
    return state_->read_alone([limit, now](connection& db) { return postgresql::unpublished_events(db, limit, now); });
}
task<result<void>> store::note_published(std::vector<event_id> ids, system_time now) {
    return state_->write([now, ids = std::move(ids)](connection& db) { postgresql::note_published(db, ids, now); });
}
task<result<void>> store::note_unpublished(std::vector<unpublished_event> refused) {
    return state_->write([refused = std::move(refused)](connection& db) { postgresql::note_unpublished(db, refused); });
}
task<result<void>> store::note_broker_problem(std::string problem) {
    return state_->write(
        [problem = std::move(problem)](connection& db) { postgresql::note_broker_problem(db, problem); });
}
task<result<std::vector<kept_event>>> store::list_events(event_query query) {
    return state_->browse_alone([query](connection& db) { return postgresql::list_events(db, query); });
}

}  // namespace orchestrator::postgresql
