// How long anybody waits behind the forgetting of history, its archive, and the recovery of lost claims, with months of
// it in the store. history_benchmark DAYS TENANTS sqlite FILE, or … postgresql URL (an empty database). Prints JSON.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <stdexcept>

#include "adapters/postgresql/store.h"
#include "adapters/sqlite/store.h"
#include "adapters/system/random.h"

namespace orchestrator {
namespace {

using namespace std::chrono;

constexpr int steps = 6;
constexpr int claimed_at_once = 512;
constexpr auto who = "benchmark";

template <class T>
T wait(task<result<T>> work) {
    asio::io_context context{1};
    std::optional<result<T>> answer;
    asio::co_spawn(context, std::move(work), [&](std::exception_ptr thrown, result<T> value) {
        if (thrown) std::rethrow_exception(thrown);
        answer.emplace(std::move(value));
    });
    context.run();
    if (!answer.value()) throw std::runtime_error{answer->error().message};
    if constexpr (!std::is_void_v<T>) return std::move(**answer);
}

class history {
  public:
    history(stores& store, int days_kept, int tenants) : store_{store}, days_{days_kept}, tenants_{tenants} {
        workflow made;
        made.id = workflow_;
        made.workflow_name = "daily";
        made.steps = "[]";
        made.created_at = made.updated_at = today_ - days{days_};
        wait(store_.insert_workflow(std::move(made)));
        wait(store_.renew_lease(who, hours{24 * 365}, today_));
    }

    void fill() {
        for (int ago = days_; ago > 0; --ago) {
            const auto at = today_ - days{ago};
            wait(store_.keep_history(at, system_time{}));  // makes room for that day
            run(open(at), at);
            if (ago % 10 == 0) fmt::print(stderr, "  {} of {} days\n", days_ - ago, days_);
        }
    }

    // The longest call of each kind, in milliseconds.
    void measure() {
        take_the_time("archive", [&] { return wait(store_.archive_runs(today_)); });
        // A run under way beside all that history, and a machine that dies.
        const auto open_one = open(today_);
        for (int lost = 0; lost < 5; ++lost) {
            wait(store_.renew_lease("lost", milliseconds{1}, today_));
            const auto claimed = wait(store_.claim_runs("lost", claimed_at_once, today_, {}));
            once("release_runs", [&] { return wait(store_.release_runs("lost", {claimed.front().claim})); });
            once("release_unknown_runs", [&] { return wait(store_.release_unknown_runs("lost", {})); });
            wait(store_.claim_runs("lost", claimed_at_once, today_, {}));
            once("release_lost_runs", [&] { return wait(store_.release_lost_runs(today_ + hours{1}, who)); });
            wait(store_.renew_lease("lost", hours{1}, today_));
            wait(store_.claim_runs("lost", claimed_at_once, today_, {}));
            once("release_instance", [&] { wait(store_.release_instance("lost")); });
            once("open_executions", [&] { return wait(store_.open_executions()); });
            once("next_of_backfills", [&] { return wait(store_.next_of_backfills(today_)); });
            once("unpublished_events", [&] { return wait(store_.unpublished_events(100, today_)); });
        }
        run(open_one, today_);
        take_the_time("forget", [&] { return !wait(store_.keep_history(today_, today_ - days{days_ / 2})).is_all; });
        // The leader's look each hour, with nothing to do.
        take_the_time("forget_nothing",
                      [&] { return !wait(store_.keep_history(today_, today_ - days{days_ / 2})).is_all; });
    }

    [[nodiscard]] std::string report() const {
        std::string all;
        for (const auto& [what, times] : times_) {
            const auto sum = std::accumulate(times.begin(), times.end(), 0.0);
            all += fmt::format(R"({}"{}": {{"calls": {}, "longest_ms": {:.1f}, "seconds": {:.1f}}})",
                               all.empty() ? "" : ", ", what, times.size(), std::ranges::max(times), sum / 1'000);
        }
        return "{" + all + "}";
    }

  private:
    execution_id open(system_time at) {
        execution made;
        made.id = random_.new_id<execution_id>(at);
        made.workflow = workflow_;
        made.workflow_name = "daily";
        made.execution_type = "manual";
        made.definition = fmt::format(R"({{"steps": [], "of": "{}"}})", format_time(at).substr(0, 7));
        made.created_at = at;
        made.deadline_at = at + hours{1};
        const auto id = made.id;
        wait(store_.open_execution(std::move(made)));
        for (int first = 0; first < tenants_; first += 1'000) {
            std::vector<planned_run> runs;
            for (int i = first; i < std::min(first + 1'000, tenants_); ++i)
                runs.push_back(
                    {.for_tenant = {.id = random_.new_id<tenant_id>(at), .name = fmt::format("Bakery {}", i)},
                     .fair_rank = i,
                     .steps_total = steps,
                     .carried_over = {}});
            wait(store_.insert_runs(id, std::move(runs), at));
        }
        wait(store_.complete_planning(id, {.to_end = true}, at));
        return id;
    }

    void run(execution_id id, system_time at) {
        for (;;) {
            const auto claimed = wait(store_.claim_runs(who, claimed_at_once, at, {}));
            if (claimed.empty()) break;
            std::vector<journal_entry> entries;
            for (const auto& each : claimed) entries.push_back(outcome_of(each, at));
            wait(store_.commit(entries, at));
        }
        wait(store_.finish_if_done(id, at + minutes{1}));
    }

    static journal_entry outcome_of(const claimed_run& run, system_time at) {
        journal_entry entry{.claim = run.claim, .execution = run.execution, .steps = {}, .logs = {}, .outcome = {}};
        for (int step = 0; step < steps; ++step) {
            step_record record;
            record.run = run.claim.run;
            record.step_index = step;
            record.status = step_status::completed;
            record.attempts = 1;
            record.http_status = 200;
            record.started_at = at;
            record.duration = milliseconds{120};
            record.result = R"({"count": 3, "forecasts": 120})";
            entry.steps.push_back(std::move(record));
            log_entry log;
            log.tenant = run.for_tenant.id;
            log.step_name = "step";
            log.step_index = step;
            log.level = log_level::info;
            log.message = "step completed in 120 ms";
            log.logged_at = at;
            entry.logs.push_back(std::move(log));
        }
        entry.outcome = {.release = run_release::ended, .status = run_status::completed, .not_before = {}, .waits = {}};
        return entry;
    }

    template <class Call>
    void take_the_time(const std::string& what, Call call) {
        while (once(what, call)) {
        }
    }
    template <class Call>
    std::invoke_result_t<Call> once(const std::string& what, Call call) {
        struct timer {
            std::vector<double>& into;
            steady_clock::time_point began = steady_clock::now();
            ~timer() { into.push_back(duration<double, std::milli>(steady_clock::now() - began).count()); }
        } taken{times_[what]};
        return call();
    }

    stores& store_;
    int days_;
    int tenants_;
    system::random random_;
    system_time today_ = floor<days>(system_clock::now()) + hours{8};
    workflow_id workflow_ = random_.new_id<workflow_id>(today_);
    std::map<std::string, std::vector<double>> times_;
};

std::unique_ptr<stores> open_store(const std::string& kind, const std::string& where) {
    if (kind == "postgresql") return postgresql::store::open({.url = where}).value();
    return sqlite::store::open({.path = where}).value();
}

}  // namespace
}  // namespace orchestrator

int main(int count, char** arguments) {
    using namespace orchestrator;
    if (count != 5) {
        fmt::print(stderr, "usage: {} DAYS TENANTS sqlite|postgresql FILE|URL\n", arguments[0]);
        return 2;
    }
    spdlog::set_level(spdlog::level::off);  // what is measured is told, not what is forgotten
    const std::string kind = arguments[3];
    const std::string where = arguments[4];
    auto store = open_store(kind, where);
    history all{*store, std::atoi(arguments[1]), std::atoi(arguments[2])};
    all.fill();
    all.measure();
    fmt::print("{}\n", all.report());
    return 0;
}
