#include "adapters/postgresql/url.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <string_view>

namespace orchestrator::postgresql {
namespace {

// What libpq says before it quotes.
std::string unquoted(std::string_view message) {
    message = message.substr(0, std::min(message.find('"'), message.find('\n')));
    return std::string{message.substr(0, message.find_last_not_of(": ") + 1)};
}

// One for each host, or one for all; an empty one is the usual one.
bool are_ports(std::string_view listed) {
    for (std::size_t begin = 0; begin <= listed.size();) {
        const auto end = std::min(listed.find(',', begin), listed.size());
        const auto each = listed.substr(begin, end - begin);
        int port = 0;
        const auto [stop, failed] = std::from_chars(each.data(), each.data() + each.size(), port);
        if (!each.empty() && (failed != std::errc{} || stop != each.data() + each.size() || port < 1 || port > 65'535))
            return false;
        begin = end + 1;
    }
    return true;
}

// A password with an unencoded @ or / ends up in one of these.
result<void> check_option(std::string_view name, std::string_view value) {
    if ((name == "host" || name == "port" || name == "dbname") && value.contains('@'))
        return fail(errc::invalid_argument,
                    "an @ behind the host: in a user name or password it is written %40, as / is %2F and ? is %3F");
    if (name == "port" && !are_ports(value))
        return fail(errc::invalid_argument, "the port is no number from 1 to 65535");
    constexpr std::array<std::string_view, 6> modes{"disable", "allow",     "prefer",
                                                    "require", "verify-ca", "verify-full"};
    if (name == "sslmode" && std::ranges::find(modes, value) == modes.end())
        return fail(errc::invalid_argument, fmt::format("sslmode is not one of {}", fmt::join(modes, ", ")));
    return {};
}

}  // namespace

result<void> check_url(const std::string& url) {
    char* complaint = nullptr;
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options{PQconninfoParse(url.c_str(), &complaint),
                                                                               &PQconninfoFree};
    const std::unique_ptr<char, decltype(&PQfreemem)> owned{complaint, &PQfreemem};
    if (!options) return fail(errc::invalid_argument, complaint ? unquoted(complaint) : "out of memory");
    for (const auto* each = options.get(); each->keyword; ++each)
        if (each->val)
            if (auto checked = check_option(each->keyword, each->val); !checked) return checked;
    return {};
}

}  // namespace orchestrator::postgresql
