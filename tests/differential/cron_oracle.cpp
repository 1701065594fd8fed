#include "tests/differential/cron_oracle.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

namespace orchestrator::differential {
namespace {

using namespace std::chrono;

struct wall {
    int minute, hour, day, month, weekday, days_in_month, second;
};

wall on_the_wall(local_seconds at) {
    const auto day = floor<days>(at);
    const year_month_day date{day};
    const hh_mm_ss time{at - day};
    return {int(time.minutes().count()),    int(time.hours().count()),
            int(unsigned(date.day())),      int(unsigned(date.month())),
            int(weekday{day}.c_encoding()), int(unsigned((date.year() / date.month() / last).day())),
            int(time.seconds().count())};
}

int number_or_name(std::string text) {
    static const std::map<std::string, int> names{{"jan", 1},  {"feb", 2},  {"mar", 3}, {"apr", 4}, {"may", 5},
                                                  {"jun", 6},  {"jul", 7},  {"aug", 8}, {"sep", 9}, {"oct", 10},
                                                  {"nov", 11}, {"dec", 12}, {"sun", 0}, {"mon", 1}, {"tue", 2},
                                                  {"wed", 3},  {"thu", 4},  {"fri", 5}, {"sat", 6}};
    const auto named = names.find(text);
    return named == names.end() ? std::stoi(text) : named->second;
}

std::vector<std::string> items_of(const std::string& field) {
    std::vector<std::string> items;
    std::stringstream stream{field};
    for (std::string item; std::getline(stream, item, ',');) items.push_back(item);
    return items;
}

// "*", "7", "1-5", each with "/n".
bool plain_item_holds(const std::string& item, int value, int lowest, int highest) {
    const auto slash = item.find('/');
    const int step = slash == std::string::npos ? 1 : std::stoi(item.substr(slash + 1));
    const auto range = item.substr(0, slash);
    const auto dash = range.find('-');
    int first = lowest, end = highest;
    if (range != "*") {
        first = number_or_name(range.substr(0, dash));
        end = dash == std::string::npos ? first : number_or_name(range.substr(dash + 1));
    }
    return value >= first && value <= end && (value - first) % step == 0;
}

bool field_holds(const std::string& field, int value, int lowest, int highest) {
    for (const auto& item : items_of(field))
        if (plain_item_holds(item, value, lowest, highest)) return true;
    return false;
}

bool month_day_holds(const std::string& field, const wall& now) {
    for (const auto& item : items_of(field)) {
        if (item[0] != 'L') {
            if (plain_item_holds(item, now.day, 1, 31)) return true;
        } else if (now.day == now.days_in_month - (item.size() > 1 ? std::stoi(item.substr(2)) : 0)) {
            return true;
        }
    }
    return false;
}

bool week_day_holds(const std::string& field, const wall& now) {
    for (const auto& item : items_of(field)) {
        const auto hash = item.find('#');
        if (hash != std::string::npos) {
            const int nth = std::stoi(item.substr(hash + 1));
            if (number_or_name(item.substr(0, hash)) % 7 == now.weekday && (now.day - 1) / 7 + 1 == nth) return true;
        } else if (item.back() == 'L') {
            const int day = number_or_name(item.substr(0, item.size() - 1)) % 7;
            if (day == now.weekday && now.day + 7 > now.days_in_month) return true;
        } else if (plain_item_holds(item, now.weekday, 0, 7) || (now.weekday == 0 && plain_item_holds(item, 7, 0, 7))) {
            return true;
        }
    }
    return false;
}

class oracle {
  public:
    explicit oracle(const std::string& expression) {
        std::stringstream stream{expression};
        for (auto& field : fields_) stream >> field;
        // One text answers for each value that can occur: the scan below asks millions of times.
        for (int m = 0; m < 60; ++m)
            if (field_holds(fields_[0], m, 0, 59)) minutes_.insert(m);
        for (int h = 0; h < 24; ++h)
            if (field_holds(fields_[1], h, 0, 23)) hours_.insert(h);
    }

    [[nodiscard]] bool every_hour() const { return hours_.size() == 24; }

    bool matches(local_seconds at) {
        const auto since_midnight = at - floor<days>(at);
        const hh_mm_ss time{since_midnight};
        if (time.seconds().count() != 0 || !minutes_.contains(int(time.minutes().count())) ||
            !hours_.contains(int(time.hours().count())))
            return false;
        const auto day = floor<days>(at);
        auto found = days_.find(day);
        if (found == days_.end()) found = days_.emplace(day, day_matches(on_the_wall(at))).first;
        return found->second;
    }

  private:
    [[nodiscard]] bool day_matches(const wall& now) const {
        if (!field_holds(fields_[3], now.month, 1, 12)) return false;
        const bool month_day = month_day_holds(fields_[2], now);
        const bool week_day = week_day_holds(fields_[4], now);
        if (fields_[2][0] == '*' || fields_[4][0] == '*') return month_day && week_day;
        return month_day || week_day;
    }

    std::string fields_[5];
    std::set<int> minutes_, hours_;
    std::map<local_days, bool> days_;
};

seconds offset_of(const time_zone& zone, sys_seconds at) {
    auto offset = zone.spans().front().offset;
    for (const auto& span : zone.spans())
        if (span.begin <= at) offset = span.offset;
    return offset;
}

}  // namespace

std::vector<sys_seconds> due_between(const std::string& expression, const time_zone& zone, sys_seconds from,
                                     sys_seconds to) {
    oracle wanted{expression};
    // Two days more at the front: what has been on the wall before.
    const auto begin = from - days{2};
    seconds step = minutes{1};
    std::vector<std::pair<sys_seconds, seconds>> changes{{begin, offset_of(zone, begin)}};
    for (const auto& span : zone.spans())
        if (span.begin > begin && span.begin <= to) changes.emplace_back(span.begin, span.offset);
    for (const auto& [at, offset] : changes)
        if (offset % minutes{1} != seconds{0} || at.time_since_epoch() % minutes{1} != seconds{0}) step = seconds{1};

    std::vector<sys_seconds> due;
    std::set<local_seconds> seen;  // matching times that were on the wall
    std::size_t change = 0;
    const auto first = sys_seconds{floor<minutes>(begin)};
    auto previous = changes[0].second;
    for (auto at = first; at <= to; at += step) {
        while (change + 1 < changes.size() && changes[change + 1].first <= at) ++change;
        const auto offset = changes[change].second;
        const local_seconds now{at.time_since_epoch() + offset};
        bool is_due = false;
        if (wanted.matches(now)) {
            const bool again = !seen.insert(now).second;
            is_due = wanted.every_hour() || !again;
        }
        if (offset > previous && !wanted.every_hour())
            for (auto skipped = now - (offset - previous); skipped < now; skipped += seconds{1})
                is_due = is_due || wanted.matches(skipped);
        previous = offset;
        if (is_due && at > from) due.push_back(at);
    }
    return due;
}

}  // namespace orchestrator::differential
