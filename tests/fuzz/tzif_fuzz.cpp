// Any bytes as a zone file: refused, or a zone whose spans are in order and whose answers hold together.
#include <algorithm>
#include <cstdlib>

#include "domain/time_zone/parse_tzif.h"
#include "tests/fuzz/fuzz_target.h"

namespace orchestrator::fuzz {

void tzif(std::string_view input) {
    const auto zone = parse_tzif("Fuzz/Zone", input);
    if (!zone) return;
    const auto& spans = zone->spans();
    if (spans.empty() || !std::ranges::is_sorted(spans, {}, &offset_span::begin)) std::abort();
    for (std::size_t i = 0; i < spans.size(); i += 1 + spans.size() / 16) {
        const auto wall = local_seconds{spans[i].begin.time_since_epoch() + spans[i].offset};
        const auto meaning = zone->meaning_of(wall);
        if (meaning.what == local_meaning::kind::fold && meaning.second <= meaning.first) std::abort();
    }
}

}  // namespace orchestrator::fuzz
