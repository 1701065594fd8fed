// RFC 3986: the examples of section 5.4, and what the rules of section 5.2 say beside them.
#include "domain/uri/uri_reference.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace orchestrator {
namespace {

struct example {
    std::string_view reference;
    std::string_view target;
};

void expect_resolved(std::string_view base, const std::vector<example>& table) {
    for (const auto& [reference, target] : table)
        EXPECT_EQ(resolve_reference(base, reference), target) << base << " + " << reference;
}

TEST(uri_reference, resolves_the_normal_examples_of_the_rfc) {
    expect_resolved("http://a/b/c/d;p?q", {{"g:h", "g:h"},
                                           {"g", "http://a/b/c/g"},
                                           {"./g", "http://a/b/c/g"},
                                           {"g/", "http://a/b/c/g/"},
                                           {"/g", "http://a/g"},
                                           {"//g", "http://g"},
                                           {"?y", "http://a/b/c/d;p?y"},
                                           {"g?y", "http://a/b/c/g?y"},
                                           {"#s", "http://a/b/c/d;p?q#s"},
                                           {"g#s", "http://a/b/c/g#s"},
                                           {"g?y#s", "http://a/b/c/g?y#s"},
                                           {";x", "http://a/b/c/;x"},
                                           {"g;x", "http://a/b/c/g;x"},
                                           {"g;x?y#s", "http://a/b/c/g;x?y#s"},
                                           {"", "http://a/b/c/d;p?q"},
                                           {".", "http://a/b/c/"},
                                           {"./", "http://a/b/c/"},
                                           {"..", "http://a/b/"},
                                           {"../", "http://a/b/"},
                                           {"../g", "http://a/b/g"},
                                           {"../..", "http://a/"},
                                           {"../../", "http://a/"},
                                           {"../../g", "http://a/g"}});
}

TEST(uri_reference, resolves_the_abnormal_examples_of_the_rfc) {
    expect_resolved("http://a/b/c/d;p?q", {{"../../../g", "http://a/g"},
                                           {"../../../../g", "http://a/g"},
                                           {"/./g", "http://a/g"},
                                           {"/../g", "http://a/g"},
                                           {"g.", "http://a/b/c/g."},
                                           {".g", "http://a/b/c/.g"},
                                           {"g..", "http://a/b/c/g.."},
                                           {"..g", "http://a/b/c/..g"},
                                           {"./../g", "http://a/b/g"},
                                           {"./g/.", "http://a/b/c/g/"},
                                           {"g/./h", "http://a/b/c/g/h"},
                                           {"g/../h", "http://a/b/c/h"},
                                           {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
                                           {"g;x=1/../y", "http://a/b/c/y"},
                                           {"g?y/./x", "http://a/b/c/g?y/./x"},
                                           {"g?y/../x", "http://a/b/c/g?y/../x"},
                                           {"g#s/./x", "http://a/b/c/g#s/./x"},
                                           {"g#s/../x", "http://a/b/c/g#s/../x"},
                                           {"http:g", "http:g"}});
}

TEST(uri_reference, merges_with_a_base_that_has_no_path) {
    expect_resolved("http://a", {{"g", "http://a/g"}, {"?y", "http://a?y"}, {"../g", "http://a/g"}});
}

TEST(uri_reference, tells_a_part_that_is_absent_from_one_that_is_empty) {
    const auto empty = split_uri("http://?#");
    EXPECT_EQ(empty.authority, "");
    EXPECT_EQ(empty.query, "");
    EXPECT_EQ(empty.fragment, "");
    const auto absent = split_uri("a/b");
    EXPECT_FALSE(absent.scheme || absent.authority || absent.query || absent.fragment);
    EXPECT_EQ(absent.path, "a/b");
}

TEST(uri_reference, a_colon_alone_makes_no_scheme) {
    for (const auto* text : {"1a:b", ":b", "./a:b", "/a:b", "a_b:c"}) EXPECT_FALSE(split_uri(text).scheme) << text;
    EXPECT_EQ(split_uri("a+b-c.1:d").scheme, "a+b-c.1");
}

TEST(uri_reference, removes_dot_segments_and_nothing_else) {
    const std::vector<std::pair<std::string_view, std::string_view>> table{{"/a/b/c/./../../g", "/a/g"},
                                                                           {"mid/content=5/../6", "mid/6"},
                                                                           {"/..", "/"},
                                                                           {"..", ""},
                                                                           {".", ""},
                                                                           {"/a//../b", "/a/b"},
                                                                           {"", ""},
                                                                           {"/.../b", "/.../b"}};
    for (const auto& [path, expected] : table) EXPECT_EQ(remove_dot_segments(path), expected) << path;
}

}  // namespace
}  // namespace orchestrator
