// Tests of workflows as people write them, and of the snapshots that executions run. Steps: parse_steps_test.cpp.
#include "domain/workflow/workflow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <limits>

#include "tests/unit/domain/execution/step_graph.h"

namespace orchestrator {
namespace {

namespace json = boost::json;

json::value minimal() {
    return json::parse(R"({"workflow_name": "daily",
        "steps": [{"name": "forecast", "service": "forecasting", "path": "/forecasts"}]})");
}

json::value with(std::string_view field, json::value value) {
    auto source = minimal();
    source.as_object()[field] = std::move(value);
    return source;
}

std::vector<violation> violations_of(const json::value& source, const workflow_rules& rules = {}) {
    const auto read = parse_workflow(source, rules);
    return read ? std::vector<violation>{} : read.error();
}

TEST(workflow, has_defaults_for_all_but_its_name_and_steps) {
    const auto read = parse_workflow(minimal(), {});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->workflow_name, "daily");
    EXPECT_EQ(read->workflow_type, "on_demand");
    EXPECT_EQ(read->description, "");
    EXPECT_TRUE(read->is_enabled);
    EXPECT_EQ(read->max_execution_time_seconds, 3'600);
    EXPECT_EQ(read->max_retries, 3);
    EXPECT_EQ(read->retry_delay_seconds, 300);
    EXPECT_EQ(json::parse(read->steps), minimal().at("steps"));
}

TEST(workflow, the_default_duration_keeps_to_the_longest_that_is_allowed) {
    EXPECT_EQ(parse_workflow(minimal(), {.services = {}, .longest_execution_seconds = 60})->max_execution_time_seconds,
              60);
}

TEST(workflow, reads_every_field) {
    auto source = minimal();
    source.as_object()["workflow_type"] = "weekly";
    source.as_object()["description"] = "What it is for";
    source.as_object()["is_enabled"] = false;
    source.as_object()["max_execution_time_seconds"] = 120;
    source.as_object()["max_retries"] = 0;
    source.as_object()["retry_delay_seconds"] = 5;
    const auto read = parse_workflow(source, {});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->workflow_type, "weekly");
    EXPECT_EQ(read->description, "What it is for");
    EXPECT_FALSE(read->is_enabled);
    EXPECT_EQ(read->max_execution_time_seconds, 120);
    EXPECT_EQ(read->max_retries, 0);
    EXPECT_EQ(read->retry_delay_seconds, 5);
}

TEST(workflow, null_means_absent) {
    const auto read = parse_workflow(with("description", nullptr), {});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->description, "");
}

struct broken_field {
    std::string_view field;
    std::string_view value;
    std::string_view message;
};

class broken_workflow : public testing::TestWithParam<broken_field> {};

TEST_P(broken_workflow, names_the_field_and_what_would_be_right) {
    const auto& [field, value, message] = GetParam();
    const auto found =
        violations_of(with(field, json::parse(value)), {.services = {}, .longest_execution_seconds = 3'600});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].pointer, "/" + std::string{field});
    EXPECT_THAT(found[0].message, testing::HasSubstr(message));
}

INSTANTIATE_TEST_SUITE_P(
    fields, broken_workflow,
    testing::Values(broken_field{"workflow_name", "null", "is required"},
                    broken_field{"workflow_name", "\"\"", "must not be empty"},
                    broken_field{"workflow_name", "7", "expected a string, found a number"},
                    broken_field{"workflow_name", "\"Daily\"", "must be a lower-case letter"},
                    broken_field{"workflow_name", "\"daily operations\"", "must be a lower-case letter"},
                    broken_field{"workflow_name", "\"1st\"", "must be a lower-case letter"},
                    broken_field{"workflow_name", "\"da\\u0000ily\"", "contains a NUL character"},
                    broken_field{"workflow_type", "\"hourly\"",
                                 "\"hourly\" is not one of daily, weekly, monthly, on_demand"},
                    broken_field{"workflow_type", "true", "expected a string, found a boolean"},
                    broken_field{"description", "[]", "expected a string, found an array"},
                    broken_field{"is_enabled", "\"yes\"", "expected true or false, found a string"},
                    broken_field{"is_enabled", "1", "expected true or false, found a number"},
                    broken_field{"max_execution_time_seconds", "0", "0 is outside 1 to 3600"},
                    broken_field{"max_execution_time_seconds", "3601", "3601 is outside 1 to 3600"},
                    broken_field{"max_execution_time_seconds", "1.5", "1.5 is not a whole number"},
                    broken_field{"max_execution_time_seconds", "1e300", "is outside"},
                    broken_field{"max_execution_time_seconds", "\"60\"", "expected a number, found a string"},
                    broken_field{"max_retries", "-1", "-1 is outside 0 to 20"},
                    broken_field{"max_retries", "21", "21 is outside 0 to 20"},
                    broken_field{"retry_delay_seconds", "-1", "is outside 0 to 3600"},
                    broken_field{"retry_delay_seconds", "3601", "is outside 0 to 3600"},
                    broken_field{"steps", "null", "is required: an array of steps"},
                    broken_field{"steps", "{}", "expected an array of 1 to 64 steps"},
                    broken_field{"steps", "[]", "expected an array of 1 to 64 steps"},
                    broken_field{"step", "[]", "unknown field; known are calendar, cron_expression"},
                    broken_field{"id", "\"x\"", "unknown field"}));

struct accepted_field {
    std::string_view field;
    std::string_view value;
};

class accepted_workflow : public testing::TestWithParam<accepted_field> {};

TEST_P(accepted_workflow, takes_the_bound_itself) {
    const auto source = with(GetParam().field, json::parse(GetParam().value));
    EXPECT_THAT(violations_of(source, {.services = {}, .longest_execution_seconds = 3'600}), testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    fields, accepted_workflow,
    testing::Values(accepted_field{"max_execution_time_seconds", "1"},
                    accepted_field{"max_execution_time_seconds", "3600"}, accepted_field{"max_retries", "0"},
                    accepted_field{"max_retries", "20"}, accepted_field{"max_retries", "2.0"},
                    accepted_field{"retry_delay_seconds", "0"}, accepted_field{"retry_delay_seconds", "3600"},
                    accepted_field{"workflow_type", "\"daily\""}, accepted_field{"workflow_type", "\"weekly\""},
                    accepted_field{"workflow_type", "\"monthly\""}, accepted_field{"workflow_type", "\"on_demand\""}));

TEST(workflow, bounds_the_length_of_texts) {
    EXPECT_THAT(violations_of(with("workflow_name", json::value(std::string(64, 'a')))), testing::IsEmpty());
    const auto long_name = violations_of(with("workflow_name", json::value(std::string(65, 'a'))));
    ASSERT_EQ(long_name.size(), 1U);
    EXPECT_EQ(long_name[0].message, "is 65 bytes long; at most 64 are allowed");
    EXPECT_THAT(violations_of(with("description", json::value(std::string(4'000, 'a')))), testing::IsEmpty());
    EXPECT_EQ(violations_of(with("description", json::value(std::string(4'001, 'a')))).size(), 1U);
}

TEST(workflow, reports_all_violations_at_once) {
    const auto found = violations_of(json::parse(R"({"workflow_name": "X", "max_retries": 99, "color": 1,
        "steps": [{"name": "a", "service": "s", "path": "no-slash"}, {"name": "a", "service": "s", "path": "/"}]})"));
    std::vector<std::string> pointers;
    for (const auto& each : found) pointers.push_back(each.pointer);
    EXPECT_THAT(pointers, testing::UnorderedElementsAre("/workflow_name", "/max_retries", "/color", "/steps/0/path",
                                                        "/steps/1/name"));
}

TEST(workflow, that_is_no_object_is_one_violation) {
    for (const auto* text : {"null", "[]", "7", "\"daily\""}) {
        const auto found = violations_of(json::parse(text));
        ASSERT_EQ(found.size(), 1U) << text;
        EXPECT_EQ(found[0].pointer, "");
        EXPECT_THAT(found[0].message, testing::StartsWith("expected an object, found "));
    }
}

TEST(workflow, compiles_with_its_own_retry_defaults) {
    auto read = parse_workflow(with("retry_delay_seconds", 60), {});
    ASSERT_TRUE(read);
    const auto definition = compile_workflow(*read);
    ASSERT_TRUE(definition);
    EXPECT_EQ(definition->steps[0].retry.max_retries, 3);
    EXPECT_EQ(definition->steps[0].retry.delay, milliseconds{60'000});
    EXPECT_GE(definition->steps[0].retry.max_delay, definition->steps[0].retry.delay);
    EXPECT_EQ(definition->step_names, std::vector<std::string>{"forecast"});
    EXPECT_EQ(definition->max_execution_time, std::chrono::seconds{3'600});
}

TEST(workflow, refuses_to_compile_what_was_stored_by_hand) {
    workflow stored;
    stored.workflow_name = "daily";
    stored.steps = "[{]";
    const auto no_json = compile_workflow(stored);
    ASSERT_FALSE(no_json);
    EXPECT_EQ(no_json.error()[0].pointer, "/steps");
    stored.steps = "[{}]";
    EXPECT_FALSE(compile_workflow(stored));
}

TEST(workflow, its_snapshot_compiles_to_the_same_definition) {
    auto source = minimal();
    source.as_object()["max_execution_time_seconds"] = 77;
    source.as_object()["max_retries"] = 1;
    source.at("steps").as_array().push_back(json::parse(
        R"({"name": "plan", "service": "production", "path": "/plan", "depends_on": ["forecast"],
            "body": {"n": "{{steps.forecast.result.count}}"}})"));
    const auto first = compile_workflow(*parse_workflow(source, {}));
    ASSERT_TRUE(first);
    const auto again = parse_definition(first->source);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->source, first->source);
    EXPECT_EQ(again->workflow_name, "daily");
    EXPECT_EQ(again->max_execution_time, std::chrono::seconds{77});
    EXPECT_EQ(again->step_names, first->step_names);
    EXPECT_EQ(again->results_read, step_set::of(0));
    EXPECT_EQ(again->steps[1].depends_on, step_set::of(0));
    EXPECT_EQ(again->steps[1].retry, first->steps[1].retry);
    EXPECT_EQ(again->all_steps(), step_set::first(2));
}

TEST(workflow, a_damaged_snapshot_is_refused_and_never_thrown) {
    for (const auto* text : {"", "{", "null", "[]", "{}", R"({"workflow_name": "x"})", R"({"steps": []})",
                             R"({"workflow_name": "x", "steps": [], "max_retries": -1})"})
        EXPECT_FALSE(parse_definition(text)) << text;
}

TEST(workflow, a_snapshot_is_not_run_with_what_this_version_does_not_know) {
    const auto with = [](std::string_view step_fields, std::string_view rest = "") {
        return fmt::format(R"({{"workflow_name":"x","steps":[{{"name":"a","service":"sales","path":"/a"{}}}]{}}})",
                           step_fields, rest);
    };
    EXPECT_TRUE(parse_definition(with("")));
    for (const auto* fields : {R"(,"only_if":"{{tenant.name}}")", R"(,"trigger_rule":"one_success")",
                               R"(,"retry":{"budget":3})", R"(,"method":"QUERY")"}) {
        const auto refused = parse_definition(with(fields));
        ASSERT_FALSE(refused) << fields;
        EXPECT_TRUE(unreadable_definition_message(refused.error()).contains("/steps/0")) << fields;
    }
    // What decided about the start has no say any more; who takes part has.
    EXPECT_TRUE(parse_definition(with("", R"(,"schedule":{"overlap_policy":"replace","misfire_policy":"soon"})")));
    EXPECT_FALSE(parse_definition(with("", R"(,"schedule":{"timezone_mode":"moon"})")));
    EXPECT_FALSE(parse_definition(with("", R"(,"schedule":{"timezone_mode":"tenant","holiday_policy":"dance"})")));
}

TEST(workflow, the_steps_of_a_snapshot_have_names_whatever_else_they_hold) {
    EXPECT_EQ(step_names_of(R"({"steps":[{"name":"a","kind":"later"},{"name":7},"b",{"name":""}],"more":{}})"),
              (std::vector<std::string>{"a", "step_1", "step_2", "step_3"}));
    for (const auto* text : {"", "{", "null", "[]", "{}", R"({"steps":7})"}) EXPECT_TRUE(step_names_of(text).empty());
}

TEST(steps_to_rerun, takes_what_did_not_complete_and_all_that_saw_its_result) {
    const auto definition = step_graph({{}, {.after = {0}}, {.after = {1}}, {}, {.after = {2, 3}}});
    EXPECT_EQ(steps_to_rerun(definition, step_set::first(5)), step_set{});
    EXPECT_EQ(steps_to_rerun(definition, {}), step_set::first(5));
    EXPECT_EQ(steps_to_rerun(definition, steps_of({0, 3, 4})), steps_of({1, 2, 4}));
    EXPECT_EQ(steps_to_rerun(definition, steps_of({1, 2, 3, 4})), steps_of({0, 1, 2, 4}));
    EXPECT_EQ(steps_to_rerun(definition, steps_of({0, 1, 2, 4})), steps_of({3, 4}));
}

TEST(steps_to_rerun, follows_chains_whatever_the_order_of_the_steps) {
    const auto definition = step_graph({{.after = {1}}, {.after = {2}}, {}});
    EXPECT_EQ(steps_to_rerun(definition, steps_of({0, 1})), step_set::first(3));
}

TEST(next_service, is_that_of_the_steps_that_may_start) {
    auto definition = step_graph({{.after = {1}}, {}, {}, {.after = {0, 2}}});
    for (std::size_t step = 0; step < 4; ++step) definition.steps[step].service = "service_" + std::to_string(step);
    EXPECT_EQ(next_service(definition, {}), "service_1, service_2");
    EXPECT_EQ(next_service(definition, steps_of({2})), "service_1");
    EXPECT_EQ(next_service(definition, steps_of({0, 1})), "service_2");
    EXPECT_EQ(next_service(definition, steps_of({0, 1, 2})), "service_3");
    EXPECT_EQ(next_service(definition, step_set::first(4)), "") << "nothing is left";
}

TEST(trigger_rule, has_the_words_of_the_definition) {
    EXPECT_EQ(to_string(trigger_rule::all_success), "all_success");
    EXPECT_EQ(to_string(trigger_rule::all_done), "all_done");
}

}  // namespace
}  // namespace orchestrator
