#include "engine/scheduler.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "domain/schedule/lead.h"

namespace orchestrator {
namespace {

constexpr milliseconds shortest_pause{1'000};  // after a fault of the store; doubles
constexpr milliseconds longest_pause{30'000};
constexpr milliseconds longest_sleep{3'600'000};
constexpr milliseconds quarantine_look{60'000};
constexpr std::chrono::hours healing_told{1};
constexpr milliseconds least_oversleep{10};  // that is worth waking up for

sys_seconds in_seconds(system_time at) { return std::chrono::floor<std::chrono::seconds>(at); }

}  // namespace

scheduler::scheduler(options chosen, workflow_store& workflows, schedule_store& store, calendar_store& calendars,
                     backfill_store& backfills, zone_source& zones, clock& time, const trusted_time& trusted,
                     random_source& random, store_watch& watch, epoch_source epoch,
                     std::function<void(execution_id)> on_opened)
    : options_{std::move(chosen)},
      workflows_{workflows},
      store_{store},
      timetables_{zones, calendars},
      backfills_{{options_.instance_id, options_.longest_execution}, backfills, time, random},
      zones_{zones},
      time_{time},
      trusted_{trusted},
      watch_{watch},
      random_{random},
      epoch_{std::move(epoch)},
      on_opened_{std::move(on_opened)},
      wake_{time} {}

void scheduler::stop() {
    stopped_ = true;
    wake_.notify();
}

void scheduler::lead(bool leads) {
    if (std::exchange(leads_, leads) == leads) return;
    if (leads) schedules_changed();  // others decided meanwhile
}

void scheduler::schedules_changed() {
    changed_ = true;
    wake_.notify();
}

void scheduler::execution_ended(workflow_id id) {
    if (backfills_.go_on()) {
        backfills_have_room_ = true;
        wake_.notify();
    }
    const auto found = entries_.find(id);
    if (found == entries_.end()) return;
    found->second.lead_is_stale = true;
    if (blocked_.erase(id) == 0) return;
    try_blocked(found->second);
    wake_.notify();
}

// The one that it waits for may have ended.
void scheduler::try_blocked(entry& of) {
    of.busy_until = now();
    set_next_start(of, of.busy_until);
}

task<> scheduler::look() {
    if (!leads_ || stopped_) co_return;
    const auto revision = co_await store_.schedule_revision();
    bool news = revision && *revision != revision_;
    for (const auto& [name, in_use] : zones_in_use_) {
        const auto zone = zones_.find(name);
        news |= !zone || zone->get() != in_use;
    }
    for (const auto id : std::exchange(blocked_, {})) try_blocked(entries_.at(id));
    if (trusted_.is_sure())
        news |= std::ranges::any_of(entries_, [&](const auto& each) { return is_decided_too_far(each.second); });
    // Zone data that was missing may have come; calendars that come grow the revision.
    if (news || (!quarantined_.empty() && time_.steady_now() >= look_again_at_)) changed_ = true;
    backfills_have_room_ |= backfills_.go_on();  // others may have ended what it waits for
    // There may be something to do now, or a wall clock that was set forward has brought a start nearer.
    if (wake_at() + least_oversleep < sleeps_until_) wake_.notify();
}

task<> scheduler::run() {
    while (!stopped_) {
        const bool may_try = time_.steady_now() >= try_again_at_;
        if (leads_ && may_try && changed_) co_await reload();
        if (leads_ && may_try && !stopped_) co_await decide_due_ones();
        if (leads_ && may_try && !stopped_ && backfills_have_room_) co_await continue_backfills();
        sleeps_until_ = wake_at();
        co_await wake_.wait_until(sleeps_until_);
    }
}

steady_time scheduler::wake_at() const {
    const auto steady = time_.steady_now();
    if (!leads_) return steady + longest_sleep;
    if (steady < try_again_at_) return try_again_at_;
    if (changed_ || backfills_have_room_ || !unsaid_.empty()) return steady;
    if (starts_.empty()) return steady + longest_sleep;
    return std::min(time_.steady_at(starts_.begin()->first), steady + longest_sleep);
}

void scheduler::set_next_start(entry& of, std::optional<sys_seconds> at) {
    if (of.next_start) starts_.erase({*of.next_start, of.of.id});
    of.next_start = at;
    if (at) starts_.emplace(*at, of.of.id);
}

void scheduler::forget(workflow_id id) {
    quarantined_.erase(id);
    const auto found = entries_.find(id);
    if (found == entries_.end()) return;
    set_next_start(found->second, std::nullopt);
    blocked_.erase(id);
    entries_.erase(found);
}

// Reads all schedules. What the store does not answer is asked again soon: `changed_` stays.
task<> scheduler::reload() {
    const auto revision = co_await store_.schedule_revision();
    auto workflows = revision ? co_await workflows_.list_workflows() : std::unexpected{revision.error()};
    if (!watch_.note("read the schedules", workflows)) {
        pause_after_fault();
        co_return;
    }
    changed_ = false;
    look_again_at_ = time_.steady_now() + quarantine_look;
    follows_tenants_ = false;
    timetables_.forget();
    zones_in_use_.clear();
    unsaid_.clear();
    std::set<workflow_id> gone;
    for (const auto& [id, each] : entries_) gone.insert(id);
    for (const auto& [id, why] : quarantined_) gone.insert(id);
    result<void> all_armed;
    for (auto& each : *workflows) {
        if (!each.is_enabled || !each.when.is_set() || each.when.is_paused) continue;
        gone.erase(each.id);
        follows_tenants_ |= each.when.zone_mode == timezone_mode::tenant;
        const auto id = each.id;
        const auto armed = co_await arm(std::move(each));
        if (!armed) {
            all_armed = std::unexpected{armed.error()};
            forget(id);
            changed_ = true;
            pause_after_fault();
        }
    }
    watch_.note("read what a schedule goes by", all_armed);
    for (const auto id : gone) forget(id);
    if (!changed_) revision_ = *revision;
    backfills_have_room_ = true;
}

// Where the schedule holds: one place, or one for each group of tenants.
task<result<std::vector<schedule_place>>> scheduler::places_of(const workflow& of) {
    if (of.when.zone_mode == timezone_mode::workflow) co_return std::vector{place_of(of.when)};
    const auto groups = co_await store_.list_tenant_groups();
    if (!groups) co_return std::unexpected{groups.error()};
    std::set<schedule_place> places;
    for (const auto& group : *groups) places.insert(place_for(of.when, group.timezone, group.calendar));
    co_return std::vector(places.begin(), places.end());
}

// An error is the store's. A schedule that cannot be resolved is quarantined, with the reason for everybody to see.
task<result<void>> scheduler::arm(workflow read) {
    const auto id = read.id;
    forget(id);
    entry made{.of = std::move(read),
               .definition = {},
               .longest_execution = {},
               .groups = {},
               .shift = {},
               .decided_until = {},
               .next_start = {},
               .busy_until = {},
               .heals_to = {},
               .problem = {}};
    made.decided_until = in_seconds(made.of.decided_until.value_or(time_.now()));
    made.shift.jitter = made.of.when.jitter;
    made.shift.workflow = id;
    made.problem = made.of.unreadable_schedule;
    if (made.problem.empty()) compile(made);
    if (made.problem.empty()) {
        const auto places = co_await places_of(made.of);
        if (!places) co_return std::unexpected{places.error()};
        for (const auto& place : *places) {
            auto times = co_await timetables_.find(made.of.when, place);
            if (times) {
                zones_in_use_[place.timezone] = &times->zone();
                made.groups.push_back({group_name(made.of.when, place), std::move(*times)});
            } else if (times.error().code == errc::invalid_argument) {
                made.problem += fmt::format("{}{}", made.problem.empty() ? "" : "; ", times.error().message);
            } else {
                co_return std::unexpected{times.error()};
            }
        }
    }
    if (!made.problem.empty() && made.problem != made.of.schedule_problem)
        spdlog::warn("workflow {}: {}", made.of.workflow_name, made.problem);
    if (made.groups.empty()) {
        if (!made.problem.empty()) quarantined_[id] = made.problem;
        if (made.problem != made.of.schedule_problem || made.of.next_execution_at)
            unsaid_.push_back({.workflow = id,
                               .schedule_version = made.of.schedule_version,
                               .decided_until = made.decided_until,
                               .next_execution_at = {},
                               .problem = made.problem,
                               .start = {},
                               .missed = {}});
        co_return result<void>{};
    }
    if (made.of.when.overlap == overlap_policy::queue) {
        const auto busy_until = co_await store_.busy_until(id, time_.now());
        if (!busy_until) co_return std::unexpected{busy_until.error()};
        if (*busy_until) made.busy_until = in_seconds(**busy_until);
    }
    auto& kept = entries_.emplace(id, std::move(made)).first->second;
    co_await estimate_lead_of(kept);
    if (trusted_.is_sure() && is_decided_too_far(kept)) heal(kept);
    // The first look decides what passed meanwhile and says what comes next.
    set_next_start(kept, std::min(now(), kept.decided_until));
    co_return result<void>{};
}

void scheduler::compile(entry& of) const {
    auto definition = compile_workflow(of.of);
    if (definition) {
        of.longest_execution = std::min(definition->max_execution_time, options_.longest_execution);
        of.definition = std::move(definition->source);
        of.of.steps = {};  // it holds them
    } else {
        const auto& first = definition.error().front();
        of.problem = fmt::format("the stored definition is not valid: {}: {}", first.pointer, first.message);
    }
}

bool scheduler::is_decided_too_far(const entry& of) const {
    const auto longest_lead = of.of.when.ready_by.empty() ? std::chrono::seconds{0} : of.longest_execution;
    return orchestrator::is_decided_too_far(of.decided_until, longest_lead, now());
}

// A leader whose clock was ahead has decided times that are still to come.
void scheduler::heal(entry& of) {
    auto why = fmt::format(
        "{} was decided until {} by a clock that was wrong: what is to come is decided anew, and what is started stays",
        of.of.workflow_name, format_time(of.decided_until));
    spdlog::warn("workflow {}", why);
    healed_.note({"schedule", of.of.workflow_name, std::move(why)}, time_.steady_now() + healing_told);
    of.heals_to = of.decided_until = now();
}

task<> scheduler::estimate_lead_of(entry& of) {
    if (of.of.when.ready_by.empty()) co_return;
    const auto id = of.of.id;
    const auto durations = co_await store_.past_durations(id, durations_looked_at);
    if (!entries_.contains(id) || !durations) co_return;
    of.lead_is_stale = false;
    const auto longest = std::min(std::chrono::seconds{of.of.max_execution_time_seconds}, options_.longest_execution);
    of.shift.lead = estimate_lead(*durations, {.most = longest}).lead;
}

task<> scheduler::decide_due_ones() {
    auto decisions = std::exchange(unsaid_, {});
    const auto until = now();
    while (!starts_.empty() && starts_.begin()->first <= until && decisions.size() < options_.decisions_at_once) {
        auto& due = entries_.at(starts_.begin()->second);
        set_next_start(due, std::nullopt);
        if (due.lead_is_stale) co_await estimate_lead_of(due);
        auto decision = decision_about(due, until);
        const bool news = decision.heals_to || !decision.start.empty() || !decision.missed.empty() ||
                          decision.next_execution_at != due.of.next_execution_at ||
                          decision.problem != due.of.schedule_problem;
        due.of.next_execution_at = decision.next_execution_at;
        due.of.schedule_problem = decision.problem;
        if (news) decisions.push_back(std::move(decision));
    }
    if (!decisions.empty()) co_await keep(std::move(decisions));
}

// Everything that is due of one schedule, over all of its groups: what is due for several of them is one execution.
schedule_decision scheduler::decision_about(entry& of, sys_seconds at) {
    schedule_decision made{.workflow = of.of.id,
                           .schedule_version = of.of.schedule_version,
                           .decided_until = of.decided_until,
                           .heals_to = of.heals_to,
                           .next_execution_at = {},
                           .problem = of.problem,
                           .start = {},
                           .missed = {}};
    std::vector<const timetable*> tables;
    for (const auto& group : of.groups) tables.push_back(&group.times);
    const auto due = decide_due(tables, of.shift, {of.of.when.misfire, of.of.when.misfire_grace, of.busy_until},
                                of.decided_until, at);
    made.decided_until = due.decided_until;
    if (due.next_start) made.next_execution_at = *due.next_start;
    for (const auto& missed : due.missed) made.missed.push_back({missed.what.at, std::string{to_string(missed.why)}});
    for (const auto& start : due.start)
        made.start.push_back({open(of, start), of.of.when.overlap, groups_at(of, start.at)});
    set_next_start(of, due.next_start);
    return made;
}

execution scheduler::open(const entry& of, const firing& what) {
    const auto at = time_.now();
    execution made;
    made.id = random_.new_id<execution_id>(at);
    made.workflow = of.of.id;
    made.workflow_name = of.of.workflow_name;
    made.execution_type = "scheduled";
    made.definition = of.definition;
    made.scheduled_for = what.at;
    made.created_at = at;
    made.deadline_at = at + of.longest_execution;
    made.executed_by_instance = options_.instance_id;
    return made;
}

std::vector<std::string> scheduler::groups_at(const entry& of, sys_seconds at) const {
    std::vector<std::string> names;
    for (const auto& group : of.groups)
        if (!group.name.empty() && group.times.fires_at(at)) names.push_back(group.name);
    return names;
}

task<> scheduler::keep(std::vector<schedule_decision> decisions) {
    const auto epoch = epoch_();
    if (!epoch) {  // we lead no longer, and word of it is on its way
        try_again(std::move(decisions));
        co_return;
    }
    const auto kept = co_await store_.decide(decisions, *epoch, time_.now());
    if (!watch_.note("start what is due", kept)) {
        if (kept.error().code == errc::superseded) ++refused_;
        try_again(std::move(decisions));
        co_return;
    }
    pause_ = milliseconds{0};
    for (const auto id : kept->opened) on_opened_(id);
    if (!kept->stale.empty()) changed_ = true;
    const std::set<workflow_id> blocked{kept->blocked.begin(), kept->blocked.end()};
    const std::set<workflow_id> stale{kept->stale.begin(), kept->stale.end()};
    for (const auto& decision : decisions) {
        const auto found = entries_.find(decision.workflow);
        if (found == entries_.end() || stale.contains(decision.workflow)) continue;
        found->second.heals_to.reset();
        if (!blocked.contains(decision.workflow)) {
            found->second.decided_until = in_seconds(decision.decided_until);
            continue;
        }
        // Read again what was kept of it, when the one that it waits for has ended.
        const auto stored = co_await workflows_.find_workflow(decision.workflow);
        const auto waiting = entries_.find(decision.workflow);
        if (waiting == entries_.end()) continue;
        if (!stored || !stored->decided_until) {
            changed_ = true;
            continue;
        }
        waiting->second.decided_until = in_seconds(*stored->decided_until);
        blocked_.insert(decision.workflow);
        set_next_start(waiting->second, std::nullopt);
    }
}

task<> scheduler::continue_backfills() {
    backfills_have_room_ = false;
    const auto epoch = epoch_();
    result<std::vector<execution_id>> opened;
    if (epoch) opened = co_await backfills_.open_next(*epoch);
    if (!epoch || !watch_.note("continue the backfills", opened)) {
        if (epoch && opened.error().code == errc::superseded) ++refused_;
        backfills_have_room_ = true;
        pause_after_fault();
        co_return;
    }
    pause_ = milliseconds{0};
    for (const auto id : *opened) on_opened_(id);
}

void scheduler::pause_after_fault() {
    pause_ = std::clamp(pause_ * 2, shortest_pause, longest_pause);
    try_again_at_ = time_.steady_now() + pause_;
}

// What was not kept is not decided. By then other things may be due, or these no longer: nothing of it is repeated as
// it stands. If it was kept after all and only the answer was lost, the store knows each occurrence again.
void scheduler::try_again(std::vector<schedule_decision> decisions) {
    pause_after_fault();
    for (auto& decision : decisions) {
        const auto found = entries_.find(decision.workflow);
        if (found == entries_.end()) {
            unsaid_.push_back(std::move(decision));
            continue;
        }
        found->second.of.next_execution_at.reset();  // so that it is told again
        set_next_start(found->second, now());
    }
}

}  // namespace orchestrator
