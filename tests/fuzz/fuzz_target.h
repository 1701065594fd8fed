// What a fuzzer feeds: each function takes any input, and aborts when a promise is broken. fuzz_main.cpp makes a
// libFuzzer program of one; corpus_test.cpp replays the kept inputs in the unit tests.
#pragma once

#include <string_view>

namespace orchestrator::fuzz {

void calendar(std::string_view input);
void cron(std::string_view input);
void icalendar(std::string_view input);
void schedule(std::string_view input);
void tzif(std::string_view input);
void zone_name(std::string_view input);

}  // namespace orchestrator::fuzz
