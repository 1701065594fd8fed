// The dialect: what is accepted, what it means, and how each mistake is named.
#include "domain/cron/parse_cron.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

namespace orchestrator {
namespace {

using testing::HasSubstr;

cron_expression parsed(std::string_view text, cron_options options = {}) {
    auto read = parse_cron(text, options);
    EXPECT_TRUE(read) << text << ": " << (read ? "" : read.error().message);
    return read.value_or(cron_expression{});
}

TEST(parse_cron, reads_values_ranges_steps_and_lists) {
    const auto read = parsed("5,10-12,*/30 8-18/5 1,15 6 1-5");
    EXPECT_EQ(read.minutes, 1ULL << 0 | 1ULL << 5 | 1ULL << 10 | 1ULL << 11 | 1ULL << 12 | 1ULL << 30);
    EXPECT_EQ(read.hours, 1U << 8 | 1U << 13 | 1U << 18);
    EXPECT_EQ(read.days.of_month, 1U << 1 | 1U << 15);
    EXPECT_EQ(read.months, 1U << 6);
    EXPECT_EQ(read.days.of_week, 0b0111110);
    EXPECT_EQ(read.seconds, 1U);
}

TEST(parse_cron, takes_0_and_7_for_sunday) {
    EXPECT_EQ(parsed("0 0 * * 0").days.of_week, 1);
    EXPECT_EQ(parsed("0 0 * * 7").days.of_week, 1);
    EXPECT_EQ(parsed("0 0 * * 5-7").days.of_week, 0b1100001);
    EXPECT_EQ(parsed("0 0 * * 0-7").days.of_week, 0b1111111);
}

TEST(parse_cron, knows_names_in_any_case) {
    EXPECT_EQ(parsed("0 0 * JAN,dec Mon-fri").months, 1U << 1 | 1U << 12);
    EXPECT_EQ(parsed("0 0 * * SUN").days.of_week, 1);
    EXPECT_EQ(parsed("0 0 * * mon").days.of_week, 2) << "Monday is Monday";
}

TEST(parse_cron, knows_the_words) {
    for (const auto& [word, meaning] : {std::pair{"@yearly", "0 0 1 1 *"},
                                        {"@annually", "0 0 1 1 *"},
                                        {"@monthly", "0 0 1 * *"},
                                        {"@weekly", "0 0 * * 0"},
                                        {"@daily", "0 0 * * *"},
                                        {"@midnight", "0 0 * * *"},
                                        {"@HOURLY", "0 * * * *"}}) {
        auto read = parsed(word);
        EXPECT_EQ(read.text, word);
        read.text = meaning;
        EXPECT_EQ(read, parsed(meaning)) << word;
        EXPECT_EQ(parsed(word, {.seconds_field = true}).minutes, read.minutes) << word;
    }
}

TEST(parse_cron, knows_the_last_days_and_the_nth_weekdays) {
    EXPECT_EQ(parsed("0 0 L * *").days.before_last, 1U);
    EXPECT_EQ(parsed("0 0 l-2,1 * *").days.before_last, 1U << 2);
    EXPECT_EQ(parsed("0 0 l-2,1 * *").days.of_month, 2U);
    EXPECT_EQ(parsed("0 0 * * friL").days.last_of_week, 1U << 5);
    EXPECT_EQ(parsed("0 0 * * 7#1,mon#5").days.nth_of_week[0], 1U);
    EXPECT_EQ(parsed("0 0 * * 7#1,mon#5").days.nth_of_week[4], 2U);
}

TEST(parse_cron, has_a_seconds_field_when_asked) {
    EXPECT_EQ(parsed("*/20 0 8 * * *", {.seconds_field = true}).seconds, 1ULL | 1ULL << 20 | 1ULL << 40);
    EXPECT_THAT(parse_cron("0 0 8 * * *").error().message, HasSubstr("expected 5 fields"));
    EXPECT_THAT(parse_cron("0 8 * * *", {.seconds_field = true}).error().message,
                HasSubstr("expected 6 fields (second minute"));
}

TEST(parse_cron, keeps_the_text_with_single_spaces) { EXPECT_EQ(parsed("  0\t8  * * MON ").text, "0 8 * * MON"); }

struct mistake {
    std::string_view text;
    std::string_view message;
};

class parse_cron_refuses : public testing::TestWithParam<mistake> {};

TEST_P(parse_cron_refuses, and_names_field_text_and_bound) {
    const auto read = parse_cron(GetParam().text);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, errc::invalid_argument);
    EXPECT_THAT(read.error().message, HasSubstr(GetParam().message));
    EXPECT_THAT(read.error().message, testing::StartsWith("cron: "));
}

INSTANTIATE_TEST_SUITE_P(
    mistakes, parse_cron_refuses,
    testing::Values(mistake{"61 * * * *", "cron: minute \"61\" is outside 0-59"},
                    mistake{"* 24 * * *", "hour \"24\" is outside 0-23"},
                    mistake{"* * 0 * *", "day-of-month \"0\" is outside 1-31"},
                    mistake{"* * * 13 *", "month \"13\" is outside 1-12"},
                    mistake{"* * * * 8", "day-of-week \"8\" is outside 0-7"},
                    mistake{"60 24 * * *", "minute \"60\" is outside 0-59; hour"},
                    mistake{"x * * * *", "minute \"x\" is no number"},
                    mistake{"* * * x *", "month \"x\" is no number or name"},
                    mistake{"* * * * frid", "day-of-week \"frid\" is no number or name"},
                    mistake{"5-1 * * * *", "minute \"5-1\" runs backwards"},
                    mistake{"* * * * fri-mon", "day-of-week \"fri-mon\" runs backwards"},
                    mistake{"*/0 * * * *", "minute \"*/0\": the step must be 1-59"},
                    mistake{"*/60 * * * *", "the step must be 1-59"}, mistake{"*/x * * * *", "the step must be 1-59"},
                    mistake{"* 5/2 * * *", "hour \"5/2\" steps from a single value: write 5-23/2"},
                    mistake{"1,,2 * * * *", "minute \"1,,2\" lacks a value"}, mistake{", * * * *", "lacks a value"},
                    mistake{"1- * * * *", "lacks a value"}, mistake{"-1 * * * *", "lacks a value"},
                    mistake{"1-2-3 * * * *", "\"2-3\" is no number"}, mistake{"+1 * * * *", "\"+1\" is no number"},
                    mistake{"? * * * *", "\"?\" is no number"}, mistake{"99999 * * * *", "\"99999\" is no number"},
                    mistake{"", "expected 5 fields"},
                    mistake{"* * * *", "expected 5 fields (minute hour day-of-month month day-of-week), found 4"},
                    mistake{"* * * * * *", "found 6"}, mistake{"@reboot", "names no time"},
                    mistake{"@every 5m", "\"@every 5m\" is unknown"}, mistake{"@daily x", "is unknown"},
                    mistake{"* * L-31 * *", "\"L-31\" is not L or L-1 to L-30"},
                    mistake{"* * Lx * *", "\"Lx\" is not L"}, mistake{"* * * * 5#6", "# is followed by 1-5"},
                    mistake{"* * * * 5#", "# is followed by 1-5"}, mistake{"* * * * 8L", "\"8\" is outside 0-7"},
                    mistake{"0 0 30 2 *", "cron: no date matches day-of-month 30 in month 2"},
                    mistake{"0 0 31 4,6,9,11 *", "no date matches"}, mistake{"0 0 L-30 2 *", "no date matches"}));

TEST(parse_cron, accepts_what_comes_only_in_some_years) {
    for (const auto* text : {"0 0 29 2 *", "0 0 L-28 2 *", "0 0 31 * *"}) parsed(text);
}

TEST(parse_cron, shows_hostile_text_shortened_and_harmless) {
    const auto message = parse_cron("\x1b[2J" + std::string(100, '9') + " * * * *").error().message;
    EXPECT_THAT(message, testing::Not(HasSubstr("\x1b")));
    EXPECT_LT(message.size(), 120U);
    EXPECT_THAT(parse_cron(std::string(300, '*')).error().message, HasSubstr("longer than 256 bytes"));
}

TEST(parse_cron, lists_a_few_of_many_mistakes) {
    EXPECT_THAT(parse_cron("60,61,62,63,64,65,66,67,68,69 * * * *").error().message,
                testing::EndsWith("\"67\" is outside 0-59; and 2 more"));
}

RC_GTEST_PROP(parse_cron, never_crashes_and_names_the_subject, (const std::string& text)) {
    const auto read = parse_cron(text);
    RC_ASSERT(read || read.error().message.starts_with("cron: "));
}

RC_GTEST_PROP(parse_cron, never_crashes_on_what_looks_like_cron, ()) {
    const auto symbol = rc::gen::elementOf(std::string{"0123456789*/-,#L? \tmonjafri@"});
    const auto text = *rc::gen::container<std::string>(symbol);
    const auto read = parse_cron(text, {.seconds_field = *rc::gen::arbitrary<bool>()});
    if (read) RC_ASSERT(read->minutes != 0U && read->hours != 0U && read->months != 0U && read->seconds != 0U);
}

}  // namespace
}  // namespace orchestrator
