#include "domain/time_zone/posix_rule.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace orchestrator {
namespace {

using namespace std::chrono;

sys_seconds utc(int y, unsigned m, unsigned d, int h, int min = 0) {
    return sys_days{year{y} / month(m) / day(d)} + hours{h} + minutes{min};
}

struct rule_case {
    std::string_view text;
    sys_seconds begins;  // of daylight saving time in 2026
    sys_seconds ends;
};

class posix_rule_spans : public testing::TestWithParam<rule_case> {};

TEST_P(posix_rule_spans, begin_where_the_rule_says) {
    const auto rule = parse_posix_rule(GetParam().text);
    ASSERT_TRUE(rule);
    for (const auto& span : rule->spans_in(year{2026}))
        EXPECT_EQ(span.begin, span.is_dst ? GetParam().begins : GetParam().ends);
}

INSTANTIATE_TEST_SUITE_P(
    rules, posix_rule_spans,
    testing::Values(rule_case{"CET-1CEST,M3.5.0,M10.5.0/3", utc(2026, 3, 29, 1), utc(2026, 10, 25, 1)},
                    rule_case{"EST5EDT,M3.2.0,M11.1.0", utc(2026, 3, 8, 7), utc(2026, 11, 1, 6)},
                    rule_case{"IST-1GMT0,M10.5.0,M3.5.0/1", utc(2026, 10, 25, 1),
                              utc(2026, 3, 29, 1)},  // negative, Dublin
                    rule_case{"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", utc(2026, 3, 29, 1), utc(2026, 10, 25, 1)},
                    rule_case{"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", utc(2026, 10, 3, 15, 30), utc(2026, 4, 4, 15)},
                    rule_case{"IST-2IDT,M3.4.4/26,M10.5.0", utc(2026, 3, 27, 0), utc(2026, 10, 24, 23)},
                    rule_case{"AAA3BBB,J60/0,J300/0", utc(2026, 3, 1, 3), utc(2026, 10, 27, 2)},
                    rule_case{"AAA3BBB,59/0,299/0", utc(2026, 3, 1, 3), utc(2026, 10, 27, 2)}));

TEST(posix_rule, counts_julian_days_without_the_leap_day) {
    const auto julian = parse_posix_rule("AAA0BBB,J60/0,J300/0"), plain = parse_posix_rule("AAA0BBB,60/0,300/0");
    EXPECT_EQ(julian->spans_in(year{2028})[0].begin, utc(2028, 3, 1, 0));
    EXPECT_EQ(plain->spans_in(year{2028})[0].begin, utc(2028, 3, 1, 0));
    EXPECT_EQ(plain->spans_in(year{2026})[0].begin, utc(2026, 3, 2, 0));
}

TEST(posix_rule, may_be_without_daylight_saving_time) {
    const auto rule = parse_posix_rule("<+0545>-5:45");
    ASSERT_TRUE(rule);
    EXPECT_EQ(rule->offset, hours{5} + minutes{45});
    EXPECT_EQ(rule->abbreviation, "+0545");
    EXPECT_TRUE(rule->spans_in(year{2026}).empty());
}

TEST(posix_rule, refuses_what_is_none) {
    for (const auto* text :
         {"", "CET", "CE-1", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
          "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0x", "CET-1CEST,J0,J5", "CET-1CEST,J366,J5", "<CET-1",
          "CET-168", "CET-1:60", "CET-1CEST,M3.5.0/x,M10.5.0", "CET-1 CEST,M3.5.0,M10.5.0"})
        EXPECT_FALSE(parse_posix_rule(text)) << text;
}

RC_GTEST_PROP(posix_rule, never_crashes, (const std::string& text)) { static_cast<void>(parse_posix_rule(text)); }

RC_GTEST_PROP(posix_rule, never_crashes_on_what_looks_like_one, ()) {
    const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string{"CETMJ0123456789.,/:-+<>"}));
    if (const auto rule = parse_posix_rule(text)) static_cast<void>(rule->spans_in(year{2026}));
}

}  // namespace
}  // namespace orchestrator
