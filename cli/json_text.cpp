#include "cli/json_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "domain/json/exact_json.h"

namespace orchestrator::cli {
namespace {

constexpr std::size_t deepest_answer = 64;  // what it holds of services may be deep itself

void write(const json::value&, std::size_t level, std::string& out);

void new_line(std::size_t level, std::string& out) {
    out += '\n';
    out.append(2 * level, ' ');
}

void write_object(const json::object& object, std::size_t level, std::string& out) {
    out += '{';
    bool first = true;
    for (const auto& [key, value] : object) {
        if (!std::exchange(first, false)) out += ',';
        new_line(level + 1, out);
        out += json::serialize(json::string_view{key}) + ": ";
        write(value, level + 1, out);
    }
    if (!object.empty()) new_line(level, out);
    out += '}';
}

void write_array(const json::array& array, std::size_t level, std::string& out) {
    out += '[';
    bool first = true;
    for (const auto& value : array) {
        if (!std::exchange(first, false)) out += ',';
        new_line(level + 1, out);
        write(value, level + 1, out);
    }
    if (!array.empty()) new_line(level, out);
    out += ']';
}

void write(const json::value& value, std::size_t level, std::string& out) {
    if (const auto* object = value.if_object())
        write_object(*object, level, out);
    else if (const auto* array = value.if_array())
        write_array(*array, level, out);
    else
        write_json_exactly(value, out);
}

json_mistake mistake_at(std::string_view text, std::size_t offset, std::string message) {
    const auto before = text.substr(0, std::min(offset, text.size()));
    const auto line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    const auto lines = std::ranges::count(before, '\n');
    return {static_cast<std::size_t>(lines) + 1, before.size() - line_start + 1, std::move(message)};
}

const json::value* find(const json::object& object, std::string_view name) { return object.if_contains(name); }

}  // namespace

std::string write_indented(const json::value& value) {
    std::string out;
    write(value, 0, out);
    return out + '\n';
}

std::expected<json::value, json_mistake> read_json(std::string_view text) {
    json::error_code failed;
    std::size_t read = 0;
    auto value = read_json_exactly(text, failed, {}, deepest_answer, &read);
    if (failed == json::error::extra_data)
        return std::unexpected{mistake_at(text, read, "more text after the end of the JSON")};
    if (failed == json::error::incomplete)
        return std::unexpected{mistake_at(text, text.size(), "the text ends before the JSON does")};
    if (failed) return std::unexpected{mistake_at(text, read, failed.message())};
    return value;
}

std::string text_of(const json::object& object, std::string_view name) {
    const auto* value = find(object, name);
    const auto* text = value == nullptr ? nullptr : as_text(*value);
    return text == nullptr ? std::string{} : std::string{*text};
}

std::optional<double> number_of(const json::object& object, std::string_view name) {
    const auto* value = find(object, name);
    return value == nullptr ? std::nullopt : as_number(*value);
}

std::int64_t integer_of(const json::object& object, std::string_view name) {
    return static_cast<std::int64_t>(number_of(object, name).value_or(0));
}

bool is_true(const json::object& object, std::string_view name) {
    const auto* value = find(object, name);
    return value != nullptr && value->is_bool() && value->get_bool();
}

const json::object& object_of(const json::object& object, std::string_view name) {
    static const json::object nothing;
    const auto* value = find(object, name);
    return value != nullptr && value->is_object() ? value->get_object() : nothing;
}

const json::array& array_of(const json::object& object, std::string_view name) {
    static const json::array nothing;
    const auto* value = find(object, name);
    return value != nullptr && value->is_array() ? value->get_array() : nothing;
}

}  // namespace orchestrator::cli
