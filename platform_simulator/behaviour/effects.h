// What the simulated services have done, by Idempotency-Key: the proof that an orchestrator calls often and acts once.
//
// A key that was seen before makes no new effect and gets the stored answer. A record is kept of every key until
// forget(); the answers only up to a bound, oldest first out.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "domain/identifiers.h"
#include "platform_simulator/behaviour/routes.h"

namespace orchestrator::simulator {

struct effect {
    route where;
    tenant_id tenant;
    std::uint32_t calls = 1;
    std::string answer;  // the body of the first answer; empty once it had to make room
};

class effect_ledger {
  public:
    explicit effect_ledger(std::size_t answer_bytes = 64 << 20) : answer_bytes_{answer_bytes} {}

    // nullptr: the key is new. Stays valid until forget().
    [[nodiscard]] effect* find(std::string_view key);

    // The key is new. An empty key is counted as an effect of its own that nothing can repeat.
    void record(std::string_view key, route, const tenant_id&, std::string_view answer);
    void repeat(effect&);
    // The key came with another route or tenant than the first time.
    void refuse_reuse() { ++reused_keys_; }

    // `{distinct, calls, repeated, without_key, reused_keys, by_route}`; calls = distinct + repeated.
    [[nodiscard]] boost::json::object summary() const;
    // `[{key, route, tenant_id, calls}]` of the keys with this prefix, sorted by key.
    [[nodiscard]] boost::json::array details(std::string_view key_prefix) const;

    void forget();

  private:
    struct text_hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    struct counts {
        std::uint64_t distinct = 0;
        std::uint64_t repeated = 0;

        [[nodiscard]] boost::json::object as_json() const;
    };

    void make_room();

    std::size_t answer_bytes_;
    std::size_t bytes_held_ = 0;
    std::unordered_map<std::string, effect, text_hash, std::equal_to<>> by_key_;
    std::deque<effect*> with_answer_;  // oldest first; entries of the map do not move
    std::array<counts, route_count> by_route_{};
    std::uint64_t without_key_ = 0;
    std::uint64_t reused_keys_ = 0;
};

}  // namespace orchestrator::simulator
