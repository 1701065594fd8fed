// The tenant service: looks tenants up, pages through them and writes them as JSON.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "platform_simulator/behaviour/bakeries.h"
#include "platform_simulator/behaviour/list_flaws.h"

namespace orchestrator::simulator {

struct page_request {
    std::optional<tenant_status> status;  // empty: every status
    std::size_t skip = 0;
    std::size_t limit = 100;
};

inline constexpr std::size_t largest_page = 1'000;

// From a query string, percent-encoded, without "?". The error names the first parameter that is wrong.
[[nodiscard]] std::expected<page_request, std::string> parse_page_request(std::string_view query);

class tenant_directory {
  public:
    explicit tenant_directory(bakery_settings);

    [[nodiscard]] const std::vector<bakery>& all() const { return bakeries_; }
    [[nodiscard]] const bakery* find(const tenant_id&) const;

    // `{tenants: [...], total}`; the total counts every page. nullopt: the flaws of the list refuse it.
    [[nodiscard]] std::optional<boost::json::object> page(const page_request&) const;
    [[nodiscard]] boost::json::object details(const bakery&) const;
    [[nodiscard]] boost::json::array children(const bakery&) const;
    [[nodiscard]] boost::json::object subscription(const bakery&) const;

    [[nodiscard]] const list_flaws& flaws() const { return flaws_; }
    void set_flaws(list_flaws flaws) { flaws_ = flaws; }
    // False: there is no such tenant.
    bool set_status(const tenant_id&, tenant_status);

  private:
    void sort_by_status();

    std::vector<bakery> bakeries_;
    std::unordered_map<tenant_id, std::size_t> numbers_;
    // The numbers of the bakeries of each status, so that a late page costs no more than the first one.
    std::vector<std::size_t> by_status_[4];
    list_flaws flaws_;
};

}  // namespace orchestrator::simulator
