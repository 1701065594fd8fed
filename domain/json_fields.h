// Reads the fields of a JSON object and collects every broken rule with its JSON pointer, so that a caller sees all
// mistakes at once. Used wherever a person writes JSON: workflow definitions and request bodies.
#pragma once

#include <boost/json.hpp>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "domain/error.h"

namespace orchestrator {

namespace json = boost::json;

// RFC 6901: "~" and "/" inside a reference token.
[[nodiscard]] std::string pointer_to(std::string_view parent, std::string_view token);
[[nodiscard]] std::string pointer_to(std::string_view parent, std::size_t index);

struct number_range {
    double lowest;
    double highest;
};

class json_fields {
  public:
    // `pointer` is where `object` stands in the whole document. A value that is not an object is one violation.
    json_fields(const json::value& value, std::string pointer, std::vector<violation>& violations);

    // Each reader returns nullopt when the field is absent or null, or when it broke a rule (which is then recorded).
    std::optional<std::string> text(std::string_view name, std::size_t longest);
    std::optional<std::string> required_text(std::string_view name, std::size_t longest);
    std::optional<double> number(std::string_view name, number_range);
    std::optional<std::int64_t> integer(std::string_view name, number_range);
    std::optional<bool> boolean(std::string_view name);
    const json::array* array(std::string_view name, std::size_t most);
    const json::value* any(std::string_view name);
    // Present, if only as null.
    bool has(std::string_view name);

    // To be called last: every field that no reader asked for is a violation, with the known names.
    void refuse_unknown();

    void add_violation(std::string_view name, std::string message);
    [[nodiscard]] std::string pointer(std::string_view name) const { return pointer_to(pointer_, name); }

  private:
    const json::value* find(std::string_view name);

    const json::object* object_;
    std::string pointer_;
    std::vector<violation>& violations_;
    std::set<std::string, std::less<>> known_;
};

}  // namespace orchestrator
