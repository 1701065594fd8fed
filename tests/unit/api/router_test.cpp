#include "api/router.h"

#include <gtest/gtest.h>

#include "api/query_parameters.h"
#include "api/target.h"
#include "api/utf8.h"

namespace orchestrator::api {
namespace {

constexpr route table[] = {
    {"GET", "/things/{id}", route_input::nothing, nullptr},
    {"DELETE", "/things/{id}", route_input::nothing, nullptr},
    {"GET", "/things/failed", route_input::nothing, nullptr},
    {"POST", "/things/{id}/retry", route_input::nothing, nullptr},
};

std::expected<route_match, problem> route_of(std::string_view method, std::string_view path) {
    const auto parsed = parse_target(path);
    if (!parsed) return std::unexpected{parsed.error()};
    return find_route(table, method, parsed->segments);
}

TEST(router, hands_over_the_decoded_parameter) {
    const auto found = route_of("GET", "/things/a%20b%2Fc");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->found->pattern, "/things/{id}");
    EXPECT_EQ(found->id, "a b/c");
}

TEST(router, prefers_a_literal_segment_to_a_parameter) {
    EXPECT_EQ(route_of("GET", "/things/failed")->found->pattern, "/things/failed");
    EXPECT_EQ(route_of("GET", "/things/failed2")->found->pattern, "/things/{id}");
    EXPECT_EQ(route_of("POST", "/things/failed/retry")->id, "failed");
}

TEST(router, answers_404_for_an_unknown_path) {
    for (const auto* path :
         {"/", "/things", "/things/", "/things//retry", "/things/a/", "/things/a/retry/x", "//things/a"})
        EXPECT_EQ(route_of("GET", path).error().status, 404) << path;
}

TEST(router, answers_405_with_the_methods_of_the_path) {
    const auto refused = route_of("PUT", "/things/a");
    EXPECT_EQ(refused.error().status, 405);
    EXPECT_EQ(find_header(refused.error().headers, "Allow"), "GET, HEAD, DELETE");
    EXPECT_EQ(find_header(route_of("DELETE", "/things/failed").error().headers, "Allow"), "GET, HEAD");
    EXPECT_EQ(find_header(route_of("get", "/things/a/retry").error().headers, "Allow"), "POST");
}

TEST(router, takes_head_for_get) {
    EXPECT_EQ(route_of("HEAD", "/things/a")->found->method, "GET");
    EXPECT_EQ(route_of("HEAD", "/things/a/retry").error().status, 405);
}

TEST(target, reads_both_forms) {
    EXPECT_EQ(parse_target("/a/b?x=1")->segments, (std::vector<std::string>{"a", "b"}));
    const auto absolute = parse_target("http://host:80/a/b?x=1&&y&z=a%3Db");
    ASSERT_TRUE(absolute);
    EXPECT_EQ(absolute->segments, (std::vector<std::string>{"a", "b"}));
    ASSERT_EQ(absolute->query.size(), 3u);
    EXPECT_EQ(absolute->query[1].name, "y");
    EXPECT_EQ(absolute->query[2].value, "a=b");
}

TEST(target, refuses_what_is_hostile) {
    for (const auto* text : {"", "*", "a b", "/%", "/%zz", "/a%00b", "/a\nb", "/%ff", "/%C0%80", "/a?x=%0A", "/a?%FF=1",
                             "/a#b", "/ä", "host:", "?"}) {
        const auto refused = parse_target(text);
        ASSERT_FALSE(refused) << text;
        EXPECT_EQ(refused.error().status, 400) << text;
        EXPECT_TRUE(is_utf8(to_response(refused.error()).body));
    }
}

TEST(utf8, knows_characters_from_bytes) {
    EXPECT_TRUE(is_utf8("aé€😀"));
    for (const auto* text :
         {"\x80", "\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82"})
        EXPECT_FALSE(is_utf8(text)) << text;
    EXPECT_EQ(as_utf8("a\xFFz"), "a\xEF\xBF\xBDz");
    EXPECT_EQ(excerpt("aé", 2), "a…");
}

TEST(query_parameters, reports_every_mistake_at_once) {
    query_parameters read{{{"limit", "501"}, {"logs", "yes"}, {"colour", "red"}, {"limit", "2"}, {"cursor", "-1"}}};
    EXPECT_EQ(read.limit(50), 50);
    EXPECT_TRUE(read.boolean("logs", true));
    EXPECT_FALSE(read.count("cursor"));
    const auto refused = read.conclude();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().status, 400);
    std::vector<std::string> pointers;
    for (const auto& each : refused.error().errors) pointers.push_back(each.pointer);
    EXPECT_EQ(pointers,
              (std::vector<std::string>{"query:limit", "query:limit", "query:logs", "query:cursor", "query:colour"}));
    EXPECT_EQ(refused.error().errors.back().message, "unknown parameter; known are cursor, limit, logs");
}

TEST(query_parameters, takes_the_whole_range_of_limit) {
    for (const auto& [text, right] : {std::pair{"1", true},
                                      {"500", true},
                                      {"0", false},
                                      {"501", false},
                                      {"1x", false},
                                      {"+1", false},
                                      {"99999999999999999999", false}}) {
        query_parameters read{{{"limit", text}}};
        std::ignore = read.limit(50);
        EXPECT_EQ(read.conclude().has_value(), right) << text;
    }
}

TEST(query_parameters, takes_an_empty_one_for_absent) {
    query_parameters read{{{"limit", ""}}};
    EXPECT_EQ(read.limit(50), 50);
    EXPECT_TRUE(read.conclude());
}

}  // namespace
}  // namespace orchestrator::api
