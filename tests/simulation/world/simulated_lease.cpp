#include "tests/simulation/world/simulated_lease.h"

namespace orchestrator::simulation {
namespace {

constexpr milliseconds wire{1};

std::unexpected<error> away() { return fail(errc::store_unavailable, "simulated: the lease outside is out of reach"); }

}  // namespace

simulated_lease::simulated_lease(lease_server& server, simulated_clock& time, std::string token)
    : server_{server}, time_{time}, token_{std::move(token)} {
    server_.clients.push_back(this);
}

simulated_lease::~simulated_lease() { std::erase(server_.clients, this); }

task<> simulated_lease::travel() { co_await time_.sleep_until(time_.steady_now() + wire); }

bool simulated_lease::is_taken() const { return !server_.holder.empty() && server_.until > time_.steady_now(); }

task<result<lease_answer>> simulated_lease::take(milliseconds ttl) {
    co_await travel();
    if (!server_.is_reachable) co_return away();
    const auto now = time_.steady_now();
    lease_answer answer{.is_held = !is_taken() || server_.holder == token_, .left = ttl};
    if (answer.is_held) {
        server_.holder = token_;
        server_.until = now + ttl;
    } else {
        answer.left = std::min(ttl, std::chrono::ceil<milliseconds>(server_.until - now));
    }
    co_await travel();
    co_return answer;
}

result<void> simulated_lease::give_back() {
    if (!server_.is_reachable) return away();
    if (server_.holder == token_) server_.empty();
    return {};
}

task<result<void>> simulated_lease::release() {
    co_await travel();
    co_return give_back();
}

task<result<void>> simulated_lease::resign() {
    co_await travel();
    auto given = give_back();
    if (given)
        for (auto* each : server_.clients)
            if (each != this && each->told_) each->told_();
    co_return given;
}

}  // namespace orchestrator::simulation
