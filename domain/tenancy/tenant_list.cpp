#include "domain/tenancy/tenant_list.h"

#include <algorithm>

namespace orchestrator {
namespace {

constexpr std::size_t fewest_slots = 64;

bool may_run(tenant_status status) { return status == tenant_status::active || status == tenant_status::trial; }

// Ids may be anything, also such that differ in a few bits only.
std::uint64_t mixed(const tenant_id& id) {
    std::uint64_t hash = 0;
    for (const auto byte : id.value.bytes) hash = (hash ^ byte) * 0x100000001b3ULL;
    return hash ^ hash >> 29;
}

}  // namespace

std::size_t tenant_list::slot_of(const tenant_id& id) const {
    auto slot = mixed(id) & (slots_.size() - 1);
    while (slots_[slot] != 0 && entries_[slots_[slot] - 1].id != id) slot = (slot + 1) & (slots_.size() - 1);
    return slot;
}

void tenant_list::grow() {
    slots_.assign(std::max(fewest_slots, slots_.size() * 2), 0);
    for (std::size_t i = 0; i < entries_.size(); ++i) slots_[slot_of(entries_[i].id)] = std::uint32_t(i + 1);
}

std::size_t tenant_list::home_hash::operator()(const home& of) const {
    const std::hash<std::string> hash;
    return (hash(of.timezone) * 31 + hash(of.country)) * 31 + hash(of.region);
}

std::uint32_t tenant_list::keep_home(const tenant& of) {
    home lives{of.timezone, of.country, of.region};
    const auto [known, is_new] = home_numbers_.try_emplace(lives, std::uint32_t(homes_.size()));
    if (is_new) homes_.push_back(std::move(lives));
    return known->second;
}

tenant_list::place tenant_list::add(const tenant& added) {
    if ((entries_.size() + 1) * 2 > slots_.size()) grow();
    const auto slot = slot_of(added.id);
    if (slots_[slot] != 0) {
        auto& known = entries_[slots_[slot] - 1];
        active_ += std::size_t(may_run(added.status)) - std::size_t(may_run(known.status));
        known.status = added.status;
        return {slots_[slot] - 1, false};
    }
    entries_.push_back({.id = added.id,
                        .name_at = std::uint32_t(names_.size()),
                        .name_length = std::uint32_t(added.name.size()),
                        .home = keep_home(added),
                        .tier = added.tier,
                        .status = added.status});
    names_ += added.name;
    slots_[slot] = std::uint32_t(entries_.size());
    active_ += std::size_t(may_run(added.status));
    return {entries_.size() - 1, true};
}

tenant tenant_list::at(std::size_t position) const {
    const auto& one = entries_.at(position);
    const auto& lives = homes_[one.home];
    return {.id = one.id,
            .name = names_.substr(one.name_at, one.name_length),
            .tier = one.tier,
            .timezone = lives.timezone,
            .country = lives.country,
            .region = lives.region,
            .status = one.status};
}

std::optional<std::size_t> tenant_list::find(const tenant_id& id) const {
    if (slots_.empty()) return std::nullopt;
    const auto found = slots_[slot_of(id)];
    return found == 0 ? std::nullopt : std::optional<std::size_t>{found - 1};
}

bool tenant_list::is_active(std::size_t position) const { return may_run(entries_.at(position).status); }

bool tenant_list::is_accepted(std::size_t position, const tenant_filter& by) const {
    const auto& one = entries_.at(position);
    return may_run(one.status) && (by.tiers.empty() || std::ranges::find(by.tiers, one.tier) != by.tiers.end()) &&
           (by.tenant_ids.empty() || std::ranges::binary_search(by.tenant_ids, one.id));
}

std::size_t tenant_list::bytes() const {
    std::size_t homes = 0;
    for (const auto& each : homes_)
        homes += 2 * sizeof each + each.timezone.capacity() + each.country.capacity() + each.region.capacity();
    return entries_.capacity() * sizeof(entry) + names_.capacity() + slots_.capacity() * sizeof(std::uint32_t) + homes;
}

}  // namespace orchestrator
