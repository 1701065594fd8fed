#include "engine/tenant_run.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "domain/ascii_text.h"
#include "domain/fairness/fair_rank.h"
#include "engine/wake_signal.h"

namespace orchestrator {
namespace {

constexpr milliseconds unrecordable_pause{300'000};
constexpr milliseconds look_again{60'000};  // at services that were full, by who waits for a retry as well

void make_plain(log_entry& log) {
    log.message = as_ascii(log.message);
    log.data.clear();
}

}  // namespace

tenant_run::tenant_run(run_environment& environment, std::shared_ptr<active_execution> execution, claimed_run claimed)
    : environment_{environment},
      execution_{std::move(execution)},
      claimed_{std::move(claimed)},
      state_{execution_->definition,
             [&] {
                 step_set carried;
                 for (const auto& record : claimed_.recorded)
                     if (record.carried_over) carried.insert(std::size_t(record.step_index));
                 return carried;
             }()},
      memory_(execution_->definition.steps.size()),
      views_(execution_->definition.steps.size()) {
    for (auto& record : claimed_.recorded) {
        const auto step = std::size_t(record.step_index);
        state_.restore(step, record.status);
        memory_[step].status = record.status;
        if (execution_->definition.results_read.contains(step)) memory_[step].result = std::move(record.result);
    }
    claimed_.recorded.clear();
    const auto now = environment_.time.now();
    for (const auto& wait : claimed_.waits) {
        // Wall-clock time may have jumped while the run was stored: the wait is never longer than it could be.
        const auto left = std::clamp(wait.retry_at - now, milliseconds{0}, longest_retry_after * 2);
        state_.restore_wait({std::size_t(wait.step_index), wait.attempts, environment_.time.steady_now() + left});
        memory_[std::size_t(wait.step_index)].started_at = wait.started_at;
    }
}

void tenant_run::start(const std::string& left_out) {
    // Requests to stop come on this thread, but from within other work: they are handled in a turn of their own.
    on_stop_.emplace(execution_->stop.get_token(), [weak = weak_from_this(), where = environment_.where] {
        asio::post(where, [weak] {
            if (const auto self = weak.lock()) self->advance_all();
        });
    });
    if (!left_out.empty()) {
        cancellation_applied_ = true;
        owe_skipped(state_.cancel(), "tenant_inactive", "skipped: " + left_out);
    }
    advance_all();
}

void tenant_run::spawn(task<> work) {
    asio::co_spawn(environment_.where, std::move(work), [self = shared_from_this()](std::exception_ptr failed) {
        if (!failed) return;
        try {
            std::rethrow_exception(failed);
        } catch (const std::exception& e) {
            // The claim is given back after a while.
            spdlog::error("tenant run {} of execution {} stopped: {}", to_string(self->claimed_.for_tenant.id),
                          to_string(self->execution_->id), e.what());
        }
        self->let_go();
    });
}

// One branch of the run: this step, then whatever becomes ready by it.
task<> tenant_run::work(std::size_t step) {
    for (std::optional<std::size_t> next = step; next; next = advance()) {
        if (memory_[*next].started_at == system_time{}) memory_[*next].started_at = environment_.time.now();
        auto attempt = co_await try_once(*next);
        if (!attempt) co_return step_aside(*next);
        auto ended = settle(*next, std::move(*attempt));
        if (!ended) continue;
        if (!co_await record(*next, *ended)) co_return let_go();
        state_.conclude(*next, ended->status);
        memory_[*next].status = ended->status;
        memory_[*next].result = std::move(ended->result);
    }
}

// False: the run ends here, or is somebody else's. An outcome that the store will never take is recorded as a failure
// of the step that says so.
task<bool> tenant_run::record(std::size_t step, ended_step& ended) {
    const bool was_called = ended.status != step_status::skipped;
    bool is_last = ended.entry.outcome.has_value();
    auto answer = co_await tell(std::move(ended.entry));
    if (answer.what == journal::verdict::refused) {
        // A word in a log may be all that is wrong with it.
        for (auto& log : answer.entry->logs) make_plain(log);
        answer = co_await tell(std::move(*answer.entry));
    }
    if (answer.what == journal::verdict::refused) {
        if (is_last) releasing_ = false;
        owe_again(*answer.entry, step_set::of(step));
        auto failure = unrecordable_attempt(as_ascii(answer.why));
        failure.called = was_called;
        auto failed = settle(step, std::move(failure));
        if (!failed) co_return false;
        ended = std::move(*failed);
        is_last = ended.entry.outcome.has_value();
        answer = co_await tell(std::move(ended.entry));
    }
    if (answer.what == journal::verdict::refused) co_await put_off();
    co_return answer.what == journal::verdict::kept && !is_last;
}

// What was in an entry that was refused goes into the next one, in words that any store takes; without the outcomes of
// those steps that get another.
void tenant_run::owe_again(journal_entry& refused, step_set anew) {
    for (auto& record : refused.steps) {
        if (anew.contains(std::size_t(record.step_index))) continue;
        record.error_message = as_ascii(record.error_message);
        owed_steps_.push_back(std::move(record));
    }
    for (auto& log : refused.logs) {
        make_plain(log);
        owed_logs_.push_back(std::move(log));
    }
    skips_owed_ = skips_owed_ - anew;
}

// Nothing of it can be recorded: it comes back later, and is called again with the same keys.
task<> tenant_run::put_off() {
    releasing_ = true;
    journal_entry bare{.claim = claimed_.claim, .execution = execution_->id, .steps = {}, .logs = {}, .outcome = {}};
    bare.outcome = parked_outcome(state_, environment_.time.steady_now() + unrecordable_pause, {});
    co_await tell(std::move(bare));
}

// nullopt: too many wait for the step's service already.
task<std::optional<step_attempt>> tenant_run::try_once(std::size_t step) {
    const auto ended = state_.completed() | state_.failed() | state_.skipped();
    const call_urgency urgency{.tier_weight = tier_weights{}.of(claimed_.for_tenant.tier),
                               .steps_left = int((execution_->definition.all_steps() - ended).size())};
    auto place = co_await environment_.caller.place(*execution_, step, state_.attempts(step) > 0, urgency);
    if (!place) {
        switch (place.error()) {
            case call_limits::refusal::surplus:
                co_return std::nullopt;
            case call_limits::refusal::deadline:
                co_return overdue_attempt(environment_.caller.why_it_waits(*execution_, step));
            case call_limits::refusal::stopped:
                co_return withdrawn_attempt();
        }
    }
    // Much may have changed while the call waited for its place.
    if (releasing_ || environment_.draining || execution_->abandoned) co_return withdrawn_attempt();
    try {
        co_return co_await environment_.caller.attempt(*execution_, step, context(), std::move(*place));
    } catch (const std::exception& e) {
        co_return broken_attempt(e.what());
    }
}

// The run waits in the store instead, unless something else of it is under way: then the step is looked at again when
// that has ended. It waits in the lane of the services that are full, or for its first retry: it must not come back as
// long as neither is there, and now and then it looks whether a service has room.
void tenant_run::step_aside(std::size_t step) {
    if (releasing_ || gives_up()) return;
    state_.withdraw(step);
    if (!state_.running().empty()) return;
    const auto now = environment_.time.steady_now();
    const auto next = state_.next_move(now);
    const auto lane = lane_of(execution_->definition, next.start | state_.waiting());
    if (!next.wake_at || lane == definition(step).service) return begin_release(returned_outcome(lane));
    const auto looks_at =
        now + look_again + milliseconds{std::int64_t(environment_.random.uniform() * look_again.count())};
    begin_release(parked_outcome(state_, std::min({*next.wake_at, looks_at, execution_->deadline}), lane));
}

// Takes an attempt's result into the state. nullopt: the step has not ended by it.
std::optional<tenant_run::ended_step> tenant_run::settle(std::size_t step, step_attempt attempt) {
    if (releasing_ || gives_up()) return std::nullopt;  // the claim was lost while the call was under way
    apply_cancellation();
    if (attempt.interrupted && !execution_->cancelled) {
        // Not called: it is called later. Else this instance stops: the outcome is unknown, so nothing is recorded, and
        // the step is called again elsewhere.
        attempt.called ? let_go() : state_.withdraw(step);
        return std::nullopt;
    }
    if (costs_no_attempt(attempt.verdict) && !execution_->cancelled) {
        state_.withdraw(step);
        return std::nullopt;
    }
    const int attempts = state_.attempts(step) + (attempt.called ? 1 : 0);
    if (step_wait wait{step, attempts, {}}; worth_waiting(step, attempt, wait)) {
        owe_log(step, log_level::warning, fmt::format("attempt {} failed: {}", attempts, attempt.error_message));
        state_.wait(wait);
        return std::nullopt;
    }

    ended_step ended;
    ended.status = attempt.verdict == call_verdict::succeeded ? step_status::completed
                   : attempts > 0                             ? step_status::failed
                                                              : step_status::skipped;
    if (execution_->definition.results_read.contains(step)) ended.result = attempt.result;
    if (ended.status == step_status::skipped)
        owe_skipped(step_set::of(step), attempt.error_code, "skipped: " + attempt.error_message);
    else
        owed_steps_.push_back(record_of(step, std::move(attempt), attempts));
    auto after = state_;
    if (const auto unreachable = after.conclude(step, ended.status); !unreachable.empty())
        owe_skipped(unreachable, "dependency_failed", fmt::format("skipped: {} failed", definition(step).name));

    ended.entry = owed_entry();
    ended.entry.outcome = outcome_of(after, after.next_move(environment_.time.steady_now()));
    if (ended.entry.outcome) releasing_ = true;
    return ended;
}

bool tenant_run::worth_waiting(std::size_t step, const step_attempt& ended, step_wait& wait) {
    if (ended.verdict != call_verdict::worth_a_retry || execution_->cancelled) return false;
    const auto delay =
        retry_delay(definition(step).retry, wait.attempts, ended.retry_after, environment_.random.uniform());
    if (!delay) return false;
    wait.retry_at = environment_.time.steady_now() + *delay;
    return wait.retry_at < execution_->deadline;
}

// Starts all that may start now: the first is returned for the caller's own coroutine, the others get theirs.
std::optional<std::size_t> tenant_run::advance() {
    if (releasing_ || gives_up()) return std::nullopt;
    apply_cancellation();
    const auto move = state_.next_move(environment_.time.steady_now());
    if (environment_.draining && !move.end) {
        if (state_.running().empty()) begin_release(returned_outcome({}));
        return std::nullopt;
    }
    if (auto outcome = outcome_of(state_, move)) {
        begin_release(std::move(*outcome));
        return std::nullopt;
    }
    if (move.wake_at && (!wake_at_ || *move.wake_at < *wake_at_)) {
        wake_at_ = move.wake_at;
        spawn(wake(*move.wake_at));
    }
    std::optional<std::size_t> first;
    for (const auto step : move.start) {
        state_.begin(step);
        if (!first)
            first = step;
        else
            spawn(work(step));
    }
    return first;
}

void tenant_run::advance_all() {
    if (const auto first = advance()) spawn(work(*first));
}

task<> tenant_run::wake(steady_time at) {
    co_await environment_.time.sleep_until(at, released_.get_token());
    if (wake_at_ == at) wake_at_.reset();
    if (!releasing_) advance_all();
}

void tenant_run::apply_cancellation() {
    if (!execution_->cancelled || cancellation_applied_) return;
    cancellation_applied_ = true;
    owe_skipped(state_.cancel(), "cancelled", "skipped: the execution was cancelled");
}

// The end, a parking or a return that no step's entry could carry.
void tenant_run::begin_release(run_outcome outcome) {
    releasing_ = true;
    spawn(release(std::move(outcome)));
}

task<> tenant_run::release(run_outcome outcome) {
    auto entry = owed_entry();
    entry.outcome = std::move(outcome);
    auto answer = co_await tell(std::move(entry));
    if (answer.what == journal::verdict::refused) {
        owe_again(*answer.entry, {});
        auto again = owed_entry();
        again.outcome = std::move(answer.entry->outcome);
        answer = co_await tell(std::move(again));
    }
    if (answer.what == journal::verdict::refused) co_await put_off();
    let_go();
}

// The run is somebody else's now.
bool tenant_run::gives_up() {
    if (execution_->abandoned) let_go();
    return execution_->abandoned;
}

// To the journal.
task<journal::answer> tenant_run::tell(journal_entry entry) {
    const bool is_last = entry.outcome.has_value();
    auto answer = co_await environment_.records.record(std::move(entry));
    is_told_ |= answer.what == journal::verdict::lost || (answer.what == journal::verdict::kept && is_last);
    co_return answer;
}

void tenant_run::let_go() {
    releasing_ = true;
    if (!released_.request_stop()) return;  // done already
    on_stop_.reset();
    environment_.on_released(claimed_.claim, is_told_);
}

std::optional<run_outcome> tenant_run::outcome_of(const run_state& state, const run_move& move) const {
    if (move.end) return run_outcome{.release = run_release::ended, .status = *move.end, .not_before = {}, .waits = {}};
    if (!move.park_until) return std::nullopt;
    return parked_outcome(state, *move.park_until, lane_of(execution_->definition, state.waiting()));
}

run_outcome tenant_run::parked_outcome(const run_state& state, steady_time until, std::string next_service) const {
    return {.release = run_release::parked,
            .status = {},
            .not_before = stored_time(until),
            .waits = stored_waits(state),
            .next_service = std::move(next_service)};
}

run_outcome tenant_run::returned_outcome(std::string next_service) const {
    return {.release = run_release::returned,
            .status = {},
            .not_before = {},
            .waits = stored_waits(state_),
            .next_service = std::move(next_service)};
}

system_time tenant_run::stored_time(steady_time at) const {
    return environment_.time.now() + std::chrono::ceil<milliseconds>(at - environment_.time.steady_now());
}

std::vector<stored_wait> tenant_run::stored_waits(const run_state& state) const {
    std::vector<stored_wait> waits;
    for (const auto& wait : state.waits())
        waits.push_back({.step_index = int(wait.step),
                         .attempts = wait.attempts,
                         .retry_at = stored_time(wait.retry_at),
                         .started_at = memory_[wait.step].started_at});
    return waits;
}

step_record tenant_run::record_of(std::size_t step, step_attempt ended, int attempts) {
    const bool succeeded = ended.verdict == call_verdict::succeeded;
    const auto now = environment_.time.now();
    step_record record;
    record.run = claimed_.claim.run;
    record.step_index = int(step);
    record.status = succeeded ? step_status::completed : step_status::failed;
    record.attempts = attempts;
    record.http_status = ended.http_status;
    record.started_at = memory_[step].started_at;
    record.duration = std::max(milliseconds{0}, now - record.started_at);
    record.result = std::move(ended.result);
    record.error_code = std::move(ended.error_code);
    record.error_message = std::move(ended.error_message);

    if (!succeeded) {
        owe_log(step, log_level::error,
                fmt::format("{} failed after {} {}: {}", definition(step).name, attempts,
                            attempts == 1 ? "attempt" : "attempts", record.error_message));
    } else if (definition(step).message.empty()) {
        owe_log(step, log_level::info,
                definition(step).name + (ended.from_cache ? " taken from the cache" : " completed"));
    } else {
        owe_log(step, log_level::info,
                ended.from_cache ? ended.message + " (from the cache)" : std::move(ended.message));
    }
    return record;
}

void tenant_run::owe_skipped(step_set steps, std::string_view code, const std::string& reason) {
    // Two branches that fail at the same time skip the same steps.
    const auto fresh = steps - skips_owed_;
    skips_owed_ |= steps;
    for (const auto step : fresh) {
        step_record record;
        record.run = claimed_.claim.run;
        record.step_index = int(step);
        record.status = step_status::skipped;
        record.started_at = environment_.time.now();
        record.error_code = code;
        record.error_message = reason;
        owed_steps_.push_back(std::move(record));
        memory_[step].status = step_status::skipped;
        owe_log(step, log_level::warning, reason);
    }
}

void tenant_run::owe_log(std::size_t step, log_level level, std::string message, std::string data) {
    owed_logs_.push_back({.sequence = 0,
                          .tenant = claimed_.for_tenant.id,
                          .step_name = definition(step).name,
                          .step_index = int(step),
                          .level = level,
                          .message = std::move(message),
                          .data = std::move(data),
                          .logged_at = environment_.time.now()});
}

journal_entry tenant_run::owed_entry() {
    return {.claim = claimed_.claim,
            .execution = execution_->id,
            .steps = std::exchange(owed_steps_, {}),
            .logs = std::exchange(owed_logs_, {}),
            .outcome = {}};
}

template_context tenant_run::context() {
    const auto& names = execution_->definition.step_names;
    const auto failed = state_.failed() | state_.skipped();
    for (const auto step : state_.completed() | failed)
        views_[step] = {to_string(memory_[step].status), memory_[step].result};
    return {.for_tenant = claimed_.for_tenant,
            .execution = execution_->id,
            .workflow_name = execution_->definition.workflow_name,
            .step_names = names,
            .steps = views_,
            .own_result = nullptr,
            .failed_steps = failed};
}

const step_definition& tenant_run::definition(std::size_t step) const { return execution_->definition.steps[step]; }

}  // namespace orchestrator
