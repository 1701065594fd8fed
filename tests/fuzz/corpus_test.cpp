// The kept inputs of the fuzzers, once more in each test run.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/fuzz/fuzz_target.h"

namespace orchestrator::fuzz {
namespace {

int replay(const char* folder, void (*target)(std::string_view)) {
    int inputs = 0;
    for (const auto& entry : std::filesystem::directory_iterator{std::string{FUZZ_CORPUS} + "/" + folder}) {
        std::ifstream file{entry.path(), std::ios::binary};
        target(std::string{std::istreambuf_iterator<char>{file}, {}});
        ++inputs;
    }
    return inputs;
}

TEST(fuzz_corpus, of_calendars_breaks_no_promise) { EXPECT_GT(replay("calendar", calendar), 0); }
TEST(fuzz_corpus, of_icalendar_files_breaks_no_promise) { EXPECT_GT(replay("icalendar", icalendar), 0); }
TEST(fuzz_corpus, of_schedules_breaks_no_promise) { EXPECT_GT(replay("schedule", schedule), 0); }
TEST(fuzz_corpus, of_zone_names_breaks_no_promise) { EXPECT_GT(replay("zone_name", zone_name), 0); }
TEST(fuzz_corpus, of_cron_breaks_no_promise) { EXPECT_GT(replay("cron", cron), 0); }
TEST(fuzz_corpus, of_zone_files_breaks_no_promise) { EXPECT_GT(replay("tzif", tzif), 0); }

}  // namespace
}  // namespace orchestrator::fuzz
