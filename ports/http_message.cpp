#include "ports/http_message.h"

#include <fmt/format.h>
#include <boost/url.hpp>

#include <array>

#include "domain/ascii_case.h"

namespace orchestrator {

std::string_view to_string(http_method method) {
    switch (method) {
        case http_method::get:
            return "GET";
        case http_method::post:
            return "POST";
        case http_method::put:
            return "PUT";
        case http_method::patch:
            return "PATCH";
        case http_method::delete_:
            return "DELETE";
    }
    return "GET";
}

std::optional<http_method> parse_http_method(std::string_view text) {
    for (const auto method :
         {http_method::get, http_method::post, http_method::put, http_method::patch, http_method::delete_})
        if (text == to_string(method)) return method;
    return std::nullopt;
}

std::string_view find_header(const http_headers& headers, std::string_view name) {
    for (const auto& [key, value] : headers)
        if (same_but_for_case(key, name)) return value;
    return {};
}

std::optional<http_origin> parse_http_origin(std::string_view text) {
    const auto url = boost::urls::parse_uri(text);
    if (!url || url->host().empty() || url->has_query() || url->has_fragment() || url->has_userinfo())
        return std::nullopt;
    const auto scheme = lower_case(url->scheme());  // RFC 3986, 6.2.2.1; the host likewise
    if (scheme != "http" && scheme != "https") return std::nullopt;
    std::string path{url->encoded_path()};
    while (path.ends_with('/')) path.pop_back();
    std::string port{url->port()};
    if (port.empty()) port = scheme == "https" ? "443" : "80";
    if (port.size() > 5 || std::stoi(port) > 65'535 || std::stoi(port) == 0) return std::nullopt;
    return http_origin{scheme, lower_case(url->host_address()), port, path};
}

std::string to_string(const http_origin& origin) {
    const bool ipv6 = origin.host.contains(':');
    return fmt::format("{}://{}{}{}:{}{}", origin.scheme, ipv6 ? "[" : "", origin.host, ipv6 ? "]" : "", origin.port,
                       origin.base_path);
}

}  // namespace orchestrator
