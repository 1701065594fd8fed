// What may be wrong with the list of tenants that the simulated tenant service gives: a state of the service, and not a
// fault of single calls (fault_rules.h).
#pragma once

#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "domain/error.h"

namespace orchestrator::simulator {

struct list_flaws {
    std::size_t most_in_a_page = 0;  // whatever `limit` says; 0: as many as were asked for
    bool has_cursor = false;         // the list goes on at `next_cursor`
    std::size_t leaving = 0;         // tenants at the start of the list that are gone from the second page on
    std::int64_t total_off_by = 0;   // stated, beside what is true
    std::size_t broken_every = 0;    // one element in so many is no tenant; 0: none
    std::size_t refused_from = 0;    // pages from this place on are answered 403; 0: none
    std::size_t ends_at = 0;         // nothing is listed from this place on, whatever the total says; 0: all is
    bool is_empty = false;           // no tenants, and a total of 0
};

// All that is wrong at once; each violation names its place by a JSON pointer.
[[nodiscard]] result<list_flaws> parse_list_flaws(std::string_view text);
// What parse_list_flaws reads.
[[nodiscard]] boost::json::object as_json(const list_flaws&);

}  // namespace orchestrator::simulator
