// The three forms of a date in HTTP, and what is none.
#include "domain/retry/http_date.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace orchestrator {
namespace {

constexpr system_time example{std::chrono::seconds{784'111'777}};  // that of RFC 9110
const system_time today = *parse_time("2026-11-28T12:00:00Z");

TEST(http_date, has_three_forms) {
    for (const auto* text :
         {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"})
        EXPECT_EQ(parse_http_date(text, today), example) << text;
    EXPECT_EQ(parse_http_date("Sat Nov 28 12:00:00 2026", today), today);
}

TEST(http_date, a_year_of_two_digits_lies_at_most_fifty_years_ahead) {
    const auto year_of = [](int digits) {
        const auto at = parse_http_date(fmt::format("Sunday, 06-Nov-{:02} 00:00:00 GMT", digits), today);
        return int(std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(at.value())}.year());
    };
    EXPECT_EQ(year_of(0), 2000);
    EXPECT_EQ(year_of(26), 2026);
    EXPECT_EQ(year_of(76), 2076);
    EXPECT_EQ(year_of(77), 1977);
    EXPECT_EQ(year_of(99), 1999);
}

TEST(http_date, what_is_none_is_refused) {
    for (const auto* text : {"",
                             "Sun",
                             "Sun,",
                             "Sunday",
                             "Sun, 06 Nov 1994 08:49:37 CET",
                             "Sun, 06 Nov 1994 08:49:37 GMT ",
                             "Sun, 06 Nov 1994 08:49:37",
                             "Sun, 32 Nov 1994 08:49:37 GMT",
                             "Sun, 06 Foo 1994 08:49:37 GMT",
                             "Sun, 06 Nov 1994 24:49:37 GMT",
                             "Sun, 06 Nov 1994 08:60:37 GMT",
                             "Sun, -6 Nov 1994 08:49:37 GMT",
                             "Sun, 06xNov 1994 08:49:37 GMT",
                             "Sun, 06 Nov 1994 08.49.37 GMT",
                             "Sun, 6 Nov 1994 08:49:37 GMT",
                             "sun, 06 Nov 1994 08:49:37 GMT",
                             "Son, 06 Nov 1994 08:49:37 GMT",
                             "Sunday, 06-Nov-1994 08:49:37 GMT",
                             "Sunday, 29-Feb-23 08:49:37 GMT",
                             "Sun Nov 06 08:49:37 1994 GMT",
                             "Sun Nov 6 08:49:37 1994",
                             "Sun Nov   6 08:49:37 1994",
                             "Sun Nov  6 08:49:37 94",
                             "Sun, 06 Nov 1994 08:49:-7 GMT"})
        EXPECT_EQ(parse_http_date(text, today), std::nullopt) << text;
}

}  // namespace
}  // namespace orchestrator
