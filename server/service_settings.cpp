#include "server/service_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "domain/ascii_case.h"
#include "server/config_sources.h"

namespace orchestrator::server {
namespace {

constexpr std::string_view suffix = "_SERVICE_URL";
constexpr std::size_t longest_name = 64;  // as in a workflow

bool is_service_name(std::string_view upper_case) {
    const auto is_letter = [](char c) { return c >= 'A' && c <= 'Z'; };
    const auto may_follow = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; };
    return !upper_case.empty() && upper_case.size() <= longest_name && is_letter(upper_case.front()) &&
           std::ranges::all_of(upper_case, may_follow);
}

std::optional<http_origin> read_url(std::string_view variable, std::string_view url,
                                    std::vector<violation>& violations) {
    auto origin = parse_http_origin(url);
    if (!origin)
        violations.push_back(
            {std::string{variable}, fmt::format("\"{}\" is not an http:// or https:// address without user, query and "
                                                "fragment",
                                                shown(variable, url))});
    return origin;
}

}  // namespace

const std::vector<usual_service>& usual_services() {
    static const auto all = [] {
        std::vector<usual_service> services;
        for (const auto& [name, port] : {std::pair{"forecasting", 8003},
                                         {"training", 8002},
                                         {"sales", 8004},
                                         {"tenant", 8005},
                                         {"inventory", 8006},
                                         {"production", 8007},
                                         {"procurement", 8008},
                                         {"notification", 8009},
                                         {"alert_processor", 8010},
                                         {"distribution", 8019}})
            services.push_back({name, upper_case(name).append(suffix), fmt::format("http://127.0.0.1:{}", port)});
        return services;
    }();
    return all;
}

bool is_service_url(std::string_view variable) {
    return variable.ends_with(suffix) && !variable.starts_with("ORCHESTRATOR_");
}

service_directory read_services(const std::map<std::string, std::string, std::less<>>& variables,
                                std::vector<violation>& violations, std::vector<violation>& doubts) {
    service_directory services;
    for (const auto& each : usual_services()) services.emplace(each.name, *parse_http_origin(each.url));
    for (const auto& [variable, url] : variables) {
        if (!is_service_url(variable) || url.empty()) continue;
        const auto name = std::string_view{variable}.substr(0, variable.size() - suffix.size());
        // Others' variables may look like this, too: a service of another name that cannot be called is not there, and
        // a workflow that names it is refused.
        auto& wrong = services.contains(lower_case(name)) ? violations : doubts;
        if (!is_service_name(name))
            doubts.push_back({variable, fmt::format("names no service: before {} stand a letter and then letters, "
                                                    "digits or _, in upper case, at most {}",
                                                    suffix, longest_name)});
        else if (auto origin = read_url(variable, url, wrong))
            services.insert_or_assign(lower_case(name), std::move(*origin));
    }
    return services;
}

}  // namespace orchestrator::server
