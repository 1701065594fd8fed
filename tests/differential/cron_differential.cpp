// Holds domain/cron against the oracle: every zone of tzdata in turn, random expressions, windows of a few days from
// 1970 to 2100, most of them around a transition. `cron_differential [CASES] [SEED]`; a case is one instant (or its
// absence) that both name. `cron_differential --offsets` prints zones, instants and offsets for zone_offsets.py;
// `cron_differential --next` answers what second_opinion.py asks.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <random>

#include "domain/cron/occurrence.h"
#include "domain/cron/parse_cron.h"
#include "domain/time_zone/parse_tzif.h"
#include "tests/differential/cron_oracle.h"

namespace orchestrator::differential {
namespace {

using namespace std::chrono;

constexpr sys_seconds earliest = sys_days{year{1970} / 1 / 1};
constexpr sys_seconds latest = sys_days{year{2100} / 12 / 20};

std::vector<time_zone> all_zones() {
    const std::filesystem::path root{"/usr/share/zoneinfo"};
    std::map<std::string, time_zone> zones;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{root}) {
        const auto name = entry.path().lexically_relative(root).string();
        if (!entry.is_regular_file() || name.starts_with("right/") || name.starts_with("posix")) continue;
        std::ifstream file{entry.path(), std::ios::binary};
        const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
        if (!bytes.starts_with("TZif")) continue;
        auto zone = parse_tzif(name, bytes);
        if (!zone) throw std::runtime_error{zone.error().message};
        zones.emplace(name, std::move(*zone));
    }
    std::vector<time_zone> found;
    for (auto& [name, zone] : zones) found.push_back(std::move(zone));
    return found;
}

class random_expressions {
  public:
    explicit random_expressions(std::mt19937_64& random) : random_{random} {}

    std::string next() {
        return fmt::format("{} {} {} {} {}", field(0, 59, 2), field(0, 23, 3), day_of_month(), field(1, 12, 6),
                           day_of_week());
    }

  private:
    int upto(int n) { return int(random_() % std::uint64_t(n)); }

    std::string item(int lowest, int highest) {
        const int a = lowest + upto(highest - lowest + 1);
        const int b = a + upto(highest - a + 1);
        switch (upto(5)) {
            case 0:
                return fmt::format("{}-{}", a, b);
            case 1:
                return fmt::format("{}-{}/{}", a, b, 1 + upto(highest));
            default:
                return fmt::format("{}", a);
        }
    }

    // `stars` of 8 draws leave the field free.
    std::string field(int lowest, int highest, int stars) {
        if (upto(8) < stars) return upto(4) == 0 ? fmt::format("*/{}", 1 + upto(highest)) : "*";
        auto text = item(lowest, highest);
        for (int more = upto(3); more > 0; --more) text += "," + item(lowest, highest);
        return text;
    }

    std::string day_of_month() {
        switch (upto(10)) {
            case 0:
                return "L";
            case 1:
                return fmt::format("L-{}", upto(5));
            default:
                return field(1, 31, 5);
        }
    }

    std::string day_of_week() {
        switch (upto(12)) {
            case 0:
                return fmt::format("{}#{}", upto(8), 1 + upto(4));
            case 1:
                return fmt::format("{}L", upto(8));
            case 2:
                return "mon-fri";
            default:
                return field(0, 7, 5);
        }
    }

    std::mt19937_64& random_;
};

sys_seconds random_instant(const time_zone& zone, std::mt19937_64& random) {
    const auto& spans = zone.spans();
    const auto span_seconds = std::uint64_t((latest - earliest).count());
    if (spans.size() > 1 && random() % 4 != 0) {
        const auto at = spans[1 + random() % (spans.size() - 1)].begin - hours{30} + seconds{random() % (60 * 3600)};
        if (at >= earliest && at < latest) return at;
    }
    return earliest + seconds{random() % span_seconds};
}

// Returns how many instants were compared; ends the program at the first difference.
std::int64_t compare(const std::string& text, const cron_expression& expression, const time_zone& zone,
                     sys_seconds from, std::uint64_t seed) {
    const auto to = from + days{3};
    const auto expected = due_between(text, zone, from, to);
    zone_cursor cursor{zone};
    std::int64_t cases = 0;
    auto after = from;
    for (std::size_t i = 0;; ++i, ++cases) {
        const auto found = next_occurrence(expression, cursor, after);
        const bool beyond = !found || found->at > to;
        if (i == expected.size() && beyond) return cases + 1;
        if (i < expected.size() && !beyond && found->at == expected[i]) {
            after = expected[i];
            continue;
        }
        fmt::print("difference: \"{}\" in {} after {}: domain/cron says {}, the oracle {} (seed {})\n", text,
                   zone.name(), after, beyond ? "nothing" : fmt::format("{}", found->at),
                   i < expected.size() ? fmt::format("{}", expected[i]) : "nothing", seed);
        std::exit(1);
    }
}

int run(std::int64_t wanted, std::uint64_t seed) {
    const auto zones = all_zones();
    std::mt19937_64 random{seed};
    random_expressions expressions{random};
    std::int64_t cases = 0, windows = 0;
    for (; cases < wanted; ++windows) {
        const auto text = expressions.next();
        const auto expression = parse_cron(text);
        if (!expression) continue;  // a date that never comes
        const auto& zone = zones[std::size_t(windows) % zones.size()];
        cases += compare(text, *expression, zone, random_instant(zone, random), seed);
    }
    fmt::print("{} instants in {} windows of {} zones, seed {}: no difference\n", cases, windows, zones.size(), seed);
    return 0;
}

int print_offsets() {
    std::mt19937_64 random{1};
    for (const auto& zone : all_zones()) {
        zone_cursor cursor{zone};
        for (int i = 0; i < 200; ++i) {
            const auto at = random_instant(zone, random);
            const auto& span = zone.spans()[cursor.span_at(at)];
            fmt::print("{} {} {} {}\n", zone.name(), at.time_since_epoch().count(), span.offset.count(),
                       span.abbreviation);
        }
    }
    return 0;
}

// stdin: "zone<TAB>expression<TAB>seconds since 1970" a line. stdout: the five instants after it, or nothing for what
// no date can match.
int answer_questions() {
    std::map<std::string, time_zone> zones;
    for (auto& zone : all_zones()) zones.emplace(zone.name(), zone);
    for (std::string name, text, after;
         std::getline(std::cin, name, '\t') && std::getline(std::cin, text, '\t') && std::getline(std::cin, after);) {
        zone_cursor cursor{zones.at(name)};
        sys_seconds at{seconds{std::stoll(after)}};
        std::string line;
        const auto expression = parse_cron(text);
        for (int i = 0; expression && i < 5; ++i) {
            const auto next = next_occurrence(*expression, cursor, at);
            if (!next) break;
            at = next->at;
            line += fmt::format("{}{}", i ? " " : "", at.time_since_epoch().count());
        }
        fmt::print("{}\n", line);
    }
    return 0;
}

}  // namespace
}  // namespace orchestrator::differential

int main(int count, char** arguments) {
    using namespace orchestrator::differential;
    if (count > 1 && std::string_view{arguments[1]} == "--offsets") return print_offsets();
    if (count > 1 && std::string_view{arguments[1]} == "--next") return answer_questions();
    return run(count > 1 ? std::atoll(arguments[1]) : 1'000'000,
               count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 1);
}
