// Tests of reading JSON objects field by field.
#include "domain/json_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace orchestrator {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

struct reading {
    explicit reading(std::string_view text) : value{json::parse(text)} {}

    json::value value;
    std::vector<violation> violations;
    json_fields fields{value, "/at", violations};
};

TEST(pointer_to, escapes_tokens_by_rfc_6901) {
    EXPECT_EQ(pointer_to("", "a"), "/a");
    EXPECT_EQ(pointer_to("/steps", 12), "/steps/12");
    EXPECT_EQ(pointer_to("/x", "a/b~c"), "/x/a~1b~0c");
    EXPECT_EQ(pointer_to("/x", ""), "/x/");
}

TEST(json_fields, reads_each_kind) {
    reading from{R"({"text": "ñ", "number": 1.5, "integer": -7, "whole": 2.0, "yes": true, "list": [1], "any": {}})"};
    EXPECT_EQ(from.fields.text("text", 10), "ñ");
    EXPECT_EQ(from.fields.required_text("text", 10), "ñ");
    EXPECT_EQ(from.fields.number("number", {0, 2}), 1.5);
    EXPECT_EQ(from.fields.integer("integer", {-7, 0}), -7);
    EXPECT_EQ(from.fields.integer("whole", {0, 2}), 2);
    EXPECT_EQ(from.fields.boolean("yes"), true);
    ASSERT_TRUE(from.fields.array("list", 1));
    EXPECT_EQ(from.fields.array("list", 1)->size(), 1U);
    EXPECT_TRUE(from.fields.any("any"));
    from.fields.refuse_unknown();
    EXPECT_THAT(from.violations, IsEmpty());
}

TEST(json_fields, takes_null_for_absent) {
    reading from{R"({"text": null, "number": null, "yes": null, "list": null, "any": null})"};
    EXPECT_FALSE(from.fields.text("text", 10) || from.fields.number("number", {0, 1}) || from.fields.boolean("yes") ||
                 from.fields.array("list", 1) || from.fields.any("any") || from.fields.text("absent", 10));
    from.fields.refuse_unknown();
    EXPECT_THAT(from.violations, IsEmpty());
}

TEST(json_fields, a_wrong_kind_is_a_violation_that_says_what_was_found) {
    reading from{R"({"a": 1, "b": "x", "c": "1", "d": 0, "e": {}, "f": [], "g": null})"};
    EXPECT_FALSE(from.fields.text("a", 10) || from.fields.number("b", {0, 9}) || from.fields.integer("c", {0, 9}) ||
                 from.fields.boolean("d") || from.fields.array("e", 9) || from.fields.text("f", 9) ||
                 from.fields.required_text("g", 9));
    const std::vector<violation> expected{{"/at/a", "expected a string, found a number"},
                                          {"/at/b", "expected a number, found a string"},
                                          {"/at/c", "expected a number, found a string"},
                                          {"/at/d", "expected true or false, found a number"},
                                          {"/at/e", "expected an array, found an object"},
                                          {"/at/f", "expected a string, found an array"},
                                          {"/at/g", "is required: a string"}};
    EXPECT_EQ(from.violations, expected);
}

TEST(json_fields, bounds_are_inclusive) {
    reading from{R"({"text": "four", "low": -1, "high": 10, "list": [1, 2]})"};
    EXPECT_TRUE(from.fields.text("text", 4));
    EXPECT_FALSE(from.fields.text("text", 3));
    EXPECT_TRUE(from.fields.number("low", {-1, 10}));
    EXPECT_FALSE(from.fields.number("low", {-0.999, 10}));
    EXPECT_TRUE(from.fields.integer("high", {-1, 10}));
    EXPECT_FALSE(from.fields.integer("high", {-1, 9}));
    EXPECT_TRUE(from.fields.array("list", 2));
    EXPECT_FALSE(from.fields.array("list", 1));
    ASSERT_EQ(from.violations.size(), 4U);
    EXPECT_EQ(from.violations[0].message, "is 4 bytes long; at most 3 are allowed");
    EXPECT_EQ(from.violations[2].message, "10 is outside -1 to 9");
    EXPECT_EQ(from.violations[3].message, "has 2 elements; at most 1 are allowed");
}

TEST(json_fields, refuses_fractions_and_numbers_beyond_any_integer) {
    reading from{R"({"half": 0.5, "huge": 1e300, "large": 18446744073709551615})"};
    EXPECT_FALSE(from.fields.integer("half", {0, 1}));
    EXPECT_FALSE(from.fields.integer("huge", {0, 1e9}));
    EXPECT_FALSE(from.fields.integer("large", {0, 1e9}));
    ASSERT_EQ(from.violations.size(), 3U);
    EXPECT_EQ(from.violations[0].message, "0.5 is not a whole number");
    EXPECT_THAT(from.violations[2].message, HasSubstr("18446744073709551615 is outside"));
}

TEST(json_fields, refuses_texts_that_databases_and_headers_would_cut) {
    reading from{R"({"nul": "a\u0000b", "empty": ""})"};
    EXPECT_FALSE(from.fields.text("nul", 10));
    EXPECT_FALSE(from.fields.required_text("empty", 10));
    EXPECT_EQ(from.fields.text("empty", 10), "");
    ASSERT_EQ(from.violations.size(), 2U);
    EXPECT_EQ(from.violations[0].message, "contains a NUL character");
    EXPECT_EQ(from.violations[1].message, "must not be empty");
}

TEST(json_fields, refuses_what_nobody_asked_for_and_names_what_is_known) {
    reading from{R"({"known": 1, "unknown/one": 2, "two": null})"};
    from.fields.number("known", {0, 9});
    from.fields.text("other", 9);
    from.fields.refuse_unknown();
    const std::vector<violation> expected{{"/at/unknown~1one", "unknown field; known are known, other"},
                                          {"/at/two", "unknown field; known are known, other"}};
    EXPECT_EQ(from.violations, expected);
}

TEST(json_fields, what_is_no_object_is_one_violation_and_reads_as_empty) {
    for (const auto& [text, kind] : {std::pair{"null", "null"},
                                     {"true", "a boolean"},
                                     {"1", "a number"},
                                     {"\"x\"", "a string"},
                                     {"[]", "an array"}}) {
        reading from{text};
        EXPECT_FALSE(from.fields.required_text("a", 9) || from.fields.boolean("b") || from.fields.any("c"));
        from.fields.refuse_unknown();
        ASSERT_EQ(from.violations.size(), 1U) << text;
        EXPECT_EQ(from.violations[0], (violation{"/at", std::string{"expected an object, found "} + kind}));
    }
}

}  // namespace
}  // namespace orchestrator
