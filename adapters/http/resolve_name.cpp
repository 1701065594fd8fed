// getaddrinfo: see resolve_name.h.
#include "adapters/http/resolve_name.h"

#include <netdb.h>
#include <boost/asio/error.hpp>

#include <cerrno>
#include <cstring>
#include <memory>

#include "adapters/http/shortage.h"

namespace orchestrator::http {
namespace {

error_code error_of(int code, int system_error) {
    if (code == EAI_MEMORY) return error_code{ENOMEM, boost::system::system_category()};
    if (code == EAI_SYSTEM) return error_code{system_error, boost::system::system_category()};
    // A resolver that cannot open its files or a socket may say that there is no such name.
    if (const auto none_left = try_descriptor()) return none_left;
    switch (code) {
        case EAI_AGAIN:
            return asio::error::host_not_found_try_again;
        case EAI_FAIL:
            return asio::error::no_recovery;
        case EAI_SERVICE:
            return asio::error::service_not_found;
        default:
            return asio::error::host_not_found;
    }
}

tcp::endpoint endpoint_of(const addrinfo& found) {
    tcp::endpoint address;
    address.resize(found.ai_addrlen);
    std::memcpy(address.data(), found.ai_addr, found.ai_addrlen);
    return address;
}

}  // namespace

resolved_name resolve_name(const std::string& host, const std::string& port) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_protocol = IPPROTO_TCP;
    addrinfo* first = nullptr;
    errno = 0;
    const int failed = ::getaddrinfo(host.c_str(), port.c_str(), &wanted, &first);
    if (failed != 0) return {{}, error_of(failed, errno)};
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list{first, ::freeaddrinfo};
    resolved_name resolved;
    for (const auto* each = list.get(); each; each = each->ai_next)
        if (each->ai_family == AF_INET || each->ai_family == AF_INET6) resolved.addresses.push_back(endpoint_of(*each));
    if (resolved.addresses.empty()) resolved.error = asio::error::host_not_found;
    return resolved;
}

}  // namespace orchestrator::http
