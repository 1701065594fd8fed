// Look-ups and how long they are good for: see name_lookup.h.
#include "adapters/http/name_lookup.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapters/http/shortage.h"

namespace orchestrator::http {
namespace {

constexpr std::size_t most_threads = 4;  // as many names may hang before another one waits
constexpr std::size_t most_lookups = 1'024;
constexpr milliseconds success_lifetime{5'000};
constexpr milliseconds failure_lifetime{2'000};

unsigned short port_number(const std::string& text) {
    return static_cast<unsigned short>(std::strtoul(text.c_str(), nullptr, 10));
}

http_failure failure_of(const http_origin& origin, const error_code& error) {
    return {is_shortage(error) ? http_fault::exhausted : http_fault::connect_failed,
            fmt::format("{}:{}: {}", origin.host, origin.port, error.message())};
}

}  // namespace

struct name_lookup::lookup {
    resolved_name resolved;
    bool done = false;
    steady_time at{};
    std::vector<call*> waiting;

    [[nodiscard]] bool is_usable(steady_time now) const { return !done || now - at < lifetime(); }
    [[nodiscard]] milliseconds lifetime() const {
        if (!resolved.error) return success_lifetime;
        return is_shortage(resolved.error) ? milliseconds{0} : failure_lifetime;
    }
};

// Leaves the list however the wait ends.
struct name_lookup::wait {
    wait(lookup& shared, call& waiting) : lookup_{shared}, call_{waiting} { lookup_.waiting.push_back(&call_); }
    ~wait() { std::erase(lookup_.waiting, &call_); }
    wait(const wait&) = delete;
    wait& operator=(const wait&) = delete;

    lookup& lookup_;
    call& call_;
};

name_lookup::name_lookup(asio::io_context& context, resolve_function resolve)
    : threads_{std::make_unique<lookup_threads>(context, resolve ? std::move(resolve) : resolve_name, most_threads)} {}

task<std::expected<name_lookup::addresses, http_failure>> name_lookup::find(const http_origin& origin, call& call) {
    error_code not_literal;
    const auto address = asio::ip::make_address(origin.host, not_literal);
    if (!not_literal) co_return addresses{{address, port_number(origin.port)}};
    const auto shared = shared_lookup(origin);
    const wait waiting{*shared, call};
    while (!shared->done && !call.ended()) co_await call.park();
    if (call.ended()) {
        auto failure = call.failure();
        if (failure.fault == http_fault::timed_out)
            failure.detail = fmt::format("{}: the name was not looked up before the deadline", origin.host);
        co_return std::unexpected{std::move(failure)};
    }
    if (shared->resolved.error) co_return std::unexpected{failure_of(origin, shared->resolved.error)};
    co_return shared->resolved.addresses;
}

std::shared_ptr<name_lookup::lookup> name_lookup::shared_lookup(const http_origin& origin) {
    const auto now = std::chrono::steady_clock::now();
    if (lookups_.size() > most_lookups)
        std::erase_if(lookups_, [&](const auto& entry) { return !entry.second->is_usable(now); });
    auto& slot = lookups_[{origin.host, origin.port}];
    if (slot && slot->is_usable(now)) return slot;
    slot = std::make_shared<lookup>();
    start(origin, slot);
    return slot;
}

void name_lookup::start(const http_origin& origin, const std::shared_ptr<lookup>& lookup) {
    if (!threads_) return;  // whoever waits is about to be ended
    threads_->look_up(origin.host, origin.port, [lookup](resolved_name resolved) {
        lookup->resolved = std::move(resolved);
        lookup->at = std::chrono::steady_clock::now();
        lookup->done = true;
        for (auto* waiting : lookup->waiting) waiting->ring();
    });
}

}  // namespace orchestrator::http
