#include "domain/schedule/schedule.h"

#include <fmt/format.h>

#include <array>

#include "domain/calendar/calendar.h"
#include "domain/cron/parse_cron.h"
#include "domain/time.h"

namespace orchestrator {
namespace {

constexpr std::size_t longest_expression = 100;  // as the column of the specification
constexpr std::size_t longest_zone = 50;
constexpr number_range grace_range{0, 7 * 86'400};
constexpr number_range jitter_range{0, 3'600};

template <class Choice>
struct named_choice {
    std::string_view name;
    Choice value;
};

constexpr std::array<named_choice<timezone_mode>, 2> timezone_modes{
    {{"workflow", timezone_mode::workflow}, {"tenant", timezone_mode::tenant}}};
constexpr std::array<named_choice<gap_policy>, 2> gap_policies{
    {{"first_valid", gap_policy::first_valid}, {"skip", gap_policy::skip}}};
constexpr std::array<named_choice<fold_policy>, 3> fold_policies{
    {{"first", fold_policy::first}, {"last", fold_policy::last}, {"both", fold_policy::both}}};
constexpr std::array<named_choice<holiday_policy>, 5> holiday_policies{
    {{"run", holiday_policy::run},
     {"skip", holiday_policy::skip},
     {"previous_business_day", holiday_policy::previous_business_day},
     {"next_business_day", holiday_policy::next_business_day},
     {"alternative_cron", holiday_policy::alternative_cron}}};
constexpr std::array<named_choice<misfire_policy>, 3> misfire_policies{
    {{"fire_once", misfire_policy::fire_once}, {"skip", misfire_policy::skip}, {"fire_all", misfire_policy::fire_all}}};
constexpr std::array<named_choice<overlap_policy>, 3> overlap_policies{
    {{"skip", overlap_policy::skip}, {"queue", overlap_policy::queue}, {"allow", overlap_policy::allow}}};

template <class Choices, class Choice>
std::string_view name_in(const Choices& choices, Choice value) {
    for (const auto& each : choices)
        if (each.value == value) return each.name;
    return choices.front().name;
}

class schedule_reader {
  public:
    schedule_reader(json_fields& fields, const schedule& otherwise) : fields_{fields}, read_{otherwise} {}

    schedule read() {
        text("cron_expression", longest_expression, read_.cron_expression);
        text("ready_by", longest_expression, read_.ready_by);
        text("timezone", longest_zone, read_.timezone);
        choice("timezone_mode", timezone_modes, read_.zone_mode);
        choice("gap_policy", gap_policies, read_.clock.gap);
        choice("fold_policy", fold_policies, read_.clock.fold);
        text("calendar", 64, read_.calendar);
        choice("holiday_policy", holiday_policies, read_.holidays);
        text("holiday_cron", longest_expression, read_.holiday_cron);
        text("weekend_cron", longest_expression, read_.weekend_cron);
        choice("misfire_policy", misfire_policies, read_.misfire);
        seconds("misfire_grace_seconds", grace_range, read_.misfire_grace);
        choice("overlap_policy", overlap_policies, read_.overlap);
        seconds("jitter_seconds", jitter_range, read_.jitter);
        date("start_date", read_.start_date);
        date("end_date", read_.end_date);
        if (given("is_paused")) read_.is_paused = fields_.boolean("is_paused").value_or(false);
        if (read_.timezone.empty()) read_.timezone = default_timezone;
        check();
        return std::move(read_);
    }

  private:
    // Present, if only as null.
    bool given(std::string_view name) { return fields_.has(name); }

    void text(std::string_view name, std::size_t longest, std::string& into) {
        if (given(name)) into = fields_.text(name, longest).value_or("");
    }
    void seconds(std::string_view name, number_range range, std::chrono::seconds& into) {
        if (const auto value = fields_.integer(name, range)) into = std::chrono::seconds{*value};
    }
    template <class Choices, class Choice>
    void choice(std::string_view name, const Choices& choices, Choice& into) {
        const auto value = fields_.text(name, 40);
        if (!value) return;
        std::string known;
        for (const auto& each : choices) {
            if (each.name == *value) {
                into = each.value;
                return;
            }
            known += fmt::format("{}{}", known.empty() ? "" : ", ", each.name);
        }
        fields_.add_violation(name, fmt::format("\"{}\" is not one of {}", *value, known));
    }
    void date(std::string_view name, std::optional<local_days>& into) {
        if (!given(name)) return;
        const auto value = fields_.text(name, 20);
        into = value ? parse_date(*value) : std::nullopt;
        if (value && !into) fields_.add_violation(name, fmt::format("\"{}\" is not a date such as 2026-12-24", *value));
    }

    void expression(std::string_view name, const std::string& text) {
        if (text.empty()) return;
        if (const auto parsed = parse_cron(text); !parsed) fields_.add_violation(name, parsed.error().message);
    }

    void check() {
        expression("cron_expression", read_.cron_expression);
        expression("ready_by", ready_by_expression(read_.ready_by));
        expression("holiday_cron", read_.holiday_cron);
        expression("weekend_cron", read_.weekend_cron);
        if (!read_.cron_expression.empty() && !read_.ready_by.empty())
            fields_.add_violation("ready_by",
                                  "stands in place of cron_expression: give one of the two, and the other as null");
        if (!read_.is_set() && !read_.weekend_cron.empty())
            fields_.add_violation("weekend_cron", "needs a cron_expression or ready_by for the other days");
        if (read_.holidays == holiday_policy::alternative_cron && read_.holiday_cron.empty())
            fields_.add_violation("holiday_cron", "is required with holiday_policy alternative_cron");
        if (read_.holidays != holiday_policy::alternative_cron && !read_.holiday_cron.empty())
            fields_.add_violation("holiday_cron", "has a meaning only with holiday_policy alternative_cron");
        if (read_.needs_calendar() && read_.calendar.empty() && read_.zone_mode == timezone_mode::workflow)
            fields_.add_violation("calendar", fmt::format("is required with holiday_policy {}: whose holidays?",
                                                          to_string(read_.holidays)));
        if (!read_.calendar.empty() && !is_calendar_code(read_.calendar))
            fields_.add_violation("calendar",
                                  fmt::format("\"{}\" is not the code of a calendar such as ES-MD", read_.calendar));
        if (read_.start_date && read_.end_date && *read_.end_date < *read_.start_date)
            fields_.add_violation("end_date", fmt::format("{} is before start_date {}", format_date(*read_.end_date),
                                                          format_date(*read_.start_date)));
    }

    json_fields& fields_;
    schedule read_;
};

json::value text_or_null(const std::string& text) { return text.empty() ? json::value(nullptr) : json::value(text); }

json::value date_or_null(const std::optional<local_days>& date) {
    return date ? json::value(format_date(*date)) : json::value(nullptr);
}

}  // namespace

schedule read_schedule(json_fields& fields, const schedule& otherwise) {
    return schedule_reader{fields, otherwise}.read();
}

json::object to_json(const schedule& from) {
    return {{"cron_expression", text_or_null(from.cron_expression)},
            {"ready_by", text_or_null(from.ready_by)},
            {"timezone", from.timezone},
            {"timezone_mode", to_string(from.zone_mode)},
            {"gap_policy", name_in(gap_policies, from.clock.gap)},
            {"fold_policy", name_in(fold_policies, from.clock.fold)},
            {"calendar", text_or_null(from.calendar)},
            {"holiday_policy", to_string(from.holidays)},
            {"holiday_cron", text_or_null(from.holiday_cron)},
            {"weekend_cron", text_or_null(from.weekend_cron)},
            {"misfire_policy", to_string(from.misfire)},
            {"misfire_grace_seconds", from.misfire_grace.count()},
            {"overlap_policy", to_string(from.overlap)},
            {"jitter_seconds", from.jitter.count()},
            {"start_date", date_or_null(from.start_date)},
            {"end_date", date_or_null(from.end_date)},
            {"is_paused", from.is_paused}};
}

schedule schedule_from_store(std::string cron_expression, std::string timezone, std::string_view others,
                             std::string& unreadable) {
    schedule stored{.cron_expression = std::move(cron_expression), .timezone = std::move(timezone)};
    boost::system::error_code failed;
    const auto value = others.empty() ? json::value(json::object{}) : json::parse(others, failed);
    if (failed) {
        unreadable = "the schedule is not JSON: " + failed.message();
        return stored;
    }
    std::vector<violation> violations;
    json_fields fields{value, "", violations};
    auto read = read_schedule(fields, stored);
    fields.refuse_unknown();
    if (!violations.empty()) unreadable = fmt::format("{}: {}", violations.front().pointer, violations.front().message);
    return read;
}

std::string other_fields_for_store(const schedule& from) {
    auto fields = to_json(from);
    fields.erase("cron_expression");
    fields.erase("timezone");
    return json::serialize(fields);
}

std::string ready_by_expression(std::string_view ready_by) {
    const auto digit = [&](std::size_t at) { return ready_by[at] >= '0' && ready_by[at] <= '9'; };
    if (ready_by.size() != 5 || ready_by[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4))
        return std::string{ready_by};
    const int hour = (ready_by[0] - '0') * 10 + (ready_by[1] - '0');
    const int minute = (ready_by[3] - '0') * 10 + (ready_by[4] - '0');
    return fmt::format("{} {} * * *", minute, hour);
}

std::string format_date(local_days date) {
    const std::chrono::year_month_day at{date};
    return fmt::format("{:04}-{:02}-{:02}", int(at.year()), unsigned(at.month()), unsigned(at.day()));
}

std::optional<local_days> parse_date(std::string_view text) {
    if (text.size() != 10) return std::nullopt;
    const auto midnight = parse_time(fmt::format("{}T00:00:00Z", text));
    if (!midnight) return std::nullopt;
    return local_days{std::chrono::floor<std::chrono::days>(*midnight).time_since_epoch()};
}

std::string_view to_string(timezone_mode value) { return name_in(timezone_modes, value); }
std::string_view to_string(holiday_policy value) { return name_in(holiday_policies, value); }
std::string_view to_string(misfire_policy value) { return name_in(misfire_policies, value); }
std::string_view to_string(overlap_policy value) { return name_in(overlap_policies, value); }

}  // namespace orchestrator
