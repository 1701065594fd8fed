// URI references, as RFC 3986 section 5 resolves them. Pure; called where a service's answer says where to go on.
// Takes a text apart and puts it together again; says nothing about whether its characters are allowed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace orchestrator {

// Views into the text that was taken apart. nullopt: the part and its delimiter are absent; "" is a part that is there.
struct uri_parts {
    std::optional<std::string_view> scheme;
    std::optional<std::string_view> authority;
    std::string_view path;
    std::optional<std::string_view> query;
    std::optional<std::string_view> fragment;
};

// RFC 3986 appendix B. A text that begins with what looks like a scheme and is none ("1a:b") has a path with a colon.
[[nodiscard]] uri_parts split_uri(std::string_view);

// Section 5.2.2, strict. `base` is absolute.
[[nodiscard]] std::string resolve_reference(std::string_view base, std::string_view reference);

// Section 5.2.4.
[[nodiscard]] std::string remove_dot_segments(std::string_view path);

}  // namespace orchestrator
