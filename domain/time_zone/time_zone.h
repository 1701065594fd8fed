// A time zone as a value: its offsets from UTC, from the first that is known to the horizon. Made by parse_tzif from
// the system's zone files; used by everything that says "08:00 on the bakery's own clock".
//
// Questions about times that lie near each other are cheap when they go through one zone_cursor: it remembers the span
// of the last answer. A time_zone itself never changes and may be shared by threads.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace orchestrator {

using std::chrono::local_seconds;
using std::chrono::sys_seconds;

// From `begin` until the next span begins, local time is UTC + offset.
struct offset_span {
    sys_seconds begin;
    std::chrono::seconds offset{};
    bool is_dst = false;
    std::string abbreviation;  // "CEST"

    bool operator==(const offset_span&) const = default;
};

// What a time on the wall means.
struct local_meaning {
    enum class kind {
        unique,  // once: at `first`
        gap,     // never: clocks jumped over it; `first` is the first instant after the jump
        fold,    // twice: at `first` and at `second`
    };
    kind what = kind::unique;
    sys_seconds first;
    sys_seconds second;  // equals `first` unless it is a fold

    bool operator==(const local_meaning&) const = default;
};

class time_zone {
  public:
    // The rules in force today are taken to hold until then; nothing is scheduled later.
    static constexpr sys_seconds horizon = std::chrono::sys_days{std::chrono::year{2101} / 1 / 1};

    // `spans`: at least one, in order. The first one's offset also holds for all earlier times.
    time_zone(std::string name, std::vector<offset_span> spans);

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const std::vector<offset_span>& spans() const { return spans_; }

    // The span that holds `at`. `near`: a guess, for speed alone.
    [[nodiscard]] std::size_t span_at(sys_seconds at, std::size_t near = 0) const;
    [[nodiscard]] local_meaning meaning_of(local_seconds wall, std::size_t near = 0) const;

    [[nodiscard]] sys_seconds begin_of(std::size_t span) const;  // the distant past for the first
    [[nodiscard]] sys_seconds end_of(std::size_t span) const;    // the distant future for the last

    bool operator==(const time_zone&) const = default;

  private:
    [[nodiscard]] bool holds(std::size_t span, sys_seconds at) const {
        return begin_of(span) <= at && at < end_of(span);
    }

    std::string name_;
    std::vector<offset_span> spans_;
};

// A place in a zone that follows the questions. The zone outlives it.
class zone_cursor {
  public:
    explicit zone_cursor(const time_zone& zone) : zone_{&zone} {}

    [[nodiscard]] const time_zone& zone() const { return *zone_; }
    std::size_t span_at(sys_seconds at) { return span_ = zone_->span_at(at, span_); }
    local_seconds to_local(sys_seconds at) {
        return local_seconds{at.time_since_epoch() + zone_->spans()[span_at(at)].offset};
    }
    local_meaning meaning_of(local_seconds wall) {
        const auto meaning = zone_->meaning_of(wall, span_);
        span_ = zone_->span_at(meaning.first, span_);
        return meaning;
    }

  private:
    const time_zone* zone_;
    std::size_t span_ = 0;
};

}  // namespace orchestrator
