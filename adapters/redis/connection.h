// One connection to Redis. Used from one thread at a time; connects when it is first needed and again after it was
// lost.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/error.h"

struct redisContext;
struct redisReply;

namespace orchestrator::redis {

struct address {
    std::string host = "127.0.0.1";
    int port = 6379;
    std::string user;  // empty: the default one
    std::string password;
    int database = 0;
};

// "redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]". nullopt for anything else.
[[nodiscard]] std::optional<address> parse_address(std::string_view url);

class reply {
  public:
    explicit reply(redisReply* owned) : owned_{owned} {}

    [[nodiscard]] bool is_nil() const;
    [[nodiscard]] std::string text() const;
    // Of an array.
    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] std::int64_t integer_at(std::size_t index) const;
    [[nodiscard]] std::string text_at(std::size_t index) const;

  private:
    struct freer {
        void operator()(redisReply*) const;
    };
    std::unique_ptr<redisReply, freer> owned_;
};

class connection {
  public:
    // `timeout`: of connecting and of each answer.
    connection(address where, std::chrono::milliseconds timeout) : where_{std::move(where)}, timeout_{timeout} {}

    // store_unavailable: it did not answer, or refused.
    result<reply> command(const std::vector<std::string_view>& words);
    // The next message of a subscription; nullopt: none came within the timeout.
    result<std::optional<reply>> next_message();
    void disconnect() { context_.reset(); }
    [[nodiscard]] bool is_connected() const { return context_ != nullptr; }

  private:
    struct closer {
        void operator()(redisContext*) const;
    };

    result<void> connect();
    result<reply> send(const std::vector<std::string_view>& words);
    [[nodiscard]] std::unexpected<error> lost(std::string_view why);

    address where_;
    std::chrono::milliseconds timeout_;
    std::unique_ptr<redisContext, closer> context_;
};

}  // namespace orchestrator::redis
