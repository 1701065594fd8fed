// Results in this process, for the embedded default. Bounded: the oldest go first.
#pragma once

#include <list>
#include <map>

#include "ports/clock.h"
#include "ports/result_cache.h"

namespace orchestrator::memory {

class result_cache final : public orchestrator::result_cache {
  public:
    explicit result_cache(clock& time, std::size_t most_bytes = 32 << 20) : time_{time}, most_bytes_{most_bytes} {}

    task<std::optional<std::string>> find(result_key) override;
    task<> keep(result_key, std::string result, milliseconds ttl) override;
    // Nobody else could read it here.
    task<> keep_summary(ended_execution, milliseconds) override { co_return; }

  private:
    struct kept_result {
        result_key key;
        std::string result;
        steady_time until;

        [[nodiscard]] std::size_t bytes() const { return key.of.size() + result.size() + sizeof(*this) * 2; }
    };

    void forget(std::list<kept_result>::iterator);

    clock& time_;
    std::size_t most_bytes_;
    std::size_t bytes_ = 0;
    std::list<kept_result> by_age_;
    std::map<result_key, std::list<kept_result>::iterator> by_key_;
};

}  // namespace orchestrator::memory
