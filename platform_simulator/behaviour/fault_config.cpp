// Reads a fault plan from JSON. Every rule is read to its end, so that one look shows all that is wrong.
#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>

#include "platform_simulator/behaviour/fault_rules.h"

namespace orchestrator::simulator {
namespace {

namespace json = boost::json;

// RFC 6901, 3.
std::string escaped(std::string_view key) {
    std::string text;
    for (const char c : key) {
        if (c == '~')
            text += "~0";
        else if (c == '/')
            text += "~1";
        else
            text += c;
    }
    return text;
}

struct bounds {
    double low, high;
};

// Takes members of one object and remembers which ones were asked for: the others are unknown and refused.
class object_reader {
  public:
    object_reader(const json::object& object, std::string pointer, std::vector<violation>& violations)
        : object_{object}, pointer_{std::move(pointer)}, violations_{violations} {}

    const json::value* member(std::string_view key) {
        asked_for_.push_back(key);
        return object_.if_contains(key);
    }

    void number(std::string_view key, double& target, bounds allowed) {
        const auto* value = member(key);
        if (!value) return;
        if (value->is_number() && within(value->to_number<double>(), allowed))
            target = value->to_number<double>();
        else
            wrong(key, fmt::format("must be a number from {} to {}", allowed.low, allowed.high));
    }

    void integer(std::string_view key, int& target, bounds allowed) {
        const auto* value = member(key);
        if (!value) return;
        if (value->is_int64() && within(double(value->get_int64()), allowed))
            target = static_cast<int>(value->get_int64());
        else
            wrong(key, fmt::format("must be an integer from {} to {}", allowed.low, allowed.high));
    }

    // Empty when the member is absent or not text; the latter is noted.
    std::optional<std::string_view> text(std::string_view key) {
        const auto* value = member(key);
        if (!value) return std::nullopt;
        if (value->is_string()) return std::string_view{value->get_string()};
        wrong(key, "must be a text");
        return std::nullopt;
    }

    void wrong(std::string_view key, std::string message) {
        violations_.push_back({pointer_ + '/' + escaped(key), std::move(message)});
    }

    void refuse_unknown() {
        for (const auto& [key, value] : object_)
            if (std::ranges::find(asked_for_, std::string_view{key}) == asked_for_.end())
                wrong(key, "is not known here");
    }

  private:
    static bool within(double value, bounds allowed) { return value >= allowed.low && value <= allowed.high; }

    const json::object& object_;
    std::string pointer_;
    std::vector<violation>& violations_;
    std::vector<std::string_view> asked_for_;
};

constexpr bounds share{0, 1}, delay_ms{0, 600'000};

void read_statuses(object_reader& reader, fault_rule& rule, std::vector<int> usual) {
    rule.statuses = std::move(usual);
    const auto* value = reader.member("statuses");
    if (!value) return;
    const auto usable = [](const json::value& each) {
        return each.is_int64() && each.get_int64() >= 400 && each.get_int64() <= 599;
    };
    if (!value->is_array() || value->get_array().empty() || !std::ranges::all_of(value->get_array(), usable))
        return reader.wrong("statuses", "must be a list of at least one HTTP status from 400 to 599");
    rule.statuses = json::value_to<std::vector<int>>(*value);
}

void read_moment(object_reader& reader, fault_rule& rule) {
    const auto name = reader.text("when");
    if (!name || *name == "before") return;
    if (*name == "after")
        rule.when = fault_moment::after;
    else
        reader.wrong("when", "must be \"before\" or \"after\"");
}

void read_retry_after(object_reader& reader, fault_rule& rule) {
    reader.integer("retry_after_seconds", rule.retry_after_seconds, {0, 3'600});
    const auto name = reader.text("retry_after").value_or("seconds");
    if (name == "http_date")
        rule.retry_after = retry_after_form::http_date;
    else if (name == "absent")
        rule.retry_after = retry_after_form::absent;
    else if (name != "seconds")
        reader.wrong("retry_after", "must be one of seconds, http_date, absent");
}

void read_location(object_reader& reader, fault_rule& rule) {
    const auto name = reader.text("location").value_or("absolute_path");
    if (name == "relative_path")
        rule.location = location_form::relative_path;
    else if (name != "absolute_path")
        reader.wrong("location", "must be \"absolute_path\" or \"relative_path\"");
}

latency_distribution read_uniform(object_reader& reader) {
    uniform_latency uniform;
    reader.number("min_ms", uniform.min_ms, delay_ms);
    reader.number("max_ms", uniform.max_ms, delay_ms);
    if (uniform.max_ms < uniform.min_ms) reader.wrong("max_ms", "must not be below min_ms");
    return uniform;
}

latency_distribution read_log_normal(object_reader& reader) {
    log_normal_latency log_normal{.median_ms = 20, .sigma = 0.5};
    reader.number("median_ms", log_normal.median_ms, delay_ms);
    reader.number("sigma", log_normal.sigma, {0, 5});
    return log_normal;
}

void read_latency(object_reader& reader, fault_rule& rule) {
    const auto name = reader.text("distribution").value_or("constant");
    if (name == "uniform") {
        rule.latency = read_uniform(reader);
    } else if (name == "log_normal") {
        rule.latency = read_log_normal(reader);
    } else {
        constant_latency constant;
        reader.number("delay_ms", constant.delay_ms, delay_ms);
        rule.latency = constant;
        if (name != "constant") reader.wrong("distribution", "must be one of constant, uniform, log_normal");
    }
}

void read_parameters(object_reader& reader, fault_rule& rule) {
    switch (rule.kind) {
        case fault_kind::latency:
            read_latency(reader, rule);
            break;
        case fault_kind::error:
            read_statuses(reader, rule, {500});
            read_moment(reader, rule);
            break;
        case fault_kind::throttle:
            read_statuses(reader, rule, {429, 503});
            read_retry_after(reader, rule);
            read_moment(reader, rule);
            break;
        case fault_kind::rate_limit:
            read_statuses(reader, rule, {429});
            read_retry_after(reader, rule);
            read_moment(reader, rule);
            reader.integer("calls_per_second", rule.calls_per_second, {0, 1'000'000});
            break;
        case fault_kind::capacity:
            reader.integer("parallel", rule.parallel, {1, 10'000});
            reader.number("work_ms", rule.work_ms, delay_ms);
            reader.number("collapse", rule.collapse, {0, 10});
            break;
        case fault_kind::accepted_job:
            reader.number("work_ms", rule.work_ms, delay_ms);
            read_location(reader, rule);
            break;
        case fault_kind::hang:
            reader.integer("limit_seconds", rule.limit_seconds, {1, 600});
            read_moment(reader, rule);
            break;
        case fault_kind::reset:
            read_moment(reader, rule);
            break;
        case fault_kind::slow_bytes:
            reader.integer("bytes_per_second", rule.bytes_per_second, {1, 1'000'000});
            break;
        case fault_kind::huge_body:
            reader.integer("mebibytes", rule.mebibytes, {1, 256});
            break;
        case fault_kind::truncated_json:
        case fault_kind::malformed_json:
        case fault_kind::empty_object:
            break;
    }
}

std::optional<fault_kind> parse_kind(std::string_view name) {
    for (std::size_t i = 0; i < fault_kind_count; ++i)
        if (to_string(fault_kind(i)) == name) return fault_kind(i);
    return std::nullopt;
}

std::string kind_names() {
    std::string names;
    for (std::size_t i = 0; i < fault_kind_count; ++i)
        names += fmt::format("{}{}", i == 0 ? "" : ", ", to_string(fault_kind(i)));
    return names;
}

void read_route(object_reader& reader, fault_rule& rule) {
    const auto name = reader.text("route");
    if (!name || *name == "*") return;
    rule.where = parse_route(*name);
    if (!rule.where) reader.wrong("route", fmt::format("\"{}\" is not a route; \"*\" is every route", *name));
}

void read_rule(object_reader& reader, fault_rule& rule) {
    read_route(reader, rule);
    reader.number("tenant_share", rule.tenant_share, share);
    reader.number("rate", rule.rate, share);
    reader.integer("hits_per_tenant", rule.hits_per_tenant, {0, 1'000'000});
    const bool given = reader.member("kind") != nullptr;
    const auto name = reader.text("kind");
    const auto kind = name ? parse_kind(*name) : std::nullopt;
    if (!kind) {
        // Which other members belong there depends on the kind: without it they are not judged.
        if (!given || name) reader.wrong("kind", "must be one of " + kind_names());
        return;
    }
    rule.kind = *kind;
    read_parameters(reader, rule);
    reader.refuse_unknown();
}

void read_rules(const json::value& value, fault_plan& plan, std::vector<violation>& violations) {
    if (!value.is_array()) return violations.push_back({"/rules", "must be a list"});
    for (std::size_t i = 0; const auto& each : value.get_array()) {
        const auto pointer = fmt::format("/rules/{}", i++);
        if (!each.is_object()) {
            violations.push_back({pointer, "must be an object"});
            continue;
        }
        object_reader reader{each.get_object(), pointer, violations};
        read_rule(reader, plan.rules.emplace_back());
    }
}

void read_plan(const json::object& object, fault_plan& plan, std::vector<violation>& violations) {
    object_reader reader{object, "", violations};
    if (const auto* seed = reader.member("seed")) {
        if (seed->is_int64() && seed->get_int64() >= 0)
            plan.seed = static_cast<std::uint64_t>(seed->get_int64());
        else if (seed->is_uint64())
            plan.seed = seed->get_uint64();
        else
            reader.wrong("seed", "must be an integer that is not negative");
    }
    if (const auto* rules = reader.member("rules")) read_rules(*rules, plan, violations);
    reader.refuse_unknown();
}

}  // namespace

result<fault_plan> parse_fault_plan(std::string_view text) {
    boost::system::error_code failed;
    const auto value = json::parse({text.data(), text.size()}, failed);
    std::vector<violation> violations;
    fault_plan plan;
    if (failed)
        violations.push_back({"", "is not JSON: " + failed.message()});
    else if (!value.is_object())
        violations.push_back({"", "must be an object with \"rules\""});
    else
        read_plan(value.get_object(), plan, violations);
    if (violations.empty()) return plan;
    return std::unexpected{error{errc::invalid_argument, "the fault plan is not valid", std::move(violations)}};
}

}  // namespace orchestrator::simulator
