// Random draws from a seed: whatever they decide can be decided again.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "adapters/system/random.h"

namespace orchestrator::simulation {

class draws {
  public:
    explicit draws(std::uint64_t seed) : random_{seed} {}

    // Both bounds included.
    [[nodiscard]] int between(int low, int high) {
        return low + int(random_.next() % std::uint64_t(std::int64_t{high} - low + 1));
    }
    [[nodiscard]] bool chance(double probability) { return random_.uniform() < probability; }
    // Mostly near `low`, seldom near `high`.
    [[nodiscard]] int mostly_low(int low, int high) {
        const double drawn = random_.uniform();
        return low + int(drawn * drawn * drawn * double(high - low + 1));
    }
    [[nodiscard]] milliseconds time(int low_ms, int high_ms) { return milliseconds{mostly_low(low_ms, high_ms)}; }
    template <class T>
    [[nodiscard]] T one_of(std::initializer_list<T> choices) {
        return choices.begin()[random_.next() % choices.size()];
    }
    [[nodiscard]] std::uint64_t seed() { return random_.next(); }
    template <class Id>
    [[nodiscard]] Id id(system_time now) {
        return random_.new_id<Id>(now);
    }

  private:
    system::random random_;
};

}  // namespace orchestrator::simulation
