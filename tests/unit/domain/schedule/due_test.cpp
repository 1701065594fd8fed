#include "domain/schedule/due.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <set>

#include "tests/unit/domain/time_zone/zones.h"

namespace orchestrator {
namespace {

using namespace std::chrono;
using testing::IsEmpty;
using testing::SizeIs;

const sys_seconds noon = sys_days{2026y / July / 1} + hours{12};

timetable every(const std::string& cron) {
    return timetable::make({.cron_expression = cron, .timezone = "UTC"},
                           std::make_shared<const time_zone>(testing_zones::utc()), nullptr)
        .value();
}

std::vector<sys_seconds> starts(const due_decision& made) {
    std::vector<sys_seconds> found;
    for (const auto& each : made.start) found.push_back(each.at);
    return found;
}

due_decision decide(const std::string& cron, misfire_rules rules, sys_seconds until, sys_seconds now,
                    start_shift shift = {}) {
    const auto table = every(cron);
    return decide_due(std::array{&table}, shift, rules, until, now);
}

TEST(due, an_occurrence_starts_when_its_time_has_come_and_not_before) {
    const auto before = decide("0 * * * *", {}, noon, noon + hours{1} - seconds{1});
    EXPECT_THAT(before.start, IsEmpty());
    EXPECT_EQ(before.next_start, noon + hours{1});
    EXPECT_EQ(before.decided_until, noon);
    const auto then = decide("0 * * * *", {}, noon, noon + hours{1});
    EXPECT_EQ(starts(then), std::vector{noon + hours{1}});
    EXPECT_EQ(then.decided_until, noon + hours{1});
    EXPECT_EQ(then.next_start, noon + hours{2});
    EXPECT_THAT(then.missed, IsEmpty());
}

TEST(due, what_is_decided_is_not_decided_again_even_when_the_clock_goes_back) {
    const auto later = decide("0 * * * *", {}, noon + hours{1}, noon - hours{5});
    EXPECT_THAT(later.start, IsEmpty());
    EXPECT_EQ(later.next_start, noon + hours{2});
    EXPECT_EQ(later.decided_until, noon + hours{1});
}

TEST(due, after_downtime_fire_once_starts_the_latest_within_the_grace_time) {
    const auto made = decide("0 * * * *", {}, noon, noon + hours{3} + minutes{20});
    EXPECT_EQ(starts(made), std::vector{noon + hours{3}});
    ASSERT_THAT(made.missed, SizeIs(2));
    EXPECT_EQ(made.missed[0].what.at, noon + hours{1});
    EXPECT_EQ(made.missed[0].why, missed_reason::superseded);
    EXPECT_EQ(made.decided_until, noon + hours{3});

    const auto old = decide("0 0 * * *", {.grace = hours{1}}, noon, noon + hours{14});
    EXPECT_THAT(old.start, IsEmpty());
    ASSERT_THAT(old.missed, SizeIs(1));
    EXPECT_EQ(old.missed[0].why, missed_reason::too_old);
}

TEST(due, the_grace_time_is_inclusive) {
    const auto at = noon + hours{12};  // the next midnight
    EXPECT_THAT(decide("0 0 * * *", {.grace = hours{1}}, noon, at + hours{1}).start, SizeIs(1));
    EXPECT_THAT(decide("0 0 * * *", {.grace = hours{1}}, noon, at + hours{1} + seconds{1}).start, IsEmpty());
    // A grace time of nothing still lets a scheduler be a little late.
    EXPECT_THAT(decide("0 0 * * *", {.grace = seconds{0}}, noon, at + on_time).start, SizeIs(1));
    EXPECT_THAT(decide("0 0 * * *", {.grace = seconds{0}}, noon, at + on_time + seconds{1}).start, IsEmpty());
}

TEST(due, skip_starts_only_what_is_on_time) {
    const misfire_rules rules{.policy = misfire_policy::skip};
    EXPECT_THAT(decide("0 * * * *", rules, noon, noon + hours{1} + on_time).start, SizeIs(1));
    const auto late = decide("0 * * * *", rules, noon, noon + hours{1} + on_time + seconds{1});
    EXPECT_THAT(late.start, IsEmpty());
    EXPECT_EQ(late.missed.at(0).why, missed_reason::skipped);
}

TEST(due, fire_all_starts_each_up_to_a_bound) {
    const misfire_rules rules{.policy = misfire_policy::fire_all, .grace = hours{6}};
    EXPECT_EQ(starts(decide("0 * * * *", rules, noon, noon + hours{3})),
              (std::vector{noon + hours{1}, noon + hours{2}, noon + hours{3}}));
    const auto many = decide("* * * * *", rules, noon, noon + hours{6});
    EXPECT_THAT(many.start, SizeIs(most_fired_at_once));
    EXPECT_EQ(many.start.back().at, noon + hours{6});
    EXPECT_THAT(many.missed, SizeIs(260));
    EXPECT_EQ(many.missed.front().why, missed_reason::capped);
}

TEST(due, what_waited_for_the_end_of_another_was_not_missed) {
    for (const auto policy : {misfire_policy::fire_once, misfire_policy::skip, misfire_policy::fire_all}) {
        const misfire_rules rules{.policy = policy, .grace = minutes{30}, .busy_until = noon + hours{3} + minutes{20}};
        EXPECT_EQ(starts(decide("0 * * * *", rules, noon, noon + hours{3} + minutes{20})),
                  (std::vector{noon + hours{1}, noon + hours{2}, noon + hours{3}}))
            << "one after the other";
    }
    const misfire_rules skip{.policy = misfire_policy::skip, .busy_until = noon + hours{1} + minutes{5}};
    const auto made = decide("0 * * * *", skip, noon, noon + hours{2} + minutes{5});
    EXPECT_THAT(made.start, IsEmpty()) << "an hour passed since, and nobody was there";
    const misfire_rules endless{.busy_until = noon + days{1}};
    const auto many = decide("0 * * * *", endless, noon, noon + days{1});
    EXPECT_THAT(many.start, SizeIs(most_queued));
    EXPECT_EQ(many.start.back().at, noon + days{1});
    EXPECT_EQ(many.missed.front().why, missed_reason::capped);
}

TEST(due, a_decision_ahead_of_its_time_is_a_wrong_clocks_unless_a_lead_explains_it) {
    EXPECT_FALSE(is_decided_too_far(noon + on_time, {}, noon));
    EXPECT_TRUE(is_decided_too_far(noon + on_time + seconds{1}, {}, noon));
    EXPECT_FALSE(is_decided_too_far(noon + hours{8}, hours{8}, noon));
    EXPECT_TRUE(is_decided_too_far(noon + hours{8} + minutes{2}, hours{8}, noon));
}

TEST(due, a_long_absence_is_bounded) {
    const auto made = decide("* * * * *", {}, noon, noon + days{30});
    EXPECT_THAT(made.start, SizeIs(1));
    EXPECT_THAT(made.missed, SizeIs(most_missed_noted));
    EXPECT_EQ(made.missed.front().why, missed_reason::too_old);
    EXPECT_EQ(made.decided_until, noon + days{30});
}

TEST(due, a_lead_starts_earlier_and_keeps_the_name) {
    const start_shift shift{.lead = minutes{20}};
    const auto made = decide("0 * * * *", {}, noon, noon + minutes{40}, shift);
    EXPECT_EQ(starts(made), std::vector{noon + hours{1}});
    EXPECT_EQ(made.next_start, noon + hours{1} + minutes{40});
}

TEST(due, jitter_is_bounded_and_always_the_same_for_one_occurrence) {
    std::set<sys_seconds> seen;
    for (std::uint8_t i = 0; i < 100; ++i) {
        start_shift shift{.jitter = seconds{30}};
        shift.workflow.value.bytes[15] = i;
        const auto at = shift.start_of(noon);
        EXPECT_EQ(at, shift.start_of(noon));
        EXPECT_GE(at, noon);
        EXPECT_LE(at, noon + seconds{30});
        seen.insert(at);
    }
    EXPECT_GT(seen.size(), 20U);
}

TEST(due, a_schedule_that_is_over_is_never_asked_again) {
    const auto table =
        timetable::make({.cron_expression = "0 0 * * *", .timezone = "UTC", .end_date = local_days{2026y / July / 1}},
                        std::make_shared<const time_zone>(testing_zones::utc()), nullptr)
            .value();
    const auto over = decide_due(std::array{&table}, {}, {}, noon, noon + days{3});
    EXPECT_EQ(over.next_start, std::nullopt);
    EXPECT_THAT(over.start, IsEmpty());
}

TEST(due, each_group_of_tenants_is_made_up_for_and_shares_what_is_due_at_one_instant) {
    const schedule eight{.cron_expression = "0 8 * * *", .timezone = "x"};
    const auto table = [&](time_zone zone) {
        return timetable::make(eight, std::make_shared<const time_zone>(std::move(zone)), nullptr).value();
    };
    const auto madrid = table(testing_zones::madrid()), canary = table(testing_zones::canary()),
               also_madrid = table(testing_zones::madrid());
    const std::array all{&madrid, &canary, &also_madrid};
    const sys_seconds day = sys_days{2026y / July / 2};
    // 08:00 in Madrid is 06:00, in the Canaries 07:00.
    const auto at_six = decide_due(all, {}, {}, day, day + hours{6});
    EXPECT_EQ(starts(at_six), std::vector{day + hours{6}});
    EXPECT_EQ(at_six.next_start, day + hours{7});
    const auto after_downtime = decide_due(all, {}, {}, day - days{1}, day + hours{9});
    EXPECT_EQ(starts(after_downtime), (std::vector{day + hours{6}, day + hours{7}})) << "the latest of each clock";
    EXPECT_THAT(after_downtime.missed, SizeIs(2));
    EXPECT_EQ(after_downtime.decided_until, day + hours{7});
}

TEST(missed_reason, is_read_as_it_is_written) {
    for (const auto why :
         {missed_reason::superseded, missed_reason::too_old, missed_reason::skipped, missed_reason::capped})
        EXPECT_EQ(parse_missed_reason(to_string(why)), why);
    EXPECT_EQ(parse_missed_reason("x"), std::nullopt);
}

}  // namespace
}  // namespace orchestrator
