#include "domain/time_zone/time_zone.h"

#include <algorithm>
#include <cassert>

namespace orchestrator {
namespace {

// No zone was ever further from UTC, and no transition moved a clock by more (Pacific/Apia skipped a whole day).
constexpr std::chrono::hours widest_offset{26};

sys_seconds instant(local_seconds wall, std::chrono::seconds offset) {
    return sys_seconds{wall.time_since_epoch() - offset};
}

}  // namespace

time_zone::time_zone(std::string name, std::vector<offset_span> spans)
    : name_{std::move(name)}, spans_{std::move(spans)} {
    assert(!spans_.empty() && std::ranges::is_sorted(spans_, {}, &offset_span::begin));
}

sys_seconds time_zone::begin_of(std::size_t span) const { return span == 0 ? sys_seconds::min() : spans_[span].begin; }

sys_seconds time_zone::end_of(std::size_t span) const {
    return span + 1 == spans_.size() ? sys_seconds::max() : spans_[span + 1].begin;
}

std::size_t time_zone::span_at(sys_seconds at, std::size_t near) const {
    if (near < spans_.size() && holds(near, at)) return near;
    if (near + 1 < spans_.size() && holds(near + 1, at)) return near + 1;
    const auto after = std::ranges::upper_bound(spans_, at, {}, &offset_span::begin);
    return after == spans_.begin() ? 0 : std::size_t(after - spans_.begin()) - 1;
}

local_meaning time_zone::meaning_of(local_seconds wall, std::size_t near) const {
    const sys_seconds as_if_utc{wall.time_since_epoch()};
    const auto first = span_at(as_if_utc - widest_offset, near);
    std::size_t last = first;
    while (end_of(last) <= as_if_utc + widest_offset) ++last;

    local_meaning meaning{.what = local_meaning::kind::gap, .first = {}, .second = {}};
    for (auto span = first; span <= last; ++span) {
        const auto at = instant(wall, spans_[span].offset);
        if (!holds(span, at)) continue;
        if (meaning.what == local_meaning::kind::gap)
            meaning = {.what = local_meaning::kind::unique, .first = at, .second = at};
        else
            meaning = {.what = local_meaning::kind::fold, .first = meaning.first, .second = at};
    }
    // The first span whose local time begins beyond the gap.
    for (auto span = first; meaning.what == local_meaning::kind::gap && span <= last; ++span)
        if (span > 0 && instant(wall, spans_[span].offset) < begin_of(span))
            return {.what = local_meaning::kind::gap, .first = begin_of(span), .second = begin_of(span)};
    return meaning;
}

}  // namespace orchestrator
