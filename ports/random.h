// Randomness as a port: seeded in simulation, from the system in production. Used from one thread.
#pragma once

#include <cstdint>

#include "domain/identifiers.h"
#include "domain/time.h"

namespace orchestrator {

class random_source {
  public:
    virtual ~random_source() = default;

    [[nodiscard]] virtual std::uint64_t next() = 0;

    // A draw from [0, 1).
    [[nodiscard]] double uniform() { return double(next() >> 11) * 0x1.0p-53; }

    template <class Id>
    [[nodiscard]] Id new_id(system_time now) {
        const auto first = next();
        return Id{make_uuid_v7(now, {first, next()})};
    }
};

}  // namespace orchestrator
