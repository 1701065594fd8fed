#include "cli/terminal_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace orchestrator::cli {
namespace {

struct code_point {
    char32_t value;
    std::size_t bytes;
    bool valid;
};

constexpr std::string_view replacement = "\xEF\xBF\xBD";

// The number of bytes that a first byte announces; 0 where it cannot be one.
std::size_t announced_bytes(unsigned char first) {
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first < 0xE0) return 2;
    if (first >= 0xE0 && first < 0xF0) return 3;
    if (first >= 0xF0 && first < 0xF5) return 4;
    return 0;
}

code_point next_code_point(std::string_view text) {
    constexpr std::array<unsigned, 5> lead_mask{0, 0x7F, 0x1F, 0x0F, 0x07};
    const auto first = static_cast<unsigned char>(text.front());
    const auto bytes = announced_bytes(first);
    if (bytes == 0 || bytes > text.size()) return {0xFFFD, 1, false};
    char32_t value = first & lead_mask[bytes];
    for (const char c : text.substr(1, bytes - 1)) {
        if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) return {0xFFFD, 1, false};
        value = (value << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
    }
    const bool overlong = (bytes == 3 && value < 0x800) || (bytes == 4 && value < 0x10000);
    if (overlong || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return {0xFFFD, 1, false};
    return {value, bytes, true};
}

struct range {
    char32_t first;
    char32_t last;
};

bool within(char32_t value, std::span<const range> ranges) {
    return std::ranges::any_of(ranges, [&](const range& r) { return value >= r.first && value <= r.last; });
}

// Unicode's East Asian Width (UAX 11) and combining marks, as far as names and messages use them.
std::size_t columns_of(char32_t value) {
    static constexpr std::array zero{range{0x300, 0x36F}, range{0x200B, 0x200F}, range{0x20D0, 0x20FF},
                                     range{0xFE00, 0xFE0F}, range{0xFE20, 0xFE2F}};
    static constexpr std::array two{range{0x1100, 0x115F},   range{0x2E80, 0x303E},  range{0x3041, 0xA4CF},
                                    range{0xAC00, 0xD7A3},   range{0xF900, 0xFAFF},  range{0xFE30, 0xFE6F},
                                    range{0xFF00, 0xFF60},   range{0xFFE0, 0xFFE6},  range{0x1F300, 0x1F64F},
                                    range{0x1F900, 0x1F9FF}, range{0x20000, 0x3FFFD}};
    if (within(value, zero)) return 0;
    return within(value, two) ? 2 : 1;
}

bool is_control(char32_t value) {
    constexpr std::array bidirectional{range{0x202A, 0x202E}, range{0x2066, 0x2069}};
    return value < 0x20 || (value >= 0x7F && value < 0xA0) || within(value, bidirectional);
}

// The longest beginning of `text` that fits into `width` columns, in bytes.
std::size_t bytes_that_fit(std::string_view text, std::size_t width) {
    std::size_t at = 0;
    std::size_t columns = 0;
    while (at < text.size()) {
        const auto next = next_code_point(text.substr(at));
        columns += columns_of(next.value);
        if (columns > width) break;
        at += next.bytes;
    }
    return at;
}

}  // namespace

std::size_t display_width(std::string_view text) {
    std::size_t columns = 0;
    while (!text.empty()) {
        const auto next = next_code_point(text);
        columns += columns_of(next.value);
        text.remove_prefix(next.bytes);
    }
    return columns;
}

std::string shortened(std::string_view text, std::size_t width) {
    if (display_width(text) <= width) return std::string{text};
    if (width == 0) return {};
    return std::string{text.substr(0, bytes_that_fit(text, width - 1))} + "…";
}

std::string padded(std::string_view text, std::size_t width, alignment align) {
    const auto columns = display_width(text);
    const std::string fill(columns < width ? width - columns : 0, ' ');
    return align == alignment::left ? std::string{text} + fill : fill + std::string{text};
}

std::string harmless(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    while (!text.empty()) {
        const auto next = next_code_point(text);
        if (!next.valid)
            clean += replacement;
        else if (is_control(next.value))
            clean += ' ';
        else
            clean += text.substr(0, next.bytes);
        text.remove_prefix(next.bytes);
    }
    return clean;
}

}  // namespace orchestrator::cli
