// Zones for tests, made from their rule: no file is read.
#pragma once

#include <string>

#include "domain/time_zone/posix_rule.h"
#include "domain/time_zone/time_zone.h"

namespace orchestrator::testing_zones {

inline time_zone from_rule(const std::string& name, const std::string& text) {
    const auto rule = parse_posix_rule(text).value();
    std::vector<offset_span> spans{{sys_seconds::min(), rule.offset, false, rule.abbreviation}};
    for (int y = 2020; y <= 2100; ++y)
        for (auto& span : rule.spans_in(std::chrono::year{y})) spans.push_back(std::move(span));
    return {name, std::move(spans)};
}

inline time_zone madrid() { return from_rule("Europe/Madrid", "CET-1CEST,M3.5.0,M10.5.0/3"); }
inline time_zone canary() { return from_rule("Atlantic/Canary", "WET0WEST,M3.5.0/1,M10.5.0"); }

inline time_zone utc() { return {"UTC", {{sys_seconds::min(), {}, false, "UTC"}}}; }

// The zone that skipped a Friday.
inline time_zone apia() {
    using namespace std::chrono;
    return {"Pacific/Apia",
            {{sys_seconds::min(), hours{-10}, true, "-10"},
             {sys_days{year{2011} / 12 / 30} + hours{10}, hours{14}, true, "+14"}}};
}

}  // namespace orchestrator::testing_zones
