// Many tenants in little memory: about 70 bytes each, with a name of 25. What planning needs of each, and where it is
// by its id.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "domain/tenancy/tenant.h"

namespace orchestrator {

class tenant_list {
  public:
    struct place {
        std::size_t position;
        bool is_new;
    };

    // One that is known already keeps its place and has the status that was told last.
    place add(const tenant&);
    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    [[nodiscard]] tenant at(std::size_t position) const;
    [[nodiscard]] std::optional<std::size_t> find(const tenant_id&) const;
    // May it run at all? See tenant_filter.
    [[nodiscard]] bool is_active(std::size_t position) const;
    [[nodiscard]] bool is_accepted(std::size_t position, const tenant_filter&) const;
    // Tenants with the same number have the same time zone, country and region. Numbers count from 0.
    [[nodiscard]] std::size_t home_of(std::size_t position) const { return entries_.at(position).home; }
    [[nodiscard]] std::size_t active() const { return active_; }
    [[nodiscard]] std::size_t bytes() const;

  private:
    struct entry {
        tenant_id id;
        std::uint32_t name_at;
        std::uint32_t name_length;
        std::uint32_t home;
        subscription_tier tier;
        tenant_status status;
    };
    struct home {
        std::string timezone, country, region;
        bool operator==(const home&) const = default;
    };
    struct home_hash {
        std::size_t operator()(const home&) const;
    };

    [[nodiscard]] std::size_t slot_of(const tenant_id&) const;
    std::uint32_t keep_home(const tenant&);
    void grow();

    std::vector<entry> entries_;
    std::string names_;  // behind one another
    std::vector<home> homes_;
    std::unordered_map<home, std::uint32_t, home_hash> home_numbers_;
    std::vector<std::uint32_t> slots_;  // open addressing, at most half full: position + 1, 0 where nothing is
    std::size_t active_ = 0;
};

}  // namespace orchestrator
