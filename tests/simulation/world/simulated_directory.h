// The tenant service as a script: its list, page by page, and all that may be wrong with it.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "domain/tenancy/tenant.h"
#include "tests/simulation/world/draws.h"

namespace orchestrator::simulation {

// A GET of the tenant list as a service answers it: as an object with `tenants`, or as the bare array.
[[nodiscard]] std::string tenants_json(const std::vector<tenant>&, std::size_t skip, std::size_t limit, bool bare);
// The value of a query parameter of `target`; `fallback` when it is not there.
[[nodiscard]] std::size_t query_number(std::string_view target, std::string_view name, std::size_t fallback);

// What is wrong with a list of tenants; the probabilities are of each page that is asked for.
struct list_flaws {
    std::size_t most_in_a_page = 1'000'000;
    bool is_bare = false;  // an array, and no total
    bool has_cursor = false;
    int total_off_by = 0;  // stated, beside what is true
    int broken = 0;        // elements that are no tenants, one in so many; 0: none
    double leaves = 0;     // a tenant is deactivated before the page is read, wherever it stands
    double comes = 0;
    double cut = 0;       // nothing is listed from here on
    double repeated = 0;  // the page is that of another place
};

class simulated_directory {
  public:
    void set_tenants(std::vector<tenant>, bool bare);
    void set_flaws(list_flaws, std::shared_ptr<draws>);

    [[nodiscard]] std::string page(std::string_view target);
    // Empty: there is no such tenant.
    [[nodiscard]] std::string one(std::string_view id) const;

    [[nodiscard]] const std::vector<tenant>& tenants() const { return tenants_; }
    // Those of set_tenants that have been there ever since.
    [[nodiscard]] std::vector<tenant> residents() const;

  private:
    void live_on();
    [[nodiscard]] bool happens(double probability) const { return random_ && random_->chance(probability); }

    std::vector<tenant> tenants_;
    std::set<tenant_id> newcomers_;
    list_flaws flaws_;
    std::shared_ptr<draws> random_;
};

}  // namespace orchestrator::simulation
