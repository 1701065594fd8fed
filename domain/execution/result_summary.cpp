#include "domain/execution/result_summary.h"

#include <algorithm>
#include <array>

#include "domain/json/exact_json.h"

namespace orchestrator {
namespace json = boost::json;
namespace {

constexpr std::size_t longest_kept_text = 256;  // of one field, when an answer must be shortened

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; }

bool begins_with_secret(std::string_view text) {
    constexpr std::array<std::string_view, 6> words{"password",      "token",   "secret",
                                                    "authorization", "api_key", "apikey"};
    return std::ranges::any_of(words, [&](std::string_view word) {
        return text.size() >= word.size() && std::ranges::equal(text.substr(0, word.size()), word, {}, lower);
    });
}

// Looked for in each answer as a whole: the first letters alone rule out nearly every place.
bool is_secret(std::string_view name) {
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = lower(name[i]);
        if ((c == 'p' || c == 't' || c == 's' || c == 'a') && begins_with_secret(name.substr(i))) return true;
    }
    return false;
}

// The scalars at the top of an object: counts and ids, which is what messages and later steps ask for.
json::value scalars_of(const json::value& value) {
    json::object kept;
    if (const auto* object = value.if_object())
        for (const auto& [name, field] : *object)
            if (!field.is_structured() && !(field.is_string() && field.get_string().size() > longest_kept_text))
                kept.emplace(name, field);
    return kept;
}

}  // namespace

void mask_secrets(json::value& value) {
    if (auto* object = value.if_object()) {
        for (auto& member : *object) {
            if (is_secret(member.key()))
                member.value() = "***";
            else
                mask_secrets(member.value());
        }
    } else if (auto* array = value.if_array()) {
        for (auto& element : *array) mask_secrets(element);
    }
}

result_summary summarise_result(std::string_view body, std::size_t bound, json::storage_ptr memory) {
    result_summary summary;
    if (body.empty()) return summary;
    boost::system::error_code failed;
    auto value = read_json_exactly(body, failed, std::move(memory));
    if (failed) return summary;

    // Written anew only where that may change something. Asked of the bytes and not of `value`, which has lost the
    // first of two fields of the same name; an escape may spell any name.
    if (is_secret(body) || body.contains("\\u")) {
        mask_secrets(value);
        summary.text = write_json_exactly(value);
    } else {
        summary.text = body;
    }
    if (summary.text.size() > bound) {
        value = scalars_of(value);
        summary.text = write_json_exactly(value);
        summary.shortened = true;
        if (summary.text.size() > bound) {
            value = json::object{};
            summary.text = "{}";
        }
    }
    summary.value = std::move(value);
    return summary;
}

}  // namespace orchestrator
