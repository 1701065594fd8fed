// How many file descriptors the system lets this process have. Asked and raised by server/ when it starts.
#pragma once

#include <cstddef>

namespace orchestrator::system {

struct descriptor_limit {
    std::size_t soft;  // holds now
    std::size_t hard;  // up to which the soft one may be raised
};

[[nodiscard]] descriptor_limit find_descriptor_limit();

// The soft limit becomes the hard one. Returns what holds then: a system that refuses leaves it as it was.
descriptor_limit raise_descriptor_limit();

}  // namespace orchestrator::system
