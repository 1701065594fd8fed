#include "domain/workflow/template.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "domain/json/exact_json.h"
#include "domain/json_fields.h"

namespace orchestrator {
namespace {

constexpr std::string_view known_placeholders =
    "tenant.id, tenant.name, tenant.subscription_tier, tenant.timezone, execution.id, workflow.name, failed_steps, "
    "steps.NAME.result, steps.NAME.status and, in a message, result";

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    for (;;) {
        const auto end = text.find(separator);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

// Follows field names (and array positions) into a value; nullptr where there is nothing.
const json::value* follow(const json::value* value, std::span<const std::string> path) {
    for (const auto& name : path) {
        if (const auto* object = value->if_object()) {
            value = object->if_contains(name);
        } else if (const auto* array = value->if_array();
                   array && !name.empty() && name.size() < 6 &&
                   std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; })) {
            value = array->if_contains(std::size_t(std::stoi(name)));
        } else {
            return nullptr;
        }
        if (!value) return nullptr;
    }
    return value;
}

void append_escape(std::string& out, char c) {
    switch (c) {
        case '"':
            out += "\\\"";
            break;
        case '\\':
            out += "\\\\";
            break;
        case '\n':
            out += "\\n";
            break;
        case '\r':
            out += "\\r";
            break;
        case '\t':
            out += "\\t";
            break;
        default:
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    }
}

}  // namespace

void append_json_escaped(std::string& out, std::string_view text) {
    const auto needs_escape = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; };
    for (;;) {
        const auto special = std::ranges::find_if(text, needs_escape);
        out.append(text.begin(), special);
        if (special == text.end()) return;
        append_escape(out, *special);
        text = {special + 1, text.end()};
    }
}

void append_percent_encoded(std::string& out, std::string_view text) {
    for (const char c : text) {
        const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                c == '-' || c == '.' || c == '_' || c == '~';
        if (unreserved)
            out += c;
        else
            fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
    }
}

bool has_dot_segment(std::string_view target) {
    const auto path = target.substr(0, target.find('?'));
    for (auto slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
        const auto segment = path.substr(slash + 1, path.find('/', slash + 1) - slash - 1);
        if (segment == "." || segment == "..") return true;
    }
    return false;
}

// Splits a source into literals and placeholders and resolves the names.
class compiled_template::compiler {
  public:
    compiler(compiled_template& target, const template_scope& scope, std::vector<violation>& violations)
        : target_{target}, scope_{scope}, violations_{violations} {}

    void text(std::string_view source, escape how, std::string_view pointer) {
        while (!source.empty()) {
            const auto open = source.find("{{");
            add_literal(source.substr(0, open), how);
            if (open == std::string_view::npos) return;
            const auto close = source.find("}}", open);
            if (close == std::string_view::npos) {
                refuse(pointer, fmt::format("placeholder \"{}\" is not closed by \"}}}}\"", source.substr(open)));
                return;
            }
            add_placeholder(trimmed(source.substr(open + 2, close - open - 2)), how, pointer);
            source.remove_prefix(close + 2);
        }
    }

    void value(const json::value& source, std::string_view pointer) {
        if (const auto* string = as_text(source)) {
            json_string(*string, pointer);
        } else if (const auto* object = source.if_object()) {
            add_literal("{", escape::none);
            for (const auto& member : *object) {
                if (&member != &*object->begin()) add_literal(",", escape::none);
                add_literal(write_json_exactly(json::value(member.key())) + ":", escape::none);
                value(member.value(), pointer_to(pointer, member.key()));
            }
            add_literal("}", escape::none);
        } else if (const auto* array = source.if_array()) {
            add_literal("[", escape::none);
            for (std::size_t i = 0; i < array->size(); ++i) {
                if (i > 0) add_literal(",", escape::none);
                value((*array)[i], pointer_to(pointer, i));
            }
            add_literal("]", escape::none);
        } else {
            add_literal(write_json_exactly(source), escape::none);
        }
    }

  private:
    void json_string(std::string_view source, std::string_view pointer) {
        const bool fills_whole = source.starts_with("{{") && source.find("}}") == source.size() - 2;
        if (fills_whole) {
            add_placeholder(trimmed(source.substr(2, source.size() - 4)), escape::json_value, pointer);
            return;
        }
        add_literal("\"", escape::none);
        text(source, escape::json_string, pointer);
        add_literal("\"", escape::none);
    }

    void add_literal(std::string_view literal, escape how) {
        if (literal.empty()) return;
        auto& pieces = target_.pieces_;
        if (pieces.empty() || pieces.back().what != subject::literal) pieces.emplace_back();
        if (how == escape::json_string)
            append_json_escaped(pieces.back().literal, literal);
        else
            pieces.back().literal += literal;
    }

    void add_placeholder(std::string_view name, escape how, std::string_view pointer) {
        piece placeholder{.what = subject::literal, .how = how, .step = 0, .literal = {}, .path = {}};
        if (!resolve(name, placeholder, pointer)) return;
        if (placeholder.what == subject::step_result) target_.reads_.insert(placeholder.step);
        target_.pieces_.push_back(std::move(placeholder));
    }

    bool resolve(std::string_view name, piece& into, std::string_view pointer) {
        static constexpr std::pair<std::string_view, subject> plain[] = {
            {"tenant.id", subject::tenant_id},
            {"tenant.name", subject::tenant_name},
            {"tenant.subscription_tier", subject::tenant_tier},
            {"tenant.timezone", subject::tenant_timezone},
            {"execution.id", subject::execution_id},
            {"workflow.name", subject::workflow_name},
            {"failed_steps", subject::failed_steps},
        };
        for (const auto& [text, what] : plain) {
            if (name != text) continue;
            into.what = what;
            return true;
        }
        auto parts = split(name, '.');
        if (std::ranges::find(parts, "") == parts.end()) {
            if (parts[0] == "result") return resolve_own_result(std::move(parts), into, pointer);
            if (parts[0] == "steps" && parts.size() >= 3) return resolve_step(std::move(parts), into, pointer);
        }
        refuse(pointer, fmt::format("placeholder \"{}\" is unknown; known are {}", name, known_placeholders));
        return false;
    }

    bool resolve_own_result(std::vector<std::string> parts, piece& into, std::string_view pointer) {
        if (!scope_.own_result) {
            refuse(pointer, "placeholder \"result\" is the answer of this very step: only its message can name it");
            return false;
        }
        into.what = subject::own_result;
        into.path.assign(parts.begin() + 1, parts.end());
        return true;
    }

    bool resolve_step(std::vector<std::string> parts, piece& into, std::string_view pointer) {
        const auto found = std::ranges::find(scope_.step_names, parts[1]);
        const auto index = std::size_t(found - scope_.step_names.begin());
        if (found == scope_.step_names.end() || !scope_.earlier_steps.contains(index)) {
            refuse(pointer, fmt::format("step \"{}\" is not among the steps that this one depends on", parts[1]));
            return false;
        }
        into.step = static_cast<std::uint8_t>(index);
        if (parts[2] == "result") {
            into.what = subject::step_result;
            into.path.assign(parts.begin() + 3, parts.end());
            return true;
        }
        if (parts[2] == "status" && parts.size() == 3) {
            into.what = subject::step_status;
            return true;
        }
        refuse(pointer, fmt::format("\"{}\" of a step is unknown; known are result and status", parts[2]));
        return false;
    }

    void refuse(std::string_view pointer, std::string message) {
        violations_.push_back({std::string{pointer}, std::move(message)});
    }

    compiled_template& target_;
    const template_scope& scope_;
    std::vector<violation>& violations_;
};

compiled_template compiled_template::from_text(std::string_view source, form kind, const template_scope& scope,
                                               std::string_view pointer, std::vector<violation>& violations) {
    compiled_template compiled;
    compiler{compiled, scope, violations}.text(source, kind == form::url_path ? escape::percent : escape::none,
                                               pointer);
    return compiled;
}

compiled_template compiled_template::from_json(const json::value& source, const template_scope& scope,
                                               std::string_view pointer, std::vector<violation>& violations) {
    compiled_template compiled;
    compiler{compiled, scope, violations}.value(source, pointer);
    return compiled;
}

// Appends the value of a placeholder: JSON text for escape::json_value, text escaped as its place demands otherwise.
void compiled_template::append_value(std::string& out, const piece& placeholder, const template_context& context) {
    const auto text = [&](std::string_view plain) {
        switch (placeholder.how) {
            case escape::none:
                out += plain;
                break;
            case escape::percent:
                append_percent_encoded(out, plain);
                break;
            case escape::json_string:
                append_json_escaped(out, plain);
                break;
            case escape::json_value:
                out += '"';
                append_json_escaped(out, plain);
                out += '"';
        }
    };
    const bool as_json = placeholder.how == escape::json_value;
    const auto field = [&](const json::value* value) {
        if (as_json)
            out += value ? write_json_exactly(*value) : "null";
        else if (!value || value->is_null())
            text("N/A");
        else if (const auto* string = as_text(*value))
            text(*string);
        else
            text(write_json_exactly(*value));
    };
    switch (placeholder.what) {
        case subject::literal:
            out += placeholder.literal;
            break;
        case subject::tenant_id:
            text(uuid_text{context.for_tenant.id.value}.view());
            break;
        case subject::tenant_name:
            text(context.for_tenant.name);
            break;
        case subject::tenant_tier:
            text(to_string(context.for_tenant.tier));
            break;
        case subject::tenant_timezone:
            text(context.for_tenant.timezone);
            break;
        case subject::execution_id:
            text(uuid_text{context.execution.value}.view());
            break;
        case subject::workflow_name:
            text(context.workflow_name);
            break;
        case subject::step_status:
            text(context.steps[placeholder.step].status);
            break;
        case subject::own_result:
            field(context.own_result ? follow(context.own_result, placeholder.path) : nullptr);
            break;
        case subject::step_result: {
            const auto result = context.steps[placeholder.step].result;
            if (result.empty()) {
                field(nullptr);
            } else if (placeholder.path.empty() && as_json) {
                out += result;
            } else {
                boost::system::error_code failed;
                const auto value = read_json_exactly(result, failed);
                field(failed ? nullptr : follow(&value, placeholder.path));
            }
            break;
        }
        case subject::failed_steps: {
            if (as_json) out += '[';
            std::string_view separator;
            for (const auto step : context.failed_steps) {
                if (as_json)
                    out += separator;
                else
                    text(separator);
                text(context.step_names[step]);
                separator = as_json ? "," : ", ";
            }
            if (as_json) out += ']';
        }
    }
}

std::string compiled_template::render(const template_context& context) const {
    constexpr std::size_t usual_value = 40;  // an id, with its quotes
    std::size_t expected = 0;
    for (const auto& part : pieces_) expected += part.what == subject::literal ? part.literal.size() : usual_value;
    std::string out;
    out.reserve(expected);
    for (const auto& part : pieces_) append_value(out, part, context);
    return out;
}

}  // namespace orchestrator
