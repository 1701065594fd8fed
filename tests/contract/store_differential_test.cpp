// The same random operations on a store and on the one in memory give the same answers. A failure prints the seed and
// the operation.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <random>
#include <set>

#include "tests/contract/store_fixture.h"

namespace orchestrator::store_test {
namespace {

// Everything that a port answers, as text that two stores can be compared by.
std::string shown(const std::optional<system_time>& at) { return at ? format_time(*at) : "-"; }

std::string shown(const step_record& step) {
    return fmt::format("[{} {} {} {} {} {} {} {}]", std::int64_t(step.run), step.step_index, to_string(step.status),
                       step.attempts, step.carried_over, format_time(step.started_at), step.duration.count(),
                       step.result);
}

template <class T>
std::string shown(const std::vector<T>& list);

std::string shown(const execution& of) {
    return fmt::format("{} {} plan={} {} cancel={} {} {} '{}' t={},{},{},{},{} s={},{},{},{},{}", to_string(of.id),
                       to_string(of.status), of.planning_complete, of.planned_to_end, of.cancel_requested,
                       shown(of.started_at), shown(of.completed_at), of.error_message, of.tenants.total,
                       of.tenants.completed, of.tenants.partial, of.tenants.failed, of.tenants.cancelled,
                       of.steps.total, of.steps.completed, of.steps.failed, of.steps.skipped, of.steps.retries);
}

std::string shown(const workflow& of) {
    return fmt::format("{} {} {} {} {} {} {} {}", of.workflow_name, of.is_enabled, of.consecutive_failures,
                       shown(of.last_execution_at), shown(of.last_success_at), shown(of.last_failure_at),
                       format_time(of.updated_at), to_string(of.id));
}

std::string shown(const stored_wait& wait) {
    return fmt::format("({} {} {})", wait.step_index, wait.attempts, format_time(wait.retry_at));
}

std::string shown(const claimed_run& run) {
    return fmt::format("{}#{} {} {} {} {}", std::int64_t(run.claim.run), run.claim.token, to_string(run.execution),
                       to_string(run.for_tenant.id), shown(run.recorded), shown(run.waits));
}

std::string shown(const tenant_run_view& run) {
    return fmt::format("{} {} {} {} {} {} by '{}' {}", std::int64_t(run.id), to_string(run.tenant),
                       to_string(run.status), shown(run.not_before), shown(run.started_at), shown(run.completed_at),
                       run.claimed_by, shown(run.steps));
}

std::string shown(const log_entry& log) {
    return fmt::format("{} {} {}", to_string(log.level), log.step_name, log.message);
}

std::string shown(const step_summary& step) {
    return fmt::format("{} {},{},{},{},{} {}", step.step_name, step.counts.total, step.counts.completed,
                       step.counts.failed, step.counts.skipped, step.counts.retries,
                       fmt::join(step.latency.buckets(), " "));
}

std::string shown(const journal_receipt& receipt) {
    std::string text = "refused";
    for (const auto& claim : receipt.refused) text += fmt::format(" {}#{}", std::int64_t(claim.run), claim.token);
    text += " drained";
    for (const auto& id : receipt.drained) text += " " + to_string(id);
    return text;
}

std::string shown(const opened_execution& of) { return fmt::format("{} {}", to_string(of.id), of.created); }
std::string shown(const execution_id& id) { return to_string(id); }
std::string shown(int number) { return std::to_string(number); }
std::string shown(std::int64_t number) { return std::to_string(number); }

template <class T>
std::string shown(const std::vector<T>& list) {
    std::string text;
    for (const auto& each : list) text += shown(each) + "\n";
    return text;
}

template <class T>
std::string shown(const result<T>& answer) {
    if (!answer) return fmt::format("{}: {}", to_string(answer.error().code), answer.error().message);
    if constexpr (std::is_void_v<T>)
        return "done";
    else
        return shown(*answer);
}

// One walk through the ports: each operation is drawn once and done on both stores. Sequences of logs may differ, their
// order not.
class walk {
    template <class Call>
    auto both(const std::string& what, Call call) {
        const auto expected = ask(call(memory_));
        EXPECT_EQ(shown(ask(call(other_))), shown(expected)) << what;
        return expected;
    }

  public:
    walk(const std::string& kind, unsigned seed) : random_{seed}, other_{kind} {
        // What all executions of the walk run again, so that results may be carried over.
        both("insert workflow", [](any_store& s) { return s.workflows().insert_workflow(make_workflow(9, "first")); });
        both("open", [](any_store& s) { return s.executions().open_execution(make_execution(9, 9)); });
    }

    void steps(int count) {
        for (int i = 0; i < count && !testing::Test::HasFailure(); ++i) {
            now_ += milliseconds{draw(2'000)};
            SCOPED_TRACE(fmt::format("operation {}", i));
            other_.set_clock(now_);
            step();
            compare_all();
        }
    }

  private:
    int draw(int below) { return int(random_() % unsigned(below)); }
    // Of a few, or any.
    std::string service() { return std::array{"", "a", "b", "c", "a, b", "b, c"}.at(std::size_t(draw(6))); }
    std::vector<std::string> closed_services() {
        std::vector<std::string> closed;
        for (const auto* each : {"a", "b", "c", "nobody's"})
            if (draw(3) == 0) closed.emplace_back(each);
        return closed;
    }

    void step() {
        const auto id = execution_no(draw(6));
        const auto workflow = workflow_no(draw(3));
        const auto who = fmt::format("host_{}", draw(3));
        switch (draw(20)) {
            case 0:
                put_workflow(workflow);
                break;
            case 1:
                both("delete", [&](any_store& s) { return s.workflows().delete_workflow(workflow, now_); });
                break;
            case 2:
                both("restore", [&](any_store& s) { return s.workflows().restore_workflow(workflow, now_); });
                break;
            case 3:
                open(id);
                break;
            case 4:
            case 5:
                insert(id);
                break;
            case 6:
                plan(id, who);
                break;
            case 7:
                if (draw(4) == 0) both("cancel", [&](any_store& s) { return s.executions().request_cancel(id, now_); });
                break;
            case 8:
                both("finish", [&](any_store& s) { return s.executions().finish_if_done(id, now_); });
                break;
            case 9:
                both("lease", [&](any_store& s) { return s.runs().renew_lease(who, milliseconds{9'000}, now_); });
                break;
            case 10:
                both("lost", [&](any_store& s) { return s.runs().release_lost_runs(now_, who); });
                break;
            case 11:
                if (draw(4) == 0) both("leave", [&](any_store& s) { return s.runs().release_instance(who); });
                break;
            case 12:
            case 13:
            case 14:
                claim(who);
                break;
            default:
                report();
                break;
        }
    }

    void put_workflow(workflow_id id) {
        auto written = make_workflow(0, fmt::format("name_{}", draw(3)));
        written.id = id;
        written.updated_at = now_;
        if (workflows_.contains(id))
            both("replace workflow", [&](any_store& s) { return s.workflows().replace_workflow(written); });
        else if (both("insert workflow", [&](any_store& s) { return s.workflows().insert_workflow(written); }))
            workflows_.insert(id);
    }

    void plan(execution_id id, const std::string& who) {
        std::vector<execution_id> known;
        if (draw(2) == 0) known.push_back(execution_no(draw(6)));
        const int most = 1 + draw(6);
        both("claim planning", [&](any_store& s) { return s.executions().claim_planning(who, known, most); });
        planning_outcome outcome{.to_end = true};
        if (draw(4) == 0) outcome = {.error_message = "broke off"};
        both("plan", [&](any_store& s) { return s.executions().complete_planning(id, outcome, now_); });
    }

    void open(execution_id id) {
        if (!workflows_.contains(workflow_no(1)) || opened_.contains(id)) return;
        auto made = make_execution(0);
        made.id = id;
        made.retry_of = execution_no(9);
        if (draw(2) == 0) made.idempotency_key = fmt::format("key_{}", draw(2));
        const auto opened = both("open", [&](any_store& s) { return s.executions().open_execution(made); });
        if (opened && opened->created) opened_.insert(id);
    }

    void insert(execution_id id) {
        std::vector<planned_run> planned;
        for (int count = draw(4); count >= 0; --count) {
            auto& run = planned.emplace_back(make_run(draw(8), draw(5) * 100, service()));
            if (draw(4) > 0) continue;
            run.steps_total = 1;
            run.carried_over.push_back(make_record({}, 0, step_status::completed, 2));
            run.carried_over.back().carried_over = true;
        }
        both("insert runs", [&](any_store& s) { return s.executions().insert_runs(id, planned, now_); });
    }

    void claim(const std::string& who) {
        const int limit = draw(5);
        const auto closed = closed_services();
        const auto claimed = both("claim", [&](any_store& s) { return s.runs().claim_runs(who, limit, now_, closed); });
        if (!claimed) return;
        for (const auto& run : *claimed) claims_.push_back(run);
    }

    // Reports of any claim that was ever made: of current ones, of lost ones, of those that have ended.
    void report() {
        std::vector<journal_entry> entries;
        if (claims_.empty()) return;
        for (int count = draw(3); count >= 0; --count) {
            const auto recent = std::min<int>(int(claims_.size()), 6);
            const auto& run = claims_[claims_.size() - 1 - std::size_t(draw(recent))];
            auto entry = entry_for(run, {});
            for (int step = 0; step < 2; ++step)
                if (draw(2) == 0)
                    entry.steps.push_back(make_record(run.claim.run, step, step_status(draw(3)), draw(4)));
            for (int logs = draw(3); logs > 0; --logs) entry.logs.push_back(make_log("log", log_level(draw(3))));
            const auto until = now_ + milliseconds{draw(8'000)};
            switch (draw(4)) {
                case 0:
                    entry.outcome = ended(run_status(2 + draw(4)));
                    break;
                case 1:
                    entry.outcome = parked(
                        until, {{.step_index = 1, .attempts = 2, .retry_at = until, .started_at = now_}}, service());
                    break;
                case 2:
                    entry.outcome = returned(service());
                    break;
                default:
                    break;
            }
            entries.push_back(std::move(entry));
        }
        both("commit", [&](any_store& s) { return s.runs().commit(entries, now_); });
    }

    void compare_all() {
        both("workflows", [](any_store& s) { return s.workflows().list_workflows(); });
        both("executions", [](any_store& s) { return s.executions().list_executions({}); });
        both("lowest rank", [](any_store& s) { return s.executions().lowest_waiting_rank(); });
        const auto closed = closed_services();
        both("next parked", [&](any_store& s) { return s.runs().next_parked_run(closed); });
        both("open runs", [&](any_store& s) { return s.runs().count_open_runs(100, now_, closed); });
        const auto id = execution_no(draw(6));
        both("runs", [&](any_store& s) { return s.executions().list_runs(id, {}); });
        both("logs", [&](any_store& s) { return s.executions().list_logs(id, {}); });
        both("summaries", [&](any_store& s) { return s.executions().step_summaries(id); });
    }

    std::mt19937 random_;
    any_store memory_{"memory"};
    any_store other_;
    system_time now_ = start;
    std::set<workflow_id> workflows_;
    std::set<execution_id> opened_;
    std::vector<claimed_run> claims_;
};

class store_differential : public testing::TestWithParam<std::tuple<std::string, unsigned>> {};

TEST_P(store_differential, answers_like_the_one_in_memory) {
    const auto& [kind, seed] = GetParam();
    SCOPED_TRACE(fmt::format("seed {}", seed));
    walk{kind, seed}.steps(250);
}

INSTANTIATE_TEST_SUITE_P(seeds, store_differential,
                         testing::Combine(testing::Values("sqlite", "postgresql"), testing::Range(1U, 9U)));

}  // namespace
}  // namespace orchestrator::store_test
