#include "cli/quantity_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

namespace orchestrator::cli {

std::string format_duration(std::optional<milliseconds> duration) {
    if (!duration) return "-";
    const auto ms = std::max<std::int64_t>(0, duration->count());
    const auto seconds = ms / 1'000;
    if (ms < 1'000) return fmt::format("{} ms", ms);
    if (seconds < 60) return fmt::format("{}.{} s", seconds, ms % 1'000 / 100);
    if (seconds < 3'600) return fmt::format("{} min {:02} s", seconds / 60, seconds % 60);
    return fmt::format("{} h {:02} min", seconds / 3'600, seconds % 3'600 / 60);
}

std::optional<milliseconds> parse_duration(std::string_view text) {
    constexpr std::pair<char, std::int64_t> units[] = {{'s', 1}, {'m', 60}, {'h', 3'600}, {'d', 86'400}};
    constexpr std::int64_t longest = 366 * 86'400;
    const auto unit = std::ranges::find(units, text.empty() ? ' ' : text.back(), &std::pair<char, std::int64_t>::first);
    if (unit == std::end(units)) return std::nullopt;
    std::int64_t count = 0;
    const auto* const end = text.data() + text.size() - 1;
    const auto [stopped, failed] = std::from_chars(text.data(), end, count);
    if (failed != std::errc{} || stopped != end || count < 1 || count > longest / unit->second) return std::nullopt;
    return std::chrono::seconds{count * unit->second};
}

std::string format_rate(std::optional<double> per_second) {
    if (!per_second) return "-";
    return *per_second < 9.95 ? fmt::format("{:.1f}", *per_second) : fmt::format("{:.0f}", *per_second);
}

std::string format_instant(std::string_view rfc3339) {
    if (rfc3339.empty()) return "-";
    const auto instant = parse_time(rfc3339);
    if (!instant) return std::string{rfc3339};
    auto text = format_time(*instant).substr(0, 19);
    text[10] = ' ';
    return text + 'Z';
}

}  // namespace orchestrator::cli
