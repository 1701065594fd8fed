#include "domain/retry/http_date.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace orchestrator {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> weekdays{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                   "Friday", "Saturday", "Sunday"};
constexpr int longest_look_ahead = 50;  // years, of a year with two digits

// Reads from the front; once something is not as it should be, nothing is any more.
class date_reader {
  public:
    explicit date_reader(std::string_view text) : left_{text} {}

    void text(std::string_view wanted) {
        if (!left_.starts_with(wanted)) return fail();
        left_.remove_prefix(wanted.size());
    }
    // So many digits; `may_be_padded`: a blank may stand for the first.
    int number(std::size_t digits, bool may_be_padded = false) {
        if (left_.size() < digits) return fail(), 0;
        auto field = left_.substr(0, digits);
        left_.remove_prefix(digits);
        if (may_be_padded && field.starts_with(' ')) field.remove_prefix(1);
        int value = 0;
        const auto [end, failed] = std::from_chars(field.data(), field.data() + field.size(), value);
        if (failed != std::errc{} || end != field.data() + field.size() || field.front() == '-') fail();
        return value;
    }
    unsigned month() {
        const auto found = std::ranges::find(months, left_.substr(0, 3));
        if (found == months.end()) return fail(), 0U;
        left_.remove_prefix(3);
        return unsigned(found - months.begin()) + 1;
    }
    seconds time_of_day() {
        const int h = number(2);
        text(":");
        const int m = number(2);
        text(":");
        const int s = number(2);
        if (h > 23 || m > 59 || s > 60) fail();  // 60: a leap second
        return hours{h} + minutes{m} + seconds{s};
    }
    [[nodiscard]] bool is_read() const { return !failed_ && left_.empty(); }

  private:
    void fail() {
        failed_ = true;
        left_ = {};
    }

    std::string_view left_;
    bool failed_ = false;
};

std::optional<system_time> at(const date_reader& read, int y, unsigned m, int d, seconds time) {
    const year_month_day date{year{y}, month{m}, day{unsigned(d)}};
    if (!read.is_read() || !date.ok()) return std::nullopt;
    return sys_days{date} + time;
}

// What follows the day of the week, with `separator` in the date and a year that `read_year` reads.
std::optional<system_time> parse_day_first(std::string_view text, std::string_view separator, auto read_year) {
    date_reader read{text};
    read.text(", ");
    const int d = read.number(2);
    read.text(separator);
    const auto m = read.month();
    read.text(separator);
    const int y = read_year(read);
    read.text(" ");
    const auto time = read.time_of_day();
    read.text(" GMT");
    return at(read, y, m, d, time);
}

int year_of_century(int of_century, system_time now) {
    const int this_year = int(year_month_day{floor<days>(now)}.year());
    int y = this_year - this_year % 100 + 100 + of_century;
    while (y > this_year + longest_look_ahead) y -= 100;
    return y;
}

std::optional<system_time> parse_asctime_form(std::string_view text) {
    date_reader read{text};
    read.text(" ");
    const auto m = read.month();
    read.text(" ");
    const int d = read.number(2, true);
    read.text(" ");
    const auto time = read.time_of_day();
    read.text(" ");
    const int y = read.number(4);
    return at(read, y, m, d, time);
}

}  // namespace

std::optional<system_time> parse_http_date(std::string_view text, system_time now) {
    for (const auto weekday : weekdays) {
        if (text.starts_with(weekday))
            return parse_day_first(text.substr(weekday.size()), "-",
                                   [now](date_reader& read) { return year_of_century(read.number(2), now); });
        if (!text.starts_with(weekday.substr(0, 3))) continue;
        const auto rest = text.substr(3);
        if (!rest.starts_with(',')) return parse_asctime_form(rest);
        return parse_day_first(rest, " ", [](date_reader& read) { return read.number(4); });
    }
    return std::nullopt;
}

}  // namespace orchestrator
