#include "cli/json_text.h"

#include <gtest/gtest.h>

namespace orchestrator::cli {
namespace {

TEST(cli_json_text, mistakes_name_line_and_column) {
    struct {
        const char* text;
        std::size_t line, column;
    } const cases[] = {
        {"{\n  \"a\": 1,\n}", 3, 1}, {"{\"a\": tru }", 1, 7}, {"", 1, 1}, {"{\n\"a\"", 2, 4}, {"{}\n x", 2, 2},
    };
    for (const auto& [text, line, column] : cases) {
        const auto read = read_json(text);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().line, line) << text;
        EXPECT_EQ(read.error().column, column) << text;
    }
}

TEST(cli_json_text, written_documents_read_back_as_they_were) {
    const auto value = read_json(R"({"a":[1,2.5,{}],"b":"ñ\"","c":[],"d":null,"e":true})");
    ASSERT_TRUE(value);
    const auto text = write_indented(*value);
    EXPECT_TRUE(text.starts_with("{\n  \"a\": [\n    1,\n    2.5,\n    {}\n  ],\n")) << text;
    EXPECT_EQ(read_json(text).value(), *value);
}

TEST(cli_json_text, absent_null_and_mistyped_fields_are_nothing) {
    const auto value = json::parse(R"({"null": null, "text": "x", "number": 7})").as_object();
    EXPECT_EQ(text_of(value, "text"), "x");
    EXPECT_EQ(text_of(value, "number"), "");
    EXPECT_EQ(integer_of(value, "number"), 7);
    EXPECT_EQ(number_of(value, "null"), std::nullopt);
    EXPECT_EQ(number_of(value, "absent"), std::nullopt);
    EXPECT_TRUE(array_of(value, "text").empty());
    EXPECT_TRUE(object_of(value, "null").empty());
}

}  // namespace
}  // namespace orchestrator::cli
