#include "tests/simulation/world/audit.h"

#include <fmt/format.h>

#include <algorithm>

namespace orchestrator::simulation {
namespace {

struct called_step {
    execution_id execution;
    tenant_id tenant;
    std::string step_name;
};

// The grace of two leases, an election, and some heartbeats.
constexpr milliseconds longest_after_deadline{100'000};

// "EXECUTION:TENANT:STEP".
std::optional<called_step> parse_key(std::string_view key) {
    if (key.size() < 75 || key[36] != ':' || key[73] != ':') return std::nullopt;
    const auto execution = execution_id::parse(key.substr(0, 36));
    const auto tenant = tenant_id::parse(key.substr(37, 36));
    if (!execution || !tenant) return std::nullopt;
    return called_step{*execution, *tenant, std::string{key.substr(74)}};
}

}  // namespace

void audit::note(std::string what) { trace_.push_back(fmt::format("{:>9} {}", line_.elapsed().count(), what)); }

void audit::wrong(std::string what) {
    note("WRONG: " + what);
    problems_.push_back(trace_.back());
}

void audit::opened(const execution& shown, const workflow_definition& definition) {
    definitions_.emplace(shown.id, definition);
    note(fmt::format("open {} of {} steps", to_string(shown.id), definition.steps.size()));
}

audit::known_run& audit::run_of(execution_id execution, tenant_id tenant) {
    auto& run = runs_[{execution, tenant}];
    run.steps.resize(definitions_.at(execution).steps.size());
    return run;
}

void audit::call_began(const std::string& instance, const http_request& request) {
    const auto& service = request.origin->host;
    const std::string key{find_header(request.headers, "Idempotency-Key")};
    note(fmt::format("{} calls {} {} {}", instance, service, request.target, key));
    if (key.empty()) return;
    auto& load = load_[instance];
    most_in_flight_ = std::max(most_in_flight_, ++load.total);
    if (load.total > most_.total) wrong(fmt::format("{} has {} calls in flight", instance, load.total));
    if (++load.by_service[service] > most_.each_service)
        wrong(fmt::format("{} has {} calls to {} in flight", instance, load.by_service[service], service));
    if (!request.target.starts_with("/jobs/")) check_step_call(instance, request, key);
}

void audit::call_ended(const std::string& instance, const http_request& request,
                       const std::optional<http_result>& answer) {
    if (find_header(request.headers, "Idempotency-Key").empty()) return;
    --load_[instance].total;
    --load_[instance].by_service[request.origin->host];
    if (answer && !request.target.starts_with("/jobs/")) charge(request, *answer);
}

// Throttling and our own shortage cost nobody an attempt.
void audit::charge(const http_request& request, const http_result& answer) {
    const auto called = parse_key(find_header(request.headers, "Idempotency-Key"));
    if (!called || !definitions_.contains(called->execution)) return;
    if (!answer && answer.error().fault == http_fault::exhausted) return;
    const bool has_retry_after = answer && !find_header(answer->headers, "Retry-After").empty();
    if (answer && (answer->status == 429 || (answer->status == 503 && has_retry_after))) return;
    const auto& names = definitions_.at(called->execution).step_names;
    const auto index = std::size_t(std::ranges::find(names, called->step_name) - names.begin());
    ++run_of(called->execution, called->tenant).chargeable[index];
}

void audit::check_step_call(const std::string& instance, const http_request& request, const std::string& key) {
    const auto called = parse_key(key);
    if (!called || !definitions_.contains(called->execution)) return wrong("unknown Idempotency-Key " + key);
    const auto& definition = definitions_.at(called->execution);
    const auto name = std::ranges::find(definition.step_names, called->step_name);
    if (name == definition.step_names.end()) return wrong("a key with an unknown step: " + key);
    const auto index = std::size_t(name - definition.step_names.begin());
    const auto& step = definition.steps[index];
    const auto tenant = to_string(called->tenant);
    if (step.service != request.origin->host || step.method != to_string(request.method) ||
        (!request.target.contains(tenant) && !request.body.contains(tenant)))
        wrong("the key does not belong to the call: " + key);

    auto& run = run_of(called->execution, called->tenant);
    const bool holds_claim = run.holder == instance && run.believed[instance].size() == 1;
    if (holds_claim && run.steps[index].durable) wrong("called after its outcome was recorded: " + key);
    if (run.lost_by.contains(instance)) wrong(fmt::format("{} goes on after it lost the claim: {}", instance, key));
    if (cancelled_.contains({instance, called->execution})) wrong("called after the cancellation: " + key);
    if (draining_.contains(instance)) wrong(fmt::format("{} starts a step while it stops: {}", instance, key));
    check_dependencies(definition, run, index, key);
}

void audit::check_dependencies(const workflow_definition& definition, const known_run& run, std::size_t step,
                               const std::string& key) {
    for (const auto before : definition.steps[step].depends_on) {
        const auto& durable = run.steps[before].durable;
        if (!durable)
            wrong(fmt::format("called before {} was recorded: {}", definition.step_names[before], key));
        else if (definition.steps[step].rule == trigger_rule::all_success && *durable != step_status::completed)
            wrong(fmt::format("called although {} did not complete: {}", definition.step_names[before], key));
    }
}

void audit::claimed(const std::string& instance, const std::vector<claimed_run>& claimed) {
    for (const auto& taken : claimed) {
        auto& run = run_of(taken.execution, taken.for_tenant.id);
        run_keys_[taken.claim.run] = {taken.execution, taken.for_tenant.id};
        if (run.ended) wrong("claimed after its end: " + to_string(taken.for_tenant.id));
        if (taken.claim.token <= run.token) wrong("a claim without a newer token: " + to_string(taken.for_tenant.id));
        run.holder = instance;
        run.token = taken.claim.token;
        run.lost_by.erase(instance);
        for (const auto& wait : taken.waits) {
            auto& charged = run.chargeable[std::size_t(wait.step_index)];
            charged = std::max(charged, wait.attempts);  // looked at when they were stored
        }
        run.believed[instance].insert(run.token);
        claim_order_.push_back(taken.for_tenant);
        note(fmt::format("{} claims {} of {} token {}", instance, to_string(taken.for_tenant.id),
                         to_string(taken.execution), taken.claim.token));
    }
}

void audit::committed(const std::string& instance, const std::vector<journal_entry>& entries,
                      const journal_receipt& receipt) {
    ++commits_;
    note(fmt::format("{} commits {} entries, {} refused", instance, entries.size(), receipt.refused.size()));
    std::set<std::pair<run_id, std::int64_t>> refused;
    for (const auto& claim : receipt.refused) refused.emplace(claim.run, claim.token);
    for (const auto& entry : entries)
        // A claim may end and be refused within one batch: what came before its end was kept.
        if (!refused.contains({entry.claim.run, entry.claim.token})) keep(instance, entry);
}

void audit::keep(const std::string& instance, const journal_entry& entry) {
    auto& run = runs_.at(run_keys_.at(entry.claim.run));
    const auto who = to_string(run_keys_.at(entry.claim.run).second);
    if (run.holder != instance || run.token != entry.claim.token || run.ended)
        wrong(fmt::format("{} writes under a lost claim: {}", instance, who));
    for (const auto& record : entry.steps) {
        auto& step = run.steps.at(std::size_t(record.step_index));
        // What we could not even ask for counts as an attempt, too.
        const int not_called = record.error_code == "internal_error";
        if (!record.carried_over && record.attempts > run.chargeable[std::size_t(record.step_index)] + not_called)
            wrong(fmt::format("{}: step {} is charged {} attempts for {} calls", who, record.step_index,
                              record.attempts, run.chargeable[std::size_t(record.step_index)]));
        // The same entry may come twice when its receipt was lost; the first stays.
        if (!step.durable) step.durable = record.status;
        note(fmt::format("{} records {} step {} {} after {} {}", instance, who, record.step_index,
                         to_string(record.status), record.attempts, record.error_code));
    }
    if (!entry.outcome) return;
    for (const auto& wait : entry.outcome->waits)
        if (wait.attempts > run.chargeable[std::size_t(wait.step_index)])
            wrong(fmt::format("{}: step {} waits after {} attempts for {} calls", who, wait.step_index, wait.attempts,
                              run.chargeable[std::size_t(wait.step_index)]));
    run.ended = entry.outcome->release == run_release::ended;
    run.believed[instance].erase(entry.claim.token);
    run.holder.clear();
    note(fmt::format("{} releases {} ({})", instance, who, int(entry.outcome->release)));
}

void audit::acknowledged(const std::string& instance, const std::vector<journal_entry>&,
                         const journal_receipt& receipt) {
    refused_entries_ += receipt.refused.size();
    for (const auto& claim : receipt.refused) {
        auto& run = runs_.at(run_keys_.at(claim.run));
        run.believed[instance].erase(claim.token);
        // It may have claimed the same run a second time.
        if (run.believed[instance].empty()) run.lost_by.insert(instance);
    }
}

void audit::opened(const std::string& instance, const execution& by_itself) {
    if (definitions_.contains(by_itself.id)) return;
    note(fmt::format("{} starts {} of itself", instance, to_string(by_itself.id)));
    opened(by_itself, parse_definition(by_itself.definition).value());
}

void audit::planned(const std::string& instance, execution_id execution, const std::vector<planned_run>& runs) {
    note(fmt::format("{} plans {} runs", instance, runs.size()));
    for (const auto& planned : runs) {
        if (runs_.contains({execution, planned.for_tenant.id})) continue;
        auto& run = run_of(execution, planned.for_tenant.id);
        for (const auto& record : planned.carried_over)
            run.steps.at(std::size_t(record.step_index)) = {record.status, true};
    }
}

void audit::finished(const std::string& instance, const execution& shown) {
    if (!is_final(shown.status) || !ended_.insert(shown.id).second) return;
    note(fmt::format("{} ends {}: {}", instance, to_string(shown.id), to_string(shown.status)));
    if (shown.cancel_requested) swept_.insert(shown.id);  // with the request
    check_in_time(shown);
}

void audit::swept(const std::string& instance, const run_ending& ending, int runs) {
    note(fmt::format("{} sweeps {} runs of {}{}", instance, runs, to_string(ending.execution),
                     ending.is_held_too ? ", held ones too" : ""));
    swept_.insert(ending.execution);
}

// By its deadline and the grace of those who hold its runs, or so long after the last misfortune.
void audit::check_in_time(const execution& shown) {
    const auto from = std::max(shown.deadline_at, disturbed_at_);
    if (shown.completed_at.value() > from + longest_after_deadline)
        wrong(fmt::format("{} ended {} s after its deadline or the last misfortune", to_string(shown.id),
                          (*shown.completed_at - from).count() / 1'000));
}

void audit::check_books(const execution& shown, const std::vector<tenant_run_view>& runs,
                        const std::vector<step_summary>& summaries) {
    const auto id = to_string(shown.id);
    if (!is_final(shown.status) || !shown.completed_at) wrong("has not ended: " + id);
    if (shown.steps.ended() != shown.steps.total)
        wrong(fmt::format("{}: {} of {} steps ended", id, shown.steps.ended(), shown.steps.total));
    if (shown.tenants.ended() != shown.tenants.total || shown.tenants.total != std::int64_t(runs.size()))
        wrong(fmt::format("{}: {} of {} tenants ended, {} are listed", id, shown.tenants.ended(), shown.tenants.total,
                          runs.size()));
    tenant_counts tenants{.total = std::int64_t(runs.size())};
    step_counts steps{.total = shown.steps.total};
    std::set<tenant_id> seen;
    for (const auto& run : runs) {
        if (!seen.insert(run.tenant).second) wrong("listed twice: " + to_string(run.tenant));
        if (!is_final(run.status)) wrong("the run has not ended: " + to_string(run.tenant));
        tenants.completed += run.status == run_status::completed;
        tenants.partial += run.status == run_status::partial;
        tenants.failed += run.status == run_status::failed;
        tenants.cancelled += run.status == run_status::cancelled;
        check_run(shown.id, runs_.at({shown.id, run.tenant}), run, steps);
    }
    if (tenants != shown.tenants) wrong("the tenants' counters do not agree with the runs: " + id);
    if (steps != shown.steps) wrong("the steps' counters do not agree with the results: " + id);
    step_counts summed;
    for (const auto& summary : summaries) {
        summed.total += summary.counts.total;
        summed.completed += summary.counts.completed;
        summed.failed += summary.counts.failed;
        summed.skipped += summary.counts.skipped;
        summed.retries += summary.counts.retries;
    }
    if (summed != shown.steps) wrong("the summaries of the steps do not agree with the execution: " + id);
}

void audit::check_run(execution_id execution, const known_run& known, const tenant_run_view& run, step_counts& sum) {
    const auto& definition = definitions_.at(execution);
    const auto who = to_string(run.tenant);
    if (run.steps.size() != definition.steps.size())
        return wrong(fmt::format("{}: {} results of {} steps", who, run.steps.size(), definition.steps.size()));
    for (std::size_t i = 0; i < run.steps.size(); ++i) {
        const auto& record = run.steps[i];
        if (record.step_index != int(i)) wrong(fmt::format("{}: step {} is not recorded once", who, i));
        const bool is_swept = swept_.contains(execution) && !known.steps[i].durable &&
                              record.status == step_status::skipped && record.attempts == 0;
        if (is_swept) {
            ++sum.skipped;
            continue;
        }
        if (known.steps[i].durable != record.status || known.steps[i].carried_over != record.carried_over)
            wrong(fmt::format("{}: step {} is not what was committed", who, i));
        if (record.attempts > definition.steps[i].retry.max_retries + 1)
            wrong(fmt::format("{}: step {} has {} attempts", who, i, record.attempts));
        if (record.carried_over) continue;
        sum.completed += record.status == step_status::completed;
        sum.failed += record.status == step_status::failed;
        sum.skipped += record.status == step_status::skipped;
        sum.retries += std::max(0, record.attempts - 1);
    }
}

}  // namespace orchestrator::simulation
