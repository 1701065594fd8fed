#include "domain/json/exact_json.h"

#include <fmt/format.h>
#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <utility>

namespace orchestrator {
namespace {

namespace json = boost::json;
using boost::system::error_code;

constexpr char mark = '\xff';
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

// What boost::json::parser does, but for numbers.
struct exact_handler {
    exact_handler(unsigned char* room, std::size_t size, json::storage_ptr memory) : made{{}, room, size} {
        made.reset(std::move(memory));
    }

    static constexpr std::size_t max_object_size = json::object::max_size();
    static constexpr std::size_t max_array_size = json::array::max_size();
    static constexpr std::size_t max_key_size = json::string::max_size();
    static constexpr std::size_t max_string_size = json::string::max_size();

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code&) { return true; }
    bool on_object_end(std::size_t size, error_code&) {
        made.push_object(size);
        return true;
    }
    bool on_array_begin(error_code&) { return true; }
    bool on_array_end(std::size_t size, error_code&) {
        made.push_array(size);
        return true;
    }
    bool on_key_part(json::string_view part, std::size_t, error_code&) {
        made.push_chars(part);
        return true;
    }
    bool on_key(json::string_view part, std::size_t, error_code&) {
        made.push_key(part);
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, error_code&) {
        made.push_chars(part);
        return true;
    }
    bool on_string(json::string_view part, std::size_t, error_code&) {
        made.push_string(part);
        return true;
    }
    bool on_number_part(json::string_view part, error_code&) {
        number.append(part.data(), part.size());
        return true;
    }
    bool on_int64(std::int64_t value, json::string_view part, error_code& error) {
        const bool is_negative_zero = value == 0 && (number + std::string{part}).starts_with('-');
        if (is_negative_zero) return on_double(0, part, error);
        number.clear();
        made.push_int64(value);
        return true;
    }
    bool on_uint64(std::uint64_t value, json::string_view, error_code&) {
        number.clear();
        made.push_uint64(value);
        return true;
    }
    bool on_double(double, json::string_view part, error_code& error) {
        on_number_part(part, error);
        number.insert(0, 1, mark);
        made.push_string(number);
        number.clear();
        return true;
    }
    bool on_bool(bool value, error_code&) {
        made.push_bool(value);
        return true;
    }
    bool on_null(error_code&) {
        made.push_null();
        return true;
    }
    bool on_comment_part(json::string_view, error_code&) { return true; }
    bool on_comment(json::string_view, error_code&) { return true; }

    json::value_stack made;
    std::string number{};  // what has come of it
};

void write_text(std::string_view text, std::string& into) {
    const auto is_plain = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; };
    into += '"';
    for (;;) {
        const auto end = std::ranges::find_if_not(text, is_plain);
        into.append(text.begin(), end);
        if (end == text.end()) break;
        constexpr std::string_view special{"\"\\\b\f\n\r\t"}, short_form{"\"\\bfnrt"};
        if (const auto at = special.find(*end); at != std::string_view::npos)
            (into += '\\') += short_form[at];
        else
            fmt::format_to(std::back_inserter(into), "\\u{:04x}", int(*end));
        text = {end + 1, text.end()};
    }
    into += '"';
}

void write_double(double value, std::string& into) {
    if (!std::isfinite(value)) {
        into += "null";
        return;
    }
    const auto written = fmt::format("{}", value);
    into += written;
    if (written.find_first_of(".e") == std::string::npos) into += ".0";
}

}  // namespace

json::value read_json_exactly(std::string_view text, error_code& failed, json::storage_ptr memory, std::size_t deepest,
                              std::size_t* read) {
    const std::size_t skipped = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
    text.remove_prefix(skipped);
    json::parse_options options;
    options.max_depth = deepest;
    std::array<unsigned char, 2'048> room;  // for the stack of nearly every document
    json::basic_parser<exact_handler> parser{options, room.data(), room.size(), std::move(memory)};
    const auto taken = parser.write_some(false, text.data(), text.size(), failed);
    if (read) *read = skipped + taken;
    if (!failed && taken < text.size()) failed = json::error::extra_data;
    if (failed) return nullptr;
    return parser.handler().made.release();
}

void write_json_exactly(const json::value& value, std::string& into) {
    switch (value.kind()) {
        case json::kind::null:
            into += "null";
            break;
        case json::kind::bool_:
            into += value.get_bool() ? "true" : "false";
            break;
        case json::kind::int64:
            fmt::format_to(std::back_inserter(into), "{}", value.get_int64());
            break;
        case json::kind::uint64:
            fmt::format_to(std::back_inserter(into), "{}", value.get_uint64());
            break;
        case json::kind::double_:
            write_double(value.get_double(), into);
            break;
        case json::kind::string:
            if (const auto number = number_text(value))
                into += *number;
            else
                write_text(value.get_string(), into);
            break;
        case json::kind::array: {
            into += '[';
            bool is_first = true;
            for (const auto& element : value.get_array()) {
                if (!std::exchange(is_first, false)) into += ',';
                write_json_exactly(element, into);
            }
            into += ']';
            break;
        }
        case json::kind::object: {
            into += '{';
            bool is_first = true;
            for (const auto& member : value.get_object()) {
                if (!std::exchange(is_first, false)) into += ',';
                write_text(member.key(), into);
                into += ':';
                write_json_exactly(member.value(), into);
            }
            into += '}';
        }
    }
}

std::string write_json_exactly(const json::value& value) {
    std::string text;
    write_json_exactly(value, text);
    return text;
}

const json::string* as_text(const json::value& value) {
    const auto* text = value.if_string();
    return text && !text->starts_with(mark) ? text : nullptr;
}

std::optional<std::string_view> number_text(const json::value& value) {
    const auto* text = value.if_string();
    if (!text || !text->starts_with(mark)) return std::nullopt;
    return std::string_view{*text}.substr(1);
}

std::optional<double> as_number(const json::value& value) {
    if (value.is_number()) return value.to_number<double>();
    const auto text = number_text(value);
    if (!text) return std::nullopt;
    double read = 0;
    const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), read);
    if (failed == std::errc::result_out_of_range) {
        // Too large, or too small to be told from nothing.
        boost::system::error_code ignored;
        read = json::parse(*text, ignored).to_number<double>();
        return std::isfinite(read) ? std::optional{read} : std::nullopt;
    }
    return failed == std::errc{} ? std::optional{read} : std::nullopt;
}

}  // namespace orchestrator
