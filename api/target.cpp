#include "api/target.h"

#include <fmt/format.h>
#include <boost/url.hpp>

#include <algorithm>
#include <optional>

#include "api/utf8.h"

namespace orchestrator::api {
namespace {

namespace urls = boost::urls;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

// `encoded` is well-formed: it comes from a parsed URL. nullopt: no text that a route could mean.
std::optional<std::string> decode(std::string_view encoded) {
    auto decoded = urls::pct_string_view{urls::string_view{encoded}}.decode();
    if (std::ranges::any_of(decoded, is_control) || !is_utf8(decoded)) return std::nullopt;
    return decoded;
}

constexpr std::string_view not_text = "holds control characters or is not UTF-8";

// Splits at every `separator` and hands each part to `take`.
template <class Take>
void split(std::string_view text, char separator, Take take) {
    for (;;) {
        const auto end = text.find(separator);
        take(text.substr(0, end));
        if (end == std::string_view::npos) return;
        text.remove_prefix(end + 1);
    }
}

void read_path(std::string_view encoded, target& read, std::vector<violation>& violations) {
    if (encoded.starts_with('/')) encoded.remove_prefix(1);
    split(encoded, '/', [&](std::string_view part) {
        auto segment = decode(part);
        if (!segment) violations.push_back({"path", fmt::format("\"{}\" {}", excerpt(part), not_text)});
        read.segments.push_back(std::move(segment).value_or(""));
    });
}

void read_query(std::string_view encoded, target& read, std::vector<violation>& violations) {
    split(encoded, '&', [&](std::string_view part) {
        if (part.empty()) return;
        const auto equals = part.find('=');
        auto name = decode(part.substr(0, equals));
        auto value = decode(equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1));
        if (name && value)
            read.query.push_back({std::move(*name), std::move(*value)});
        else
            violations.push_back({"query:" + excerpt(part.substr(0, equals)), std::string{not_text}});
    });
}

}  // namespace

std::expected<target, problem> parse_target(std::string_view text) {
    const urls::string_view source{text.data(), text.size()};
    const bool origin_form = text.starts_with('/');
    const auto url = origin_form ? urls::parse_origin_form(source) : urls::parse_uri(source);
    if (!url || (!origin_form && !url->has_authority()))
        return refuse_unreadable({{"path", fmt::format("\"{}\" is not a request target", excerpt(text))}});

    target read;
    std::vector<violation> violations;
    read_path(std::string{url->encoded_path()}, read, violations);
    read_query(std::string{url->encoded_query()}, read, violations);
    if (!violations.empty()) return refuse_unreadable(std::move(violations));
    return read;
}

}  // namespace orchestrator::api
