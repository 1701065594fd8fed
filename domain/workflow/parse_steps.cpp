#include "domain/workflow/parse_steps.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "domain/json/exact_json.h"
#include "domain/json_fields.h"

namespace orchestrator {
namespace {

constexpr std::size_t longest_body = 64 << 10;  // bytes of the template
constexpr std::size_t longest_path = 2'048;
constexpr std::size_t longest_message = 500;
constexpr double longest_timeout_seconds = 3'600;
constexpr int longest_cache_ttl_seconds = 30 * 86'400;
constexpr double longest_delay_ms = 3'600'000;
constexpr std::size_t longest_echo = 64;  // of a name that we do not know
constexpr std::string_view methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

class steps_parser {
  public:
    steps_parser(const json::array& source, std::string_view pointer, const step_defaults& defaults,
                 const workflow_rules& rules, std::vector<violation>& violations)
        : source_{source}, pointer_{pointer}, defaults_{defaults}, rules_{rules}, violations_{violations} {}

    std::vector<step_definition> parse() {
        read_names();
        steps_.resize(source_.size());
        for (std::size_t i = 0; i < source_.size(); ++i) read_dependencies(i);
        // Templates may only name what comes before: they wait until the graph is known and has no cycle.
        close_over_dependencies();
        for (std::size_t i = 0; i < source_.size(); ++i) read_step(i);
        return std::move(steps_);
    }

  private:
    [[nodiscard]] std::string at(std::size_t step) const { return pointer_to(pointer_, step); }

    void read_names() {
        for (std::size_t i = 0; i < source_.size(); ++i) {
            const auto* object = source_[i].if_object();
            const auto* name = object ? object->if_contains("name") : nullptr;
            const auto* text = name ? as_text(*name) : nullptr;
            names_.emplace_back(text ? std::string_view{*text} : "");
            const auto twin = std::ranges::find(names_.begin(), names_.end() - 1, names_.back());
            if (!names_.back().empty() && twin != names_.end() - 1)
                violations_.push_back({at(i) + "/name", fmt::format("\"{}\" is the name of step {} already",
                                                                    names_.back(), twin - names_.begin())});
        }
    }

    void read_dependencies(std::size_t i) {
        const auto* object = source_[i].if_object();
        const auto* list = object ? object->if_contains("depends_on") : nullptr;
        if (!list || !list->is_array()) return;  // a wrong type is reported by read_step
        const auto& array = list->get_array();
        for (std::size_t d = 0; d < array.size(); ++d) {
            const auto where = pointer_to(at(i) + "/depends_on", d);
            const auto* text = as_text(array[d]);
            if (!text) {
                violations_.push_back({where, "expected the name of a step"});
                continue;
            }
            const std::string_view name{*text};
            const auto found = std::ranges::find(names_, name);
            if (name.empty() || found == names_.end())
                violations_.push_back({where, fmt::format("step \"{}\" does not exist", name.substr(0, longest_echo))});
            else
                steps_[i].depends_on.insert(std::size_t(found - names_.begin()));
        }
    }

    void close_over_dependencies() {
        earlier_.resize(steps_.size());
        for (std::size_t i = 0; i < steps_.size(); ++i) earlier_[i] = steps_[i].depends_on;
        for (bool grew = true; grew;) {
            grew = false;
            for (auto& set : earlier_) {
                auto wider = set;
                for (const auto step : set) wider |= earlier_[step];
                grew = grew || wider != set;
                set = wider;
            }
        }
        for (std::size_t i = 0; i < steps_.size(); ++i)
            if (earlier_[i].contains(i))
                violations_.push_back({at(i) + "/depends_on",
                                       fmt::format("step \"{}\" depends on itself, through {}", names_[i], cycle(i))});
    }

    [[nodiscard]] std::string cycle(std::size_t step) const {
        std::vector<std::string_view> members;
        for (const auto other : earlier_[step])
            if (earlier_[other].contains(step)) members.emplace_back(names_[other]);
        return fmt::format("{}", fmt::join(members, ", "));
    }

    void read_step(std::size_t i) {
        auto& step = steps_[i];
        json_fields fields{source_[i], at(i), violations_};
        step.name = fields.required_text("name", 64).value_or("");
        if (!step.name.empty() && !is_identifier(step.name))
            fields.add_violation("name", fmt::format("\"{}\" must be a lower-case letter followed by lower-case "
                                                     "letters, digits and underscores",
                                                     step.name));
        read_service(step, fields);
        read_templates(step, i, fields);
        fields.array("depends_on", max_steps);
        read_rule(step, fields);
        step.critical = fields.boolean("critical").value_or(true);
        const auto seconds = fields.number("timeout_seconds", {0.05, longest_timeout_seconds});
        step.timeout = seconds ? milliseconds{std::int64_t(*seconds * 1'000)} : defaults_.timeout;
        step.cache_ttl =
            std::chrono::seconds{fields.integer("cache_ttl_seconds", {0, longest_cache_ttl_seconds}).value_or(0)};
        read_retry(step, fields);
        fields.refuse_unknown();
    }

    void read_service(step_definition& step, json_fields& fields) {
        step.service = fields.required_text("service", 64).value_or("");
        if (!step.service.empty() && rules_.services && !rules_.services->contains(step.service))
            fields.add_violation("service", fmt::format("\"{}\" is not configured; configured are {}", step.service,
                                                        fmt::join(*rules_.services, ", ")));
        step.method = fields.text("method", 10).value_or("POST");
        if (std::ranges::find(methods, step.method) == std::ranges::end(methods))
            fields.add_violation("method",
                                 fmt::format("\"{}\" is not one of {}", step.method, fmt::join(methods, ", ")));
    }

    void read_templates(step_definition& step, std::size_t i, json_fields& fields) {
        using form = compiled_template::form;
        template_scope scope{.step_names = names_, .earlier_steps = earlier_[i], .own_result = false};
        if (const auto path = fields.required_text("path", longest_path)) {
            if (!is_target(*path))
                fields.add_violation("path", fmt::format("\"{}\" must begin with one \"/\" and hold printable ASCII "
                                                         "without spaces or \"#\"",
                                                         *path));
            if (has_dot_segment(*path))
                fields.add_violation("path", fmt::format("\"{}\" must not hold \"/./\" or \"/../\"", *path));
            step.path = compiled_template::from_text(*path, form::url_path, scope, fields.pointer("path"), violations_);
        }
        if (const auto* body = fields.any("body")) {
            if (write_json_exactly(*body).size() > longest_body)
                fields.add_violation("body", fmt::format("is longer than {} bytes", longest_body));
            step.body = compiled_template::from_json(*body, scope, fields.pointer("body"), violations_);
        }
        scope.own_result = true;
        if (const auto message = fields.text("message", longest_message))
            step.message =
                compiled_template::from_text(*message, form::text, scope, fields.pointer("message"), violations_);
    }

    // A path on the configured service and nowhere else: "//host" would name another one.
    static bool is_target(std::string_view path) {
        const auto outside = [in_placeholder = false, last = '\0'](char c) mutable {
            if (c == '{' && last == '{') in_placeholder = true;
            if (c == '}' && last == '}') in_placeholder = false;
            last = c;
            return c < 0x21 || c > 0x7e || c == '#' ? !(in_placeholder && c == ' ') : false;
        };
        return path.starts_with('/') && !path.starts_with("//") && std::ranges::none_of(path, outside);
    }

    void read_rule(step_definition& step, json_fields& fields) {
        const auto rule = fields.text("trigger_rule", 20);
        if (!rule || *rule == "all_success") return;
        if (*rule == "all_done")
            step.rule = trigger_rule::all_done;
        else
            fields.add_violation("trigger_rule", fmt::format("\"{}\" is not one of all_success, all_done", *rule));
    }

    void read_retry(step_definition& step, json_fields& fields) {
        step.retry = defaults_.retry;
        const auto* source = fields.any("retry");
        if (!source) return;
        json_fields retry{*source, fields.pointer("retry"), violations_};
        if (const auto count = retry.integer("max_retries", {0, 20})) step.retry.max_retries = int(*count);
        const auto delay = retry.integer("delay_ms", {0, longest_delay_ms});
        const auto most = retry.integer("max_delay_ms", {0, longest_delay_ms});
        if (delay) {
            step.retry.delay = milliseconds{*delay};
            step.retry.max_delay = std::max(step.retry.max_delay, step.retry.delay);
        }
        if (most) step.retry.max_delay = milliseconds{*most};
        if (delay && most && *most < *delay)
            retry.add_violation("max_delay_ms", fmt::format("{} is less than delay_ms, {}", *most, *delay));
        retry.refuse_unknown();
    }

    const json::array& source_;
    std::string pointer_;
    const step_defaults& defaults_;
    const workflow_rules& rules_;
    std::vector<violation>& violations_;
    std::vector<std::string> names_;
    std::vector<step_set> earlier_;
    std::vector<step_definition> steps_;
};

}  // namespace

bool is_identifier(std::string_view text) {
    const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
    if (text.empty() || text.size() > 64 || !lower(text.front())) return false;
    return std::ranges::all_of(text, [&](char c) { return lower(c) || (c >= '0' && c <= '9') || c == '_'; });
}

std::vector<step_definition> parse_steps(const json::value& source, std::string_view pointer,
                                         const step_defaults& defaults, const workflow_rules& rules,
                                         std::vector<violation>& violations) {
    const auto* array = source.if_array();
    if (!array || array->empty() || array->size() > max_steps) {
        violations.push_back({std::string{pointer}, fmt::format("expected an array of 1 to {} steps", max_steps)});
        return {};
    }
    return steps_parser{*array, pointer, defaults, rules, violations}.parse();
}

}  // namespace orchestrator
