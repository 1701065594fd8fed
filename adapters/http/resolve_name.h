// One look-up of a name by the system's resolver, which blocks for as long as it likes.
// Used by the threads of lookup_threads.h; a test takes another function in its place.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <string>
#include <vector>

namespace orchestrator::http {

struct resolved_name {
    std::vector<boost::asio::ip::tcp::endpoint> addresses;
    boost::system::error_code error;  // unset: there is at least one address
};

// Called by several threads at once.
using resolve_function = std::function<resolved_name(const std::string& host, const std::string& port)>;

// A failure for want of a descriptor or memory comes back as that error, whatever the resolver made of it.
[[nodiscard]] resolved_name resolve_name(const std::string& host, const std::string& port);

}  // namespace orchestrator::http
