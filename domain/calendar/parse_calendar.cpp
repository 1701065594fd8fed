#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "domain/calendar/calendar.h"
#include "domain/json/exact_json.h"
#include "domain/json_fields.h"

namespace orchestrator {
namespace {

using namespace std::chrono;

constexpr std::size_t most_rules = 500;
constexpr std::size_t most_dates = 5'000;
constexpr int longest_interval = 366;  // days
constexpr number_range easter_offsets{-100, 250};
constexpr std::array<std::string_view, 7> weekday_names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

std::optional<int> whole(std::string_view text, std::size_t digits) {
    int value = 0;
    if (text.size() != digits || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }))
        return std::nullopt;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

bool in_range(int year) { return year >= int(first_calendar_year) && year <= int(last_calendar_year); }

// "01-06"
std::optional<std::pair<unsigned, unsigned>> month_and_day(std::string_view text) {
    if (text.size() != 5 || text[2] != '-') return std::nullopt;
    const auto m = whole(text.substr(0, 2), 2), d = whole(text.substr(3), 2);
    if (!m || !d) return std::nullopt;
    return std::pair{unsigned(*m), unsigned(*d)};
}

// "2026-12-24"
std::optional<local_days> date_of(std::string_view text) {
    if (text.size() != 10 || text[4] != '-') return std::nullopt;
    const auto y = whole(text.substr(0, 4), 4);
    const auto rest = month_and_day(text.substr(5));
    if (!y || !rest || !in_range(*y)) return std::nullopt;
    const auto date = year{*y} / month{rest->first} / day{rest->second};
    if (!date.ok()) return std::nullopt;
    return local_days{date};
}

// "2026-12-24" or "2026-08-01/2026-08-21"
std::optional<date_interval> interval_of(std::string_view text) {
    const auto slash = text.find('/');
    const auto first = date_of(text.substr(0, slash));
    const auto last = slash == std::string_view::npos ? first : date_of(text.substr(slash + 1));
    if (!first || !last || *last < *first || (*last - *first).count() >= longest_interval) return std::nullopt;
    return date_interval{*first, *last};
}

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

// "2008", "2008-2011", "2020-"
std::optional<year_range> range_of(std::string_view text) {
    const auto dash = text.find('-');
    const auto first = whole(text.substr(0, dash), 4);
    if (!first) return std::nullopt;
    const auto end = dash == std::string_view::npos ? text.substr(0, 0) : text.substr(dash + 1);
    const auto last = dash == std::string_view::npos ? first : end.empty() ? int(last_calendar_year) : whole(end, 4);
    if (!last || !in_range(*first) || !in_range(*last) || *last < *first) return std::nullopt;
    return year_range{*first, *last};
}

class rule_reader {
  public:
    rule_reader(const json::value& source, std::string pointer, std::vector<violation>& violations)
        : fields_{source, pointer, violations}, pointer_{std::move(pointer)}, violations_{violations} {}

    holiday_rule read() {
        holiday_rule rule;
        rule.name = fields_.required_text("name", 200).value_or("");
        read_date(rule);
        read_easter(rule);
        read_nth_weekday(rule);
        read_islamic(rule);
        read_dates(rule);
        if (kinds_ != 1)
            violations_.push_back({pointer_, fmt::format("{}: exactly one of date, easter, month with weekday and nth, "
                                                         "islamic, dates is expected",
                                                         kinds_ == 0 ? "names no day" : "names its day twice")});
        if (const auto moved = fields_.text("if_sunday", 20)) {
            rule.to_next_monday = true;
            if (*moved != "next_monday")
                fields_.add_violation("if_sunday", fmt::format("\"{}\" is not next_monday", *moved));
        }
        read_years(rule);
        fields_.refuse_unknown();
        return rule;
    }

  private:
    void read_date(holiday_rule& rule) {
        const auto text = fields_.text("date", 10);
        if (!text) return;
        ++kinds_;
        const auto parts = month_and_day(*text);
        const auto date = parts ? month{parts->first} / day{parts->second} : month_day{};
        if (!date.ok())
            fields_.add_violation("date", fmt::format("\"{}\" is not a month and a day such as 01-06", *text));
        rule.day = fixed_day{date};
    }
    void read_easter(holiday_rule& rule) {
        if (fields_.any("easter") == nullptr) return;
        ++kinds_;
        rule.day = easter_day{int(fields_.integer("easter", easter_offsets).value_or(0))};
    }
    void read_nth_weekday(holiday_rule& rule) {
        if (!fields_.any("month") && !fields_.any("weekday") && !fields_.any("nth")) return;
        ++kinds_;
        const auto month_number = fields_.integer("month", {1, 12});
        const auto nth = fields_.integer("nth", {-1, 5});
        const auto name = fields_.text("weekday", 10);
        if (!fields_.any("month")) fields_.add_violation("month", "is required beside weekday and nth: 1 to 12");
        if (!fields_.any("nth") || (nth && *nth == 0))
            fields_.add_violation("nth", "is required beside month and weekday: 1 to 5, or -1 for the last");
        const auto found = std::ranges::find(weekday_names, std::string_view{name ? *name : ""});
        if (found == weekday_names.end())
            fields_.add_violation(
                "weekday", fmt::format("\"{}\" is not one of sun, mon, tue, wed, thu, fri, sat", name.value_or("")));
        else
            rule.day = nth_weekday{month{unsigned(month_number.value_or(1))},
                                   weekday{unsigned(found - weekday_names.begin())}, int(nth.value_or(1))};
    }
    void read_islamic(holiday_rule& rule) {
        const auto text = fields_.text("islamic", 10);
        if (!text) return;
        ++kinds_;
        const auto parts = month_and_day(*text);
        if (!parts || parts->first < 1 || parts->first > 12 || parts->second < 1 || parts->second > 30)
            fields_.add_violation(
                "islamic", fmt::format("\"{}\" is not a month and a day of the Islamic year such as 10-01", *text));
        else
            rule.day = islamic_day{parts->first, parts->second};
    }
    void read_dates(holiday_rule& rule) {
        const auto* list = fields_.array("dates", most_dates);
        if (!list) {
            if (fields_.any("dates")) ++kinds_;
            return;
        }
        ++kinds_;
        listed_days days;
        for (std::size_t i = 0; i < list->size(); ++i) {
            const auto* text = as_text((*list)[i]);
            const auto interval = text ? interval_of(*text) : std::nullopt;
            if (interval)
                days.push_back(*interval);
            else
                violations_.push_back({pointer_to(fields_.pointer("dates"), i),
                                       "must be a date such as 2026-12-24, or an interval such as "
                                       "2026-08-01/2026-08-21 of at most a year, from 2000 to 2100"});
        }
        rule.day = std::move(days);
    }
    void read_years(holiday_rule& rule) {
        const auto text = fields_.text("years", 1'000);
        if (!text) return;
        std::string_view rest{*text};
        while (!rest.empty()) {
            const auto comma = rest.find(',');
            const auto part = trimmed(rest.substr(0, comma));
            rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
            if (const auto range = range_of(part)) {
                rule.years.push_back(*range);
            } else {
                fields_.add_violation(
                    "years",
                    fmt::format("\"{}\" is not a year, 2008-2011 or 2020-, from 2000 to 2100", part.substr(0, 40)));
                return;
            }
        }
        if (rule.years.empty()) fields_.add_violation("years", "is empty; leave it out for every year");
    }

    json_fields fields_;
    std::string pointer_;
    std::vector<violation>& violations_;
    int kinds_ = 0;  // ways in which the rule names its day
};

std::vector<holiday_rule> read_rules(json_fields& fields, std::string_view name, std::vector<violation>& violations) {
    std::vector<holiday_rule> rules;
    const auto* list = fields.array(name, most_rules);
    if (!list) return rules;
    for (std::size_t i = 0; i < list->size(); ++i)
        rules.push_back(rule_reader{(*list)[i], pointer_to(fields.pointer(name), i), violations}.read());
    return rules;
}

}  // namespace

std::string tenant_calendar_code(std::string_view tenant_id) { return fmt::format("tenant:{}", tenant_id); }

bool is_calendar_code(std::string_view code) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
               c == '.' || c == ':';
    };
    return !code.empty() && code.size() <= 64 && std::ranges::all_of(code, allowed) && code != "." && code != "..";
}

std::expected<calendar, std::vector<violation>> parse_calendar(const json::value& source) {
    std::vector<violation> violations;
    json_fields fields{source, "", violations};
    calendar read;
    const auto refuse_code = [&](std::string_view field, const std::string& code) {
        if (!code.empty() && !is_calendar_code(code))
            fields.add_violation(
                field, fmt::format("\"{}\" must be up to 64 letters, digits, \"-\", \"_\", \".\" and \":\"", code));
    };
    read.code = fields.required_text("calendar", 200).value_or("");
    refuse_code("calendar", read.code);
    read.name = fields.text("name", 200).value_or(read.code);
    read.parent = fields.text("parent", 200).value_or("");
    refuse_code("parent", read.parent);
    if (!read.parent.empty() && read.parent == read.code)
        fields.add_violation("parent", "is the calendar itself; it must be another one");
    read.holidays = read_rules(fields, "holidays", violations);
    read.working_days = read_rules(fields, "working_days", violations);
    fields.refuse_unknown();
    if (!violations.empty()) return std::unexpected{std::move(violations)};
    read.source = write_json_exactly(source);
    return read;
}

}  // namespace orchestrator
