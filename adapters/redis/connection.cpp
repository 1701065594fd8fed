#include "adapters/redis/connection.h"

#include <fmt/format.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <boost/url.hpp>

#include <charconv>

#include "domain/ascii_case.h"

namespace orchestrator::redis {

std::optional<address> parse_address(std::string_view text) {
    const auto parsed = boost::urls::parse_uri(text);
    if (!parsed || lower_case(parsed->scheme()) != "redis" || parsed->host().empty() || parsed->has_query() ||
        parsed->has_fragment())
        return std::nullopt;
    address found;
    found.host = parsed->host_address();
    found.user = parsed->user();
    found.password = parsed->password();
    if (const std::string port = parsed->port(); !port.empty()) {
        found.port = parsed->port_number();
        if (port != std::to_string(found.port)) return std::nullopt;  // cut to 16 bits
    }
    std::string_view path{parsed->encoded_path()};
    if (path.starts_with('/')) path.remove_prefix(1);
    if (!path.empty()) {
        const auto [end, failed] = std::from_chars(path.data(), path.data() + path.size(), found.database);
        if (failed != std::errc{} || end != path.data() + path.size() || found.database < 0) return std::nullopt;
    }
    if (found.port <= 0) return std::nullopt;
    if (!found.user.empty() && found.password.empty()) return std::nullopt;
    return found;
}

void reply::freer::operator()(redisReply* owned) const { freeReplyObject(owned); }
bool reply::is_nil() const { return owned_->type == REDIS_REPLY_NIL; }
std::string reply::text() const { return {owned_->str ? owned_->str : "", owned_->len}; }
std::size_t reply::size() const { return owned_->type == REDIS_REPLY_ARRAY ? owned_->elements : 0; }
std::int64_t reply::integer_at(std::size_t index) const { return index < size() ? owned_->element[index]->integer : 0; }
std::string reply::text_at(std::size_t index) const {
    if (index >= size() || !owned_->element[index]->str) return {};
    return {owned_->element[index]->str, owned_->element[index]->len};
}

void connection::closer::operator()(redisContext* context) const { redisFree(context); }

std::unexpected<error> connection::lost(std::string_view why) {
    disconnect();
    return fail(errc::store_unavailable, fmt::format("Redis at {}:{}: {}", where_.host, where_.port, why));
}

result<void> connection::connect() {
    const timeval limit{.tv_sec = timeout_.count() / 1'000, .tv_usec = timeout_.count() % 1'000 * 1'000};
    context_.reset(redisConnectWithTimeout(where_.host.c_str(), where_.port, limit));
    if (!context_) return lost("out of memory");
    if (context_->err) return lost(std::string{context_->errstr});
    redisSetTimeout(context_.get(), limit);
    redisEnableKeepAlive(context_.get());  // who only listens would not notice that nobody speaks any more
    if (!where_.password.empty()) {
        auto words = std::vector<std::string_view>{"AUTH", where_.password};
        if (!where_.user.empty()) words.insert(words.begin() + 1, where_.user);
        if (auto entered = send(words); !entered) return std::unexpected{entered.error()};
    }
    if (where_.database > 0) {
        const auto number = std::to_string(where_.database);
        if (auto chosen = send({"SELECT", number}); !chosen) return std::unexpected{chosen.error()};
    }
    return {};
}

result<reply> connection::send(const std::vector<std::string_view>& words) {
    std::vector<const char*> begins;
    std::vector<std::size_t> lengths;
    for (const auto word : words) {
        begins.push_back(word.data());
        lengths.push_back(word.size());
    }
    auto* answer =
        static_cast<redisReply*>(redisCommandArgv(context_.get(), int(words.size()), begins.data(), lengths.data()));
    if (!answer) return lost(std::string{context_->errstr});
    reply owned{answer};
    if (answer->type == REDIS_REPLY_ERROR) return lost(owned.text());
    return owned;
}

result<reply> connection::command(const std::vector<std::string_view>& words) {
    if (!context_)
        if (auto connected = connect(); !connected) return std::unexpected{connected.error()};
    return send(words);
}

result<std::optional<reply>> connection::next_message() {
    if (!context_) return lost("not connected");
    void* message = nullptr;
    if (redisGetReplyFromReader(context_.get(), &message) != REDIS_OK) return lost(std::string{context_->errstr});
    if (!message) {
        pollfd socket{.fd = context_->fd, .events = POLLIN, .revents = 0};
        if (::poll(&socket, 1, int(timeout_.count())) <= 0) return std::optional<reply>{};
        if (redisGetReply(context_.get(), &message) != REDIS_OK) return lost(std::string{context_->errstr});
    }
    return std::optional<reply>{std::in_place, static_cast<redisReply*>(message)};
}

}  // namespace orchestrator::redis
