#include "tests/simulation/world/simulated_store.h"

namespace orchestrator::simulation {

task<> simulated_store::travel() {
    co_await time_.sleep_until(time_.steady_now() + draws_.time(0, int(weather_.slowest.count())));
}

std::optional<error> simulated_store::fault(access kind) {
    if (!weather_.fault || (kind == access::reads && *weather_.fault != errc::store_unavailable)) return std::nullopt;
    ++weather_.failed_calls;
    return error{*weather_.fault, "simulated: " + std::string{to_string(*weather_.fault)}, {}};
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
    return over_the_wire<int>(access::writes, [this, id, now, runs = std::move(runs)]() mutable {
        witness_.planned(instance_, id, runs);
        return inner_.insert_runs(id, std::move(runs), now);
    });
}

task<result<void>> simulated_store::complete_planning(execution_id id, std::string error_message, system_time now) {
    return over_the_wire<void>(access::writes, [this, id, now, message = std::move(error_message)]() mutable {
        return inner_.complete_planning(id, std::move(message), now);
    });
}

task<result<void>> simulated_store::request_cancel(execution_id id, system_time now) {
    return over_the_wire<void>(access::writes, [this, id, now] { return inner_.request_cancel(id, now); });
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

task<result<std::vector<execution>>> simulated_store::open_executions() {
    return over_the_wire<std::vector<execution>>(access::reads, [this] { return inner_.open_executions(); });
}

task<result<std::int64_t>> simulated_store::lowest_waiting_rank() {
    return over_the_wire<std::int64_t>(access::reads, [this] { return inner_.lowest_waiting_rank(); });
}

task<result<execution>> simulated_store::find_execution(execution_id id) {
    return over_the_wire<execution>(access::reads, [this, id] { return inner_.find_execution(id); });
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

task<result<std::vector<claimed_run>>> simulated_store::claim_runs(std::string instance_id, int limit,
                                                                   system_time now) {
    const auto until_answered = sent();
    co_await travel();
    if (auto failed = fault(access::writes)) co_return std::unexpected{std::move(*failed)};
    auto claimed = co_await inner_.claim_runs(std::move(instance_id), limit, now);
    if (claimed) witness_.claimed(instance_, *claimed);
    co_await travel();
    co_return claimed;
}

task<result<std::optional<system_time>>> simulated_store::next_parked_run(system_time now) {
    return over_the_wire<std::optional<system_time>>(access::reads,
                                                     [this, now] { return inner_.next_parked_run(now); });
}

task<result<journal_receipt>> simulated_store::commit(const std::vector<journal_entry>& entries, system_time now) {
    const auto until_answered = sent();
    co_await travel();
    if (auto failed = fault(access::writes)) co_return std::unexpected{std::move(*failed)};
    auto receipt = co_await inner_.commit(entries, now);
    if (receipt) witness_.committed(instance_, entries, *receipt);
    co_await travel();
    if (draws_.chance(weather_.lost_receipts))
        co_return fail(errc::store_unavailable, "simulated: the answer was lost");
    if (receipt) witness_.acknowledged(instance_, entries, *receipt);
    co_return receipt;
}

task<result<void>> simulated_store::renew_lease(std::string instance_id, system_time lease_until) {
    return over_the_wire<void>(access::writes, [this, lease_until, id = std::move(instance_id)]() mutable {
        return inner_.renew_lease(std::move(id), lease_until);
    });
}

task<result<int>> simulated_store::release_lost_runs(system_time now, std::string survivor) {
    return over_the_wire<int>(access::writes, [this, now, survivor = std::move(survivor)]() mutable {
        return inner_.release_lost_runs(now, std::move(survivor));
    });
}

task<result<void>> simulated_store::release_instance(std::string instance_id) {
    return over_the_wire<void>(access::writes, [this, id = std::move(instance_id)]() mutable {
        return inner_.release_instance(std::move(id));
    });
}

}  // namespace orchestrator::simulation
