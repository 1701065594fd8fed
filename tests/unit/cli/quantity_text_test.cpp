#include "cli/quantity_text.h"

#include <gtest/gtest.h>

namespace orchestrator::cli {
namespace {

TEST(cli_quantity_text, durations_change_their_unit_exactly_at_its_end) {
    const std::pair<std::int64_t, const char*> cases[] = {
        {0, "0 ms"},
        {999, "999 ms"},
        {1'000, "1.0 s"},
        {1'250, "1.2 s"},
        {59'999, "59.9 s"},
        {60'000, "1 min 00 s"},
        {184'900, "3 min 04 s"},
        {3'599'999, "59 min 59 s"},
        {3'600'000, "1 h 00 min"},
        {7'500'000, "2 h 05 min"},
        {-5, "0 ms"},
    };
    for (const auto& [ms, text] : cases) EXPECT_EQ(format_duration(milliseconds{ms}), text);
    EXPECT_EQ(format_duration(std::nullopt), "-");
}

TEST(cli_quantity_text, durations_are_read_with_their_unit) {
    EXPECT_EQ(parse_duration("90s"), std::chrono::seconds{90});
    EXPECT_EQ(parse_duration("30m"), std::chrono::minutes{30});
    EXPECT_EQ(parse_duration("2h"), std::chrono::hours{2});
    EXPECT_EQ(parse_duration("366d"), std::chrono::days{366});
    for (const auto* wrong : {"", "m", "30", "0m", "-5m", "1.5h", "5 m", "30min", "367d", "99999999999999999999s"})
        EXPECT_EQ(parse_duration(wrong), std::nullopt) << wrong;
}

TEST(cli_quantity_text, rates_below_ten_have_one_decimal) {
    EXPECT_EQ(format_rate(std::nullopt), "-");
    EXPECT_EQ(format_rate(3.44), "3.4");
    EXPECT_EQ(format_rate(9.96), "10");
    EXPECT_EQ(format_rate(1234.4), "1234");
}

TEST(cli_quantity_text, instants_lose_their_milliseconds) {
    EXPECT_EQ(format_instant("2025-11-06T08:30:20.125Z"), "2025-11-06 08:30:20Z");
    EXPECT_EQ(format_instant(""), "-");
    EXPECT_EQ(format_instant("soon"), "soon");
}

}  // namespace
}  // namespace orchestrator::cli
