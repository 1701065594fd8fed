#include "domain/tenancy/list_walk.h"

#include <fmt/format.h>

#include <algorithm>

namespace orchestrator {
namespace {

// How far the walk goes back at first when a page does not begin with what is known; then ever further.
constexpr std::int64_t least_step_back = 32;
constexpr std::int64_t largest_overlap = 256;  // by which a page is longer
// Elements in a row that bring nothing new, beyond twice as many as are known.
constexpr std::int64_t most_idle = 64;
constexpr std::string_view same_page = "the tenant service answers the same page again and again";
constexpr std::string_view suddenly_empty = "the tenant service listed tenants, and then none at all";

}  // namespace

list_walk::list_walk(list_bounds bounds, tenant_list& into) : bounds_{bounds}, list_{into} { begin(); }

void list_walk::begin() {
    ++walks_;
    position_ = furthest_ = seen_ = repeated_ = idle_ = 0;
    found_beyond_ = 0;
    is_broken_.clear();
    known_before_ = list_.size();
    stated_.reset();
    next_ = {.skip = 0, .limit = bounds_.page_size};
}

bool list_walk::was_seen(const tenant_id& id) const {
    const auto found = list_.find(id);
    return found && seen_in_[*found] == walks_;
}

walk_progress list_walk::take(const listed_page& page) {
    if (++pages_ > bounds_.most_pages)
        return give_up(fmt::format("the tenant service lists more than {} pages", bounds_.most_pages));
    bytes_ += page.bytes;
    if (bytes_ > bounds_.most_bytes)
        return give_up(fmt::format("the tenant service lists more than {} MiB", bounds_.most_bytes >> 20));
    if (page.total) stated_ = page.total;
    const bool by_cursor = !next_.cursor.empty() || (position_ == 0 && page.next_cursor);
    const auto went = by_cursor ? take_by_cursor(page) : take_by_position(page);
    if (std::int64_t(list_.size()) > bounds_.most_tenants)
        return give_up(fmt::format("the tenant service lists more than {} tenants", bounds_.most_tenants));
    if (went == walk_progress::goes_on && idle_ > most_idle + 2 * seen_) return break_off(std::string{same_page});
    return went;
}

// `from`: where the page begins in the list.
void list_walk::keep(const listed_page& page, std::int64_t from) {
    const auto until = from + std::int64_t(page.elements.size());
    if (std::int64_t(is_broken_.size()) < until) is_broken_.resize(std::size_t(until));
    for (auto place = from; const auto& element : page.elements) {
        const bool was_reached = place < furthest_;
        is_broken_[std::size_t(place++)] = !element;
        ++idle_;
        if (!element) continue;
        const auto [position, is_new] = list_.add(*element);
        if (is_new) seen_in_.push_back(0);
        if (seen_in_[position] == walks_) {
            if (!was_reached) ++repeated_;
            continue;
        }
        seen_in_[position] = std::uint8_t(walks_);
        ++seen_;
        idle_ = 0;
    }
    if (page.elements.empty()) ++idle_;
    position_ = until;
    furthest_ = std::max(furthest_, until);
}

// From the last tenant to the end of what was received.
std::int64_t list_walk::reach() const {
    std::int64_t broken = 0;
    while (broken < position_ && is_broken_[std::size_t(position_ - broken - 1)]) ++broken;
    return std::min(broken + 1, position_);
}

walk_progress list_walk::take_by_cursor(const listed_page& page) {
    keep(page, position_);
    if (!page.next_cursor || page.next_cursor->empty()) return end();
    if (page.elements.empty()) return break_off("the tenant service gives an empty page before the end of its list");
    if (*page.next_cursor == next_.cursor) return break_off("the tenant service gives the same cursor again and again");
    next_.cursor = *page.next_cursor;
    return walk_progress::goes_on;
}

// Whatever comes behind an element that was received before was not passed over.
bool list_walk::follows_what_is_known(const listed_page& page, std::int64_t overlap) const {
    const auto compared = std::min(std::size_t(overlap), page.elements.size());
    return std::any_of(page.elements.begin(), page.elements.begin() + std::ptrdiff_t(compared),
                       [this](const auto& element) { return element && was_seen(element->id); });
}

walk_progress list_walk::take_by_position(const listed_page& page) {
    const auto overlap = position_ - next_.skip;
    const auto received = std::int64_t(page.elements.size());
    if (received == 0 && overlap == 0) return end();
    if (received == 0 && next_.skip == 0) return break_off(std::string{suddenly_empty});
    const bool looks_beyond = overlap == 0 && position_ > 0;
    if (looks_beyond && ++found_beyond_ == 1) {  // it was not the end: read on as before, from what is known
        idle_ += received;
        return ask(reach());
    }
    if (!looks_beyond && next_.skip > 0 && !follows_what_is_known(page, overlap)) return go_back();
    const bool nothing_is_new = overlap == reach() && received == overlap;
    if (next_.skip + received > furthest_) found_beyond_ = 0;
    keep(page, next_.skip);
    return ask(nothing_is_new ? 0 : reach());
}

walk_progress list_walk::ask(std::int64_t overlap) {
    overlap = std::min(overlap, position_);
    next_ = {.skip = position_ - overlap, .limit = bounds_.page_size + int(std::min(overlap, largest_overlap))};
    return walk_progress::goes_on;
}

// At the start of the list at the latest there is nothing before the page that could have been passed over.
walk_progress list_walk::go_back() {
    ++idle_;
    return ask(std::max(least_step_back, (position_ - next_.skip) * 8));
}

walk_progress list_walk::end() {
    if (position_ == 0 && list_.size() > 0) return break_off(std::string{suddenly_empty});
    if (stated_ && position_ < *stated_)
        return break_off(fmt::format("the tenant service states {} active tenants and lists {}", *stated_, position_));
    // One that was listed twice may stand for another one that was passed over, unless a second walk finds nobody new.
    const bool found_more = list_.size() > known_before_;
    if (repeated_ > 0 && (walks_ == 1 || found_more || !next_.cursor.empty()))
        return break_off("the tenant list repeats itself between its pages");
    if (const auto broken = std::count(is_broken_.begin(), is_broken_.begin() + position_, true); broken > 0)
        return give_up(
            fmt::format("{} of the {} elements that the tenant service lists are not tenants", broken, position_));
    problem_.clear();
    return walk_progress::ended;
}

walk_progress list_walk::break_off(std::string problem) {
    if (walks_ >= bounds_.most_walks) return give_up(std::move(problem));
    begin();
    return walk_progress::begins_again;
}

walk_progress list_walk::give_up(std::string problem) {
    problem_ = std::move(problem);
    return walk_progress::ended;
}

}  // namespace orchestrator
