#include "adapters/postgresql/ending_rows.h"

#include <array>
#include <vector>

#include "adapters/postgresql/execution_rows.h"
#include "adapters/postgresql/journal_rows.h"
#include "domain/execution/journal_delta.h"

namespace orchestrator::postgresql {
namespace {

// Those that hold runs of the execution: nobody records under their claims until the end of the transaction, and then
// under none of these any more.
array_of<std::string_view> seize_holders(connection& database, execution_id id) {
    std::vector<std::string> names;
    for (const auto& each : database.query("endings", "holders", id)) names.push_back(each.text(0));
    const array_of<std::string_view> holders{names};
    database.query("tenant_runs", "seize_instances", holders);
    return holders;
}

// What has ended, column by column.
struct ended_runs {
    array_of<std::int64_t> runs;
    array_of<int> steps;
    array_of<bool> may_have_outcomes;
    array_of<std::string_view> services;
    tenant_counts counts;
    run_id last{};

    explicit ended_runs(const rows& answer) {
        for (const auto& each : answer) {
            runs.add(each.integer(0));
            last = std::max(last, run_id(each.integer(0)));
            const auto status = parse_run_status(each.text(1)).value();
            counts.partial += status == run_status::partial;
            counts.failed += status == run_status::failed;
            counts.cancelled += status == run_status::cancelled;
            steps.add(int(each.integer(2)));
            may_have_outcomes.add(each.boolean(3));
            services.add(std::string_view{each.text(4)});
        }
    }
};

}  // namespace

result<ended_bit> end_next_runs(connection& database, const run_ending& ending, run_id after, int most_steps,
                                system_time now) {
    const bool is_cancelled = ending.cause == end_cause::cancellation;
    const auto open =
        database.query("endings", "is_time", ending.execution, is_cancelled, std::int64_t{ending.grace.count()}, now);
    if (open.empty()) {
        const auto at = find_execution(database, ending.execution);
        return at ? result<ended_bit>{} : std::unexpected{at.error()};
    }
    const int most = runs_of_steps(most_steps, open.front().integer(0), open.front().integer(1));
    const auto holders = ending.is_held_too ? seize_holders(database, ending.execution) : array_of<std::string_view>{};
    const ended_runs ended{
        database.query("endings", "end", ending.execution, std::int64_t(after), most, holders, is_cancelled, now)};
    if (ended.runs.size() == 0) return ended_bit{};
    if (holders.size() > 0) database.query("endings", "renumber_leases", holders);

    const auto skipped = skipped_step(ending.cause, now);
    journal_delta::of_execution added{.tenants = ended.counts, .steps = {}, .by_step = {}, .latency = {}};
    for (const auto& each : database.query("endings", "skip_steps", ending.execution, ended.runs, ended.steps,
                                           ended.may_have_outcomes, ended.services, now, skipped.error_code,
                                           skipped.error_message, words_before_service(ending.cause))) {
        added.steps.skipped += each.integer(1);
        added.by_step[int(each.integer(0))].skipped = each.integer(1);
    }
    const int runs = int(ended.runs.size());
    add_to_execution(database, ending.execution, added, end_log(ending.cause, runs, now));
    return ended_bit{runs, ended.last, runs < most};
}

}  // namespace orchestrator::postgresql
