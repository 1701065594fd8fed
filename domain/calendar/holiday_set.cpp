#include "domain/calendar/holiday_set.h"

#include <algorithm>
#include <bit>
#include <set>
#include <tuple>

namespace orchestrator {
namespace {

using namespace std::chrono;

constexpr local_days first_day{first_calendar_year / January / 1};
constexpr local_days last_day{last_calendar_year / December / 31};
constexpr std::size_t words = std::size_t((last_day - first_day).count()) / 64 + 1;
constexpr int longest_search = 366;  // days without a business day that are worth looking through

bool is_weekend(local_days date) {
    const weekday day{date};
    return day == Saturday || day == Sunday;
}

}  // namespace

holiday_set::holiday_set(std::span<const calendar> layers) {
    for (const auto& layer : layers) {
        code_ = layer.code;
        std::set<local_days> worked;
        for (const auto& rule : layer.working_days)
            for (const auto& day : days_of(rule)) worked.insert(day.date);
        std::erase_if(entries_, [&](const entry& each) { return worked.contains(each.date); });
        for (const auto& rule : layer.holidays) {
            names_.push_back({rule.name, layer.code});
            for (const auto& day : days_of(rule))
                entries_.push_back({day.date, std::uint32_t(names_.size() - 1), day.moved});
        }
    }
    // A region that moves a holiday of the state from Sundays names it again: on other days it stays the state's.
    std::ranges::sort(entries_, {}, [&](const entry& each) {
        return std::tuple{each.date, std::string_view{names_[each.name].name}, each.name};
    });
    const auto repeated = std::ranges::unique(entries_, [&](const entry& a, const entry& b) {
        return a.date == b.date && names_[a.name].name == names_[b.name].name;
    });
    entries_.erase(repeated.begin(), repeated.end());
    std::ranges::sort(
        entries_, [](const entry& a, const entry& b) { return a.date != b.date ? a.date < b.date : a.name > b.name; });
    if (entries_.empty()) return;
    bits_.assign(words, 0);
    for (const auto& each : entries_) {
        const auto bit = std::size_t((each.date - first_day).count());
        bits_[bit / 64] |= std::uint64_t{1} << bit % 64;
    }
}

bool holiday_set::contains(local_days date) const {
    if (bits_.empty() || date < first_day || date > last_day) return false;
    const auto bit = std::size_t((date - first_day).count());
    return (bits_[bit / 64] >> bit % 64 & 1) != 0;
}

std::optional<local_days> holiday_set::next_from(local_days from) const {
    if (bits_.empty() || from > last_day) return std::nullopt;
    const auto bit = std::size_t((std::max(from, first_day) - first_day).count());
    auto word = bit / 64;
    auto rest = bits_[word] & ~std::uint64_t{0} << bit % 64;
    while (rest == 0) {
        if (++word == bits_.size()) return std::nullopt;
        rest = bits_[word];
    }
    return first_day + days{int(word * 64) + std::countr_zero(rest)};
}

std::vector<holiday> holiday_set::on(local_days date) const { return between(date, date); }

std::vector<holiday> holiday_set::between(local_days first, local_days last) const {
    std::vector<holiday> found;
    for (auto each = std::ranges::lower_bound(entries_, first, {}, &entry::date);
         each != entries_.end() && each->date <= last; ++each)
        found.push_back(describe(*each));
    return found;
}

bool holiday_set::is_business_day(local_days date) const { return !is_weekend(date) && !contains(date); }

std::optional<local_days> holiday_set::business_day_after(local_days date) const {
    for (int i = 1; i <= longest_search; ++i)
        if (is_business_day(date + days{i})) return date + days{i};
    return std::nullopt;
}

std::optional<local_days> holiday_set::business_day_before(local_days date) const {
    for (int i = 1; i <= longest_search; ++i)
        if (is_business_day(date - days{i})) return date - days{i};
    return std::nullopt;
}

}  // namespace orchestrator
