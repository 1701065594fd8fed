#include "platform_simulator/behaviour/fault_damage.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace orchestrator::simulator {
namespace {

// An object without its closing brace is not JSON, whatever stands in it.
void break_json(std::string& body) {
    if (body.empty()) body = "{";
    body.back() = '"';
}

void pad(std::string& body, std::size_t mebibytes) {
    if (!body.starts_with('{')) return;
    const std::string_view rest{body.data() + 1, body.size() - 1};
    std::string padded = R"({"padding":")";
    padded.reserve((mebibytes << 20) + body.size() + 16);
    padded.append(mebibytes << 20, 'x');
    padded += rest.starts_with('}') ? "\"" : "\",";
    padded += rest;
    body = std::move(padded);
}

std::string retry_after(const fault_rule& rule, system_time now) {
    switch (rule.retry_after) {
        case retry_after_form::seconds:
            return std::to_string(rule.retry_after_seconds);
        case retry_after_form::http_date:
            break;
        case retry_after_form::absent:
            return {};
    }
    // A date knows whole seconds only: rather too late than too early.
    const auto when = std::chrono::ceil<std::chrono::seconds>(now + std::chrono::seconds{rule.retry_after_seconds});
    return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::chrono::system_clock::to_time_t(when)));
}

}  // namespace

bool strikes_after_work(const fault_rule& rule) {
    using enum fault_kind;
    const bool replaces_answer = rule.kind == error || rule.kind == throttle || rule.kind == rate_limit ||
                                 rule.kind == hang || rule.kind == reset;
    return !replaces_answer || rule.when == fault_moment::after;
}

void damage(planned_answer& planned, const drawn_fault& drawn, system_time now) {
    const auto& rule = *drawn.rule;
    switch (rule.kind) {
        case fault_kind::latency:
        case fault_kind::capacity:
        case fault_kind::accepted_job:
            break;
        case fault_kind::throttle:
        case fault_kind::rate_limit:
            planned.retry_after = retry_after(rule, now);
            [[fallthrough]];
        case fault_kind::error:
            planned.content = refuse(drawn.status, "the service cannot answer now");
            break;
        case fault_kind::hang:
            planned.how = delivery::never;
            planned.delay = std::chrono::seconds{rule.limit_seconds};
            break;
        case fault_kind::reset:
            planned.how = delivery::cut_off;
            break;
        case fault_kind::slow_bytes:
            planned.how = delivery::slowly;
            planned.bytes_per_second = rule.bytes_per_second;
            break;
        case fault_kind::truncated_json:
            planned.how = delivery::half_of_it;
            break;
        case fault_kind::malformed_json:
            break_json(planned.content.body);
            break;
        case fault_kind::huge_body:
            pad(planned.content.body, static_cast<std::size_t>(rule.mebibytes));
            break;
        case fault_kind::empty_object:
            planned.content.body = "{}";
            break;
    }
}

}  // namespace orchestrator::simulator
