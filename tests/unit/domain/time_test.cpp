// Tests of the text form of instants.
#include "domain/time.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace orchestrator {
namespace {

using namespace std::chrono;

constexpr system_time example = sys_days{2025y / November / 6} + 8h + 30min + 20s + 125ms;

TEST(time_text, is_utc_with_milliseconds) {
    EXPECT_EQ(format_time(example), "2025-11-06T08:30:20.125Z");
    EXPECT_EQ(format_time(system_time{}), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(format_time(system_time{milliseconds{-1}}), "1969-12-31T23:59:59.999Z");
}

struct readable {
    std::string_view text;
    system_time expected;
};

class readable_time : public testing::TestWithParam<readable> {};

TEST_P(readable_time, is_read) { EXPECT_EQ(parse_time(GetParam().text), GetParam().expected) << GetParam().text; }

INSTANTIATE_TEST_SUITE_P(
    texts, readable_time,
    testing::Values(
        readable{"2025-11-06T08:30:20.125Z", example}, readable{"2025-11-06 08:30:20.125z", example},
        readable{"2025-11-06T08:30:20Z", example - 125ms}, readable{"2025-11-06T08:30:20.1Z", example - 25ms},
        readable{"2025-11-06T08:30:20.12Z", example - 5ms}, readable{"2025-11-06T08:30:20.125999999Z", example},
        readable{"2025-11-06T10:30:20.125+02:00", example}, readable{"2025-11-06T03:30:20.125-0500", example},
        readable{"2025-11-06T08:30:20.125+00:00", example}, readable{"2025-11-07T08:29:20.125+23:59", example},
        readable{"2024-02-29T00:00:00Z", sys_days{2024y / February / 29}},
        readable{"0000-01-01T00:00:00Z", sys_days{year{0} / January / 1}},
        readable{"9999-12-31T23:59:59.999Z", sys_days{year{10'000} / January / 1} - 1ms}));

class unreadable_time : public testing::TestWithParam<std::string_view> {};

TEST_P(unreadable_time, is_refused) { EXPECT_EQ(parse_time(GetParam()), std::nullopt) << GetParam(); }

INSTANTIATE_TEST_SUITE_P(texts, unreadable_time,
                         testing::Values("", "now", "2025-11-06", "2025-11-06T08:30:20", "2025-11-06T08:30Z",
                                         "2025-11-06T08:30:20.Z", "2025-13-06T08:30:20Z", "2025-00-06T08:30:20Z",
                                         "2025-02-29T08:30:20Z", "2025-11-31T08:30:20Z", "2025-11-00T08:30:20Z",
                                         "2025-11-06T24:00:00Z", "2025-11-06T08:60:20Z", "2025-11-06T08:30:60Z",
                                         "2025-11-06T-8:30:20Z", "2025-11-06T08:30:20+2:00",
                                         "2025-11-06T08:30:20+24:00", "2025-11-06T08:30:20+02:60",
                                         "2025-11-06T08:30:20+02:0", "2025-11-06T08:30:20+", "2025-11-06T08:30:20 Z",
                                         "2025-11-06T08:30:20ZZ", "2025/11/06T08:30:20Z", "2025-11-06X08:30:20Z",
                                         "+025-11-06T08:30:20Z", "2025-11-06T08:30:20.12,Z", "20251106T083020Z.....",
                                         "2025-11-06T08-30-20Z"));

RC_GTEST_PROP(time_text, survives_writing_and_reading, ()) {
    const system_time at{milliseconds{*rc::gen::inRange<std::int64_t>(-62'000'000'000'000, 253'000'000'000'000)}};
    RC_ASSERT(parse_time(format_time(at)) == at);
}

RC_GTEST_PROP(time_text, reading_never_fails_in_another_way_than_by_nullopt, ()) {
    auto text = format_time(example);
    for (int changes = *rc::gen::inRange(1, 4); changes > 0; --changes)
        text[*rc::gen::inRange<std::size_t>(0, text.size())] = *rc::gen::arbitrary<char>();
    const auto cut = text.substr(0, *rc::gen::inRange<std::size_t>(0, text.size() + 1));
    if (const auto at = parse_time(cut)) RC_ASSERT(parse_time(format_time(*at)) == at);
}

}  // namespace
}  // namespace orchestrator
