// Properties of a tenant run over random graphs, random outcomes and random orders, with crashes in between.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <random>

#include "domain/execution/run_state.h"
#include "tests/unit/domain/execution/step_graph.h"

namespace orchestrator {
namespace {

// How often a step fails before it ends, and how it ends: the same in whatever order things happen.
struct fate {
    int failed_attempts;
    step_status end;
};

struct scenario {
    workflow_definition definition;
    std::vector<fate> fates;
};

scenario random_scenario() {
    const auto count = *rc::gen::weightedOneOf<std::size_t>(
        {{9, rc::gen::inRange<std::size_t>(1, 13)}, {1, rc::gen::just(std::size_t{max_steps})}});
    std::vector<graph_step> steps(count);
    scenario made;
    for (std::size_t i = 0; i < count; ++i) {
        if (i > 0)
            for (int edges = *rc::gen::inRange(0, 4); edges > 0; --edges)
                steps[i].after.push_back(*rc::gen::inRange<std::size_t>(0, i));
        steps[i].rule = *rc::gen::element(trigger_rule::all_success, trigger_rule::all_success, trigger_rule::all_done);
        steps[i].critical = *rc::gen::element(true, true, false);
        made.fates.push_back(
            {.failed_attempts = *rc::gen::element(0, 0, 0, 1, 3),
             .end = *rc::gen::element(step_status::completed, step_status::completed, step_status::failed)});
    }
    made.definition = step_graph(steps);
    return made;
}

// What one commit of the journal holds of a run: a step and those that it made unreachable.
using entry = std::vector<std::pair<std::size_t, step_status>>;

// Drives a run as the engine does, in an order of its own choosing, and checks each move against the rules.
class driver {
  public:
    driver(const scenario& of, unsigned seed, const std::vector<entry>& recorded = {})
        : of_{of}, random_{seed}, state_{of.definition, {}}, journal_{recorded} {
        restore();
    }

    void run_to_end(int moves_before_cancel = -1) {
        for (int moves = 0;; ++moves) {
            if (moves == moves_before_cancel) cancel();
            const auto move = state_.next_move(now_);
            check(move);
            if (move.end) {
                status_ = *move.end;
                return;
            }
            for (const auto step : move.start) {
                state_.begin(step);
                started_.insert(step);
            }
            if (!state_.running().empty())
                end_one_call();
            else
                pass_time(move);
        }
    }

    [[nodiscard]] const run_state& state() const { return state_; }
    [[nodiscard]] run_status status() const { return status_; }
    [[nodiscard]] step_set started() const { return started_; }
    [[nodiscard]] const std::vector<entry>& journal() const { return journal_; }
    [[nodiscard]] int times_parked() const { return times_parked_; }

  private:
    [[nodiscard]] step_set ended() const { return state_.completed() | state_.failed() | state_.skipped(); }

    void check(const run_move& move) const {
        RC_ASSERT(!(state_.completed().intersects(state_.failed() | state_.skipped())));
        RC_ASSERT(!state_.failed().intersects(state_.skipped()));
        RC_ASSERT(!ended().intersects(state_.running() | state_.waiting()));
        RC_ASSERT(bool(move.end) == (ended() == of_.definition.all_steps()));
        RC_ASSERT(!(move.end && (move.wake_at || move.park_until || !move.start.empty())));
        RC_ASSERT(!(move.park_until && (move.wake_at || !move.start.empty() || !state_.running().empty())));
        RC_ASSERT(!cancelled_ || move.start.empty());
        // Never stuck: the run ends, or something runs, starts, or has a time.
        RC_ASSERT(move.end || move.wake_at || move.park_until || !move.start.empty() || !state_.running().empty());
        for (const auto step : move.start) {
            RC_ASSERT(!ended().contains(step));
            RC_ASSERT(!state_.running().contains(step));
            const auto& definition = of_.definition.steps[step];
            RC_ASSERT(ended().contains(definition.depends_on));
            RC_ASSERT(definition.rule == trigger_rule::all_done || state_.completed().contains(definition.depends_on));
        }
    }

    void end_one_call() {
        std::vector<std::size_t> running;
        for (const auto step : state_.running()) running.push_back(step);
        const auto step = running[random_() % running.size()];
        const auto attempts = state_.attempts(step);
        if (attempts < of_.fates[step].failed_attempts && !cancelled_) {
            state_.wait({.step = step, .attempts = attempts + 1, .retry_at = now_ + milliseconds{random_() % 10'000}});
            return;
        }
        auto& line = journal_.emplace_back(entry{{step, of_.fates[step].end}});
        for (const auto skipped : state_.conclude(step, of_.fates[step].end))
            line.emplace_back(skipped, step_status::skipped);
    }

    void pass_time(const run_move& move) {
        if (!move.park_until) {
            now_ = *move.wake_at;
            return;
        }
        // Parked: another claim goes on from what is stored.
        ++times_parked_;
        const auto waits = state_.waits();
        state_ = run_state{of_.definition, {}};
        restore();
        for (const auto& wait : waits) state_.restore_wait(wait);
        now_ = *move.park_until;
    }

    void restore() {
        for (const auto& line : journal_)
            for (const auto& [step, status] : line) state_.restore(step, status);
    }

    void cancel() {
        cancelled_ = true;
        auto& line = journal_.emplace_back();
        for (const auto step : state_.cancel()) line.emplace_back(step, step_status::skipped);
    }

    const scenario& of_;
    std::mt19937 random_;
    run_state state_;
    steady_time now_ = steady_time{} + std::chrono::hours{1};
    std::vector<entry> journal_;
    step_set started_;
    run_status status_ = run_status::running;
    int times_parked_ = 0;
    bool cancelled_ = false;
};

RC_GTEST_PROP(run_state_properties, completed_failed_and_skipped_add_up_to_all, ()) {
    const auto of = random_scenario();
    driver run{of, *rc::gen::arbitrary<unsigned>()};
    run.run_to_end();
    const auto& state = run.state();
    RC_ASSERT(state.completed().size() + state.failed().size() + state.skipped().size() ==
              int(of.definition.steps.size()));
    RC_ASSERT(state.waits().empty());
    RC_TAG(run.times_parked() > 0 ? "parked" : "never parked");
}

RC_GTEST_PROP(run_state_properties, all_done_steps_always_run, ()) {
    const auto of = random_scenario();
    driver run{of, *rc::gen::arbitrary<unsigned>()};
    run.run_to_end();
    for (std::size_t i = 0; i < of.definition.steps.size(); ++i)
        if (of.definition.steps[i].rule == trigger_rule::all_done) RC_ASSERT(run.started().contains(i));
}

RC_GTEST_PROP(run_state_properties, a_step_is_skipped_only_behind_one_that_did_not_complete, ()) {
    const auto of = random_scenario();
    driver run{of, *rc::gen::arbitrary<unsigned>()};
    run.run_to_end();
    const auto& state = run.state();
    for (const auto step : state.skipped()) {
        RC_ASSERT(of.definition.steps[step].rule == trigger_rule::all_success);
        RC_ASSERT(of.definition.steps[step].depends_on.intersects(state.failed() | state.skipped()));
        RC_ASSERT(!run.started().contains(step));
    }
}

RC_GTEST_PROP(run_state_properties, the_order_of_events_does_not_change_the_outcome, ()) {
    const auto of = random_scenario();
    driver one{of, *rc::gen::arbitrary<unsigned>()};
    driver other{of, *rc::gen::arbitrary<unsigned>()};
    one.run_to_end();
    other.run_to_end();
    RC_ASSERT(one.state().completed() == other.state().completed());
    RC_ASSERT(one.state().failed() == other.state().failed());
    RC_ASSERT(one.state().skipped() == other.state().skipped());
    RC_ASSERT(one.status() == other.status());
}

RC_GTEST_PROP(run_state_properties, a_crash_after_any_recorded_prefix_does_not_change_the_outcome, ()) {
    const auto of = random_scenario();
    driver whole{of, *rc::gen::arbitrary<unsigned>()};
    whole.run_to_end();
    for (std::size_t kept = 0; kept <= whole.journal().size(); ++kept) {
        const std::vector<entry> prefix(whole.journal().begin(), whole.journal().begin() + std::ptrdiff_t(kept));
        step_set recorded;
        for (const auto& line : prefix)
            for (const auto& [step, status] : line) recorded.insert(step);

        driver resumed{of, *rc::gen::arbitrary<unsigned>(), prefix};
        resumed.run_to_end();
        RC_ASSERT(resumed.state().completed() == whole.state().completed());
        RC_ASSERT(resumed.state().failed() == whole.state().failed());
        RC_ASSERT(resumed.state().skipped() == whole.state().skipped());
        RC_ASSERT(resumed.status() == whole.status());
        RC_ASSERT(!resumed.started().intersects(recorded));
    }
}

RC_GTEST_PROP(run_state_properties, a_cancelled_run_ends_and_starts_nothing_more, ()) {
    const auto of = random_scenario();
    driver run{of, *rc::gen::arbitrary<unsigned>()};
    run.run_to_end(*rc::gen::inRange(0, 20));
    const auto& state = run.state();
    RC_ASSERT((state.completed() | state.failed() | state.skipped()) == of.definition.all_steps());
}

RC_GTEST_PROP(run_state_properties, cancelled_before_the_first_step_skips_all, ()) {
    const auto of = random_scenario();
    driver run{of, *rc::gen::arbitrary<unsigned>()};
    run.run_to_end(0);
    RC_ASSERT(run.status() == run_status::cancelled);
    RC_ASSERT(run.state().skipped() == of.definition.all_steps());
}

RC_GTEST_PROP(run_state_properties, carried_over_steps_never_start_again, ()) {
    const auto of = random_scenario();
    driver first{of, *rc::gen::arbitrary<unsigned>()};
    first.run_to_end();
    const auto rerun = steps_to_rerun(of.definition, first.state().completed());
    const auto carried = of.definition.all_steps() - rerun;
    run_state retried{of.definition, carried};
    for (auto move = retried.next_move({}); !move.end; move = retried.next_move({})) {
        RC_ASSERT(!move.start.empty());
        RC_ASSERT(!move.start.intersects(carried));
        for (const auto step : move.start) {
            retried.begin(step);
            retried.conclude(step, step_status::completed);
        }
    }
    RC_ASSERT(retried.next_move({}).end == run_status::completed);
}

}  // namespace
}  // namespace orchestrator
