// Numbers as they were written, through reading and writing.
#include "domain/json/exact_json.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace orchestrator {
namespace {

namespace json = boost::json;

json::value read(std::string_view text) {
    boost::system::error_code failed;
    auto value = read_json_exactly(text, failed);
    EXPECT_FALSE(failed) << text << ": " << failed.message();
    return value;
}

bool is_refused(std::string_view text) {
    boost::system::error_code failed;
    static_cast<void>(read_json_exactly(text, failed));
    return bool(failed);
}

constexpr const char* numbers[] = {"0",
                                   "-0",
                                   "7",
                                   "-7",
                                   "12.5",
                                   "100.0",
                                   "0.1",
                                   "-0.0",
                                   "1E5",
                                   "1e+5",
                                   "1.50e-3",
                                   "9223372036854775807",
                                   "-9223372036854775808",
                                   "9223372036854775808",
                                   "18446744073709551615",
                                   "18446744073709551616",
                                   "123456789012345678901234567890",
                                   "0.1234567890123456789012345678901234567890",
                                   "1e400",
                                   "-1e400",
                                   "0e400",
                                   "1e-400"};

TEST(exact_json, a_number_stays_as_it_was_written) {
    for (const std::string number : numbers)
        for (const auto& text : {number, "[" + number + "]", "{\"a\":" + number + ",\"b\":[1," + number + "]}"})
            EXPECT_EQ(write_json_exactly(read(text)), text);
}

TEST(exact_json, a_number_is_no_text) {
    for (const auto* number : numbers) {
        const auto value = read(number);
        EXPECT_EQ(as_text(value), nullptr) << number;
        EXPECT_TRUE(value.is_number() || number_text(value) == number) << number;
    }
    for (const auto* text : {"\"\"", "\"12.5\"", "\"\\u00ff\"", "\"ÿ\""}) {
        const auto value = read(text);
        EXPECT_NE(as_text(value), nullptr) << text;
        EXPECT_FALSE(number_text(value)) << text;
        EXPECT_FALSE(as_number(value)) << text;
    }
    EXPECT_FALSE(as_number(read("null")));
    EXPECT_EQ(as_text(read("true")), nullptr);
}

TEST(exact_json, a_number_counts_what_a_double_can_hold) {
    const std::pair<const char*, double> counted[] = {{"12.5", 12.5},
                                                      {"1E5", 1e5},
                                                      {"-7", -7},
                                                      {"0e400", 0},
                                                      {"1e-400", 0},
                                                      {"-1.5e3", -1'500},
                                                      {"18446744073709551616", 0x1p64}};
    for (const auto& [text, value] : counted) EXPECT_EQ(as_number(read(text)), value) << text;
    EXPECT_FALSE(as_number(read("1e400")));
    EXPECT_FALSE(as_number(read("-1e400")));
}

TEST(exact_json, our_own_numbers_are_plain_decimals) {
    const std::pair<double, const char*> written[] = {
        {12.5, "12.5"}, {100, "100.0"}, {0.1, "0.1"}, {-0.0, "-0.0"}, {1e300, "1e+300"}};
    for (const auto& [value, text] : written) EXPECT_EQ(write_json_exactly(json::value(value)), text);
    for (const double value : {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
                               std::numeric_limits<double>::quiet_NaN()})
        EXPECT_EQ(write_json_exactly(json::value(value)), "null");
}

TEST(exact_json, what_is_no_json_is_refused_and_where_is_told) {
    for (const auto* text : {"", " ", "{", "[1", "1.", "01", "+1", ".5", "1e", "NaN", "Infinity", "-", "'a'", "[1,]",
                             "{}{}", "\"\xff\"", "\"\\ud800\"", "// a\n1", "\xef\xbb\xbf"})
        EXPECT_TRUE(is_refused(text)) << text;
    boost::system::error_code failed;
    std::size_t taken = 0;
    static_cast<void>(read_json_exactly("\xef\xbb\xbf{\"a\":x}", failed, {}, deepest_json, &taken));
    EXPECT_TRUE(failed);
    EXPECT_EQ(taken, 8U);
}

TEST(exact_json, levels_have_a_bound) {
    EXPECT_FALSE(is_refused(std::string(32, '[') + std::string(32, ']')));
    EXPECT_TRUE(is_refused(std::string(33, '[') + std::string(33, ']')));
}

TEST(exact_json, a_byte_order_mark_is_skipped) { EXPECT_EQ(write_json_exactly(read("\xef\xbb\xbf[1.0]")), "[1.0]"); }

TEST(exact_json, of_two_fields_of_one_name_the_last_one_stays) {
    EXPECT_EQ(write_json_exactly(read(R"({"a":1.0,"a":2.0})")), R"({"a":2.0})");
}

RC_GTEST_PROP(exact_json, texts_come_back_as_they_were, (const std::string& any)) {
    std::string text;
    for (const char each : any) text += char(each & 0x7f);
    boost::system::error_code failed;
    const json::object whole{{text, json::value(text)}};
    const auto written = write_json_exactly(whole);
    RC_ASSERT(json::parse(written) == json::value(whole));
    RC_ASSERT(read_json_exactly(written, failed) == json::value(whole));
    RC_ASSERT(!failed);
}

RC_GTEST_PROP(exact_json, whole_numbers_are_those_of_the_library, (std::int64_t number)) {
    const auto text = std::to_string(number);
    RC_ASSERT(read(text) == json::value(number));
    RC_ASSERT(write_json_exactly(json::value(number)) == text);
}

}  // namespace
}  // namespace orchestrator
