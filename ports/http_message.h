// HTTP messages as values, for both directions. No socket, no library type.
#pragma once

#include <cctype>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orchestrator {

enum class http_method { get, post, put, patch, delete_ };

[[nodiscard]] std::string_view to_string(http_method);
[[nodiscard]] std::optional<http_method> parse_http_method(std::string_view);

using http_headers = std::vector<std::pair<std::string, std::string>>;

// The value of a header, whose name is compared without regard to case; empty when it is absent.
[[nodiscard]] std::string_view find_header(const http_headers&, std::string_view name);

// Where a service is: what stands before the path of its URLs.
struct http_origin {
    std::string scheme = "http";  // or "https"
    std::string host;
    std::string port;
    std::string base_path;  // "" or "/prefix", without a slash at the end

    auto operator<=>(const http_origin&) const = default;
};

// "http://host:port/prefix". nullopt unless it is an absolute http or https URL without query, fragment or user.
[[nodiscard]] std::optional<http_origin> parse_http_origin(std::string_view url);
[[nodiscard]] std::string to_string(const http_origin&);

}  // namespace orchestrator
