#include "adapters/postgresql/schedule_rows.h"

#include <algorithm>
#include <map>
#include <set>

#include "adapters/postgresql/execution_rows.h"
#include "adapters/sql/row_values.h"

namespace orchestrator::postgresql {
namespace {

using occurrence = std::pair<workflow_id, system_time>;

// All decisions of one transaction: what they meet is read at once, judged here, and written at once.
class decision_batch {
  public:
    decision_batch(connection& database, const std::vector<schedule_decision>& decisions, system_time now)
        : database_{database}, decisions_{decisions}, now_{now} {}

    decision_receipt keep() {
        hold_workflows();
        heal();
        read_what_stands();
        for (const auto& decision : decisions_)
            if (is_held(decision.workflow))
                judge(decision);
            else
                receipt_.stale.push_back(decision.workflow);
        write();
        return std::move(receipt_);
    }

  private:
    struct running_execution {
        execution_id id;
        std::string tenant_groups;
    };

    [[nodiscard]] bool is_held(workflow_id workflow) const { return decided_until_.contains(workflow); }

    void hold_workflows() {
        array_of<workflow_id> workflows;
        array_of<std::int64_t> versions;
        for (const auto& decision : decisions_) {
            workflows.add(decision.workflow);
            versions.add(decision.schedule_version);
        }
        for (const auto& each : database_.query("schedules", "hold_workflows", workflows, versions))
            decided_until_.emplace(workflow_id{each.id(0)}, each.optional_time(1));
    }

    void heal() {
        array_of<workflow_id> workflows;
        array_of<system_time> times;
        for (const auto& decision : decisions_) {
            if (!decision.heals_to || !is_held(decision.workflow)) continue;
            workflows.add(decision.workflow);
            times.add(*decision.heals_to);
            decided_until_[decision.workflow].reset();
        }
        if (times.size() > 0) database_.query("schedules", "forget_decided", workflows, times);
    }

    void read_what_stands() {
        array_of<workflow_id> overlapping;
        array_of<workflow_id> workflows;
        array_of<system_time> times;
        const auto look_at = [&](workflow_id workflow, system_time at) {
            workflows.add(workflow);
            times.add(at);
        };
        for (const auto& decision : decisions_) {
            if (!is_held(decision.workflow)) continue;
            for (const auto& missed : decision.missed) look_at(decision.workflow, missed.scheduled_for);
            for (const auto& start : decision.start) look_at(decision.workflow, start.opened.scheduled_for.value());
            if (std::ranges::any_of(decision.start, [](const auto& s) { return s.overlap != overlap_policy::allow; }))
                overlapping.add(decision.workflow);
        }
        if (times.size() > 0)
            for (const auto& each : database_.query("schedules", "decided", workflows, times))
                decided_.emplace(workflow_id{each.id(0)}, each.time(1));
        if (overlapping.size() > 0)
            for (const auto& each : database_.query("schedules", "running", overlapping))
                running_[workflow_id{each.id(0)}].push_back({{each.id(1)}, each.text(2)});
    }

    void judge(const schedule_decision& decision) {
        auto until = decision.decided_until;
        auto next = decision.next_execution_at;
        if (const auto known = decided_until_.at(decision.workflow)) until = std::max(until, *known);
        for (const auto& missed : decision.missed)
            note(decision.workflow, {missed.scheduled_for, occurrence_outcome::missed, missed.reason, {}, now_});
        for (const auto& start : decision.start) {
            if (start_one(decision, start)) continue;
            // From there on nothing is decided yet.
            receipt_.blocked.push_back(decision.workflow);
            until = start.opened.scheduled_for.value() - milliseconds{1};
            next = start.opened.scheduled_for;
            break;
        }
        workflows_.add(decision.workflow);
        untils_.add(until);
        nexts_.add(next);
        problems_.add(std::string_view{decision.problem});
    }

    // False: it has to wait until another execution has ended.
    bool start_one(const schedule_decision& decision, const occurrence_start& start) {
        const auto at = start.opened.scheduled_for.value();
        const auto other = overlapped_by(decision.workflow, start);
        if (other && start.overlap == overlap_policy::queue) return decided_.contains({decision.workflow, at});
        const auto outcome = other ? occurrence_outcome::overlapped : occurrence_outcome::started;
        if (!note(decision.workflow, {at, outcome, "", other.value_or(start.opened.id), now_}) || other) return true;
        auto groups = sql::to_lines(start.tenant_groups);
        running_[decision.workflow].push_back({start.opened.id, groups});
        opened_.push_back({&start.opened, std::move(groups)});
        receipt_.opened.push_back(start.opened.id);
        return true;
    }

    std::optional<execution_id> overlapped_by(workflow_id workflow, const occurrence_start& start) const {
        if (start.overlap == overlap_policy::allow) return std::nullopt;
        const auto others = running_.find(workflow);
        if (others == running_.end()) return std::nullopt;
        for (const auto& other : others->second)
            if (sql::share_a_group(start.tenant_groups, other.tenant_groups)) return other.id;
        return std::nullopt;
    }

    // False: it is decided already, and stays as it was.
    bool note(workflow_id workflow, const decided_occurrence& what) {
        if (!decided_.emplace(workflow, what.scheduled_for).second) return false;
        noted_workflows_.add(workflow);
        noted_times_.add(what.scheduled_for);
        outcomes_.add(to_string(what.outcome));
        reasons_.add(std::string_view{what.reason});
        executions_.add(what.execution);
        return true;
    }

    void write() {
        if (noted_times_.size() > 0)
            database_.query("schedules", "note_occurrences", noted_workflows_, noted_times_, outcomes_, reasons_,
                            executions_, now_);
        if (!opened_.empty()) insert_executions(database_, opened_);
        if (untils_.size() > 0) database_.query("schedules", "keep_decisions", workflows_, untils_, nexts_, problems_);
    }

    connection& database_;
    const std::vector<schedule_decision>& decisions_;
    system_time now_;
    decision_receipt receipt_;
    std::set<occurrence> decided_;
    std::map<workflow_id, std::vector<running_execution>> running_;
    std::map<workflow_id, std::optional<system_time>> decided_until_;  // of those that are held
    std::vector<execution_to_insert> opened_;
    array_of<workflow_id> workflows_;
    array_of<system_time> untils_;
    array_of<system_time> nexts_;
    array_of<std::string_view> problems_;
    array_of<workflow_id> noted_workflows_;
    array_of<system_time> noted_times_;
    array_of<std::string_view> outcomes_;
    array_of<std::string_view> reasons_;
    array_of<execution_id> executions_;
};

}  // namespace

std::int64_t schedule_revision(connection& database) {
    return database.query("schedules", "revision").front().integer(0);
}

void bump_schedule_revision(connection& database) { database.query("schedules", "bump_revision"); }

decision_receipt decide(connection& database, const std::vector<schedule_decision>& decisions, system_time now) {
    return decision_batch{database, decisions, now}.keep();
}

std::vector<decided_occurrence> list_occurrences(connection& database, workflow_id workflow, system_time from,
                                                 system_time until, int limit) {
    std::vector<decided_occurrence> listed;
    for (const auto& each : database.query("schedules", "list_occurrences", workflow, from, until, limit))
        listed.push_back(sql::occurrence_from(each));
    return listed;
}

std::vector<schedule_version> list_schedule_versions(connection& database, workflow_id workflow) {
    std::vector<schedule_version> listed;
    for (const auto& each : database.query("schedules", "list_versions", workflow))
        listed.push_back({each.integer(0), each.text(1), each.time(2)});
    return listed;
}

std::optional<system_time> busy_until(connection& database, workflow_id workflow, system_time now) {
    const auto latest = database.query("schedules", "latest", workflow);
    if (latest.empty()) return std::nullopt;
    return latest.front().optional_time(0).value_or(now);
}

std::vector<milliseconds> past_durations(connection& database, workflow_id workflow, int most) {
    std::vector<milliseconds> durations;
    for (const auto& each : database.query("schedules", "past_durations", workflow, most))
        durations.emplace_back(each.integer(0));
    return durations;
}

std::vector<tenant_group> list_tenant_groups(connection& database) {
    std::vector<tenant_group> listed;
    for (const auto& each : database.query("schedules", "list_groups"))
        listed.push_back({each.text(0), each.text(1), each.integer(2)});
    return listed;
}

void replace_tenant_groups(connection& database, const std::vector<tenant_group>& groups) {
    auto sorted = groups;
    std::ranges::sort(sorted);
    if (list_tenant_groups(database) == sorted) return;
    array_of<std::string_view> zones;
    array_of<std::string_view> calendars;
    array_of<std::int64_t> tenants;
    for (const auto& group : sorted) {
        zones.add(std::string_view{group.timezone});
        calendars.add(std::string_view{group.calendar});
        tenants.add(group.tenants);
    }
    database.query("schedules", "forget_groups");
    database.query("schedules", "insert_groups", zones, calendars, tenants);
    bump_schedule_revision(database);
}

}  // namespace orchestrator::postgresql
