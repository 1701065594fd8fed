// Identifiers: UUIDs (RFC 9562) with a type for each kind of thing, so that a tenant cannot be taken for an execution.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "domain/time.h"

namespace orchestrator {

struct uuid {
    std::array<std::uint8_t, 16> bytes{};

    auto operator<=>(const uuid&) const = default;
};

// 36 characters in lower case.
[[nodiscard]] std::string to_string(const uuid&);

// The same without memory of its own, where text is built for each step.
class uuid_text {
  public:
    explicit uuid_text(const uuid&);
    [[nodiscard]] std::string_view view() const { return {text_.data(), text_.size()}; }

  private:
    std::array<char, 36> text_;
};

// Accepts the 36-character form in either case; nullopt for anything else.
[[nodiscard]] std::optional<uuid> parse_uuid(std::string_view);

// Version 7: sorts by creation time, which keeps indexes compact. `random` gives the 74 random bits.
[[nodiscard]] uuid make_uuid_v7(system_time now, std::array<std::uint64_t, 2> random);
// Not above any that is made at that time or later.
[[nodiscard]] uuid first_id_at(system_time);

template <class Tag>
struct basic_id {
    uuid value;

    auto operator<=>(const basic_id&) const = default;
    [[nodiscard]] static std::optional<basic_id> parse(std::string_view text) {
        if (const auto parsed = parse_uuid(text)) return basic_id{*parsed};
        return std::nullopt;
    }
};

template <class Tag>
[[nodiscard]] std::string to_string(const basic_id<Tag>& id) {
    return to_string(id.value);
}

using workflow_id = basic_id<struct workflow_tag>;
using execution_id = basic_id<struct execution_tag>;
using tenant_id = basic_id<struct tenant_tag>;
using backfill_id = basic_id<struct backfill_tag>;
using event_id = basic_id<struct event_tag>;

// One tenant's part of one execution. Internal to a store; the API names it by execution and tenant.
enum class run_id : std::int64_t {};

}  // namespace orchestrator

template <class Tag>
struct std::hash<orchestrator::basic_id<Tag>> {
    std::size_t operator()(const orchestrator::basic_id<Tag>& id) const noexcept {
        // The last eight bytes of a version 7 UUID are random: they are a hash already.
        std::size_t hash = 0;
        for (std::size_t i = 8; i < 16; ++i) hash = hash << 8 | id.value.bytes[i];
        return hash;
    }
};
