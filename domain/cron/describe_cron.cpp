#include "domain/cron/describe_cron.h"

#include <fmt/format.h>

#include <bit>
#include <span>
#include <vector>

namespace orchestrator {
namespace {

// The same thoughts in each language; "{}" is filled in.
struct vocabulary {
    std::string_view and_word, or_word;
    std::string_view every_second, at_seconds, every_minute, every_minutes, every_hour, at_minutes_of_every_hour;
    std::string_view at_times, from_to, at_minutes_of_hours;
    std::string_view every_day, weekday_range, on_weekdays, on_weekday_number, on_last_weekday;
    std::string_view on_days, on_last_day, before_last_day, if_also, in_months;
    std::span<const std::string_view> weekdays, months, ordinals;
};

constexpr std::string_view english_weekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                 "Thursday", "Friday", "Saturday"};
constexpr std::string_view english_months[] = {"January", "February", "March",     "April",   "May",      "June",
                                               "July",    "August",   "September", "October", "November", "December"};
constexpr std::string_view english_ordinals[] = {"first", "second", "third", "fourth", "fifth"};
constexpr std::string_view spanish_weekdays[] = {"domingo", "lunes",   "martes", "miércoles",
                                                 "jueves",  "viernes", "sábado"};
constexpr std::string_view spanish_months[] = {"enero", "febrero", "marzo",      "abril",   "mayo",      "junio",
                                               "julio", "agosto",  "septiembre", "octubre", "noviembre", "diciembre"};
constexpr std::string_view spanish_ordinals[] = {"primer", "segundo", "tercer", "cuarto", "quinto"};

constexpr vocabulary english{
    .and_word = "and",
    .or_word = "or",
    .every_second = "every second",
    .at_seconds = "at second {}",
    .every_minute = "every minute",
    .every_minutes = "every {} minutes",
    .every_hour = "every hour",
    .at_minutes_of_every_hour = "every hour at minute {}",
    .at_times = "at {}",
    .from_to = "from {} to {}",
    .at_minutes_of_hours = "at minute {} of hour {}",
    .every_day = "every day",
    .weekday_range = "{} to {}",
    .on_weekdays = "on {}",
    .on_weekday_number = "on the {} {} of the month",
    .on_last_weekday = "on the last {} of the month",
    .on_days = "on day {} of the month",
    .on_last_day = "on the last day of the month",
    .before_last_day = "{} days before the last day of the month",
    .if_also = "if it is also {}",
    .in_months = "in {}",
    .weekdays = english_weekdays,
    .months = english_months,
    .ordinals = english_ordinals,
};

constexpr vocabulary spanish{
    .and_word = "y",
    .or_word = "o",
    .every_second = "cada segundo",
    .at_seconds = "en el segundo {}",
    .every_minute = "cada minuto",
    .every_minutes = "cada {} minutos",
    .every_hour = "cada hora",
    .at_minutes_of_every_hour = "cada hora en el minuto {}",
    .at_times = "a las {}",
    .from_to = "de {} a {}",
    .at_minutes_of_hours = "en el minuto {} de la hora {}",
    .every_day = "todos los días",
    .weekday_range = "de {} a {}",
    .on_weekdays = "cada {}",
    .on_weekday_number = "el {} {} del mes",
    .on_last_weekday = "el último {} del mes",
    .on_days = "el día {} del mes",
    .on_last_day = "el último día del mes",
    .before_last_day = "{} días antes del último día del mes",
    .if_also = "si además es {}",
    .in_months = "en {}",
    .weekdays = spanish_weekdays,
    .months = spanish_months,
    .ordinals = spanish_ordinals,
};

constexpr std::size_t most_times = 6;  // listed one by one
constexpr std::uint64_t all_of(int count) { return (std::uint64_t{1} << count) - 1; }

std::vector<int> members(std::uint64_t bits) {
    std::vector<int> found;
    for (; bits != 0; bits &= bits - 1) found.push_back(std::countr_zero(bits));
    return found;
}

bool is_run(const std::vector<int>& values) { return values.back() - values.front() + 1 == int(values.size()); }

// The n of "*/n" that divides the whole evenly; 0: it is none.
int even_step(std::uint64_t bits, int count) {
    for (int step = 2; step < count; ++step) {
        if (count % step != 0) continue;
        std::uint64_t stepped = 0;
        for (int i = 0; i < count; i += step) stepped |= std::uint64_t{1} << i;
        if (stepped == bits) return step;
    }
    return 0;
}

class narrator {
  public:
    narrator(const cron_expression& expression, const vocabulary& words) : cron_{expression}, words_{words} {}

    [[nodiscard]] std::string sentence() const {
        auto text = seconds() + time() + ", " + day();
        if (cron_.months != all_of(12) << 1)
            text += ", " + fill(words_.in_months, list(named_months(), words_.and_word));
        return text;
    }

  private:
    template <class... Args>
    static std::string fill(std::string_view pattern, const Args&... args) {
        return fmt::format(fmt::runtime(pattern), args...);
    }

    // "1, 2 and 3"
    [[nodiscard]] static std::string list(const std::vector<std::string>& items, std::string_view last_word) {
        std::string text;
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (i > 0) text += i + 1 == items.size() ? fmt::format(" {} ", last_word) : std::string{", "};
            text += items[i];
        }
        return text;
    }

    // Runs of three and more as "8-12".
    [[nodiscard]] std::string numbers(const std::vector<int>& values) const {
        std::vector<std::string> items;
        for (std::size_t first = 0; first < values.size();) {
            auto last = first;
            while (last + 1 < values.size() && values[last + 1] == values[last] + 1) ++last;
            if (last - first < 2) last = first;
            items.push_back(last == first ? fmt::format("{}", values[first])
                                          : fmt::format("{}-{}", values[first], values[last]));
            first = last + 1;
        }
        return list(items, words_.and_word);
    }

    [[nodiscard]] std::string seconds() const {
        if (cron_.seconds == 1) return {};
        if (cron_.seconds == all_of(60)) return std::string{words_.every_second} + ", ";
        return fill(words_.at_seconds, numbers(members(cron_.seconds))) + ", ";
    }

    [[nodiscard]] std::string time() const {
        const auto minutes = members(cron_.minutes), hours = members(cron_.hours);
        if (cron_.every_hour()) return in_every_hour(minutes);
        if (minutes.size() * hours.size() <= most_times) return fill(words_.at_times, clock_times(minutes, hours));
        if (is_run(hours) && minutes.size() > 1)
            return in_every_hour(minutes) + ' ' +
                   fill(words_.from_to, fmt::format("{:02}:00", hours.front()), fmt::format("{:02}:59", hours.back()));
        return fill(words_.at_minutes_of_hours, numbers(minutes), numbers(hours));
    }

    [[nodiscard]] std::string in_every_hour(const std::vector<int>& minutes) const {
        if (cron_.minutes == all_of(60)) return std::string{words_.every_minute};
        if (cron_.minutes == 1) return std::string{words_.every_hour};
        if (const int step = even_step(cron_.minutes, 60)) return fill(words_.every_minutes, step);
        return fill(words_.at_minutes_of_every_hour, numbers(minutes));
    }

    [[nodiscard]] std::string clock_times(const std::vector<int>& minutes, const std::vector<int>& hours) const {
        std::vector<std::string> times;
        for (const int h : hours)
            for (const int m : minutes) times.push_back(fmt::format("{:02}:{:02}", h, m));
        return list(times, words_.and_word);
    }

    [[nodiscard]] std::string day() const {
        const auto& days = cron_.days;
        const bool both = days.any_of_month || days.any_of_week;
        const bool any_month_day = days.of_month == all_of(31) << 1;
        const bool any_week_day = days.of_week == all_of(7);
        if (both ? any_month_day && any_week_day : any_month_day || any_week_day) return std::string{words_.every_day};
        if (any_month_day) return week_days();
        if (any_week_day) return month_days();
        if (!both) return list({month_days(), week_days()}, words_.or_word);
        return month_days() + ' ' + fill(words_.if_also, list(named_weekdays(), words_.or_word));
    }

    [[nodiscard]] std::string month_days() const {
        std::vector<std::string> parts;
        if (cron_.days.of_month != 0) parts.push_back(fill(words_.on_days, numbers(members(cron_.days.of_month))));
        for (const int back : members(cron_.days.before_last))
            parts.push_back(back == 0 ? std::string{words_.on_last_day} : fill(words_.before_last_day, back));
        return list(parts, words_.or_word);
    }

    [[nodiscard]] std::string week_days() const {
        constexpr std::uint8_t monday_to_friday = 0b0111110;
        const auto& days = cron_.days;
        const bool plain = days.last_of_week == 0 && days.nth_of_week == decltype(days.nth_of_week){};
        if (plain && days.of_week == monday_to_friday)
            return fill(words_.weekday_range, words_.weekdays[1], words_.weekdays[5]);
        if (plain) return fill(words_.on_weekdays, list(named_weekdays(), words_.and_word));
        std::vector<std::string> parts;
        if (days.of_week != 0) parts.push_back(fill(words_.on_weekdays, list(named(days.of_week), words_.and_word)));
        for (std::size_t nth = 0; nth < days.nth_of_week.size(); ++nth)
            for (const auto& name : named(days.nth_of_week[nth]))
                parts.push_back(fill(words_.on_weekday_number, words_.ordinals[nth], name));
        for (const auto& name : named(days.last_of_week)) parts.push_back(fill(words_.on_last_weekday, name));
        return list(parts, words_.or_word);
    }

    // Weekdays as a condition, as short as they were written: "Monday", "Friday #2".
    [[nodiscard]] std::vector<std::string> named_weekdays() const {
        auto names = named(cron_.days.of_week);
        for (std::size_t nth = 0; nth < cron_.days.nth_of_week.size(); ++nth)
            for (const auto& name : named(cron_.days.nth_of_week[nth]))
                names.push_back(fmt::format("{} #{}", name, nth + 1));
        for (const auto& name : named(cron_.days.last_of_week)) names.push_back(fmt::format("{} L", name));
        return names;
    }

    // Monday first, as people count.
    [[nodiscard]] std::vector<std::string> named(std::uint8_t week) const {
        std::vector<std::string> names;
        for (unsigned i = 1; i <= 7; ++i)
            if ((week >> (i % 7) & 1) != 0) names.emplace_back(words_.weekdays[i % 7]);
        return names;
    }

    [[nodiscard]] std::vector<std::string> named_months() const {
        std::vector<std::string> names;
        for (const int month : members(cron_.months)) names.emplace_back(words_.months[std::size_t(month) - 1]);
        return names;
    }

    const cron_expression& cron_;
    const vocabulary& words_;
};

}  // namespace

std::string describe(const cron_expression& expression, language wanted) {
    return narrator{expression, wanted == language::spanish ? spanish : english}.sentence();
}

}  // namespace orchestrator
