#include "domain/json_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "domain/json/exact_json.h"

namespace orchestrator {
namespace {

constexpr std::size_t longest_number_told = 40;

std::string_view kind_name(const json::value& value) {
    if (number_text(value)) return "a number";
    switch (value.kind()) {
        case json::kind::null:
            return "null";
        case json::kind::bool_:
            return "a boolean";
        case json::kind::int64:
        case json::kind::uint64:
        case json::kind::double_:
            return "a number";
        case json::kind::string:
            return "a string";
        case json::kind::array:
            return "an array";
        case json::kind::object:
            return "an object";
    }
    return "something else";
}

}  // namespace

std::string pointer_to(std::string_view parent, std::string_view token) {
    std::string pointer{parent};
    pointer += '/';
    for (const char c : token) {
        if (c == '~')
            pointer += "~0";
        else if (c == '/')
            pointer += "~1";
        else
            pointer += c;
    }
    return pointer;
}

std::string pointer_to(std::string_view parent, std::size_t index) { return fmt::format("{}/{}", parent, index); }

json_fields::json_fields(const json::value& value, std::string pointer, std::vector<violation>& violations)
    : object_{value.if_object()}, pointer_{std::move(pointer)}, violations_{violations} {
    if (!object_) violations_.push_back({pointer_, fmt::format("expected an object, found {}", kind_name(value))});
}

const json::value* json_fields::find(std::string_view name) {
    known_.emplace(name);
    if (!object_) return nullptr;
    const auto* value = object_->if_contains(name);
    return value && !value->is_null() ? value : nullptr;
}

void json_fields::add_violation(std::string_view name, std::string message) {
    violations_.push_back({pointer(name), std::move(message)});
}

std::optional<std::string> json_fields::text(std::string_view name, std::size_t longest) {
    const auto* value = find(name);
    if (!value) return std::nullopt;
    const auto* string = as_text(*value);
    if (!string) {
        add_violation(name, fmt::format("expected a string, found {}", kind_name(*value)));
        return std::nullopt;
    }
    if (string->size() > longest) {
        add_violation(name, fmt::format("is {} bytes long; at most {} are allowed", string->size(), longest));
        return std::nullopt;
    }
    if (string->find('\0') != json::string::npos) {
        add_violation(name, "contains a NUL character");
        return std::nullopt;
    }
    return std::string{*string};
}

std::optional<std::string> json_fields::required_text(std::string_view name, std::size_t longest) {
    if (!find(name)) {
        if (object_) add_violation(name, "is required: a string");
        return std::nullopt;
    }
    auto read = text(name, longest);
    if (read && read->empty()) {
        add_violation(name, "must not be empty");
        return std::nullopt;
    }
    return read;
}

std::optional<double> json_fields::number(std::string_view name, number_range range) {
    const auto* value = find(name);
    if (!value) return std::nullopt;
    if (!value->is_number() && !number_text(*value)) {
        add_violation(name, fmt::format("expected a number, found {}", kind_name(*value)));
        return std::nullopt;
    }
    const auto read = as_number(*value);
    if (!read || !(*read >= range.lowest && *read <= range.highest)) {
        const auto written = write_json_exactly(*value).substr(0, longest_number_told);
        add_violation(name, fmt::format("{} is outside {} to {}", written, range.lowest, range.highest));
        return std::nullopt;
    }
    return read;
}

std::optional<std::int64_t> json_fields::integer(std::string_view name, number_range range) {
    const auto read = number(name, range);
    if (!read) return std::nullopt;
    if (std::trunc(*read) != *read) {
        add_violation(name, fmt::format("{} is not a whole number", *read));
        return std::nullopt;
    }
    return static_cast<std::int64_t>(*read);
}

std::optional<bool> json_fields::boolean(std::string_view name) {
    const auto* value = find(name);
    if (!value) return std::nullopt;
    if (value->is_bool()) return value->get_bool();
    add_violation(name, fmt::format("expected true or false, found {}", kind_name(*value)));
    return std::nullopt;
}

const json::array* json_fields::array(std::string_view name, std::size_t most) {
    const auto* value = find(name);
    if (!value) return nullptr;
    const auto* array = value->if_array();
    if (!array) {
        add_violation(name, fmt::format("expected an array, found {}", kind_name(*value)));
        return nullptr;
    }
    if (array->size() > most) {
        add_violation(name, fmt::format("has {} elements; at most {} are allowed", array->size(), most));
        return nullptr;
    }
    return array;
}

const json::value* json_fields::any(std::string_view name) { return find(name); }

bool json_fields::has(std::string_view name) {
    known_.emplace(name);
    return object_ && object_->contains(name);
}

void json_fields::refuse_unknown() {
    if (!object_) return;
    for (const auto& [name, value] : *object_)
        if (!known_.contains(std::string_view{name}))
            add_violation(std::string_view{name}, fmt::format("unknown field; known are {}", fmt::join(known_, ", ")));
}

}  // namespace orchestrator
