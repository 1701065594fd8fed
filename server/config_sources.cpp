#include "server/config_sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

namespace orchestrator::server {
namespace {

constexpr std::string_view config_file = "ORCHESTRATOR_CONFIG_FILE";
constexpr std::string_view file_suffix = "_FILE";

// The setting that NAME_FILE stands for; empty: it is none of that kind, like ORCHESTRATOR_CA_FILE.
std::string_view pointed_to(std::string_view name) {
    if (is_setting(name) || !name.ends_with(file_suffix)) return {};
    name.remove_suffix(file_suffix.size());
    return is_setting(name) ? name : std::string_view{};
}

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t\r");
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

std::string without_line_break(std::string text) {
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    return text;
}

// "?password=…" and the like, as PostgreSQL's URLs may have them.
std::string without_secret_parameters(std::string_view text) {
    static const std::regex secret{"([?&](?:password|passfile|sslpassword|sslkey)=)[^&]*", std::regex::icase};
    return std::regex_replace(std::string{text}, secret, "$1***");
}

class gatherer {
  public:
    explicit gatherer(const file_reader& read) : read_{read} {}

    gathered_settings gather(const environment& process) {
        if (const auto path = process.find(config_file); path != process.end() && !path->second.empty())
            take_file(path->second);
        sourced_settings own;
        for (const auto& [name, value] : process)
            if (name != config_file && !value.empty()) own[name] = {value, "environment"};
        take(own);
        return {std::move(found_), std::move(violations_)};
    }

  private:
    void refuse(std::string name, std::string message) { violations_.push_back({std::move(name), std::move(message)}); }

    // What one place says wins over what was taken before.
    void take(const sourced_settings& from) {
        for (const auto& [name, given] : from) {
            const auto meant = pointed_to(name);
            if (meant.empty()) {
                found_[name] = given;
            } else if (const auto twin = from.find(meant); twin != from.end()) {
                refuse(name, fmt::format("is set beside {}: say one of them", meant));
            } else if (auto text = read_(given.value); !text) {
                refuse(name, fmt::format("{} cannot be read: {}", masked(given.value), text.error()));
            } else if (auto value = without_line_break(std::move(*text)); value.empty()) {
                // A secret that has not been filled in is no wish for the default.
                refuse(name, fmt::format("{} is empty; without {} the default of {} holds", given.value, name, meant));
            } else {
                found_[std::string{meant}] = {std::move(value), fmt::format("{} ({})", given.value, name)};
            }
        }
    }

    void take_file(const std::string& path) {
        const auto text = read_(path);
        if (!text) return refuse(std::string{config_file}, fmt::format("{} cannot be read: {}", path, text.error()));
        sourced_settings lines;
        std::string_view rest{*text};
        for (int number = 1; !rest.empty(); ++number) {
            const auto end = std::min(rest.find('\n'), rest.size());
            take_line(trimmed(rest.substr(0, end)), fmt::format("{}:{}", path, number), lines);
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
        take(lines);
    }

    void take_line(std::string_view line, std::string where, sourced_settings& into) {
        if (line.empty() || line.starts_with('#')) return;
        const auto equals = line.find('=');
        const std::string name{trimmed(line.substr(0, std::min(equals, line.size())))};
        // What stands behind the name may be a password: NAME: VALUE is a common mistake.
        if (equals == line.npos)
            return refuse(where,
                          fmt::format("\"{}\" is no line NAME=VALUE", line.substr(0, line.find_first_of(": \t"))));
        if (!is_setting(name) && pointed_to(name).empty())
            return refuse(where, fmt::format("{} is not a setting", name));
        auto value = trimmed(line.substr(equals + 1));
        if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"'))
            value = value.substr(1, value.size() - 2);
        if (into.contains(name)) return refuse(where, fmt::format("{} stands in this file already", name));
        into[name] = {std::string{value}, std::move(where)};
    }

    const file_reader& read_;
    sourced_settings found_;
    std::vector<violation> violations_;
};

}  // namespace

gathered_settings gather_settings(const environment& process, const file_reader& read) {
    return gatherer{read}.gather(process);
}

environment values_of(const sourced_settings& all) {
    environment values;
    for (const auto& [name, each] : all) values.emplace(name, each.value);
    return values;
}

std::string shown(std::string_view name, std::string_view value) {
    constexpr std::size_t longest = 200;  // bytes: a key or a certificate in its place is no help to anybody
    const bool holds_password = name == "DATABASE_URL" || name == "REDIS_URL" || name == "RABBITMQ_URL";
    if (holds_password && !value.empty() && !value.contains("://") && !value.starts_with("sqlite:") &&
        value != "memory:")
        return "***";
    auto text = name.ends_with("_URL") ? masked(value) : std::string{value};
    // Redis has passwords without a user: who forgets the colon has written one in its place.
    if (const auto at = text.find('@'); name == "REDIS_URL" && at != text.npos && !text.contains(":***@"))
        text.replace(text.find("://") + 3, at - text.find("://") - 3, "***");
    if (text.size() > longest) text = text.substr(0, longest) + "...";
    std::ranges::replace_if(text, [](unsigned char c) { return c < ' ' || c == 0x7f; }, '?');
    return text;
}

std::string masked(std::string_view value) {
    auto text = without_secret_parameters(value);
    const auto scheme = text.find("://");
    const auto begin = scheme == text.npos ? 0 : scheme + 3;
    // The last @ of all, not that of a well-formed URL: a password may hold whatever its author forgot to encode.
    const auto at = text.rfind('@');
    const auto colon = text.find(':', begin);
    if (at != text.npos && colon < at) return fmt::format("{}:***{}", text.substr(0, colon), text.substr(at));
    if (at == text.npos && value.contains('@')) return text.substr(0, begin) + "***";
    return text;
}

}  // namespace orchestrator::server
