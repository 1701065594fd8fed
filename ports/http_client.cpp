#include "ports/http_client.h"

#include <algorithm>

#include "domain/uri/uri_reference.h"

namespace orchestrator {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; }
std::string lower(std::string_view text) {
    std::string result{text};
    std::ranges::transform(result, result.begin(), [](char c) { return lower(c); });
    return result;
}

// RFC 3986 section 6.2.2.1: neither scheme nor host tells upper case from lower.
bool leads_to(const http_origin& origin, const uri_parts& uri) {
    if (!uri.scheme || !uri.authority) return false;
    const auto named = parse_http_origin(lower(*uri.scheme).append("://").append(lower(*uri.authority)));
    return named && named->scheme == origin.scheme && named->host == lower(origin.host) && named->port == origin.port;
}

bool is_sendable(std::string_view target) {
    return std::ranges::all_of(target, [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

std::string whole_target(const http_request& request) {
    std::string target = request.from_root ? "" : request.origin->base_path;
    if (target.empty() && !request.target.starts_with('/')) target = "/";
    return target + request.target;
}

std::optional<std::string> resolve_location(const http_request& request, std::string_view location) {
    auto server = *request.origin;
    server.base_path.clear();
    const auto resolved = resolve_reference(to_string(server) + whole_target(request), location);
    const auto uri = split_uri(resolved);
    if (!leads_to(server, uri)) return std::nullopt;
    std::string target{uri.path.empty() ? "/" : uri.path};
    if (uri.query) target.append("?").append(*uri.query);
    if (!is_sendable(target)) return std::nullopt;
    return target;
}

std::string_view to_string(http_fault fault) {
    switch (fault) {
        case http_fault::exhausted:
            return "exhausted";
        case http_fault::connect_failed:
            return "connect_failed";
        case http_fault::tls_failed:
            return "tls_failed";
        case http_fault::connection_lost:
            return "connection_lost";
        case http_fault::malformed_response:
            return "malformed_response";
        case http_fault::timed_out:
            return "timed_out";
        case http_fault::cancelled:
            return "cancelled";
    }
    return "unknown";
}

}  // namespace orchestrator
