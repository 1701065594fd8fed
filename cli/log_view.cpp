#include "cli/log_view.h"

#include <fmt/format.h>

#include "cli/json_text.h"
#include "cli/quantity_text.h"
#include "cli/terminal_text.h"
#include "domain/json/exact_json.h"

namespace orchestrator::cli {
namespace {

colour colour_of_level(std::string_view level) {
    if (level == "error") return colour::red;
    return level == "warning" ? colour::yellow : colour::dim;
}

std::string origin_of(const json::object& log) {
    const auto tenant = harmless(text_of(log, "tenant_id"));
    const auto step = harmless(text_of(log, "step_name"));
    if (tenant.empty() && step.empty()) return {};
    return tenant + (tenant.empty() || step.empty() ? "" : "/") + step + ' ';
}

std::string data_of(const json::object& log) {
    const auto* data = log.if_contains("log_data");
    const bool nothing = data == nullptr || data->is_null() || (data->is_object() && data->get_object().empty());
    return nothing ? std::string{} : ' ' + harmless(write_json_exactly(*data));
}

std::string instant_of(const json::object& log) {
    const auto text = text_of(log, "logged_at");
    const auto instant = parse_time(text);
    if (!instant) return harmless(text);
    auto precise = format_time(*instant).substr(0, 23);
    precise[10] = ' ';
    return precise;
}

}  // namespace

std::string log_line(const json::object& log, const palette& colours) {
    const auto level = text_of(log, "log_level");
    return fmt::format("{} {} {}{}{}", colours.paint(colour::dim, instant_of(log)),
                       colours.paint(colour_of_level(level), padded(harmless(level), 7)),
                       colours.paint(colour::cyan, origin_of(log)), harmless(text_of(log, "log_message")),
                       colours.paint(colour::dim, data_of(log)));
}

json::array log_cursor::take(const json::object& page) {
    json::array fresh;
    for (const auto& log : array_of(page, "logs"))
        if (log.is_object() && seen_.insert(integer_of(log.get_object(), "sequence")).second) fresh.push_back(log);
    const auto next = text_of(page, "next_cursor");
    at_end_ = next.empty();
    if (!at_end_) {
        cursor_ = next;
        seen_.clear();
    }
    return fresh;
}

}  // namespace orchestrator::cli
