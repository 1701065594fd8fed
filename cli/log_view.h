// Log entries of the API as lines, and which of them were seen already.
#pragma once

#include <boost/json.hpp>

#include <cstdint>
#include <set>
#include <string>

#include "cli/palette.h"

namespace orchestrator::cli {

// "2025-11-06 08:30:20.125 warning tenant/step message {data}": one line without its end.
[[nodiscard]] std::string log_line(const boost::json::object& log, const palette&);

// The place in a log that grows. The end of the log has no cursor to go on from, so its last page is read again and
// what was seen of it is left out.
class log_cursor {
  public:
    // Takes an answer of .../logs: the entries of it that are new, in order.
    [[nodiscard]] boost::json::array take(const boost::json::object& page);

    [[nodiscard]] const std::string& cursor() const { return cursor_; }  // to ask with next; empty: from the start
    [[nodiscard]] bool at_end() const { return at_end_; }                // no more was there when it was last asked

  private:
    std::string cursor_;
    std::set<std::int64_t> seen_;  // sequences of the page at `cursor_`
    bool at_end_ = false;
};

}  // namespace orchestrator::cli
