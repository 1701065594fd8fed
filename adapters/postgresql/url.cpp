#include "adapters/postgresql/url.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <memory>
#include <string_view>

namespace orchestrator::postgresql {
namespace {

// What libpq says before it quotes.
std::string unquoted(std::string_view message) {
    message = message.substr(0, std::min(message.find('"'), message.find('\n')));
    return std::string{message.substr(0, message.find_last_not_of(": ") + 1)};
}

// A password with an unencoded @ or / ends up in one of these.
result<void> check_option(std::string_view name, std::string_view value) {
    if ((name == "host" || name == "port" || name == "dbname") && value.contains('@'))
        return fail(errc::invalid_argument,
                    "an @ behind the host: in a user name or password it is written %40, as / is %2F and ? is %3F");
    if (name == "port" && value.find_first_not_of("0123456789,") != value.npos)
        return fail(errc::invalid_argument, "the port is no number");
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
