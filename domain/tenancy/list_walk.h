// Reads a list of tenants page by page until it is certain that nobody was missed: which page to ask for next, and when
// the list is whole.
//
// A list that is read by `skip` shifts when a tenant before the page is deactivated or added, and a service may give
// less than it was asked for. So the walk goes on from what it received and not from what it asked for; each page
// begins with an element that it knows already, and when it does not, the walk goes back until it does; and the list
// ends where a page has nothing but the last element and nothing is behind it. What the service states as `total` is
// compared. A list that repeats itself or is shorter than stated is walked again, a few times; all that was ever listed
// counts.
//
// A service that pages by cursor is asked with the cursor that it gave.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/tenancy/tenant_list.h"

namespace orchestrator {

struct listed_page {
    std::vector<std::optional<tenant>> elements;  // nullopt: the element is not a tenant
    std::optional<std::int64_t> total{};          // active tenants in all, as the service states
    std::optional<std::string> next_cursor{};     // of a service that pages by cursor; empty: this is the last page
    std::size_t bytes = 0;                        // of the answer
};

struct page_question {
    std::int64_t skip = 0;
    int limit = 0;
    std::string cursor{};  // instead of `skip`, unless it is empty

    bool operator==(const page_question&) const = default;
};

struct list_bounds {
    int page_size = 500;
    std::int64_t most_tenants = 2'000'000;
    int most_pages = 50'000;                        // over all walks
    std::size_t most_bytes = std::size_t{4} << 30;  // likewise
    int most_walks = 4;
};

enum class walk_progress {
    goes_on,       // ask for `next`
    begins_again,  // likewise, from the start of the list
    ended,         // `problem` says whether the list is whole
};

class list_walk {
  public:
    // `into` gets all that is listed, and outlives the walk.
    list_walk(list_bounds, tenant_list& into);

    [[nodiscard]] const page_question& next() const { return next_; }
    // The answer to `next`.
    walk_progress take(const listed_page&);
    // Why tenants may be missing; empty: the list is whole.
    [[nodiscard]] const std::string& problem() const { return problem_; }

  private:
    walk_progress take_by_cursor(const listed_page&);
    walk_progress take_by_position(const listed_page&);
    [[nodiscard]] bool follows_what_is_known(const listed_page&, std::int64_t overlap) const;
    void keep(const listed_page&, std::int64_t from);
    [[nodiscard]] std::int64_t reach() const;
    walk_progress go_back();
    walk_progress ask(std::int64_t overlap);
    walk_progress end();
    walk_progress break_off(std::string problem);
    walk_progress give_up(std::string problem);
    void begin();
    [[nodiscard]] bool was_seen(const tenant_id&) const;

    list_bounds bounds_;
    tenant_list& list_;
    page_question next_;
    std::string problem_;
    int pages_ = 0;
    std::size_t bytes_ = 0;
    int walks_ = 0;
    std::vector<std::uint8_t> seen_in_;  // by position in the list: the last walk that listed it

    // Of this walk.
    std::int64_t position_ = 0;    // elements of the list that were received
    std::int64_t furthest_ = 0;    // likewise, before the walk went back
    std::int64_t seen_ = 0;        // tenants among them
    std::int64_t repeated_ = 0;    // tenants that were listed again
    std::int64_t idle_ = 0;        // elements received since the last new one
    int found_beyond_ = 0;         // looks behind the end that found something, since the walk last got further
    std::vector<bool> is_broken_;  // by place in the list: the element is not a tenant
    std::size_t known_before_ = 0;
    std::optional<std::int64_t> stated_;
};

}  // namespace orchestrator
