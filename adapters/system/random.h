// Randomness for jitter and ids: xoshiro256** (Blackman and Vigna, 2018), seeded by the system.
#pragma once

#include <array>

#include "ports/random.h"

namespace orchestrator::system {

class random final : public random_source {
  public:
    random();
    explicit random(std::uint64_t seed);

    [[nodiscard]] std::uint64_t next() override;

  private:
    std::array<std::uint64_t, 4> state_{};
};

}  // namespace orchestrator::system
