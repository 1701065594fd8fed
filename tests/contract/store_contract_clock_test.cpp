// What every store promises of the time (ports/clock_store.h), and of schedules that a wrong clock has decided.
#include <gmock/gmock.h>

#include "tests/contract/store_fixture.h"

namespace orchestrator::store_test {
namespace {

using std::chrono::days;
using std::chrono::hours;

class clock_contract : public store_contract {
  protected:
    [[nodiscard]] bool has_clock() const { return GetParam() == "postgresql"; }
    schedule_decision decision(std::vector<system_time> starts, std::vector<system_time> missed, system_time until) {
        schedule_decision made{.workflow = workflow_no(1),
                               .schedule_version = expect(workflows().find_workflow(workflow_no(1))).schedule_version,
                               .decided_until = until,
                               .next_execution_at = until + hours{1},
                               .problem = {},
                               .start = {},
                               .missed = {}};
        for (const auto at : starts) {
            auto opened = make_execution(++executions_made_);
            opened.scheduled_for = at;
            made.start.push_back({opened, overlap_policy::allow, {}});
        }
        for (const auto at : missed) made.missed.push_back({at, "superseded"});
        return made;
    }
    [[nodiscard]] std::vector<std::pair<system_time, occurrence_outcome>> occurrences() const {
        std::vector<std::pair<system_time, occurrence_outcome>> all;
        for (const auto& each : expect(schedules().list_occurrences(workflow_no(1), start, start + days{99}, 100)))
            all.emplace_back(each.scheduled_for, each.outcome);
        return all;
    }
    [[nodiscard]] system_time decided_until() const {
        return expect(workflows().find_workflow(workflow_no(1))).decided_until.value();
    }

  private:
    int executions_made_ = 0;
};

INSTANTIATE_TEST_SUITE_P(stores, clock_contract, every_store(), [](const auto& kind) { return kind.param; });

TEST_P(clock_contract, tells_its_time_if_it_has_a_clock_and_when_somebody_was_at_work) {
    const auto at_first = expect(clocks().read_clock());
    EXPECT_EQ(at_first.now.has_value(), has_clock());
    EXPECT_EQ(at_first.newest, std::nullopt);
    expect(leaders().claim_lead({.instance_id = "one"}, it_is(after(50))));
    const auto later = expect(clocks().read_clock());
    EXPECT_EQ(later.newest, after(50));
    if (has_clock()) EXPECT_EQ(later.now, after(50));
}

TEST_P(clock_contract, history_grows_old_by_no_more_than_allowed) {
    it_is(start + days{200});
    EXPECT_EQ(expect(history().age_history(start, hours{1})), start) << "the first time it is what it is";
    EXPECT_EQ(expect(history().age_history(start + days{92}, hours{1})), start + hours{1});
    EXPECT_EQ(expect(history().age_history(start + days{92}, hours{25})), start + hours{26});
    EXPECT_EQ(expect(history().age_history(start + hours{27}, hours{25})), start + hours{27});
    EXPECT_EQ(expect(history().age_history(start + hours{20}, hours{25})), start + hours{20}) << "it was ahead";
    if (!has_clock()) return;
    it_is(start + hours{21});
    EXPECT_EQ(expect(history().age_history(start + days{92}, days{99})), start + hours{21})
        << "never ahead of the store";
}

TEST_P(clock_contract, a_decision_never_goes_back_unless_it_heals) {
    expect(schedules().decide({decision({start + hours{24}}, {start + hours{10}}, start + hours{24})}, 0, after(1)));
    expect(schedules().decide({decision({}, {}, start)}, 0, after(2)));
    EXPECT_EQ(decided_until(), start + hours{24});

    auto healing = decision({start + hours{1}}, {}, start + hours{1});
    healing.heals_to = start;
    expect(schedules().decide({healing}, 0, after(3)));
    EXPECT_EQ(decided_until(), start + hours{1});
    EXPECT_EQ(occurrences(),
              (std::vector<std::pair<system_time, occurrence_outcome>>{
                  {start + hours{1}, occurrence_outcome::started}, {start + hours{24}, occurrence_outcome::started}}))
        << "what was started is done, and what was noted as missed is still to come";

    // When its time comes it is not started again.
    const auto receipt =
        expect(schedules().decide({decision({start + hours{24}}, {}, start + hours{24})}, 0, start + hours{24}));
    EXPECT_TRUE(receipt.opened.empty());
}

TEST_P(clock_contract, what_was_missed_before_stays_when_a_schedule_is_healed) {
    expect(schedules().decide({decision({}, {start + hours{1}, start + hours{10}}, start + hours{24})}, 0, after(1)));
    auto healing = decision({}, {}, start + hours{5});
    healing.heals_to = start + hours{5};
    expect(schedules().decide({healing}, 0, after(3)));
    EXPECT_EQ(
        occurrences(),
        (std::vector<std::pair<system_time, occurrence_outcome>>{{start + hours{1}, occurrence_outcome::missed}}));
}

TEST_P(clock_contract, a_schedule_that_was_changed_meanwhile_is_not_healed) {
    expect(schedules().decide({decision({}, {start + hours{10}}, start + hours{24})}, 0, after(1)));
    auto healing = decision({}, {}, start);
    healing.heals_to = start;
    ++healing.schedule_version;
    EXPECT_EQ(expect(schedules().decide({healing}, 0, after(3))).stale, std::vector{workflow_no(1)});
    EXPECT_EQ(decided_until(), start + hours{24});
    EXPECT_EQ(occurrences().size(), 1U);
}

}  // namespace
}  // namespace orchestrator::store_test
