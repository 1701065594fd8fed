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
