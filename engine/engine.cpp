#include "engine/engine.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cassert>
#include <ranges>

#include "domain/history/history_pace.h"
#include "engine/scoped_count.h"
#include "engine/scoped_entry.h"

namespace orchestrator {
namespace {

constexpr milliseconds pause_after_fault{1'000};
constexpr milliseconds drain_look{20};
constexpr int heartbeats_left_to_others = 4;
constexpr int leases_until_stuck = 2;
constexpr int unreadable_told = 20;    // in the health
constexpr int leases_for_holders = 2;  // after the deadline, to end what they hold by themselves
constexpr milliseconds longest_survey{300'000};
constexpr auto scheduler_loop = "scheduler";
constexpr milliseconds history_look{3'600'000};
constexpr milliseconds history_lag_told{2 * 86'400'000};
constexpr milliseconds history_look_after_fault{60'000};
constexpr milliseconds pause_between_bits{20};    // of history: others are served meanwhile
constexpr milliseconds archived_after{600'000};   // the end of an execution
constexpr milliseconds summary_kept{86'400'000};  // for services that read it in the cache

}  // namespace

engine::engine(engine_options options, engine_ports ports, const service_directory& services)
    : options_{std::move(options)},
      ports_{ports},
      limits_{options_.calls, ports.time, ports.random,
              [this] { return shared_pool{options_.max_active_runs, dispatcher_.active_runs()}; },
              [this] { dispatcher_.notify(); }},
      executions_{ports.executions, ports.time, limits_, services},
      journal_{ports.where, ports.runs, ports.time, [this] { return limits_.in_flight(); },
               [this](execution_id id) { spawn(finish(id)); }},
      caller_{ports.http, ports.time, limits_, options_.longest_result, ports.cache},
      directory_{ports.http, ports.time, ports.random, services.at("tenant")},
      tenants_{options_.directory, directory_, ports.time, [this](task<> work) { spawn(std::move(work)); }},
      recheck_{{}, tenants_, directory_, ports.time},
      environment_{
          .where = ports.where,
          .time = ports.time,
          .random = ports.random,
          .caller = caller_,
          .records = journal_,
          .watch = watch_,
          .draining = draining_,
          .on_released = [this](const run_claim& claim, bool is_told) { dispatcher_.run_released(claim, is_told); },
          .recheck = &recheck_},
      dispatcher_{{.instance_id = options_.instance_id,
                   .max_active_runs = options_.max_active_runs,
                   .claim_batch = options_.claim_batch,
                   .what_to_claim = [this] { return limits_.what_to_claim(); }},
                  ports.runs,
                  executions_,
                  environment_},
      planner_{options_.planning,
               ports.executions,
               ports.calendars,
               ports.zones,
               tenants_,
               ports.time,
               [this] { dispatcher_.notify(); }},
      planning_{{.instance_id = options_.instance_id},
                ports.executions,
                ports.time,
                watch_,
                [this](task<> work) { spawn(std::move(work)); },
                [this](execution_id id) { return plan(id); }},
      scheduler_{{.instance_id = options_.instance_id, .longest_execution = options_.longest_execution},
                 ports.workflows,
                 ports.schedules,
                 ports.calendars,
                 ports.backfills,
                 ports.zones,
                 ports.time,
                 ports.trusted,
                 ports.random,
                 watch_,
                 ports.epoch,
                 [this](execution_id) { planning_.look(); }},
      supervisor_{ports.time, draining_},
      survey_{tenants_, ports.schedules, ports.calendars, ports.time},
      sweeper_{{.waiting = options_.heartbeat, .held = leases_for_holders * options_.lease},
               ports.executions,
               ports.time,
               draining_,
               [this](execution_id id) { spawn(finish(id)); }},
      heartbeat_{ports.time},
      looked_around_at_{ports.time.steady_now().time_since_epoch().count()} {
    assert(options_.heartbeat * 3 < options_.lease);
}

void engine::spawn(task<> work) {
    ++working_;
    asio::co_spawn(ports_.where, std::move(work), [this](std::exception_ptr failed) {
        --working_;
        if (!failed) return;
        try {
            std::rethrow_exception(failed);
        } catch (const std::exception& e) {
            spdlog::error("the engine goes on after: {}", e.what());
        }
    });
}

void engine::start() {
    spawn(supervisor_.keep({.name = "heartbeat", .run = [this] { return keep_lease(); }, .sleeps_in = heartbeat_}));
    spawn(supervisor_.keep(
        {.name = "queue of calls", .run = [this] { return limits_.run(); }, .sleeps_in = limits_.sleeps_in()}));
    spawn(supervisor_.keep({.name = "dispatcher",
                            .run = [this] { return dispatcher_.run(); },
                            .sleeps_in = dispatcher_.sleeps_in(),
                            .on_restart = [this] { dispatcher_.reconcile(); }}));
    spawn(supervisor_.keep({.name = scheduler_loop,
                            .run = [this] { return scheduler_.run(); },
                            .sleeps_in = scheduler_.sleeps_in(),
                            .on_restart = [this] { scheduler_.schedules_changed(); }}));
}

// The heartbeat. Whatever else is looked at with it may take its time: the lease must not wait for that.
task<> engine::keep_lease() {
    if (!has_forgotten_) co_await forget_last_life();
    has_forgotten_ = true;
    co_await follow_service_settings();  // before the first lease, without which nothing is called
    while (!draining_) {
        const bool renewed = co_await renew_lease();
        if (renewed && looking_ == 0) spawn(look_around());
        const auto pause = renewed ? options_.heartbeat : std::min(options_.heartbeat, pause_after_fault);
        co_await heartbeat_.wait_until(ports_.time.steady_now() + pause);
    }
}

// Claims under our own name are from a life before this one; with its lease renewed they would be nobody's.
task<> engine::forget_last_life() {
    while (!draining_) {
        const auto forgotten = co_await ports_.runs.release_instance(options_.instance_id);
        if (forgotten) co_return;
        if (lease_problem_.report(forgotten.error()))
            spdlog::warn("cannot give back old claims: {}", forgotten.error().message);
        co_await heartbeat_.wait_until(ports_.time.steady_now() + pause_after_fault);
    }
}

// What cannot be read holds on as it was.
task<> engine::follow_service_settings() {
    const auto settings = co_await ports_.service_settings.list_service_settings();
    if (watch_.note("read the settings of services", settings)) limits_.apply(*settings);
}

task<bool> engine::renew_lease() {
    const auto asked_at = ports_.time.steady_now();
    const auto renewed = co_await ports_.runs.renew_lease(options_.instance_id, options_.lease, ports_.time.now());
    if (!renewed) {
        if (lease_problem_.report(renewed.error()))
            spdlog::warn("cannot renew the lease of this instance: {}", renewed.error().message);
        if (renewed.error().code == errc::superseded) co_await give_way(asked_at);
        co_return false;
    }
    const bool was_away = lease_problem_.report(std::nullopt);
    is_displaced_ = false;
    // After an outage of the store the leases of all may be over, and their owners come back one after the other.
    const auto now = ports_.time.steady_now();
    if (was_away || (had_lease_ && now >= lease_ends_at_ - options_.heartbeat))
        leaves_others_until_ = now + heartbeats_left_to_others * options_.heartbeat;
    lease_ends_at_ = asked_at + options_.lease;
    if (std::exchange(had_lease_, true) && !*renewed) co_await abandon_runs();
    dispatcher_.lease_renewed(lease_ends_at_ - options_.heartbeat);
    co_return true;
}

// To another process of our name. Our claims are not ours any more, and what is given back by our name would be its.
task<> engine::give_way(steady_time lease_over_at) {
    is_displaced_ = true;
    executions_.abandon_all();
    dispatcher_.lease_renewed(lease_over_at);
    // Should the other one be dead, and nobody else be there, it would stay so for ever.
    co_await ports_.runs.release_lost_runs(ports_.time.now(), {});
}

task<> engine::stay_leased() { co_await renew_lease(); }

// The runs that others lost, executions that were opened or cancelled elsewhere, schedules, and what comes up now and
// then.
task<> engine::look_around() {
    const scoped_count looking{looking_};
    watch_.note("read the clock of the store", co_await ports_.trusted.look());
    const auto now = ports_.time.now();
    co_await follow_service_settings();
    const bool released = co_await take_up_lost_runs(now);
    const auto live = co_await ports_.runs.live_instances(now);
    if (live) {
        dispatcher_.shared_by(int(live->size()));
        co_await look_for_executions();
    }
    if (released && live) looked_around_at_ = ports_.time.steady_now().time_since_epoch().count();
    co_await scheduler_.look();
    tenants_.tidy_up();
    spawn(survey_tenants());
    spawn(keep_history());
    spawn(archive_runs());
}

// False: the store did not take it.
task<bool> engine::take_up_lost_runs(system_time now) {
    if (ports_.time.steady_now() < leaves_others_until_) co_return true;
    const auto released = co_await ports_.runs.release_lost_runs(now, options_.instance_id);
    if (released && *released > 0) {
        spdlog::warn("{} tenant runs of lost instances are taken up again", *released);
        dispatcher_.notify();
    }
    co_return released.has_value();
}

// We were away for so long that others have taken up our runs: whatever goes on here is refused when it is recorded.
task<> engine::abandon_runs() {
    spdlog::warn("the lease of this instance was over: its {} runs are others' now and stop here",
                 dispatcher_.active_runs());
    executions_.abandon_all();
    const auto released = co_await ports_.runs.release_unknown_runs(options_.instance_id, {});
    if (!released) spdlog::warn("cannot give back old claims: {}", released.error().message);
}

// Who asked for it may have died before all that waits had ended, or runs were given back since.
task<> engine::complete_cancellation(execution_id id) {
    const scoped_entry ending{cancelled_, id};
    if (!ending.is_first()) co_return;
    const auto waiting = co_await ports_.executions.end_runs(
        {.execution = id, .cause = end_cause::cancellation, .grace = {}, .is_held_too = false}, ports_.time.now());
    if (watch_.note("end what is cancelled", waiting)) co_await finish(id);
}

task<> engine::look_for_executions() {
    const auto open = co_await ports_.executions.open_executions();
    if (!watch_.note("look for open executions", open)) co_return;
    std::set<execution_id> ids;
    for (const auto& execution : *open) {
        ids.insert(execution.id);
        if (execution.cancel_requested) {
            executions_.cancel(execution.id);
            spawn(complete_cancellation(execution.id));
        }
        if (!execution.planning_complete) {
            planning_.look();
        } else if (execution.tenants.ended() >= execution.tenants.total) {
            spawn(finish(execution.id));
        }
    }
    // Who leads comes first. Should nobody, another does.
    const auto patience = ports_.epoch() ? milliseconds{0} : options_.lease;
    if (ports_.trusted.is_settled()) spawn(sweeper_.sweep(sweeper_.find_overdue(*open, ports_.time.now() - patience)));
    executions_.forget_others(ids);
    if (!ids.empty()) dispatcher_.notify();  // others may have planned what we can work on
}

task<> engine::plan(execution_id id) {
    auto active = co_await executions_.find(id);
    auto stored = co_await ports_.executions.find_execution(id);
    if (active && stored && !stored->planning_complete && !is_final(stored->status)) {
        const auto planned = co_await planner_.plan(*active, std::move(*stored));
        watch_.note("plan executions", planned);
    } else if (!active && (active.error().code == errc::unreadable || active.error().code == errc::store_corrupt)) {
        co_await leave_planning(id, active.error().message);
    }
    dispatcher_.notify();
    co_await finish(id);
}

// To an instance that can read the definition.
task<> engine::leave_planning(execution_id id, std::string why) {
    planning_.leave(id);
    const auto left = co_await ports_.executions.leave_planning(id, options_.instance_id, std::move(why));
    if (!left) spdlog::warn("the planning of execution {} is not given back: {}", to_string(id), left.error().message);
}

// Ends the execution if nothing of it is open. Tried until the store takes it: nobody else would notice in time.
task<> engine::finish(execution_id id) {
    for (;;) {
        const auto finished = co_await ports_.executions.finish_if_done(id, ports_.time.now());
        if (watch_.note("end executions", finished)) {
            if (is_final(finished->status)) {
                executions_.forget(id);
                spdlog::info("execution {} of {} {}: {} tenants, {} steps completed, {} failed, {} skipped",
                             to_string(id), finished->workflow_name, to_string(finished->status),
                             finished->tenants.total, finished->steps.completed, finished->steps.failed,
                             finished->steps.skipped);
                scheduler_.execution_ended(finished->workflow);
                if (ports_.cache)
                    co_await ports_.cache->keep_summary({id, finished->workflow_name, finished->result_summary},
                                                        summary_kept);
            }
            co_return;
        }
        const auto code = finished.error().code;
        if (!is_store_fault(code) || code == errc::store_corrupt || draining_) co_return;
        const scoped_entry waiting{finishing_, id};
        if (!waiting.is_first()) co_return;  // somebody tries already; the heartbeat would bring ever more
        co_await ports_.time.sleep_until(ports_.time.steady_now() + pause_after_fault);
    }
}

task<> engine::stop(steady_time deadline) {
    draining_ = true;
    planning_.stop();
    scheduler_.stop();
    stop_survey_.request_stop();
    limits_.stop();
    dispatcher_.notify();
    heartbeat_.notify();
    bool cut = false;
    auto renew_at = ports_.time.steady_now() + options_.heartbeat;
    while (!idle()) {
        const auto now = ports_.time.steady_now();
        if (now >= renew_at) {
            renew_at = now + options_.heartbeat;
            spawn(stay_leased());  // until what is under way has ended, however long that may take
        }
        const int busy = dispatcher_.active_runs();
        if (!cut && (busy == 0 || now >= deadline)) {
            if (busy > 0)
                spdlog::warn("{} tenant runs are still busy: their calls are cut and made again by the next instance",
                             busy);
            executions_.stop_all();  // planning, too, which is repeated elsewhere
            tenants_.stop();
            cut = true;
        }
        // A store that takes nothing would hold us for ever; what it has not taken is not lost, only done again.
        if (now >= deadline + pause_after_fault) break;
        co_await ports_.time.sleep_until(now + drain_look);
    }
    try {
        co_await give_claims_back();
    } catch (const std::exception& e) {
        spdlog::warn("cannot give back the claims: {}", e.what());
    }
}

task<> engine::give_claims_back() {
    // Has another process taken our name unnoticed? Then what would be given back is its.
    co_await renew_lease();
    if (is_displaced_) co_return;
    const auto released = co_await ports_.runs.release_instance(options_.instance_id);
    if (!released) spdlog::warn("cannot give back the claims: {}", released.error().message);
}

void engine::execution_opened(execution_id) {
    asio::post(ports_.where, [this] { planning_.look(); });
}

void engine::cancel_requested(execution_id id) {
    asio::post(ports_.where, [this, id] {
        executions_.cancel(id);
        dispatcher_.notify();
        if (!draining_) spawn(complete_cancellation(id));  // else who takes over does
    });
}

void engine::leadership_changed(bool leads) {
    asio::post(ports_.where, [this, leads] {
        scheduler_.lead(leads);
        if (leads) heartbeat_.notify();
    });
}

void engine::schedules_changed() {
    asio::post(ports_.where, [this] { scheduler_.schedules_changed(); });
}

// Where the tenants live, while a schedule follows them. What is not answered is asked again at the next heartbeat.
task<> engine::survey_tenants() {
    const auto now = ports_.time.steady_now();
    const bool due = !surveyed_at_ || now - *surveyed_at_ >= options_.survey_interval;
    const auto epoch = ports_.epoch();
    if (draining_ || !due || !epoch || !scheduler_.follows_tenants()) co_return;
    surveyed_at_ = now;
    const auto taken = co_await survey_.take(*epoch, now + longest_survey, stop_survey_.get_token());
    if (watch_.note("tell on which clocks the tenants live", taken)) co_return scheduler_.schedules_changed();
    if (taken.error().code == errc::superseded) ++refused_surveys_;
    surveyed_at_.reset();
}

// How far history has grown old by now; nullopt: the store does not say.
task<std::optional<system_time>> engine::history_time() {
    const auto asked_at = ports_.time.steady_now();
    const auto now = ports_.time.now();
    const auto running = history_aged_at_ ? std::min(std::chrono::floor<milliseconds>(asked_at - *history_aged_at_),
                                                     history_look + history_look_after_fault)
                                          : milliseconds{0};
    const auto aged_to = co_await ports_.history.age_history(now, longest_history_step(running));
    if (!watch_.note("count the age of the history", aged_to)) {
        history_kept_at_ = asked_at - history_look + history_look_after_fault;
        co_return std::nullopt;
    }
    history_aged_at_ = asked_at;
    std::optional<error> lag;
    if (now - *aged_to > history_lag_told)
        lag = error{
            errc::store_unavailable,
            fmt::format(
                "it is {}, and history has been counted to {} only, {} before: it grows old by a day an hour until "
                "it has caught up. If the clock is wrong, correct it now",
                format_time(now), format_time(*aged_to), in_words(now - *aged_to)),
            {}};
    if (history_problem_.report(lag) && lag) spdlog::warn("{}", lag->message);
    co_return *aged_to;
}

// What is old is forgotten, a little at a time, by the one that leads.
task<> engine::keep_history() {
    const auto now = ports_.time.steady_now();
    if (!ports_.epoch()) history_problem_.report(std::nullopt);  // it is another one's to tell
    const bool is_due = !history_kept_at_ || now - *history_kept_at_ >= history_look;
    const scoped_count keeping{keeping_history_};
    if (keeping_history_ > 1 || draining_ || !ports_.epoch() || !is_due || !ports_.trusted.is_sure()) co_return;
    history_kept_at_ = now;
    const auto aged_to = co_await history_time();
    if (!aged_to) co_return;
    int forgotten = 0;
    for (;;) {
        const auto some = co_await ports_.history.keep_history(ports_.time.now(), *aged_to - options_.history_kept);
        if (!watch_.note("forget old executions", some)) {
            history_kept_at_ = now - history_look + history_look_after_fault;
            break;
        }
        forgotten += some->executions;
        if (some->is_all || draining_ || !ports_.epoch()) break;
        co_await ports_.time.sleep_until(ports_.time.steady_now() + pause_between_bits);
    }
    if (forgotten > 0)
        spdlog::info("{} executions older than {} days are forgotten", forgotten, options_.history_kept.count());
}

// The runs of what has ended make room for those that are to be claimed.
task<> engine::archive_runs() {
    const scoped_count archiving{archiving_};
    if (archiving_ > 1 || draining_ || !ports_.epoch()) co_return;
    for (;;) {
        const auto has_more = co_await ports_.history.archive_runs(ports_.time.now() - archived_after);
        if (!watch_.note("archive runs", has_more) || !*has_more || draining_ || !ports_.epoch()) co_return;
        co_await ports_.time.sleep_until(ports_.time.steady_now() + pause_between_bits);
    }
}

// A leader without a scheduler starts nothing, and nobody else does.
bool engine::gets_things_done() const {
    return !is_displaced_ && !stuck_for() && !supervisor_.is_failing(scheduler_loop);
}

std::optional<milliseconds> engine::stuck_for() const {
    const steady_time looked_at{steady_time::duration{looked_around_at_.load()}};
    const auto since = std::chrono::duration_cast<milliseconds>(ports_.time.steady_now() - looked_at);
    if (since < leases_until_stuck * options_.lease) return std::nullopt;
    return since;
}

std::vector<health_problem> engine::problems() const {
    std::vector<health_problem> all;
    if (auto why = tenants_.problem()) all.push_back({"planning", "tenant", std::move(*why)});
    for (const auto& service : limits_.services())
        if (!service.problem.empty())
            all.push_back({"service", service.name,
                           fmt::format("{} {}; {} runs wait here", service.name, service.problem, service.waiting)});
    std::ranges::move(supervisor_.problems(), std::back_inserter(all));
    std::ranges::move(watch_.problems(), std::back_inserter(all));
    if (auto why = ports_.trusted.problem()) all.push_back(std::move(*why));
    if (auto why = history_problem_.now()) all.push_back({"clock", "history", std::move(why->message)});
    std::ranges::move(scheduler_.problems(), std::back_inserter(all));
    if (auto why = journal_.refusal()) all.push_back({"store", "record outcomes", std::move(*why)});
    for (const auto& [id, why] : executions_.unreadable() | std::views::take(unreadable_told))
        all.push_back({"execution", to_string(id), why});
    return all;
}

engine_health engine::health() const {
    auto problem = journal_.problem();
    if (!problem) problem = lease_problem_.now();
    if (const auto stuck = stuck_for(); stuck && !problem)
        problem = error{
            errc::store_unavailable,
            fmt::format("for {} s nothing could be looked up and given back in the store", stuck->count() / 1'000),
            {}};
    return {.accepting = !draining_,
            .store_problem = std::move(problem),
            .problems = problems(),
            .leads = ports_.epoch().has_value(),
            .refused_writes = journal_.lost(),
            .refused_decisions = scheduler_.refused() + refused_surveys_,
            .clock_difference = ports_.trusted.own_difference(),
            .active_runs = dispatcher_.active_runs(),
            .calls_in_flight = limits_.in_flight()};
}

}  // namespace orchestrator
