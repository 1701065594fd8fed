// iCalendar files (RFC 5545), read by libical: each event is a holiday on the dates that it is written for. Repetition
// by years, months, weeks or days is followed through the years of calendars; times of the day are not.
#pragma once

#include "ports/calendar_file.h"

namespace orchestrator::icalendar {

class reader final : public calendar_file_reader {
  public:
    [[nodiscard]] result<calendar_file> read(const std::string& text) const override;
};

}  // namespace orchestrator::icalendar
