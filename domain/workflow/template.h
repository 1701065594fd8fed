// Text and JSON with placeholders: "/api/v1/tenants/{{tenant.id}}/…", {"days_ahead": 7, "tenant_id": "{{tenant.id}}"}.
//
// Placeholders: tenant.id, tenant.name, tenant.subscription_tier, tenant.timezone, execution.id, workflow.name,
// failed_steps (names of the steps before this one that did not complete), steps.NAME.result[.FIELD…],
// steps.NAME.status, and, in a message only, result[.FIELD…]: the answer to the step itself.
//
// A template is compiled once, when its workflow is read; what cannot resolve is refused there. At run time a field
// that a service did not send is null in JSON and "N/A" in text: a missing count never fails a step.
#pragma once

#include <boost/json.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/error.h"
#include "domain/identifiers.h"
#include "domain/tenancy/tenant.h"
#include "domain/workflow/step_set.h"

namespace orchestrator {

// What a placeholder of one step may name.
struct template_scope {
    std::span<const std::string> step_names;
    step_set earlier_steps;   // all that the step depends on, directly or not
    bool own_result = false;  // true for messages
};

// One earlier step as a template sees it.
struct step_view {
    std::string_view status;  // "completed", "failed", "skipped"
    std::string_view result;  // JSON text; empty when there is none
};

struct template_context {
    const tenant& for_tenant;
    execution_id execution;
    std::string_view workflow_name;
    std::span<const std::string> step_names;
    std::span<const step_view> steps;  // by step index
    const boost::json::value* own_result = nullptr;
    step_set failed_steps;
};

class compiled_template {
  public:
    enum class form {
        text,        // values as they are
        url_path,    // values percent-encoded
        json_value,  // a placeholder that fills a whole string becomes the JSON value, others are escaped into it
    };

    // Compiles a string. Each placeholder that cannot resolve is a violation at `pointer`.
    static compiled_template from_text(std::string_view source, form, const template_scope&, std::string_view pointer,
                                       std::vector<violation>& violations);
    // Compiles every string inside a JSON value.
    static compiled_template from_json(const boost::json::value& source, const template_scope&,
                                       std::string_view pointer, std::vector<violation>& violations);

    [[nodiscard]] std::string render(const template_context&) const;
    [[nodiscard]] bool empty() const { return pieces_.empty(); }
    // The steps whose results a rendering reads.
    [[nodiscard]] step_set reads_results_of() const { return reads_; }

  private:
    enum class subject : std::uint8_t {
        literal,
        tenant_id,
        tenant_name,
        tenant_tier,
        tenant_timezone,
        execution_id,
        workflow_name,
        failed_steps,
        step_result,
        step_status,
        own_result,
    };
    enum class escape : std::uint8_t { none, percent, json_string, json_value };

    struct piece {
        subject what = subject::literal;
        escape how = escape::none;
        std::uint8_t step = 0;
        std::string literal;
        std::vector<std::string> path;  // fields inside a result
    };
    class compiler;

    static void append_value(std::string& out, const piece&, const template_context&);

    std::vector<piece> pieces_;
    step_set reads_;
};

// Appends `text` with the escapes of a JSON string, without quotes.
void append_json_escaped(std::string& out, std::string_view text);
// Appends `text` with everything but RFC 3986's unreserved characters percent-encoded.
void append_percent_encoded(std::string& out, std::string_view text);

// Percent-encoding leaves dots alone, and servers resolve "." and "..": such a path leads elsewhere.
[[nodiscard]] bool has_dot_segment(std::string_view target);

}  // namespace orchestrator
