// Results that all instances share. A server that is away costs one timeout now and then, not one for each step.
#pragma once

#include <chrono>

#include "adapters/blocking/worker.h"
#include "adapters/redis/connection.h"
#include "ports/result_cache.h"

namespace orchestrator::redis {

class result_cache final : public orchestrator::result_cache {
  public:
    result_cache(const address& where, milliseconds timeout) : server_{where, timeout} {}

    task<std::optional<std::string>> find(result_key) override;
    task<> keep(result_key, std::string result, milliseconds ttl) override;
    task<> keep_summary(ended_execution, milliseconds ttl) override;

  private:
    [[nodiscard]] bool is_away() const { return std::chrono::steady_clock::now() < away_until_; }
    void note(bool answered);
    bool set(std::string_view name, std::string_view value, milliseconds ttl);

    connection server_;
    std::chrono::steady_clock::time_point away_until_{};
    blocking::worker worker_;  // last, so that its thread ends before what it uses
};

}  // namespace orchestrator::redis
