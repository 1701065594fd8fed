// What this process or machine has too little of: file descriptors, memory, ports. Tells that from a fault of the peer,
// and keeps the present shortage for whoever watches over the process. Used by the client and the server.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>

#include "adapters/http/socket.h"
#include "domain/time.h"

namespace orchestrator::http {

// EMFILE, ENFILE, ENOBUFS, ENOMEM and the like: whatever the call was about, it would have failed for any peer.
[[nodiscard]] bool is_shortage(const error_code&);

// Likewise for a connection to this address, which may also lack a port. The same error says that no address of this
// machine leads there, which is no shortage: the two are told apart by a datagram socket, which needs no free port.
[[nodiscard]] bool is_shortage(const error_code&, const tcp::endpoint& to);

// Asks the kernel for a descriptor and gives it back. For failures of libraries that do not say what they lacked.
[[nodiscard]] error_code try_descriptor();

struct shortage {
    steady_time since;
    std::string what;  // the system's words
};

// Noted and cleared by one thread, read by any.
class shortage_record {
  public:
    void note(const std::string& what);

    // Something could be opened again. Costs nothing when nothing is noted.
    void clear() {
        if (noted_.load(std::memory_order_relaxed)) forget();
    }

    // nullopt: all is well, or nobody has met the shortage again for a while.
    [[nodiscard]] std::optional<shortage> current() const;

  private:
    void forget();

    mutable std::mutex guard_;
    std::atomic<bool> noted_ = false;
    shortage present_;
    steady_time met_at_{};
};

}  // namespace orchestrator::http
