// What arrives on an idle connection under TLS: see connection.h. A plain one has its inbox.
#include "adapters/http/connection.h"

namespace orchestrator::http {

// One wait at a time, which may outlive the idle time in which it began, and the connection.
struct connection::secured_watch {
    connection* of;
    bool is_waiting = false;
};

connection::~connection() {
    if (secured_) secured_->of = nullptr;
}

void connection::watch_secured() {
    if (!keeper_) return;
    if (!secured_) secured_ = std::make_shared<secured_watch>(this);
    if (std::exchange(secured_->is_waiting, true)) return;
    socket.async_wait(tcp_socket::wait_read, [watch = secured_](error_code error) {
        watch->is_waiting = false;
        // In use: what arrived is the answer.
        if (!error && watch->of && watch->of->keeper_) watch->of->arrived();
    });
}

}  // namespace orchestrator::http
