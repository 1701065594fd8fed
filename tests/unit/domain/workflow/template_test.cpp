// Tests of templates: what resolves, what is refused, and how values are escaped where they land.
#include "domain/workflow/template.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace orchestrator {
namespace {

namespace json = boost::json;
using form = compiled_template::form;

const std::vector<std::string> names{"forecast", "plan", "report"};

// The third step of three: it depends on the first, and not on the second.
template_scope scope(bool own_result = false) {
    return {.step_names = names, .earlier_steps = step_set::of(0), .own_result = own_result};
}

struct surroundings {
    tenant bakery{.id = *tenant_id::parse("01890a5d-ac96-774b-bcce-b302099a8057"),
                  .name = "Panadería \"Ñ\" & hijos",
                  .tier = subscription_tier::professional,
                  .timezone = "Atlantic/Canary"};
    std::array<step_view, 3> steps{step_view{"completed", R"({"count":7,"items":[{"id":"a/b"}],"none":null})"},
                                   step_view{"failed", ""}, step_view{}};
    json::value own = json::parse(R"({"count":3})");

    [[nodiscard]] template_context context() const {
        return {.for_tenant = bakery,
                .execution = *execution_id::parse("01890a5d-ac96-774b-bcce-b302099a8058"),
                .workflow_name = "daily_operations",
                .step_names = names,
                .steps = steps,
                .own_result = &own,
                .failed_steps = step_set::first(2)};
    }
};

std::string render_text(std::string_view source, form kind, const surroundings& around = {}) {
    std::vector<violation> violations;
    const auto compiled = compiled_template::from_text(source, kind, scope(true), "/x", violations);
    EXPECT_TRUE(violations.empty()) << violations.front().message;
    return compiled.render(around.context());
}

std::string render_json(std::string_view source, const surroundings& around = {}) {
    std::vector<violation> violations;
    const auto compiled = compiled_template::from_json(json::parse(source), scope(), "/body", violations);
    EXPECT_TRUE(violations.empty()) << violations.front().message;
    return compiled.render(around.context());
}

struct rendering {
    std::string_view source;
    std::string_view expected;
};

class text_template : public testing::TestWithParam<rendering> {};

TEST_P(text_template, renders_values_as_they_are) {
    EXPECT_EQ(render_text(GetParam().source, form::text), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    renders, text_template,
    testing::Values(rendering{"", ""}, rendering{"plain } text {", "plain } text {"},
                    rendering{"{{tenant.id}}", "01890a5d-ac96-774b-bcce-b302099a8057"},
                    rendering{"{{ tenant.name }}!", "Panadería \"Ñ\" & hijos!"},
                    rendering{"{{tenant.subscription_tier}} {{tenant.timezone}}", "professional Atlantic/Canary"},
                    rendering{"{{execution.id}}", "01890a5d-ac96-774b-bcce-b302099a8058"},
                    rendering{"{{workflow.name}}", "daily_operations"}, rendering{"{{failed_steps}}", "forecast, plan"},
                    rendering{"{{steps.forecast.status}}", "completed"},
                    rendering{"{{steps.forecast.result.count}} items", "7 items"},
                    rendering{"{{steps.forecast.result.items.0.id}}", "a/b"},
                    rendering{"{{steps.forecast.result.items}}", R"([{"id":"a/b"}])"},
                    rendering{"{{steps.forecast.result.missing}}", "N/A"},
                    rendering{"{{steps.forecast.result.count.deeper}}", "N/A"},
                    rendering{"{{steps.forecast.result.items.1}}", "N/A"},
                    rendering{"{{steps.forecast.result.items.99999999999}}", "N/A"},
                    rendering{"{{steps.forecast.result.items.x}}", "N/A"}, rendering{"made {{result.count}}", "made 3"},
                    rendering{"{{result.total}}", "N/A"}));

TEST(template_text, says_not_available_where_a_step_left_no_result) {
    surroundings around;
    around.steps[0] = {"failed", ""};
    EXPECT_EQ(render_text("{{steps.forecast.result.count}}", form::text, around), "N/A");
    EXPECT_EQ(render_text("{{steps.forecast.result}}", form::text, around), "N/A");
}

TEST(template_text, url_path_encodes_values_and_leaves_the_template_alone) {
    EXPECT_EQ(render_text("/t/{{tenant.id}}/x?zone={{tenant.timezone}}", form::url_path),
              "/t/01890a5d-ac96-774b-bcce-b302099a8057/x?zone=Atlantic%2FCanary");
    EXPECT_EQ(render_text("/{{tenant.name}}", form::url_path), "/Panader%C3%ADa%20%22%C3%91%22%20%26%20hijos");
}

class json_template : public testing::TestWithParam<rendering> {};

TEST_P(json_template, renders_valid_json) {
    const auto rendered = render_json(GetParam().source);
    EXPECT_EQ(rendered, GetParam().expected);
    EXPECT_NO_THROW(std::ignore = json::parse(rendered));
}

INSTANTIATE_TEST_SUITE_P(
    renders, json_template,
    testing::Values(rendering{R"({"a":1,"b":[true,null,1.5],"c":{}})", R"({"a":1,"b":[true,null,1.5],"c":{}})"},
                    rendering{R"("{{tenant.name}}")", R"("Panadería \"Ñ\" & hijos")"},
                    rendering{R"("for {{tenant.name}}")", R"("for Panadería \"Ñ\" & hijos")"},
                    rendering{R"({"n":"{{steps.forecast.result.count}}"})", R"({"n":7})"},
                    rendering{R"({"n":"{{ steps.forecast.result.items }}"})", R"({"n":[{"id":"a/b"}]})"},
                    rendering{R"({"n":"{{steps.forecast.result}}"})",
                              R"({"n":{"count":7,"items":[{"id":"a/b"}],"none":null}})"},
                    rendering{R"({"n":"{{steps.forecast.result.missing}}"})", R"({"n":null})"},
                    rendering{R"({"n":"n={{steps.forecast.result.items}}"})", R"({"n":"n=[{\"id\":\"a/b\"}]"})"},
                    rendering{R"(["{{failed_steps}}"])", R"([["forecast","plan"]])"},
                    rendering{R"(["{{tenant.id}}{{tenant.timezone}}"])",
                              R"(["01890a5d-ac96-774b-bcce-b302099a8057Atlantic/Canary"])"},
                    rendering{R"({"key \"{{tenant.id}}\"":0})", R"({"key \"{{tenant.id}}\"":0})"}));

struct refusal {
    std::string_view source;
    std::string_view message;
};

class refused_template : public testing::TestWithParam<refusal> {};

TEST_P(refused_template, names_the_place_and_the_reason) {
    std::vector<violation> violations;
    compiled_template::from_text(GetParam().source, form::text, scope(), "/steps/2/path", violations);
    ASSERT_EQ(violations.size(), 1U);
    EXPECT_EQ(violations[0].pointer, "/steps/2/path");
    EXPECT_NE(violations[0].message.find(GetParam().message), std::string::npos) << violations[0].message;
}

INSTANTIATE_TEST_SUITE_P(
    refuses, refused_template,
    testing::Values(refusal{"{{tenant.id", "is not closed"}, refusal{"a {{", "is not closed"},
                    refusal{"{{}}", "\"\" is unknown"}, refusal{"{{ }}", "\"\" is unknown"},
                    refusal{"{{{tenant.id}}}", "\"{tenant.id\" is unknown"},
                    refusal{"{{tenant}}", "\"tenant\" is unknown"}, refusal{"{{tenant.ID}}", "is unknown"},
                    refusal{"{{tenant.id.x}}", "is unknown"}, refusal{"{{steps}}", "is unknown"},
                    refusal{"{{steps.forecast}}", "is unknown"}, refusal{"{{steps..result}}", "is unknown"},
                    refusal{"{{steps.forecast.result.}}", "is unknown"},
                    refusal{"{{steps.forecast.outcome}}", "known are result and status"},
                    refusal{"{{steps.forecast.status.x}}", "known are result and status"},
                    refusal{"{{steps.plan.result}}", "\"plan\" is not among the steps that this one depends on"},
                    refusal{"{{steps.nothing.result}}", "\"nothing\" is not among"},
                    refusal{"{{steps.report.result}}", "\"report\" is not among"},
                    refusal{"{{result.count}}", "only its message can name it"}));

TEST(template_json, reports_every_bad_placeholder_with_its_own_pointer) {
    std::vector<violation> violations;
    compiled_template::from_json(json::parse(R"({"a":["{{x}}",{"b/c":"{{y}} and {{z}}"}],"d":"{{tenant.id}}"})"),
                                 scope(), "/body", violations);
    ASSERT_EQ(violations.size(), 3U);
    EXPECT_EQ(violations[0].pointer, "/body/a/0");
    EXPECT_EQ(violations[1].pointer, "/body/a/1/b~1c");
    EXPECT_EQ(violations[2].pointer, "/body/a/1/b~1c");
}

TEST(template_json, tells_which_results_it_reads) {
    std::vector<violation> violations;
    const auto reads = [&](std::string_view source) {
        return compiled_template::from_text(source, form::text, scope(), "", violations).reads_results_of();
    };
    EXPECT_EQ(reads("{{steps.forecast.result.count}}"), step_set::of(0));
    EXPECT_EQ(reads("{{steps.forecast.status}} {{tenant.id}}"), step_set{});
    EXPECT_TRUE(violations.empty());
}

TEST(template_json, is_empty_only_without_text) {
    std::vector<violation> violations;
    EXPECT_TRUE(compiled_template{}.empty());
    EXPECT_FALSE(compiled_template::from_json(json::parse("null"), scope(), "", violations).empty());
}

// What a tenant calls itself can neither leave its JSON string nor its path segment.
RC_GTEST_PROP(template_escaping, any_name_survives_json, ()) {
    surroundings around;
    around.bakery.name = *rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127));
    const auto whole = json::parse(render_json(R"({"n":"{{tenant.name}}","m":"<{{tenant.name}}>"})", around));
    RC_ASSERT(whole.at("n").as_string() == around.bakery.name);
    RC_ASSERT(whole.at("m").as_string() == "<" + around.bakery.name + ">");
    RC_ASSERT(whole.as_object().size() == 2U);
}

RC_GTEST_PROP(template_escaping, any_name_stays_within_its_path_segment, ()) {
    surroundings around;
    around.bakery.name = *rc::gen::arbitrary<std::string>();
    const auto path = render_text("/a/{{tenant.name}}/b", form::url_path, around);
    const auto segment = path.substr(3, path.size() - 5);
    RC_ASSERT(path.starts_with("/a/") && path.ends_with("/b"));
    RC_ASSERT(segment.find_first_not_of("%-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") ==
              std::string::npos);
}

RC_GTEST_PROP(template_escaping, no_source_text_breaks_the_compiler, ()) {
    const auto source = *rc::gen::container<std::string>(rc::gen::element('{', '}', '.', ' ', 's', '"', '\\', 'x'));
    std::vector<violation> violations;
    const auto compiled = compiled_template::from_text(source, form::text, scope(true), "", violations);
    const surroundings around;
    const auto rendered = compiled.render(around.context());
    if (source.find("{{") == std::string::npos) RC_ASSERT(rendered == source);
}

}  // namespace
}  // namespace orchestrator
