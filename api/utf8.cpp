#include "api/utf8.h"

#include <cstdint>

namespace orchestrator::api {
namespace {

struct lead_byte {
    std::size_t length;       // of the whole character
    std::uint8_t second_low;  // the bounds of its second byte keep overlong forms and surrogates out
    std::uint8_t second_high;
};

// RFC 3629, section 4. Length 0: no character begins like this.
lead_byte classify(std::uint8_t first) {
    if (first < 0x80) return {1, 0, 0};
    if (first < 0xC2) return {0, 0, 0};
    if (first < 0xE0) return {2, 0x80, 0xBF};
    if (first == 0xE0) return {3, 0xA0, 0xBF};
    if (first == 0xED) return {3, 0x80, 0x9F};
    if (first < 0xF0) return {3, 0x80, 0xBF};
    if (first == 0xF0) return {4, 0x90, 0xBF};
    if (first < 0xF4) return {4, 0x80, 0xBF};
    if (first == 0xF4) return {4, 0x80, 0x8F};
    return {0, 0, 0};
}

// The length of the character that `text` begins with; 0 when it begins with none.
std::size_t character_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const auto lead = classify(byte(0));
    if (lead.length <= 1) return lead.length;
    if (text.size() < lead.length || byte(1) < lead.second_low || byte(1) > lead.second_high) return 0;
    for (std::size_t i = 2; i < lead.length; ++i)
        if ((byte(i) & 0xC0) != 0x80) return 0;
    return lead.length;
}

}  // namespace

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const auto length = character_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string as_utf8(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    while (!text.empty()) {
        const auto length = character_length(text);
        clean += length == 0 ? std::string_view{"\xEF\xBF\xBD"} : text.substr(0, length);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return clean;
}

std::string excerpt(std::string_view text, std::size_t longest) {
    if (text.size() <= longest) return as_utf8(text);
    while (longest > 0 && (static_cast<std::uint8_t>(text[longest]) & 0xC0) == 0x80) --longest;
    return as_utf8(text.substr(0, longest)) + "…";
}

}  // namespace orchestrator::api
