#include "domain/time_zone/posix_rule.h"

#include <algorithm>

namespace orchestrator {
namespace {

using namespace std::chrono;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Takes pieces off the front of the text; the first that does not fit fails the whole.
class rule_reader {
  public:
    explicit rule_reader(std::string_view text) : rest_{text} {}

    [[nodiscard]] bool at_end() const { return rest_.empty(); }

    bool take(char c) {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }

    std::optional<std::string> name() {
        const bool quoted = take('<');
        const auto inside = [quoted](char c) {
            return is_letter(c) || (quoted && (is_digit(c) || c == '+' || c == '-'));
        };
        const auto size = std::size_t(std::ranges::find_if_not(rest_, inside) - rest_.begin());
        std::string found{rest_.substr(0, size)};
        rest_.remove_prefix(size);
        if (size < 3 || size > 16 || (quoted && !take('>'))) return std::nullopt;
        return found;
    }

    std::optional<int> number(int most) {
        int value = 0;
        std::size_t digits = 0;
        for (; digits < rest_.size() && digits < 4 && is_digit(rest_[digits]); ++digits)
            value = value * 10 + (rest_[digits] - '0');
        rest_.remove_prefix(digits);
        if (digits == 0 || value > most) return std::nullopt;
        return value;
    }

    // [+-]hh[:mm[:ss]]
    std::optional<seconds> time() {
        const int sign = take('-') ? -1 : 1;
        if (sign == 1) take('+');
        const auto h = number(167);
        if (!h) return std::nullopt;
        seconds value = hours{*h};
        for (const auto unit : {seconds{60}, seconds{1}}) {
            if (!take(':')) break;
            const auto part = number(59);
            if (!part) return std::nullopt;
            value += *part * unit;
        }
        return sign * value;
    }

    std::optional<posix_rule::change> change() {
        using kind = posix_rule::change::kind;
        posix_rule::change found;
        if (take('M')) {
            const auto m = number(12);
            const auto w = m && take('.') ? number(5) : std::nullopt;
            const auto d = w && take('.') ? number(6) : std::nullopt;
            if (!d || *m < 1 || *w < 1) return std::nullopt;
            found.month = *m, found.week = *w, found.weekday = *d;
        } else {
            found.what = take('J') ? kind::julian_without_leap_day : kind::zero_based_day;
            const auto d = number(365);
            if (!d || (*d == 0 && found.what == kind::julian_without_leap_day)) return std::nullopt;
            found.day = *d;
        }
        if (!take('/')) return found;
        const auto at = time();
        if (!at) return std::nullopt;
        found.time = *at;
        return found;
    }

  private:
    std::string_view rest_;
};

}  // namespace

local_seconds posix_rule::change::in(year y) const {
    if (what == kind::month_week_day) {
        const auto month_of = y / std::chrono::month(unsigned(month));
        const std::chrono::weekday wanted(unsigned(weekday % 7));
        const local_days date =
            week == 5 ? local_days{month_of / wanted[last]} : local_days{month_of / wanted[unsigned(week)]};
        return date + time;
    }
    const local_days new_year{y / January / 1};
    if (what == kind::zero_based_day) return new_year + days{day} + time;
    const bool behind_leap_day = y.is_leap() && day >= 60;
    return new_year + days{day - 1 + (behind_leap_day ? 1 : 0)} + time;
}

std::vector<offset_span> posix_rule::spans_in(year y) const {
    if (!dst) return {};
    const auto begin = sys_seconds{dst->begins.in(y).time_since_epoch() - offset};
    const auto end = sys_seconds{dst->ends.in(y).time_since_epoch() - dst->offset};
    std::vector<offset_span> spans{{begin, dst->offset, true, dst->abbreviation}, {end, offset, false, abbreviation}};
    std::ranges::sort(spans, {}, &offset_span::begin);
    return spans;
}

std::optional<posix_rule> parse_posix_rule(std::string_view text) {
    rule_reader reader{text};
    posix_rule rule;
    auto name = reader.name();
    auto west = name ? reader.time() : std::nullopt;  // POSIX counts offsets westwards
    if (!west) return std::nullopt;
    rule.abbreviation = std::move(*name);
    rule.offset = -*west;
    if (reader.at_end()) return rule;

    auto dst_name = reader.name();
    if (!dst_name) return std::nullopt;
    posix_rule::daylight dst{
        .abbreviation = std::move(*dst_name), .offset = rule.offset + hours{1}, .begins = {}, .ends = {}};
    if (!reader.take(',')) {
        const auto dst_west = reader.time();
        if (!dst_west || !reader.take(',')) return std::nullopt;
        dst.offset = -*dst_west;
    }
    const auto begins = reader.change();
    const auto ends = begins && reader.take(',') ? reader.change() : std::nullopt;
    if (!ends || !reader.at_end()) return std::nullopt;
    dst.begins = *begins;
    dst.ends = *ends;
    rule.dst = std::move(dst);
    return rule;
}

}  // namespace orchestrator
