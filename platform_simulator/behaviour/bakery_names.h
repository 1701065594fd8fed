// Where Spanish bakeries are and what they are called. Used by the seeding of tenants only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace orchestrator::simulator {

struct place {
    std::string_view city;
    std::string_view region;  // ISO 3166-2, the autonomous community
    std::string_view timezone;
    std::string_view language;  // in which the shop sign is painted: es, ca, eu, gl
};

[[nodiscard]] const place& drawn_place(std::uint64_t drawn);

// "Panadería Hermanos Ortega", "Forn Sant Jordi", "Okindegia Etxeberria".
[[nodiscard]] std::string drawn_bakery_name(const place&, std::uint64_t drawn);

// The part of a town that a branch of a chain is named for: "Centro", "Estación".
[[nodiscard]] std::string_view branch_quarter(std::size_t number);

// Lower-case ASCII letters, digits and single hyphens: "Panadería Núñez" -> "panaderia-nunez".
[[nodiscard]] std::string as_subdomain(std::string_view name);

}  // namespace orchestrator::simulator
