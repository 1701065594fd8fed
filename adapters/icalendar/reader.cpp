#include "adapters/icalendar/reader.h"

#include <fmt/format.h>
#include <libical/ical.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "domain/time.h"

namespace orchestrator::icalendar {
namespace {

using std::chrono::days;

constexpr std::size_t most_left_out = 20;
constexpr std::size_t longest_name = 200;  // bytes
// libical takes up to half a second for a rule that names nothing, such as 30 February: it looks for centuries.
constexpr std::chrono::milliseconds longest_search{1'000};  // over all events of a file
constexpr int most_repetitions = 200'000;                   // of all events together
constexpr int longest_event = 366;                          // days
constexpr int deepest_component = 8;
constexpr int earliest_repeated_year = 1900;  // birthdays begin before 2000, nonsense long before

struct component_deleter {
    void operator()(icalcomponent* of) const { icalcomponent_free(of); }
};
using component_ptr = std::unique_ptr<icalcomponent, component_deleter>;

struct iterator_deleter {
    void operator()(icalrecur_iterator* of) const { icalrecur_iterator_free(of); }
};
using iterator_ptr = std::unique_ptr<icalrecur_iterator, iterator_deleter>;

// The date as it is written, on whichever clock.
std::optional<local_days> date_of(const icaltimetype& at) {
    if (icaltime_is_null_time(at) != 0 || at.year < -9'999 || at.year > 9'999) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{at.year}, std::chrono::month(unsigned(at.month)),
                                           std::chrono::day(unsigned(at.day))};
    if (!date.ok()) return std::nullopt;
    return local_days{date};
}

bool is_in_calendar_years(local_days date) {
    const auto year = std::chrono::year_month_day{date}.year();
    return year >= first_calendar_year && year <= last_calendar_year;
}

icalproperty* first(icalcomponent* of, icalproperty_kind kind) { return icalcomponent_get_first_property(of, kind); }
icalproperty* next(icalcomponent* of, icalproperty_kind kind) { return icalcomponent_get_next_property(of, kind); }

std::string text_of(icalproperty* from, const char* (*get)(const icalproperty*)) {
    const char* text = from ? get(from) : nullptr;
    return text ? text : "";
}

// Cut between characters.
std::string shortened(std::string name) {
    std::erase_if(name, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    if (name.size() <= longest_name) return name;
    auto end = longest_name;
    while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;
    return name.substr(0, end);
}

int days_of(icalcomponent* event, const icaltimetype& start, local_days first_day) {
    if (auto* end = first(event, ICAL_DTEND_PROPERTY)) {
        const auto at = icalproperty_get_dtend(end);
        const auto last = date_of(at);
        if (!last) return 1;
        const bool into_the_day = at.is_date == 0 && (at.hour > 0 || at.minute > 0 || at.second > 0);
        return int((*last - first_day).count()) + (into_the_day ? 1 : 0);
    }
    if (auto* duration = first(event, ICAL_DURATION_PROPERTY)) {
        const auto takes = icalproperty_get_duration(duration);
        const auto start_seconds = start.is_date != 0 ? 0 : start.hour * 3'600LL + start.minute * 60LL + start.second;
        const auto end_seconds = start_seconds + takes.hours * 3'600LL + takes.minutes * 60LL + takes.seconds +
                                 86'400LL * (7LL * takes.weeks + takes.days);
        return int(std::clamp((end_seconds + 86'399) / 86'400, 1LL, 1'000'000LL));
    }
    return 1;
}

// Reads one file; the events of it one after the other.
class file_reader {
  public:
    calendar_file read(icalcomponent* root) {
        collect_overrides(root);
        visit(root, [this](icalcomponent* event) { add(event); });
        if (made_.name.empty()) made_.name = calendar_name(root);
        for (auto& [name, dates] : by_name_) made_.holidays.push_back({name, intervals(dates)});
        return std::move(made_);
    }

  private:
    template <class See>
    void visit(icalcomponent* in, See see) {
        if (icalcomponent_isa(in) == ICAL_VEVENT_COMPONENT) return see(in);
        if (made_.name.empty()) made_.name = calendar_name(in);
        for (auto* each = icalcomponent_get_first_component(in, ICAL_ANY_COMPONENT); each;
             each = icalcomponent_get_next_component(in, ICAL_ANY_COMPONENT))
            visit(each, see);
    }

    static std::string calendar_name(icalcomponent* of) {
        for (auto* each = first(of, ICAL_X_PROPERTY); each; each = next(of, ICAL_X_PROPERTY)) {
            const char* kind = icalproperty_get_x_name(each);
            if (kind && std::string_view{kind} == "X-WR-CALNAME") return shortened(text_of(each, icalproperty_get_x));
        }
        return {};
    }

    // One time of an event that repeats may be an event of its own.
    void collect_overrides(icalcomponent* root) {
        visit(root, [this](icalcomponent* event) {
            auto* instead_of = first(event, ICAL_RECURRENCEID_PROPERTY);
            if (!instead_of) return;
            if (const auto date = date_of(icalproperty_get_recurrenceid(instead_of)))
                overridden_[uid_of(event)].insert(*date);
        });
    }
    static std::string uid_of(icalcomponent* event) {
        return text_of(first(event, ICAL_UID_PROPERTY), icalproperty_get_uid);
    }

    void add(icalcomponent* event) {
        auto* status = first(event, ICAL_STATUS_PROPERTY);
        if (status && icalproperty_get_status(status) == ICAL_STATUS_CANCELLED) return;
        auto name = shortened(text_of(first(event, ICAL_SUMMARY_PROPERTY), icalproperty_get_summary));
        if (name.empty()) return leave_out("an event without SUMMARY");
        auto* begins = first(event, ICAL_DTSTART_PROPERTY);
        const auto start = begins ? icalproperty_get_dtstart(begins) : icaltime_null_time();
        const auto first_day = date_of(start);
        if (!first_day) return leave_out(fmt::format("\"{}\": it has no valid DTSTART", name));
        const int length = days_of(event, start, *first_day);
        if (length > longest_event) return leave_out(fmt::format("\"{}\": it is longer than a year", name));

        auto starts = repetitions(event, start, *first_day, name);
        starts.insert(*first_day);
        for (auto* each = first(event, ICAL_RDATE_PROPERTY); each; each = next(event, ICAL_RDATE_PROPERTY)) {
            const auto more = icalproperty_get_rdate(each);
            const bool is_period = icaltime_is_null_time(more.time) != 0;
            if (const auto date = date_of(is_period ? more.period.start : more.time)) starts.insert(*date);
        }
        for (auto* each = first(event, ICAL_EXDATE_PROPERTY); each; each = next(event, ICAL_EXDATE_PROPERTY))
            if (const auto date = date_of(icalproperty_get_exdate(each))) starts.erase(*date);
        if (!first(event, ICAL_RECURRENCEID_PROPERTY))
            if (const auto others = overridden_.find(uid_of(event)); others != overridden_.end())
                for (const auto date : others->second) starts.erase(date);
        auto& dates = by_name_[std::move(name)];
        for (const auto day : starts)
            for (int i = 0; i < std::max(length, 1); ++i)
                if (is_in_calendar_years(day + days{i})) dates.insert(day + days{i});
    }

    std::set<local_days> repetitions(icalcomponent* event, icaltimetype start, local_days first_day,
                                     const std::string& name) {
        std::set<local_days> found;
        for (auto* each = first(event, ICAL_RRULE_PROPERTY); each; each = next(event, ICAL_RRULE_PROPERTY)) {
            const auto rule = icalproperty_get_rrule(each);
            if (const auto why = why_not_followed(rule, first_day); !why.empty())
                leave_out(fmt::format("\"{}\": {}", name, why));
            else if (!follow(rule, start, found))
                leave_out(fmt::format("\"{}\": what comes after {} repetitions of the file", name, most_repetitions));
        }
        return found;
    }

    [[nodiscard]] std::string why_not_followed(const icalrecurrencetype& rule, local_days first_day) const {
        const bool coarse = rule.freq == ICAL_YEARLY_RECURRENCE || rule.freq == ICAL_MONTHLY_RECURRENCE ||
                            rule.freq == ICAL_WEEKLY_RECURRENCE || rule.freq == ICAL_DAILY_RECURRENCE;
        if (!coarse) return "its RRULE repeats by less than a day, or cannot be read";
        if (int(std::chrono::year_month_day{first_day}.year()) < earliest_repeated_year)
            return fmt::format("it repeats from before {} on", earliest_repeated_year);
        if (searched_ > longest_search) return "the rules before it took too long";
        if (repeated_ >= most_repetitions)
            return fmt::format("the file has more than {} repetitions", most_repetitions);
        return {};
    }

    // False: it goes on, and the file has had enough.
    bool follow(const icalrecurrencetype& rule, icaltimetype start, std::set<local_days>& found) {
        const auto begin = std::chrono::steady_clock::now();
        const iterator_ptr iterator{icalrecur_iterator_new(rule, start)};
        while (iterator && repeated_ < most_repetitions) {
            const auto date = date_of(icalrecur_iterator_next(iterator.get()));
            if (!date || std::chrono::year_month_day{*date}.year() > last_calendar_year) break;
            found.insert(*date);
            ++repeated_;
        }
        searched_ += std::chrono::steady_clock::now() - begin;
        return repeated_ < most_repetitions;
    }

    static listed_days intervals(const std::set<local_days>& dates) {
        listed_days made;
        for (const auto day : dates) {
            const bool goes_on = !made.empty() && made.back().last + days{1} == day &&
                                 (day - made.back().first).count() + 1 < longest_event;
            if (goes_on)
                made.back().last = day;
            else
                made.push_back({day, day});
        }
        return made;
    }

    void leave_out(std::string why) {
        if (made_.left_out.size() < most_left_out) made_.left_out.push_back(std::move(why));
    }

    calendar_file made_;
    std::map<std::string, std::set<local_days>> by_name_;
    std::map<std::string, std::set<local_days>> overridden_;  // by UID
    int repeated_ = 0;
    std::chrono::steady_clock::duration searched_{};
};

bool begins_with(std::string_view line, std::string_view word) {
    return line.size() >= word.size() && std::ranges::equal(line.substr(0, word.size()), word, [](char a, char b) {
               return (a >= 'a' && a <= 'z' ? char(a - 'a' + 'A') : a) == b;
           });
}

// Why the components of the file do not lie within each other; empty: they do. libical would guess, and write warnings
// to stderr.
std::string broken_nesting(std::string_view text) {
    int depth = 0;
    for (int number = 1; !text.empty(); ++number) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (begins_with(line, "BEGIN:")) {
            if (++depth > deepest_component) return fmt::format("line {}: more than {} levels", number, depth - 1);
        } else if (begins_with(line, "END:")) {
            if (--depth < 0) return fmt::format("line {}: END without BEGIN", number);
        } else if (depth == 0 && line.find_first_not_of(" \t\r") != line.npos) {
            return fmt::format("line {}: not within BEGIN:VCALENDAR and END:VCALENDAR", number);
        }
    }
    return depth > 0 ? "it ends before the END of a component" : "";
}

}  // namespace

result<calendar_file> reader::read(const std::string& text) const {
    const auto refuse = [](std::string_view why) {
        return fail(errc::invalid_argument, fmt::format("this is no iCalendar file: {}", why));
    };
    if (text.contains('\0')) return refuse("it has a NUL byte");
    if (const auto broken = broken_nesting(text); !broken.empty()) return refuse(broken);
    icalerror_set_errors_are_fatal(0);
    const component_ptr root{icalparser_parse_string(text.c_str())};
    if (!root) return refuse("it is empty");
    const auto kind = icalcomponent_isa(root.get());
    if (kind != ICAL_VCALENDAR_COMPONENT && kind != ICAL_XROOT_COMPONENT)
        return refuse("it does not begin with BEGIN:VCALENDAR");
    auto read = file_reader{}.read(root.get());
    std::erase_if(read.holidays, [](const auto& each) { return each.dates.empty(); });
    return read;
}

}  // namespace orchestrator::icalendar
