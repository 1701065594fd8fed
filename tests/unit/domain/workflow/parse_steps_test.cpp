// Tests of the steps of a workflow: every rule with its JSON pointer, each bound from both sides, hostile input.
#include "domain/workflow/parse_steps.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace orchestrator {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

struct outcome {
    std::vector<step_definition> steps;
    std::vector<violation> violations;
};

outcome parse(const json::value& source, const workflow_rules& rules = {}) {
    outcome out;
    out.steps = parse_steps(source, "/steps", {}, rules, out.violations);
    return out;
}

// One whole step, changed by `fields`: a JSON object, whose nulls take a field away.
json::value step(std::string_view fields = "{}") {
    auto made = json::parse(R"({"name": "only", "service": "sales", "path": "/x"})").as_object();
    for (const auto& [name, value] : json::parse(fields).as_object()) made[name] = value;
    return made;
}

json::value named(std::string_view name, std::initializer_list<std::string_view> after) {
    auto made = step().as_object();
    made["name"] = json::string_view{name};
    auto& list = made["depends_on"].emplace_array();
    for (const auto each : after) list.emplace_back(json::string_view{each});
    return made;
}

TEST(parse_steps, has_defaults_for_all_but_name_service_and_path) {
    const auto read = parse(json::array{step()});
    ASSERT_TRUE(read.violations.empty()) << read.violations[0].message;
    ASSERT_EQ(read.steps.size(), 1U);
    const auto& only = read.steps[0];
    EXPECT_EQ(only.name, "only");
    EXPECT_EQ(only.service, "sales");
    EXPECT_EQ(only.method, "POST");
    EXPECT_TRUE(only.body.empty());
    EXPECT_TRUE(only.message.empty());
    EXPECT_TRUE(only.depends_on.empty());
    EXPECT_EQ(only.rule, trigger_rule::all_success);
    EXPECT_TRUE(only.critical);
    EXPECT_EQ(only.timeout, milliseconds{300'000});
    EXPECT_EQ(only.retry, retry_policy{});
}

TEST(parse_steps, reads_every_field) {
    const auto read = parse(
        json::array{named("first", {}), step(R"({"method": "GET", "body": {"a": 1}, "message": "made {{result.n}}",
            "depends_on": ["first"], "trigger_rule": "all_done", "critical": false, "timeout_seconds": 2.5,
            "retry": {"max_retries": 7, "delay_ms": 11, "max_delay_ms": 13}})")});
    ASSERT_TRUE(read.violations.empty()) << read.violations[0].message;
    const auto& second = read.steps[1];
    EXPECT_EQ(second.method, "GET");
    EXPECT_FALSE(second.body.empty());
    EXPECT_FALSE(second.message.empty());
    EXPECT_EQ(second.depends_on, step_set::of(0));
    EXPECT_EQ(second.rule, trigger_rule::all_done);
    EXPECT_FALSE(second.critical);
    EXPECT_EQ(second.timeout, milliseconds{2'500});
    EXPECT_EQ(second.retry, (retry_policy{7, milliseconds{11}, milliseconds{13}}));
}

struct broken_step {
    std::string_view fields;
    std::string_view pointer;  // behind /steps/0
    std::string_view message;
};

class broken_steps : public testing::TestWithParam<broken_step> {};

TEST_P(broken_steps, name_the_place_and_what_would_be_right) {
    const workflow_rules rules{.services = {{"sales", "training"}}};
    const auto found = parse(json::array{step(GetParam().fields)}, rules).violations;
    ASSERT_EQ(found.size(), 1U) << GetParam().fields;
    EXPECT_EQ(found[0].pointer, "/steps/0" + std::string{GetParam().pointer});
    EXPECT_THAT(found[0].message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    rules, broken_steps,
    testing::Values(
        broken_step{R"({"name": null})", "/name", "is required"},
        broken_step{R"({"name": ""})", "/name", "must not be empty"},
        broken_step{R"({"name": 3})", "/name", "expected a string"},
        broken_step{R"({"name": "Big"})", "/name", "lower-case letter"},
        broken_step{R"({"name": "a.b"})", "/name", "lower-case letter"},
        broken_step{R"({"name": "_a"})", "/name", "lower-case letter"},
        broken_step{R"({"service": null})", "/service", "is required"},
        broken_step{R"({"service": "payments"})", "/service",
                    "\"payments\" is not configured; configured are sales, training"},
        broken_step{R"({"service": {}})", "/service", "expected a string, found an object"},
        broken_step{R"({"method": "TRACE"})", "/method", "\"TRACE\" is not one of GET, POST, PUT, PATCH, DELETE"},
        broken_step{R"({"method": "get"})", "/method", "is not one of"},
        broken_step{R"({"path": null})", "/path", "is required"},
        broken_step{R"({"path": "x"})", "/path", "must begin with one \"/\""},
        broken_step{R"({"path": "/a/../b"})", "/path", "must not hold"},
        broken_step{R"({"path": "/a/."})", "/path", "must not hold"},
        broken_step{R"({"path": "http://other/x"})", "/path", "must begin with one \"/\""},
        broken_step{R"({"path": "//other/x"})", "/path", "must begin with one \"/\""},
        broken_step{R"({"path": "/a b"})", "/path", "printable ASCII"},
        broken_step{R"({"path": "/a\r\nHost: x"})", "/path", "printable ASCII"},
        broken_step{R"({"path": "/ñ"})", "/path", "printable ASCII"},
        broken_step{R"({"path": "/a#b"})", "/path", "printable ASCII"},
        broken_step{R"({"path": "/{{tenant.nothing}}"})", "/path", "\"tenant.nothing\" is unknown"},
        broken_step{R"({"path": "/{{result.x}}"})", "/path", "only its message"},
        broken_step{R"({"body": {"a": ["{{steps.only.result}}"]}})", "/body/a/0", "not among the steps"},
        broken_step{R"({"message": "{{steps.other.status}}"})", "/message", "not among the steps"},
        broken_step{R"({"message": 1})", "/message", "expected a string"},
        broken_step{R"({"depends_on": "only"})", "/depends_on", "expected an array"},
        broken_step{R"({"depends_on": ["other"]})", "/depends_on/0", "step \"other\" does not exist"},
        broken_step{R"({"depends_on": [""]})", "/depends_on/0", "step \"\" does not exist"},
        broken_step{R"({"depends_on": [0]})", "/depends_on/0", "expected the name of a step"},
        broken_step{R"({"depends_on": ["only"]})", "/depends_on", "\"only\" depends on itself, through only"},
        broken_step{R"({"trigger_rule": "one_success"})", "/trigger_rule", "not one of all_success, all_done"},
        broken_step{R"({"critical": 0})", "/critical", "expected true or false"},
        broken_step{R"({"timeout_seconds": 0.049})", "/timeout_seconds", "is outside 0.05 to 3600"},
        broken_step{R"({"timeout_seconds": 3600.001})", "/timeout_seconds", "is outside 0.05 to 3600"},
        broken_step{R"({"timeout_seconds": "5"})", "/timeout_seconds", "expected a number"},
        broken_step{R"({"retry": 3})", "/retry", "expected an object, found a number"},
        broken_step{R"({"retry": {"max_retries": -1}})", "/retry/max_retries", "-1 is outside 0 to 20"},
        broken_step{R"({"retry": {"max_retries": 21}})", "/retry/max_retries", "21 is outside 0 to 20"},
        broken_step{R"({"retry": {"delay_ms": -1}})", "/retry/delay_ms", "is outside 0 to 3600000"},
        broken_step{R"({"retry": {"delay_ms": 3600001}})", "/retry/delay_ms", "is outside 0 to 3600000"},
        broken_step{R"({"retry": {"max_delay_ms": 0.5}})", "/retry/max_delay_ms", "0.5 is not a whole number"},
        broken_step{R"({"retry": {"delay_ms": 500, "max_delay_ms": 499}})", "/retry/max_delay_ms",
                    "499 is less than delay_ms, 500"},
        broken_step{R"({"retry": {"attempts": 3}})", "/retry/attempts",
                    "known are delay_ms, max_delay_ms, max_retries"},
        broken_step{R"({"cache_ttl_seconds": -1})", "/cache_ttl_seconds", "-1 is outside 0 to 2592000"},
        broken_step{R"({"colour/red": 1})", "/colour~1red", "unknown field"}));

class accepted_steps : public testing::TestWithParam<std::string_view> {};

TEST_P(accepted_steps, take_the_bound_itself) {
    EXPECT_THAT(parse(json::array{step(GetParam())}).violations, testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    bounds, accepted_steps,
    testing::Values(R"({"timeout_seconds": 0.05})", R"({"timeout_seconds": 3600})", R"({"retry": {"max_retries": 0}})",
                    R"({"retry": {"max_retries": 20, "delay_ms": 0, "max_delay_ms": 0}})",
                    R"({"retry": {"delay_ms": 3600000, "max_delay_ms": 3600000}})", R"({"retry": {}})",
                    R"({"path": "/"})", R"({"path": "/a?b={{ tenant.id }}&c=~!$'()*+,;:@%20"})",
                    R"({"service": "anything"})", R"({"depends_on": []})", R"({"trigger_rule": "all_success"})"));

TEST(parse_steps, bounds_the_length_of_each_text) {
    const auto count = [](std::string_view field, std::size_t length, char first) {
        auto made = step().as_object();
        made[field] = json::string(length, 'x');
        made[field].as_string()[0] = first;
        return parse(json::array{made}).violations.size();
    };
    EXPECT_EQ(count("name", 64, 'n'), 0U);
    EXPECT_EQ(count("name", 65, 'n'), 1U);
    EXPECT_EQ(count("service", 64, 's'), 0U);
    EXPECT_EQ(count("service", 65, 's'), 1U);
    EXPECT_EQ(count("path", 2'048, '/'), 0U);
    EXPECT_EQ(count("path", 2'049, '/'), 1U);
    EXPECT_EQ(count("message", 500, 'm'), 0U);
    EXPECT_EQ(count("message", 501, 'm'), 1U);
    EXPECT_EQ(count("body", 65'534, 'b'), 0U);  // with its quotes 64 KiB
    EXPECT_EQ(count("body", 65'535, 'b'), 1U);
}

TEST(parse_steps, takes_up_to_sixty_four_steps) {
    json::array steps;
    for (std::size_t i = 0; i < max_steps; ++i) steps.push_back(named("s" + std::to_string(i), {}));
    EXPECT_THAT(parse(steps).violations, testing::IsEmpty());
    steps.push_back(named("one_more", {}));
    const auto found = parse(steps).violations;
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].pointer, "/steps");
    EXPECT_THAT(found[0].message, HasSubstr("1 to 64 steps"));
}

TEST(parse_steps, a_step_may_depend_on_all_others) {
    json::array steps;
    auto last = named("last", {}).as_object();
    for (std::size_t i = 0; i < max_steps - 1; ++i) {
        steps.push_back(named("s" + std::to_string(i), {}));
        last["depends_on"].as_array().emplace_back("s" + std::to_string(i));
    }
    steps.push_back(last);
    const auto read = parse(steps);
    EXPECT_THAT(read.violations, testing::IsEmpty());
    EXPECT_EQ(read.steps.back().depends_on, step_set::first(max_steps - 1));
}

TEST(parse_steps, refuses_a_name_that_stands_twice) {
    const auto found = parse(json::array{named("a", {}), named("b", {}), named("a", {})}).violations;
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].pointer, "/steps/2/name");
    EXPECT_THAT(found[0].message, HasSubstr("\"a\" is the name of step 0 already"));
}

TEST(parse_steps, names_every_member_of_a_cycle_and_nobody_else) {
    const auto found = parse(json::array{named("a", {}), named("b", {"a", "d"}), named("c", {"b"}), named("d", {"c"}),
                                         named("e", {"d"})})
                           .violations;
    ASSERT_EQ(found.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(found[i].pointer, fmt::format("/steps/{}/depends_on", i + 1));
        EXPECT_THAT(found[i].message, HasSubstr("depends on itself, through b, c, d"));
    }
}

TEST(parse_steps, finds_two_cycles_at_once) {
    const auto found =
        parse(json::array{named("a", {"b"}), named("b", {"a"}), named("c", {"d"}), named("d", {"c"})}).violations;
    ASSERT_EQ(found.size(), 4U);
    EXPECT_THAT(found[0].message, HasSubstr("through a, b"));
    EXPECT_THAT(found[3].message, HasSubstr("through c, d"));
}

TEST(parse_steps, a_template_may_name_steps_before_it_at_any_distance) {
    auto third = named("third", {"second"}).as_object();
    third["body"] = "{{steps.first.result.n}}";
    const auto steps = json::array{named("first", {}), named("second", {"first"}), third};
    EXPECT_THAT(parse(steps).violations, testing::IsEmpty());
    EXPECT_EQ(parse(steps).steps[2].body.reads_results_of(), step_set::of(0));
}

TEST(parse_steps, steps_may_stand_in_any_order) {
    const auto read = parse(json::array{named("last", {"first"}), named("first", {})});
    EXPECT_THAT(read.violations, testing::IsEmpty());
    EXPECT_EQ(read.steps[0].depends_on, step_set::of(1));
}

TEST(parse_steps, reports_all_violations_of_all_steps_at_once) {
    const auto found = parse(json::parse(R"([7, {"name": "b", "service": "", "path": "x", "depends_on": ["c", 1],
        "retry": {"max_retries": 99}, "extra": 0}, null])"))
                           .violations;
    std::vector<std::string> pointers;
    for (const auto& each : found) pointers.push_back(each.pointer);
    EXPECT_THAT(pointers, testing::UnorderedElementsAre("/steps/0", "/steps/1/service", "/steps/1/path",
                                                        "/steps/1/depends_on/0", "/steps/1/depends_on/1",
                                                        "/steps/1/retry/max_retries", "/steps/1/extra", "/steps/2"));
}

TEST(is_identifier, knows_its_form) {
    for (const auto* good : {"a", "z9", "daily_operations", "a__", "x_1"}) EXPECT_TRUE(is_identifier(good)) << good;
    for (const auto* bad : {"", "A", "9a", "_a", "a-b", "a b", "a.b", "ñ", "a\n"})
        EXPECT_FALSE(is_identifier(bad)) << bad;
    EXPECT_TRUE(is_identifier(std::string(64, 'a')));
    EXPECT_FALSE(is_identifier(std::string(65, 'a')));
}

// Values of every kind in every place: nothing is thrown, and what is taken is whole.
RC_GTEST_PROP(parse_steps, survives_any_values_in_any_field, ()) {
    static const std::vector<std::string> values{"null",
                                                 "true",
                                                 "-1",
                                                 "1e308",
                                                 "18446744073709551615",
                                                 "\"\"",
                                                 "\"a\"",
                                                 "\"/a\"",
                                                 "\"{{\"",
                                                 "\"{{steps.a.result}}\"",
                                                 "[]",
                                                 "[\"a\"]",
                                                 "[[[]]]",
                                                 "{}",
                                                 "{\"max_retries\": 1}",
                                                 "{\"a\": {\"\": \"{{x}}\"}}"};
    static const std::vector<std::string> fields{"name",     "service",         "method",       "path",
                                                 "body",     "message",         "depends_on",   "retry",
                                                 "critical", "timeout_seconds", "trigger_rule", "other"};
    json::array steps;
    for (auto count = *rc::gen::inRange(0, 4); count > 0; --count) {
        auto& made = steps.emplace_back(step()).as_object();
        for (auto changes = *rc::gen::inRange(0, 4); changes > 0; --changes)
            made[*rc::gen::elementOf(fields)] = json::parse(*rc::gen::elementOf(values));
    }
    const auto read = parse(steps);
    RC_ASSERT(!read.violations.empty() || read.steps.size() == steps.size());
    for (const auto& each : read.violations) {
        RC_ASSERT(each.pointer.starts_with("/steps"));
        RC_ASSERT(!each.message.empty());
    }
}

}  // namespace
}  // namespace orchestrator
