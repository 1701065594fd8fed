// Shortages of this process: see shortage.h.
#include "adapters/http/shortage.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace orchestrator::http {
namespace {

constexpr milliseconds forgotten_after{10'000};

class probe {
  public:
    explicit probe(int family) : descriptor_{::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0)} {}
    ~probe() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    probe(const probe&) = delete;
    probe& operator=(const probe&) = delete;

    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
    // Sends nothing: the kernel only chooses the way.
    [[nodiscard]] bool leads_to(const tcp::endpoint& to) const {
        return ::connect(descriptor_, to.data(), static_cast<socklen_t>(to.size())) == 0;
    }

  private:
    int descriptor_;
};

}  // namespace

bool is_shortage(const error_code& error) {
    if (error.category() != boost::system::system_category()) return false;
    const auto code = error.value();
    return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM ||
           code == ENOSPC;  // epoll has watched as many descriptors as one user may
}

bool is_shortage(const error_code& error, const tcp::endpoint& to) {
    if (is_shortage(error)) return true;
    if (error.category() != boost::system::system_category() || error.value() != EADDRNOTAVAIL) return false;
    const probe way{to.protocol().family()};
    return !way.is_open() || way.leads_to(to);
}

error_code try_descriptor() {
    const probe any{AF_INET};
    return any.is_open() ? error_code{} : error_code{errno, boost::system::system_category()};
}

void shortage_record::note(const std::string& what) {
    const auto now = std::chrono::steady_clock::now();
    const std::scoped_lock lock{guard_};
    const bool is_new = !noted_ || now - met_at_ > forgotten_after;
    if (is_new) present_ = {now, what};
    met_at_ = now;
    noted_ = true;
}

void shortage_record::forget() {
    const std::scoped_lock lock{guard_};
    noted_ = false;
}

std::optional<shortage> shortage_record::current() const {
    const std::scoped_lock lock{guard_};
    if (!noted_ || std::chrono::steady_clock::now() - met_at_ > forgotten_after) return std::nullopt;
    return present_;
}

}  // namespace orchestrator::http
