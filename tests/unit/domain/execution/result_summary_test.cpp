// Tests of what is kept of a service's answer.
#include "domain/execution/result_summary.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace orchestrator {
namespace {

namespace json = boost::json;

TEST(result_summary, keeps_json_as_it_is) {
    const std::string body = R"({"count": 7, "items": [{"id": "x"}], "none": null})";
    const auto kept = summarise_result(body, 1'000);
    EXPECT_EQ(kept.value, json::parse(body));
    EXPECT_EQ(json::parse(kept.text), kept.value);
    EXPECT_FALSE(kept.shortened);
    EXPECT_EQ(summarise_result("7", 10).text, "7");
    EXPECT_EQ(summarise_result("[]", 10).text, "[]");
}

class no_json : public testing::TestWithParam<std::string> {};

TEST_P(no_json, is_kept_as_nothing) {
    const auto kept = summarise_result(GetParam(), 1'000);
    EXPECT_FALSE(kept.value);
    EXPECT_EQ(kept.text, "");
    EXPECT_FALSE(kept.shortened);
}

INSTANTIATE_TEST_SUITE_P(bodies, no_json,
                         testing::Values("", " ", "OK", "<html></html>", R"({"count": 7)", R"({"a": 1} trailing)",
                                         "nul", "\xff\xfe", "\"\xc3\x28\"", std::string(33, '[') + std::string(33, ']'),
                                         std::string(100'000, '[')));

TEST(result_summary, takes_thirty_two_levels) {
    EXPECT_TRUE(summarise_result(std::string(32, '[') + std::string(32, ']'), 1'000).value);
}

TEST(result_summary, beyond_the_bound_keeps_the_scalars_at_the_top) {
    const auto body =
        R"({"count": 7, "ok": true, "id": "x", "items": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16], "more": {}})";
    const auto whole = summarise_result(body, 1'000).text;
    EXPECT_FALSE(summarise_result(body, whole.size()).shortened);
    const auto kept = summarise_result(body, whole.size() - 1);
    EXPECT_TRUE(kept.shortened);
    EXPECT_EQ(kept.text, R"({"count":7,"ok":true,"id":"x"})");
    EXPECT_EQ(*kept.value, json::parse(kept.text));
}

TEST(result_summary, leaves_out_long_texts_only_when_it_must_shorten) {
    const auto body =
        json::serialize(json::value{{"n", 1}, {"short", std::string(256, 's')}, {"long", std::string(257, 'l')}});
    EXPECT_FALSE(summarise_result(body, body.size()).shortened);
    const auto kept = summarise_result(body, body.size() - 1);
    EXPECT_TRUE(kept.value->as_object().contains("short"));
    EXPECT_FALSE(kept.value->as_object().contains("long"));
}

TEST(result_summary, keeps_an_empty_object_when_even_the_scalars_are_too_long) {
    const auto kept = summarise_result(R"({"aaaaaaaaaaaaaaaaaaaa": 1, "bbbbbbbbbbbbbbbbbbbbb": 2})", 10);
    EXPECT_EQ(kept.text, "{}");
    EXPECT_TRUE(kept.shortened);
    EXPECT_TRUE(kept.value->as_object().empty());
    EXPECT_EQ(summarise_result("[1,2,3,4,5,6,7,8,9]", 10).text, "{}");
}

TEST(result_summary, masks_secrets_at_any_depth) {
    const auto kept =
        summarise_result(R"({"password": "x", "Access_Token": {"a": 1}, "client_secret": 7, "Authorization": "B",
        "api_key": "k", "apiKey": null, "deep": [{"refreshToken": "t", "id": "i"}], "count": 1})",
                         1'000);
    EXPECT_EQ(kept.text, R"({"password":"***","Access_Token":"***","client_secret":"***","Authorization":"***",)"
                         R"("api_key":"***","apiKey":"***","deep":[{"refreshToken":"***","id":"i"}],"count":1})");
}

TEST(result_summary, a_secret_does_not_hide_behind_a_field_that_stands_twice) {
    EXPECT_EQ(summarise_result(R"({"a": {"token": "x"}, "a": 1})", 1'000).text, R"({"a":1})");
    EXPECT_EQ(summarise_result(R"({"a": {"\u0074oken": "x"}, "a": 1})", 1'000).text, R"({"a":1})");
    EXPECT_EQ(summarise_result(R"({"\u0074oken": "x"})", 1'000).text, R"({"token":"***"})");
}

TEST(result_summary, masks_before_it_shortens) {
    const auto body = R"({"token": "visible", "items": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19]})";
    const auto kept = summarise_result(body, 40);
    EXPECT_EQ(kept.text, R"({"token":"***"})");
}

RC_GTEST_PROP(result_summary, any_bytes_give_json_within_the_bound_or_nothing, ()) {
    const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
        "{", "}", "[", "]", "\"a\"", ":", ",", "1", "null", "\\", "\xff", " ", "\"token\""));
    std::string body;
    for (const auto& piece : pieces) body += piece;
    const auto bound = *rc::gen::inRange<std::size_t>(2, 50);
    const auto kept = summarise_result(body, bound);
    RC_ASSERT(kept.text.size() <= bound);
    RC_ASSERT(kept.value.has_value() == !kept.text.empty());
    if (kept.value) RC_ASSERT(json::parse(kept.text) == *kept.value);
}

}  // namespace
}  // namespace orchestrator
