#include "tests/simulation/world/simulated_store.h"

#include <boost/json.hpp>

#include <algorithm>
#include <stdexcept>

namespace orchestrator::simulation {
namespace {

bool knows(const std::vector<execution_id>& ids, execution_id id) { return std::ranges::find(ids, id) != ids.end(); }

constexpr auto beyond_ascii = "simulated: “é” has no equivalent in this database";

bool is_ascii(const std::string& text) {
    return std::ranges::all_of(text, [](char each) { return each >= 0; });
}

bool is_of_ascii(const journal_entry& entry) {
    const auto is_plain = [](const step_record& step) { return is_ascii(step.result) && is_ascii(step.error_message); };
    return std::ranges::all_of(entry.logs, is_ascii, &log_entry::message) && std::ranges::all_of(entry.steps, is_plain);
}

// Each step is of a kind that came later.
std::string as_an_older_version_sees(std::string_view definition) {
    auto shown = boost::json::parse(definition);
    auto& steps = shown.as_object()["steps"].as_array();
    for (auto& step : steps) step.as_object()["kind"] = "later";
    return boost::json::serialize(shown);
}

}  // namespace

task<> simulated_store::travel() {
    co_await time_.sleep_until(time_.steady_now() + draws_.time(0, int(weather_.slowest.count())));
}

std::optional<error> simulated_store::fault(access kind) {
    if (weather_.foreign_errors > 0 && draws_.chance(weather_.foreign_errors))
        throw std::runtime_error{"simulated: an error that nobody expects"};
    auto what = weather_.fault;
    if (kind == access::reads && what != errc::store_unavailable) what.reset();
    if (kind != access::leases && instance_ == weather_.deaf) what = errc::store_unavailable;
    if (!what) return std::nullopt;
    ++weather_.failed_calls;
    return error{*what, "simulated: " + std::string{to_string(*what)}, {}};
}

template <class T, class Call>
task<result<T>> simulated_store::over_the_wire(access kind, Call call) {
    const auto until_answered = sent();
    co_await travel();
    if (auto failed = fault(kind)) co_return std::unexpected{std::move(*failed)};
    auto answer = co_await call();
    co_await travel();
    co_return answer;
}

task<result<opened_execution>> simulated_store::open_execution(execution opened) {
    return over_the_wire<opened_execution>(access::writes, [this, opened = std::move(opened)]() mutable {
        return inner_.open_execution(std::move(opened));
    });
}

task<result<int>> simulated_store::insert_runs(execution_id id, std::vector<planned_run> runs, system_time now) {
    if (weather_.holds_ascii_only &&
        !std::ranges::all_of(runs, [](const planned_run& run) { return is_ascii(run.for_tenant.name); }))
        co_return fail(errc::entry_refused, beyond_ascii);
    co_return co_await over_the_wire<int>(access::writes, [this, id, now, runs = std::move(runs)]() mutable {
        witness_.planned(instance_, id, runs);
        return inner_.insert_runs(id, std::move(runs), now);
    });
}

task<result<void>> simulated_store::note_planning_problem(execution_id id, std::string problem) {
    return over_the_wire<void>(access::writes, [this, id, problem = std::move(problem)]() mutable {
        return inner_.note_planning_problem(id, std::move(problem));
    });
}

task<result<void>> simulated_store::complete_planning(execution_id id, planning_outcome outcome, system_time now) {
    return over_the_wire<void>(access::writes, [this, id, now, outcome = std::move(outcome)]() mutable {
        return inner_.complete_planning(id, std::move(outcome), now);
    });
}

task<result<std::vector<execution_id>>> simulated_store::claim_planning(std::string instance_id,
                                                                        std::vector<execution_id> known, int most) {
    return over_the_wire<std::vector<execution_id>>(
        access::writes, [this, most, known = std::move(known), id = std::move(instance_id)]() mutable {
            return inner_.claim_planning(std::move(id), std::move(known), most);
        });
}

task<result<void>> simulated_store::leave_planning(execution_id id, std::string instance_id, std::string problem) {
    return over_the_wire<void>(
        access::writes, [this, id, instance_id = std::move(instance_id), problem = std::move(problem)]() mutable {
            return inner_.leave_planning(id, std::move(instance_id), std::move(problem));
        });
}

task<result<void>> simulated_store::request_cancel(execution_id id, system_time now) {
    return over_the_wire<void>(access::writes, [this, id, now] { return inner_.request_cancel(id, now); });
}

task<result<int>> simulated_store::end_runs(run_ending ending, system_time now) {
    const auto until_answered = sent();
    co_await travel();
    if (auto failed = fault(access::writes)) co_return std::unexpected{std::move(*failed)};
    auto ended = co_await inner_.end_runs(ending, now);
    if (ended && *ended > 0) witness_.swept(instance_, ending, *ended);
    co_await travel();
    co_return ended;
}

task<result<execution>> simulated_store::finish_if_done(execution_id id, system_time now) {
    const auto until_answered = sent();
    co_await travel();
    if (auto failed = fault(access::writes)) co_return std::unexpected{std::move(*failed)};
    auto finished = co_await inner_.finish_if_done(id, now);
    if (finished) witness_.finished(instance_, *finished);
    co_await travel();
    co_return finished;
}

task<result<system_time>> simulated_store::age_history(system_time now, milliseconds most) {
    return over_the_wire<system_time>(access::writes, [=, this] { return inner_.age_history(now, most); });
}

task<result<history_bit>> simulated_store::keep_history(system_time now, system_time keep_from) {
    return over_the_wire<history_bit>(access::writes, [=, this] { return inner_.keep_history(now, keep_from); });
}

task<result<bool>> simulated_store::archive_runs(system_time ended_before) {
    return over_the_wire<bool>(access::writes, [=, this] { return inner_.archive_runs(ended_before); });
}

task<result<std::vector<execution>>> simulated_store::open_executions() {
    return over_the_wire<std::vector<execution>>(access::reads, [this] { return inner_.open_executions(); });
}

task<result<std::int64_t>> simulated_store::lowest_waiting_rank() {
    return over_the_wire<std::int64_t>(access::reads, [this] { return inner_.lowest_waiting_rank(); });
}

task<result<execution>> simulated_store::find_execution(execution_id id) {
    const auto until_answered = sent();
    co_await travel();
    if (auto failed = fault(access::reads)) co_return std::unexpected{std::move(*failed)};
    if (const auto code = weather_.fault_of ? weather_.fault_of(id) : std::nullopt)
        co_return fail(*code, "simulated: damaged");
    auto found = co_await inner_.find_execution(id);
    if (found && weather_.older.contains(instance_)) found->definition = as_an_older_version_sees(found->definition);
    co_await travel();
    co_return found;
}

task<result<std::vector<execution>>> simulated_store::list_executions(execution_query query) {
    return over_the_wire<std::vector<execution>>(access::reads,
                                                 [this, query] { return inner_.list_executions(query); });
}

task<result<std::vector<step_summary>>> simulated_store::step_summaries(execution_id id) {
    return over_the_wire<std::vector<step_summary>>(access::reads, [this, id] { return inner_.step_summaries(id); });
}

task<result<std::vector<tenant_run_view>>> simulated_store::list_runs(execution_id id, run_query query) {
    return over_the_wire<std::vector<tenant_run_view>>(access::reads,
                                                       [this, id, query] { return inner_.list_runs(id, query); });
}

task<result<std::vector<log_entry>>> simulated_store::list_logs(execution_id id, log_query query) {
    return over_the_wire<std::vector<log_entry>>(access::reads,
                                                 [this, id, query] { return inner_.list_logs(id, query); });
}

task<result<std::vector<claimed_run>>> simulated_store::claim_runs(std::string instance_id, int limit, system_time now,
                                                                   std::vector<std::string> closed_services) {
    const auto until_answered = sent();
    co_await travel();
    if (auto failed = fault(access::writes)) co_return std::unexpected{std::move(*failed)};
    auto claimed = co_await inner_.claim_runs(std::move(instance_id), limit, now, std::move(closed_services));
    if (claimed) witness_.claimed(instance_, *claimed);
    co_await travel();
    if (draws_.chance(weather_.lost_receipts))
        co_return fail(errc::store_unavailable, "simulated: the answer was lost");
    co_return claimed;
}

task<result<std::int64_t>> simulated_store::count_open_runs(int most, system_time now,
                                                            std::vector<std::string> closed_services) {
    return over_the_wire<std::int64_t>(access::reads, [this, most, now, closed = std::move(closed_services)]() mutable {
        return inner_.count_open_runs(most, now, std::move(closed));
    });
}

task<result<std::optional<system_time>>> simulated_store::next_parked_run(std::vector<std::string> closed_services) {
    return over_the_wire<std::optional<system_time>>(
        access::reads,
        [this, closed = std::move(closed_services)]() mutable { return inner_.next_parked_run(std::move(closed)); });
}

task<result<journal_receipt>> simulated_store::commit(const std::vector<journal_entry>& entries, system_time now) {
    const auto until_answered = sent();
    co_await travel();
    if (auto failed = fault(access::writes)) co_return std::unexpected{std::move(*failed)};
    if (weather_.holds_ascii_only && !std::ranges::all_of(entries, is_of_ascii))
        co_return fail(errc::entry_refused, beyond_ascii);
    auto receipt = co_await inner_.commit(entries, now);
    if (receipt) witness_.committed(instance_, entries, *receipt);
    co_await travel();
    if (draws_.chance(weather_.lost_receipts))
        co_return fail(errc::store_unavailable, "simulated: the answer was lost");
    if (receipt) witness_.acknowledged(instance_, entries, *receipt);
    co_return receipt;
}

task<result<bool>> simulated_store::renew_lease(std::string instance_id, milliseconds lease, system_time now) {
    return over_the_wire<bool>(access::leases, [this, lease, now, id = std::move(instance_id)]() mutable {
        return inner_.renew_lease(std::move(id), lease, by_clock(now));
    });
}

task<result<int>> simulated_store::release_runs(std::string instance_id, std::vector<run_claim> claims) {
    return over_the_wire<int>(access::writes,
                              [this, claims = std::move(claims), id = std::move(instance_id)]() mutable {
                                  return inner_.release_runs(std::move(id), std::move(claims));
                              });
}

task<result<int>> simulated_store::release_unknown_runs(std::string instance_id, std::vector<run_claim> known) {
    return over_the_wire<int>(access::writes, [this, known = std::move(known), id = std::move(instance_id)]() mutable {
        return inner_.release_unknown_runs(std::move(id), std::move(known));
    });
}

task<result<std::vector<std::string>>> simulated_store::live_instances(system_time now) {
    return over_the_wire<std::vector<std::string>>(
        access::reads, [this, now]() mutable { return inner_.live_instances(by_clock(now)); });
}

task<result<leader_answer>> simulated_store::claim_lead(leader_claim claim, system_time now) {
    const auto until_answered = sent();
    co_await travel();
    ++weather_.lead_claims;
    if (auto failed = fault(access::leases)) co_return std::unexpected{std::move(*failed)};
    auto answer = co_await inner_.claim_lead(std::move(claim), by_clock(now));
    co_await travel();
    if (draws_.chance(weather_.lost_receipts))
        co_return fail(errc::store_unavailable, "simulated: the answer was lost");
    co_return answer;
}

task<result<void>> simulated_store::resign_lead(std::int64_t epoch, system_time now) {
    return over_the_wire<void>(access::leases,
                               [this, epoch, now]() mutable { return inner_.resign_lead(epoch, by_clock(now)); });
}

task<result<std::optional<leader_record>>> simulated_store::find_leader(system_time now) {
    return over_the_wire<std::optional<leader_record>>(
        access::reads, [this, now]() mutable { return inner_.find_leader(by_clock(now)); });
}

task<result<store_time>> simulated_store::read_clock() {
    auto read = co_await over_the_wire<store_time>(access::reads, [this] { return inner_.read_clock(); });
    if (read && weather_.has_clock) read->now = by_clock({});
    co_return read;
}

task<result<std::vector<service_setting>>> simulated_store::list_service_settings() {
    return over_the_wire<std::vector<service_setting>>(access::reads,
                                                       [this]() { return inner_.list_service_settings(); });
}

task<result<service_setting>> simulated_store::change_service(service_change change, system_time now) {
    return over_the_wire<service_setting>(access::writes, [this, change = std::move(change), now]() mutable {
        return inner_.change_service(std::move(change), now);
    });
}

task<result<int>> simulated_store::release_lost_runs(system_time now, std::string survivor) {
    return over_the_wire<int>(access::writes, [this, now, survivor = std::move(survivor)]() mutable {
        return inner_.release_lost_runs(by_clock(now), std::move(survivor));
    });
}

task<result<void>> simulated_store::release_instance(std::string instance_id) {
    return over_the_wire<void>(access::writes, [this, id = std::move(instance_id)]() mutable {
        return inner_.release_instance(std::move(id));
    });
}

task<result<std::vector<workflow>>> simulated_store::list_workflows() {
    return over_the_wire<std::vector<workflow>>(access::reads, [this]() { return inner_.list_workflows(); });
}

task<result<workflow>> simulated_store::find_workflow(workflow_id id) {
    return over_the_wire<workflow>(access::reads, [this, id]() { return inner_.find_workflow(id); });
}

task<result<workflow>> simulated_store::find_workflow_by_name(std::string name) {
    return over_the_wire<workflow>(access::reads, [this, name = std::move(name)]() mutable {
        return inner_.find_workflow_by_name(std::move(name));
    });
}

task<result<bool>> simulated_store::knows_workflow_name(std::string name) {
    return over_the_wire<bool>(access::reads, [this, name = std::move(name)]() mutable {
        return inner_.knows_workflow_name(std::move(name));
    });
}

task<result<void>> simulated_store::insert_workflow(workflow added) {
    return over_the_wire<void>(access::writes, [this, added = std::move(added)]() mutable {
        return inner_.insert_workflow(std::move(added));
    });
}

task<result<workflow>> simulated_store::replace_workflow(workflow changed) {
    return over_the_wire<workflow>(access::writes, [this, changed = std::move(changed)]() mutable {
        return inner_.replace_workflow(std::move(changed));
    });
}

task<result<workflow>> simulated_store::enable_workflow(workflow_id id, bool enabled, system_time now) {
    return over_the_wire<workflow>(access::writes,
                                   [this, id, enabled, now]() { return inner_.enable_workflow(id, enabled, now); });
}

task<result<void>> simulated_store::delete_workflow(workflow_id id, system_time now) {
    return over_the_wire<void>(access::writes, [this, id, now]() { return inner_.delete_workflow(id, now); });
}

task<result<workflow>> simulated_store::restore_workflow(workflow_id id, system_time now) {
    return over_the_wire<workflow>(access::writes, [this, id, now]() { return inner_.restore_workflow(id, now); });
}

task<result<std::int64_t>> simulated_store::schedule_revision() {
    return over_the_wire<std::int64_t>(access::reads, [this]() { return inner_.schedule_revision(); });
}

task<result<decision_receipt>> simulated_store::decide(const std::vector<schedule_decision>& decisions,
                                                       std::int64_t epoch, system_time now) {
    const auto until_answered = sent();
    co_await travel();
    if (auto failed = fault(access::writes)) co_return std::unexpected{std::move(*failed)};
    auto receipt = co_await inner_.decide(decisions, epoch, now);
    if (receipt)
        for (const auto& decision : decisions)
            for (const auto& start : decision.start)
                if (knows(receipt->opened, start.opened.id)) witness_.opened(instance_, start.opened);
    co_await travel();
    if (draws_.chance(weather_.lost_receipts))
        co_return fail(errc::store_unavailable, "simulated: the answer was lost");
    co_return receipt;
}

task<result<std::vector<decided_occurrence>>> simulated_store::list_occurrences(workflow_id id, system_time from,
                                                                                system_time until, int limit) {
    return over_the_wire<std::vector<decided_occurrence>>(
        access::reads, [this, id, from, until, limit]() { return inner_.list_occurrences(id, from, until, limit); });
}

task<result<std::vector<schedule_version>>> simulated_store::list_schedule_versions(workflow_id id) {
    return over_the_wire<std::vector<schedule_version>>(access::reads,
                                                        [this, id]() { return inner_.list_schedule_versions(id); });
}

task<result<std::optional<system_time>>> simulated_store::busy_until(workflow_id id, system_time now) {
    return over_the_wire<std::optional<system_time>>(access::reads,
                                                     [this, id, now] { return inner_.busy_until(id, now); });
}

task<result<std::vector<milliseconds>>> simulated_store::past_durations(workflow_id id, int most) {
    return over_the_wire<std::vector<milliseconds>>(access::reads,
                                                    [this, id, most]() { return inner_.past_durations(id, most); });
}

task<result<std::vector<tenant_group>>> simulated_store::list_tenant_groups() {
    return over_the_wire<std::vector<tenant_group>>(access::reads, [this]() { return inner_.list_tenant_groups(); });
}

task<result<void>> simulated_store::replace_tenant_groups(std::vector<tenant_group> groups, std::int64_t epoch) {
    return over_the_wire<void>(access::writes, [this, epoch, groups = std::move(groups)]() mutable {
        return inner_.replace_tenant_groups(std::move(groups), epoch);
    });
}

task<result<std::vector<stored_calendar>>> simulated_store::list_calendars() {
    return over_the_wire<std::vector<stored_calendar>>(access::reads, [this]() { return inner_.list_calendars(); });
}

task<result<stored_calendar>> simulated_store::find_calendar(std::string code, int version) {
    return over_the_wire<stored_calendar>(access::reads, [this, code = std::move(code), version]() mutable {
        return inner_.find_calendar(std::move(code), version);
    });
}

task<result<stored_calendar>> simulated_store::put_calendar(stored_calendar added) {
    return over_the_wire<stored_calendar>(
        access::writes, [this, added = std::move(added)]() mutable { return inner_.put_calendar(std::move(added)); });
}

task<result<void>> simulated_store::delete_calendar(std::string code, system_time now) {
    return over_the_wire<void>(access::writes, [this, code = std::move(code), now]() mutable {
        return inner_.delete_calendar(std::move(code), now);
    });
}

task<result<void>> simulated_store::insert_backfill(backfill added, std::vector<system_time> occurrences) {
    return over_the_wire<void>(access::writes,
                               [this, added = std::move(added), occurrences = std::move(occurrences)]() mutable {
                                   return inner_.insert_backfill(std::move(added), std::move(occurrences));
                               });
}

task<result<std::vector<tracked_backfill>>> simulated_store::list_backfills(int limit) {
    return over_the_wire<std::vector<tracked_backfill>>(access::reads,
                                                        [this, limit]() { return inner_.list_backfills(limit); });
}

task<result<tracked_backfill>> simulated_store::find_backfill(backfill_id id) {
    return over_the_wire<tracked_backfill>(access::reads, [this, id]() { return inner_.find_backfill(id); });
}

task<result<tracked_backfill>> simulated_store::cancel_backfill(backfill_id id, system_time now) {
    return over_the_wire<tracked_backfill>(access::writes, [=, this]() { return inner_.cancel_backfill(id, now); });
}

task<result<std::vector<backfill_turn>>> simulated_store::next_of_backfills(system_time now) {
    return over_the_wire<std::vector<backfill_turn>>(access::writes,
                                                     [this, now] { return inner_.next_of_backfills(now); });
}

task<result<std::vector<execution_id>>> simulated_store::open_backfill_executions(std::vector<backfill_start> starts,
                                                                                  std::int64_t epoch, system_time now) {
    const auto until_answered = sent();
    co_await travel();
    if (auto failed = fault(access::writes)) co_return std::unexpected{std::move(*failed)};
    auto opened = co_await inner_.open_backfill_executions(starts, epoch, now);
    if (opened)
        for (const auto& start : starts)
            if (knows(*opened, start.opened.id)) witness_.opened(instance_, start.opened);
    co_await travel();
    if (draws_.chance(weather_.lost_receipts))
        co_return fail(errc::store_unavailable, "simulated: the answer was lost");
    co_return opened;
}

task<result<std::vector<kept_event>>> simulated_store::unpublished_events(int limit, system_time now) {
    return over_the_wire<std::vector<kept_event>>(access::reads,
                                                  [this, limit, now] { return inner_.unpublished_events(limit, now); });
}

task<result<void>> simulated_store::note_published(std::vector<event_id> ids, system_time now) {
    return over_the_wire<void>(access::writes, [this, now, ids = std::move(ids)]() mutable {
        return inner_.note_published(std::move(ids), now);
    });
}

task<result<void>> simulated_store::note_unpublished(std::vector<unpublished_event> refused) {
    return over_the_wire<void>(access::writes, [this, refused = std::move(refused)]() mutable {
        return inner_.note_unpublished(std::move(refused));
    });
}

task<result<void>> simulated_store::note_broker_problem(std::string problem) {
    return over_the_wire<void>(access::writes, [this, problem = std::move(problem)]() mutable {
        return inner_.note_broker_problem(std::move(problem));
    });
}

task<result<std::vector<kept_event>>> simulated_store::list_events(event_query query) {
    return over_the_wire<std::vector<kept_event>>(access::reads, [this, query] { return inner_.list_events(query); });
}

}  // namespace orchestrator::simulation
