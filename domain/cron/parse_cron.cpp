#include "domain/cron/parse_cron.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

namespace orchestrator {
namespace {

constexpr std::size_t longest_expression = 256;  // bytes
constexpr std::size_t longest_echo = 40;
constexpr std::size_t most_mistakes = 8;  // in one message

constexpr std::string_view month_names[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                            "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::string_view weekday_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

constexpr std::pair<std::string_view, std::string_view> words[] = {
    {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"}, {"@weekly", "0 0 * * 0"},
    {"@daily", "0 0 * * *"},  {"@midnight", "0 0 * * *"}, {"@hourly", "0 * * * *"},
};

struct field_rules {
    std::string_view name;
    int lowest;
    int highest;
    std::span<const std::string_view> names;  // of lowest and what follows
};

constexpr field_rules second_field{"second", 0, 59, {}};
constexpr field_rules minute_field{"minute", 0, 59, {}};
constexpr field_rules hour_field{"hour", 0, 23, {}};
constexpr field_rules day_field{"day-of-month", 1, 31, {}};
constexpr field_rules month_field{"month", 1, 12, month_names};
constexpr field_rules weekday_field{"day-of-week", 0, 7, weekday_names};

std::string lower(std::string_view text) {
    std::string made{text};
    for (char& c : made)
        if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
    return made;
}

// What of the input appears in a message: short, and printable.
std::string echo(std::string_view text) {
    std::string shown{text.substr(0, longest_echo)};
    for (char& c : shown)
        if (c < 0x20 || c == 0x7f) c = '?';
    return text.size() > longest_echo ? shown + "…" : shown;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
    std::vector<std::string_view> parts;
    while (true) {
        const auto end = text.find_first_of(separators);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::vector<std::string_view> fields_of(std::string_view text) {
    auto parts = split(text, " \t\r\n");
    std::erase(parts, std::string_view{});
    return parts;
}

// Reads one field; what is wrong with it goes to `mistakes`.
class field_parser {
  public:
    field_parser(const field_rules& rules, std::string_view text, std::vector<std::string>& mistakes)
        : rules_{rules}, text_{text}, mistakes_{mistakes} {}

    std::uint64_t bits() {
        std::uint64_t set = 0;
        for (const auto item : split(text_, ",")) set |= item_bits(item);
        return set;
    }

    std::uint64_t item_bits(std::string_view item) {
        const auto slash = item.find('/');
        const auto range = item.substr(0, slash);
        int first = rules_.lowest, last = rules_.highest;
        if (range != "*") {
            const auto dash = range.find('-');
            const auto from = value(range.substr(0, dash));
            const auto to = dash == std::string_view::npos ? from : value(range.substr(dash + 1));
            if (!from || !to) return 0;
            if (*from > *to) return refuse("\"{}\" runs backwards", echo(range));
            if (slash != std::string_view::npos && dash == std::string_view::npos)
                return refuse("\"{}\" steps from a single value: write {}-{}{}", echo(item), *from, rules_.highest,
                              echo(item.substr(slash)));
            first = *from, last = *to;
        }
        int step = 1;
        if (slash != std::string_view::npos) {
            const auto given = number(item.substr(slash + 1));
            if (!given || *given < 1 || *given > rules_.highest)
                return refuse("\"{}\": the step must be 1-{}", echo(item), rules_.highest);
            step = *given;
        }
        std::uint64_t set = 0;
        for (int i = first; i <= last; i += step) set |= std::uint64_t{1} << i;
        return set;
    }

    // nullopt: refused, and said so.
    std::optional<int> value(std::string_view text) {
        if (const auto named = std::ranges::find(rules_.names, lower(text)); named != rules_.names.end())
            return rules_.lowest + int(named - rules_.names.begin());
        const auto given = number(text);
        if (!given) {
            if (text.empty())
                refuse("\"{}\" lacks a value", echo(text_));
            else
                refuse("\"{}\" is no {}", echo(text), rules_.names.empty() ? "number" : "number or name");
            return std::nullopt;
        }
        if (*given < rules_.lowest || *given > rules_.highest) {
            refuse("\"{}\" is outside {}-{}", echo(text), rules_.lowest, rules_.highest);
            return std::nullopt;
        }
        return given;
    }

    static std::optional<int> number(std::string_view text) {
        if (text.empty() || text.size() > 4) return std::nullopt;
        int value = 0;
        for (const char c : text) {
            if (c < '0' || c > '9') return std::nullopt;
            value = value * 10 + (c - '0');
        }
        return value;
    }

    template <class... Args>
    std::uint64_t refuse(fmt::format_string<Args...> text, Args&&... args) {
        mistakes_.push_back(fmt::format("{} {}", rules_.name, fmt::format(text, std::forward<Args>(args)...)));
        return 0;
    }

  private:
    const field_rules& rules_;
    std::string_view text_;
    std::vector<std::string>& mistakes_;
};

// "*" and "*/2" restrict no day, as in Vixie cron.
bool begins_with_star(std::string_view field) { return field.starts_with('*'); }

void read_days_of_month(cron_days& days, std::string_view field, std::vector<std::string>& mistakes) {
    field_parser parser{day_field, field, mistakes};
    for (const auto item : split(field, ",")) {
        if (!item.starts_with('L') && !item.starts_with('l')) {
            days.of_month |= static_cast<std::uint32_t>(parser.item_bits(item));
            continue;
        }
        const auto back = item.size() == 1 ? std::optional{0}
                          : item[1] == '-' ? field_parser::number(item.substr(2))
                                           : std::nullopt;
        if (!back || *back > 30)
            parser.refuse("\"{}\" is not L or L-1 to L-30", echo(item));
        else
            days.before_last |= 1U << *back;
    }
    days.any_of_month = begins_with_star(field);
}

std::uint8_t week_bits(std::uint64_t bits) { return static_cast<std::uint8_t>((bits | bits >> 7) & 0x7f); }

void read_days_of_week(cron_days& days, std::string_view field, std::vector<std::string>& mistakes) {
    field_parser parser{weekday_field, field, mistakes};
    for (const auto item : split(field, ",")) {
        const auto hash = item.find('#');
        const bool last = item.size() > 1 && (item.ends_with('L') || item.ends_with('l'));
        if (hash == std::string_view::npos && !last) {
            days.of_week |= week_bits(parser.item_bits(item));
            continue;
        }
        const auto day = parser.value(item.substr(0, last ? item.size() - 1 : hash));
        if (!day) continue;
        const auto bit = week_bits(std::uint64_t{1} << *day);
        if (last) {
            days.last_of_week |= bit;
            continue;
        }
        const auto nth = field_parser::number(item.substr(hash + 1));
        if (nth && *nth >= 1 && *nth <= 5)
            days.nth_of_week[std::size_t(*nth) - 1] |= bit;
        else
            parser.refuse("\"{}\": # is followed by 1-5", echo(item));
    }
    days.any_of_week = begins_with_star(field);
}

// 28 years hold every month with every weekday as its first, and leap years.
bool matches_some_day(const cron_expression& expression) {
    for (int y = 2000; y < 2028; ++y)
        for (unsigned m = 1; m <= 12; ++m)
            if ((expression.months >> m & 1) != 0 &&
                expression.days.in(std::chrono::year{y} / std::chrono::month{m}) != 0)
                return true;
    return false;
}

std::string listed(const std::vector<std::string>& mistakes) {
    const auto shown = std::min(mistakes.size(), most_mistakes);
    const auto text = fmt::format("{}", fmt::join(mistakes.begin(), mistakes.begin() + std::ptrdiff_t(shown), "; "));
    return shown == mistakes.size() ? text : fmt::format("{}; and {} more", text, mistakes.size() - shown);
}

std::unexpected<error> refused(std::string_view message) {
    return fail(errc::invalid_argument, fmt::format("cron: {}", message));
}

}  // namespace

result<cron_expression> parse_cron(std::string_view text, cron_options options) {
    if (text.size() > longest_expression)
        return refused(fmt::format("the expression is longer than {} bytes", longest_expression));
    auto fields = fields_of(text);
    cron_expression parsed;
    parsed.text = fmt::format("{}", fmt::join(fields, " "));
    if (!fields.empty() && fields[0].starts_with('@')) {
        if (lower(fields[0]) == "@reboot")
            return refused("\"@reboot\" names no time; start the workflow by hand instead");
        const auto word =
            std::ranges::find(words, lower(parsed.text), &std::pair<std::string_view, std::string_view>::first);
        if (word == std::ranges::end(words))
            return refused(
                fmt::format("\"{}\" is unknown; known are @yearly, @annually, @monthly, @weekly, @daily, "
                            "@midnight and @hourly",
                            echo(parsed.text)));
        fields = fields_of(word->second);
        options.seconds_field = false;
    }
    const std::size_t expected = options.seconds_field ? 6 : 5;
    if (fields.size() != expected)
        return refused(fmt::format("expected {} fields ({}minute hour day-of-month month day-of-week), found {}",
                                   expected, options.seconds_field ? "second " : "", fields.size()));

    std::vector<std::string> mistakes;
    const auto* field = fields.data();
    if (options.seconds_field) parsed.seconds = field_parser{second_field, *field++, mistakes}.bits();
    parsed.minutes = field_parser{minute_field, field[0], mistakes}.bits();
    parsed.hours = static_cast<std::uint32_t>(field_parser{hour_field, field[1], mistakes}.bits());
    read_days_of_month(parsed.days, field[2], mistakes);
    parsed.months = static_cast<std::uint16_t>(field_parser{month_field, field[3], mistakes}.bits());
    read_days_of_week(parsed.days, field[4], mistakes);
    if (!mistakes.empty()) return refused(listed(mistakes));
    if (!matches_some_day(parsed))
        return refused(fmt::format("no date matches day-of-month {} in month {}", echo(field[2]), echo(field[3])));
    return parsed;
}

}  // namespace orchestrator
