// Deterministic draws: the same arguments give the same number on every machine and in any order of calls.
// Everything that looks random in the simulated platform comes from here, so that a seed tells the whole story.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "domain/identifiers.h"

namespace orchestrator::simulator {

// The finaliser of splitmix64 (Steele, Lea, Flood, 2014).
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t value) {
    value += 0x9e3779b97f4a7c15ULL;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
    return value ^ (value >> 31);
}

// What a draw is for. Part of every hash, so that two uses of one seed are independent of each other.
enum class purpose : std::uint8_t {
    tenant_order,
    tenant_look,
    tenant_random_bits,
    bakery_size,
    demand_noise,
    forecast_error,
    stock,
    product_identity,
    effect_identity,
    missing_metric,
    decimal_as_text,
    fault_share,
    fault_rate,
    fault_choice,
    fault_delay,
    resolved_alerts,
};

template <std::integral... Parts>
[[nodiscard]] constexpr std::uint64_t draw(std::uint64_t seed, purpose use, Parts... parts) {
    std::uint64_t hash = mix(seed ^ (std::uint64_t(use) << 56));
    ((hash = mix(hash ^ static_cast<std::uint64_t>(parts))), ...);
    return hash;
}

// A draw as a number from [0, 1).
[[nodiscard]] constexpr double as_unit(std::uint64_t drawn) { return double(drawn >> 11) * 0x1.0p-53; }

// A draw as an index below `bound`, which is not zero.
[[nodiscard]] constexpr std::size_t as_index(std::uint64_t drawn, std::size_t bound) { return drawn % bound; }

// A number that stands for a tenant in a hash: the random half of its UUID.
[[nodiscard]] inline std::uint64_t number_of(const tenant_id& id) { return std::hash<tenant_id>{}(id); }

// A UUID that has the look of version 4 and is the same for the same draw.
[[nodiscard]] inline uuid drawn_uuid(std::uint64_t drawn) {
    uuid id;
    const std::uint64_t halves[] = {mix(drawn), mix(~drawn)};
    for (std::size_t i = 0; i < 16; ++i) id.bytes[i] = static_cast<std::uint8_t>(halves[i / 8] >> (8 * (i % 8)));
    id.bytes[6] = static_cast<std::uint8_t>(0x40 | (id.bytes[6] & 0x0f));
    id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3f));
    return id;
}

}  // namespace orchestrator::simulator
