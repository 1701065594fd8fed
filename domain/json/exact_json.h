// JSON whose numbers stay as they were written: 12.5 stays 12.5, 100.0 stays 100.0, thirty digits stay thirty digits,
// and 1e400, which no double can hold, stays 1e400. What is passed on from one service to another must not change on
// its way.
//
// A whole number that 64 bits hold is a number of boost::json::value as usual. Any other is kept as its text: a string
// that begins with a byte which no text in UTF-8 has. So ask as_text() for a string, and number_text() or as_number()
// for a number; whoever asks the value itself takes one for the other.
#pragma once

#include <boost/json.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace orchestrator {

inline constexpr std::size_t deepest_json = 32;

// Like boost::json::parse, and a byte order mark before it is skipped. `deepest`: levels, beyond which it fails.
// `read`: how many bytes it took, also of what it could not read.
[[nodiscard]] boost::json::value read_json_exactly(std::string_view text, boost::system::error_code& failed,
                                                   boost::json::storage_ptr memory = {},
                                                   std::size_t deepest = deepest_json, std::size_t* read = nullptr);

// Like boost::json::serialize. Our own numbers in plain decimals: 12.5; one that is not finite is null.
[[nodiscard]] std::string write_json_exactly(const boost::json::value&);
void write_json_exactly(const boost::json::value&, std::string& into);

// nullptr: it is no string.
[[nodiscard]] const boost::json::string* as_text(const boost::json::value&);
// As it was written, of a number that is kept as text; nullopt: it is none.
[[nodiscard]] std::optional<std::string_view> number_text(const boost::json::value&);
// Of every number that a double can hold, the nearest one; nullopt: it is none.
[[nodiscard]] std::optional<double> as_number(const boost::json::value&);

}  // namespace orchestrator
