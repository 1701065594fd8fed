#include "adapters/sqlite/ending_rows.h"

#include "adapters/sqlite/execution_rows.h"

namespace orchestrator::sqlite {
namespace {

// Runs of one execution that end together.
class run_range {
  public:
    run_range(connection& database, const run_ending& ending, run_id after, int most)
        : database_{database}, ending_{ending}, after_{after} {
        auto row = database_.query("endings", "next_runs");
        bind_first(row).bind(3, most).bind(4, ending_.is_held_too);
        if (!row.step() || row.integer(1) == 0) return;
        last_ = run_id(row.integer(0));
        runs_ = int(row.integer(1));
        steps_ = int(row.integer(2));
    }

    [[nodiscard]] run_id last() const { return last_; }
    [[nodiscard]] int runs() const { return runs_; }
    // Of the run that has most of them.
    [[nodiscard]] int steps() const { return steps_; }

    // Returns in how many runs the step had no outcome.
    std::int64_t skip(int step, const step_record& as) {
        auto row = database_.query("endings", "skip_step");
        bind(row)
            .bind(5, step)
            .bind(6, as.started_at)
            .bind(7, std::string_view{as.error_code})
            .bind(8, std::string_view{as.error_message})
            .bind(9, words_before_service(ending_.cause));
        row.run();
        return database_.changes();
    }

    tenant_counts end(system_time now) {
        tenant_counts ended;
        if (ending_.cause == end_cause::cancellation) {
            ended.cancelled = end_as(run_status::cancelled, now);
            return ended;
        }
        auto row = database_.query("endings", "end_partial");
        bind(row).bind(5, now).run();
        ended.partial = database_.changes();
        ended.failed = end_as(run_status::failed, now);
        return ended;
    }

  private:
    statement& bind_first(statement& row) const { return row.bind(1, ending_.execution).bind(2, std::int64_t(after_)); }
    statement& bind(statement& row) const {
        return bind_first(row).bind(3, std::int64_t(last_)).bind(4, ending_.is_held_too);
    }
    std::int64_t end_as(run_status status, system_time now) {
        auto row = database_.query("endings", "end");
        bind(row).bind(5, now).bind(6, to_string(status)).run();
        return database_.changes();
    }

    connection& database_;
    const run_ending& ending_;
    run_id after_;
    run_id last_{};
    int runs_ = 0;
    int steps_ = 0;
};

}  // namespace

result<ended_bit> end_next_runs(connection& database, journal_writer& journal, const run_ending& ending, run_id after,
                                int most_steps, system_time now) {
    const auto at = find_execution(database, ending.execution);
    if (!at) return std::unexpected{at.error()};
    if (is_final(at->status) || !is_time_for(ending, *at, now)) return ended_bit{};
    const int most = runs_of_steps(most_steps, at->steps.total, at->tenants.total);
    run_range range{database, ending, after, most};
    if (range.runs() == 0) return ended_bit{};
    const auto skipped = skipped_step(ending.cause, now);
    journal_delta::of_execution added;
    for (int step = 0; step < range.steps(); ++step) {
        const auto count = range.skip(step, skipped);
        added.steps.skipped += count;
        added.by_step[step].skipped += count;
    }
    added.tenants = range.end(now);
    journal.add_to_execution(database, ending.execution, added, end_log(ending.cause, range.runs(), now));
    return ended_bit{range.runs(), range.last(), range.runs() < most};
}

}  // namespace orchestrator::sqlite
