// Expected failures as values. Each enumerator says what the caller can do about it; one table in api/ maps them to
// HTTP.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace orchestrator {

enum class errc {
    invalid_argument,   // the input breaks a rule; `violations` names each place
    not_found,          // no such thing, or not for this caller
    already_exists,     // the name or key is taken
    state_conflict,     // the thing exists, but its state does not allow this
    superseded,         // a newer leader, or process of this name, has begun: what this one decided is not kept
    store_unavailable,  // the store did not answer; nothing is known to be lost; worth another try
    store_full,         // no room on the disk; worth another try once there is some
    store_read_only,    // the database cannot be written; worth another try once it can
    store_unusable,  // a right, a table or a version is missing, or the error is unknown; worth another try once mended
    store_corrupt,   // the database is damaged; needs a person
    entry_refused,   // what was to be written breaks a rule of the store, and would again; it alone is concerned
    schema_newer,    // the database was written by a newer version of this program
    unreadable,      // it was written by another version of this program, which can read it
    service_failed,  // a service of the platform gave no usable answer
    stopping,        // this instance is shutting down
};

[[nodiscard]] std::string_view to_string(errc);

// One broken rule of an input: where (a JSON pointer, RFC 6901, or the name of a parameter), and what would be right.
struct violation {
    std::string pointer;
    std::string message;

    bool operator==(const violation&) const = default;
};

struct error {
    errc code;
    std::string message;
    std::vector<violation> violations;  // empty unless invalid_argument
};

template <class T>
using result = std::expected<T, error>;

[[nodiscard]] inline std::unexpected<error> fail(errc code, std::string message) {
    return std::unexpected{error{code, std::move(message), {}}};
}

// Does it say something about the store, and nothing about what was asked of it? Then the same is tried again until the
// store is well, instead of being given up.
[[nodiscard]] constexpr bool is_store_fault(errc code) {
    return code == errc::store_unavailable || code == errc::store_full || code == errc::store_read_only ||
           code == errc::store_unusable || code == errc::store_corrupt;
}

}  // namespace orchestrator
