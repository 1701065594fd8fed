#include "domain/uri/uri_reference.h"

#include <algorithm>

namespace orchestrator {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_scheme(std::string_view text) {
    return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, [](char c) {
        return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
    });
}

// Cuts off what begins with `delimiter`, and returns it without.
std::optional<std::string_view> cut_tail(std::string_view& text, char delimiter) {
    const auto at = text.find(delimiter);
    if (at == text.npos) return std::nullopt;
    const auto tail = text.substr(at + 1);
    text = text.substr(0, at);
    return tail;
}

// Section 5.2.3: the reference's path in the place of the base's last segment.
std::string merge(const uri_parts& base, std::string_view path) {
    if (base.authority && base.path.empty()) return std::string{"/"}.append(path);
    const auto last_slash = base.path.rfind('/');
    const auto kept = last_slash == base.path.npos ? 0 : last_slash + 1;
    return std::string{base.path.substr(0, kept)}.append(path);
}

// Section 5.3.
std::string join(const uri_parts& parts, std::string_view path) {
    std::string text;
    if (parts.scheme) text.append(*parts.scheme).append(":");
    if (parts.authority) text.append("//").append(*parts.authority);
    text.append(path);
    if (parts.query) text.append("?").append(*parts.query);
    if (parts.fragment) text.append("#").append(*parts.fragment);
    return text;
}

void drop_last_segment(std::string& path) {
    const auto slash = path.rfind('/');
    path.erase(slash == path.npos ? 0 : slash);
}

}  // namespace

uri_parts split_uri(std::string_view text) {
    uri_parts parts;
    parts.fragment = cut_tail(text, '#');
    parts.query = cut_tail(text, '?');
    if (const auto colon = text.find(':'); colon != text.npos && is_scheme(text.substr(0, colon))) {
        parts.scheme = text.substr(0, colon);
        text.remove_prefix(colon + 1);
    }
    if (text.starts_with("//")) {
        const auto end = std::min(text.find('/', 2), text.size());
        parts.authority = text.substr(2, end - 2);
        text.remove_prefix(end);
    }
    parts.path = text;
    return parts;
}

std::string resolve_reference(std::string_view base_text, std::string_view reference) {
    const auto base = split_uri(base_text);
    auto target = split_uri(reference);
    if (target.scheme) return join(target, remove_dot_segments(target.path));
    target.scheme = base.scheme;
    if (target.authority) return join(target, remove_dot_segments(target.path));
    target.authority = base.authority;
    if (target.path.empty()) {
        if (!target.query) target.query = base.query;
        return join(target, base.path);
    }
    if (target.path.starts_with('/')) return join(target, remove_dot_segments(target.path));
    return join(target, remove_dot_segments(merge(base, target.path)));
}

std::string remove_dot_segments(std::string_view input) {
    std::string output;
    while (!input.empty()) {
        if (input.starts_with("../")) {
            input.remove_prefix(3);
        } else if (input.starts_with("./") || input.starts_with("/./")) {
            input.remove_prefix(2);
        } else if (input == "/.") {
            input = "/";
        } else if (input.starts_with("/../")) {
            input.remove_prefix(3);
            drop_last_segment(output);
        } else if (input == "/..") {
            input = "/";
            drop_last_segment(output);
        } else if (input == "." || input == "..") {
            input = {};
        } else {
            const auto end = std::min(input.find('/', 1), input.size());
            output.append(input.substr(0, end));
            input.remove_prefix(end);
        }
    }
    return output;
}

}  // namespace orchestrator
