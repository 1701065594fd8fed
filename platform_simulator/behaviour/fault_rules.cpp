#include "platform_simulator/behaviour/fault_rules.h"

#include <boost/json/array.hpp>
#include <boost/json/value_from.hpp>

#include <array>
#include <utility>

namespace orchestrator::simulator {
namespace {

namespace json = boost::json;

// In the order of the enumeration.
constexpr std::array<std::string_view, fault_kind_count> kind_names{
    "latency",    "capacity",       "error",          "throttle",  "rate_limit",   "hang",        "reset",
    "slow_bytes", "truncated_json", "malformed_json", "huge_body", "empty_object", "accepted_job"};

std::string_view name_of(retry_after_form form) {
    switch (form) {
        case retry_after_form::seconds:
            return "seconds";
        case retry_after_form::http_date:
            return "http_date";
        case retry_after_form::absent:
            break;
    }
    return "absent";
}

// A service that refuses calls because there are too many.
bool is_throttling(fault_kind kind) { return kind == fault_kind::throttle || kind == fault_kind::rate_limit; }

void write_latency(json::object& rule, const latency_distribution& latency) {
    if (const auto* constant = std::get_if<constant_latency>(&latency)) {
        rule["distribution"] = "constant";
        rule["delay_ms"] = constant->delay_ms;
    } else if (const auto* uniform = std::get_if<uniform_latency>(&latency)) {
        rule["distribution"] = "uniform";
        rule["min_ms"] = uniform->min_ms;
        rule["max_ms"] = uniform->max_ms;
    } else if (const auto* log_normal = std::get_if<log_normal_latency>(&latency)) {
        rule["distribution"] = "log_normal";
        rule["median_ms"] = log_normal->median_ms;
        rule["sigma"] = log_normal->sigma;
    }
}

void write_parameters(json::object& written, const fault_rule& rule) {
    using enum fault_kind;
    if (rule.kind == error || is_throttling(rule.kind)) written["statuses"] = json::value_from(rule.statuses);
    if (rule.kind == error || is_throttling(rule.kind) || rule.kind == hang || rule.kind == reset)
        written["when"] = rule.when == fault_moment::before ? "before" : "after";
    if (is_throttling(rule.kind)) {
        written["retry_after"] = name_of(rule.retry_after);
        written["retry_after_seconds"] = rule.retry_after_seconds;
    }
    switch (rule.kind) {
        case latency:
            write_latency(written, rule.latency);
            break;
        case capacity:
            written["parallel"] = rule.parallel;
            written["work_ms"] = rule.work_ms;
            written["collapse"] = rule.collapse;
            break;
        case rate_limit:
            written["calls_per_second"] = rule.calls_per_second;
            break;
        case accepted_job:
            written["work_ms"] = rule.work_ms;
            written["location"] = rule.location == location_form::absolute_path ? "absolute_path" : "relative_path";
            break;
        case hang:
            written["limit_seconds"] = rule.limit_seconds;
            break;
        case slow_bytes:
            written["bytes_per_second"] = rule.bytes_per_second;
            break;
        case huge_body:
            written["mebibytes"] = rule.mebibytes;
            break;
        default:
            break;
    }
}

// Calls of the built-in presets, each with what tells it from the defaults.
fault_rule latency_of(double median_ms, double sigma) {
    return {.kind = fault_kind::latency, .where = {}, .latency = log_normal_latency{median_ms, sigma}, .statuses = {}};
}

fault_rule now_and_then(double rate, fault_kind kind, std::vector<int> statuses = {}) {
    return {.kind = kind, .where = {}, .rate = rate, .latency = {}, .statuses = std::move(statuses)};
}

fault_rule always_for(double tenant_share, route where, int status) {
    return {
        .kind = fault_kind::error, .where = where, .tenant_share = tenant_share, .latency = {}, .statuses = {status}};
}

std::vector<fault_rule> few_faults() {
    return {latency_of(20, 0.5),
            always_for(0.004, route::calculate_production, 422),
            always_for(0.003, route::generate_forecasts, 422),
            always_for(0.003, route::calculate_procurement, 500),
            now_and_then(0.01, fault_kind::error, {500, 502}),
            now_and_then(0.01, fault_kind::throttle, {429, 503}),
            now_and_then(0.002, fault_kind::truncated_json),
            now_and_then(0.002, fault_kind::malformed_json)};
}

std::vector<fault_rule> many_faults() {
    auto lost_answer = now_and_then(0.01, fault_kind::reset);
    lost_answer.when = fault_moment::after;
    return {latency_of(60, 0.9),
            always_for(0.02, route::calculate_production, 422),
            always_for(0.01, route::generate_forecasts, 422),
            always_for(0.01, route::calculate_procurement, 500),
            now_and_then(0.05, fault_kind::error, {500, 502, 504}),
            now_and_then(0.05, fault_kind::throttle, {429, 503}),
            now_and_then(0.01, fault_kind::reset),
            std::move(lost_answer),
            now_and_then(0.002, fault_kind::hang),
            now_and_then(0.005, fault_kind::slow_bytes),
            now_and_then(0.01, fault_kind::truncated_json),
            now_and_then(0.01, fault_kind::malformed_json),
            now_and_then(0.001, fault_kind::huge_body),
            now_and_then(0.005, fault_kind::empty_object)};
}

}  // namespace

std::string_view to_string(fault_kind kind) { return kind_names[std::size_t(kind)]; }

json::object as_json(const fault_plan& plan) {
    json::array rules;
    for (const auto& rule : plan.rules) {
        json::object written{{"kind", to_string(rule.kind)},
                             {"route", rule.where ? to_string(*rule.where) : "*"},
                             {"tenant_share", rule.tenant_share},
                             {"rate", rule.rate},
                             {"hits_per_tenant", rule.hits_per_tenant}};
        write_parameters(written, rule);
        rules.push_back(std::move(written));
    }
    return {{"seed", plan.seed}, {"rules", std::move(rules)}};
}

std::optional<fault_preset> parse_fault_preset(std::string_view name) {
    if (name == "none") return fault_preset::none;
    if (name == "few") return fault_preset::few;
    if (name == "many") return fault_preset::many;
    return std::nullopt;
}

fault_plan make_fault_plan(fault_preset preset, std::uint64_t seed) {
    switch (preset) {
        case fault_preset::none:
            return {seed, {}};
        case fault_preset::few:
            return {seed, few_faults()};
        case fault_preset::many:
            return {seed, many_faults()};
    }
    return {seed, {}};
}

}  // namespace orchestrator::simulator
