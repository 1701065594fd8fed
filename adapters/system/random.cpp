#include "adapters/system/random.h"

#include <bit>
#include <random>

namespace orchestrator::system {

random::random() {
    std::random_device device;
    for (auto& word : state_) word = std::uint64_t{device()} << 32 | device();
}

// SplitMix64 spreads a small seed over the whole state.
random::random(std::uint64_t seed) {
    for (auto& word : state_) {
        seed += 0x9e3779b97f4a7c15;
        auto mixed = seed;
        mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
        word = mixed ^ mixed >> 31;
    }
}

std::uint64_t random::next() {
    const auto drawn = std::rotl(state_[1] * 5, 7) * 9;
    const auto shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return drawn;
}

}  // namespace orchestrator::system
