// JSON from and for people: documents that are read with a place for each mistake and written with line breaks,
// and fields of answers that are read without a fuss.
#pragma once

#include <boost/json.hpp>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace orchestrator::cli {

namespace json = boost::json;

// Two spaces for each level, plain decimal numbers, "\n" at the end.
[[nodiscard]] std::string write_indented(const json::value&);

struct json_mistake {
    std::size_t line;    // from 1
    std::size_t column;  // from 1, in bytes
    std::string message;
};

[[nodiscard]] std::expected<json::value, json_mistake> read_json(std::string_view text);

// Fields of an answer. Absent, null and a wrong type are all "nothing": a newer or older server may answer differently.
[[nodiscard]] std::string text_of(const json::object&, std::string_view name);      // "" for nothing
[[nodiscard]] std::int64_t integer_of(const json::object&, std::string_view name);  // 0 for nothing
[[nodiscard]] std::optional<double> number_of(const json::object&, std::string_view name);
[[nodiscard]] bool is_true(const json::object&, std::string_view name);
[[nodiscard]] const json::object& object_of(const json::object&, std::string_view name);  // empty for nothing
[[nodiscard]] const json::array& array_of(const json::object&, std::string_view name);    // empty for nothing

}  // namespace orchestrator::cli
