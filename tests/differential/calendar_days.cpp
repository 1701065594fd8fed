// Prints every holiday of the shipped calendars of Spain, one per line: "ES-MD 2026-05-02 Fiesta de la Comunidad de
// Madrid". For spanish_holidays.py, which compares them with another source.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "domain/calendar/holiday_set.h"

namespace {

using namespace orchestrator;
using namespace std::chrono;

calendar read(const std::filesystem::path& path) {
    std::ifstream file{path};
    return parse_calendar(boost::json::parse(std::string{std::istreambuf_iterator<char>{file}, {}})).value();
}

void print(const holiday_set& days, int first, int last) {
    for (const auto& each :
         days.between(local_days{year{first} / January / 1}, local_days{year{last} / December / 31})) {
        const year_month_day at{each.date};
        fmt::print("{} {}-{:02}-{:02} {}{}\n", days.code(), int(at.year()), unsigned(at.month()), unsigned(at.day()),
                   each.moved ? "Lunes siguiente a " : "", each.name);
    }
}

}  // namespace

// FOLDER FIRST_YEAR LAST_YEAR
int main(int argc, char** argv) {
    if (argc != 4) return 2;
    const std::filesystem::path folder{argv[1]};
    const auto spain = read(folder / "ES.json");
    std::set<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator{folder}) files.insert(entry.path());
    for (const auto& file : files) {
        auto layers = std::vector{spain};
        if (file.stem() != "ES") layers.push_back(read(file));
        print(holiday_set{layers}, std::stoi(argv[2]), std::stoi(argv[3]));
    }
}
