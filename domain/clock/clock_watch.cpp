#include "domain/clock/clock_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace orchestrator {
namespace {

milliseconds since_1970(system_time wall, steady_time at) {
    return wall.time_since_epoch() - std::chrono::floor<milliseconds>(at.time_since_epoch());
}

std::string_view direction(milliseconds difference) { return difference.count() > 0 ? "ahead of" : "behind"; }

}  // namespace

std::string in_words(milliseconds duration) {
    constexpr std::array<std::pair<std::int64_t, char>, 4> units{{{86'400, 'd'}, {3'600, 'h'}, {60, 'm'}, {1, 's'}}};
    auto left = std::chrono::round<std::chrono::seconds>(std::chrono::abs(duration)).count();
    std::string words;
    int said = 0;
    for (const auto& [seconds, unit] : units) {
        const auto count = left / seconds;
        left %= seconds;
        if (count == 0 && said == 0) continue;
        if (count > 0) words += fmt::format("{}{} {}", words.empty() ? "" : " ", count, unit);
        if (++said == 2) break;
    }
    return words.empty() ? "0 s" : words;
}

system_time clock_watch::time_at(steady_time at) const {
    return system_time{std::chrono::floor<milliseconds>(at.time_since_epoch()) + offset_};
}

void clock_watch::take(const clock_reading& reading) {
    store_has_clock_ = reading.store.has_value();
    const auto candidate = since_1970(reading.store.value_or(reading.own), reading.at);
    if (!std::exchange(has_time_, true)) {
        offset_ = candidate;
        if (const auto now = time_at(reading.at); reading.newest && now + tolerance_.followed < *reading.newest)
            doubt(fmt::format("it is {}, and {} is stored already, {} later", format_time(now),
                              format_time(*reading.newest), in_words(*reading.newest - now)),
                  reading.at);
    } else if (reading.uncertainty <= tolerance_.told) {  // what took longer says nothing
        follow(candidate, reading.uncertainty, reading.at);
    }
    own_difference_ = reading.own - time_at(reading.at);
}

void clock_watch::follow(milliseconds candidate, milliseconds uncertainty, steady_time at) {
    const auto away = candidate - offset_;
    if (std::chrono::abs(away) <= tolerance_.followed) {
        leap_.reset();
        // Wall clocks are read in whole milliseconds.
        if (std::chrono::abs(away) > uncertainty + milliseconds{1}) offset_ = candidate;
        return;
    }
    if (!leap_ || std::chrono::abs(candidate - leap_->offset) > tolerance_.followed) {
        leap_ = leap{candidate, at};
        doubt(fmt::format("the clock of {} leapt {} {} at {}", store_has_clock_ ? "the database" : "this machine",
                          in_words(away), away.count() > 0 ? "ahead" : "back", format_time(time_at(at))),
              at);
    }
    if (at - leap_->seen_at < tolerance_.believed_after) return;
    offset_ = candidate;
    leap_.reset();
    unsettled_until_ = at + tolerance_.sure_after;
}

void clock_watch::doubt(std::string why, steady_time at) {
    doubt_ = std::move(why);
    doubtful_until_ = at + tolerance_.sure_after;
}

bool clock_watch::is_far_away() const { return std::chrono::abs(own_difference_) > tolerance_.followed; }

std::optional<std::string> clock_watch::problem(steady_time at) const {
    std::string all;
    const auto say = [&](std::string sentence) { all += (all.empty() ? "" : ". ") + std::move(sentence); };
    if (at < doubtful_until_)
        say(doubt_ + (leap_ ? fmt::format(": it is not followed unless it stays so until {}",
                                          format_time(time_at(leap_->seen_at + tolerance_.believed_after)))
                            : ""));
    // Before a leap of the machine's own clock is followed, this would say the same once more.
    if (std::chrono::abs(own_difference_) > tolerance_.told && (store_has_clock_ || !leap_))
        say(fmt::format("the clock of this machine is {} {} the database's, which is followed",
                        in_words(own_difference_), direction(own_difference_)));
    if (all.empty()) return std::nullopt;
    if (!is_settled(at))
        say("Meanwhile no history is deleted and no execution is ended at its deadline");
    else if (!is_sure(at))
        say("Meanwhile no history is deleted");
    return all;
}

}  // namespace orchestrator
