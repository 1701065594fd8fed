// Calendars for tests of schedules: those that are shipped.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "domain/calendar/holiday_set.h"

namespace orchestrator::testing_calendars {

inline calendar shipped(const std::string& code) {
    std::ifstream file{std::filesystem::path{CALENDARS_FOLDER} / (code + ".json")};
    return parse_calendar(boost::json::parse(std::string{std::istreambuf_iterator<char>{file}, {}})).value();
}

inline std::shared_ptr<const holiday_set> spain(const std::string& region) {
    const std::vector layers{shipped("ES"), shipped(region)};
    return std::make_shared<const holiday_set>(layers);
}

}  // namespace orchestrator::testing_calendars
