// Lists that are read page by page.
#pragma once

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "api/error_response.h"
#include "api/json_values.h"

namespace orchestrator::api {

inline constexpr std::string_view next_cursor_of_page = "the next_cursor of a page";

// A page is read with one element more than asked for: its presence tells that there is a next page. `show` makes an
// element's JSON, `cursor` the text that names the last one of this page.
template <class Element, class Show, class Cursor>
answer page_of(std::string_view name, std::vector<Element> found, int limit, Show show, Cursor cursor) {
    const auto wanted = static_cast<std::size_t>(limit);
    json::value next;
    if (found.size() > wanted) next = cursor(found[wanted - 1]);
    json::array list;
    for (std::size_t i = 0; i < std::min(found.size(), wanted); ++i) list.push_back(show(found[i]));
    return json_response(200, json::object{{name, std::move(list)}, {"next_cursor", std::move(next)}});
}

}  // namespace orchestrator::api
