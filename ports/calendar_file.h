// Reads calendars that other programs wrote.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/calendar/holiday_rule.h"
#include "domain/error.h"

namespace orchestrator {

struct dated_holiday {
    std::string name;
    listed_days dates;  // ascending, disjoint, each at most a year long, within the years of calendars
};

struct calendar_file {
    std::string name;  // empty: the file gives none
    std::vector<dated_holiday> holidays;
    std::vector<std::string> left_out;  // what was not understood, one sentence each; at most 20
};

class calendar_file_reader {
  public:
    virtual ~calendar_file_reader() = default;

    // invalid_argument: this is no such file.
    [[nodiscard]] virtual result<calendar_file> read(const std::string& text) const = 0;
};

}  // namespace orchestrator
