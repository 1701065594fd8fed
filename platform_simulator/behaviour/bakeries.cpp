#include "platform_simulator/behaviour/bakeries.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "platform_simulator/behaviour/bakery_names.h"
#include "platform_simulator/behaviour/draws.h"

namespace orchestrator::simulator {
namespace {

using namespace std::chrono_literals;

constexpr system_time first_signup = std::chrono::sys_days{std::chrono::year{2022} / 3 / 1};
constexpr auto signup_span = std::chrono::days{1'000};

// What is created together: one bakery, or a chain of a parent and its children.
struct signup {
    subscription_tier tier;
    tenant_status status = tenant_status::active;
    std::size_t children = 0;
};

void add_chains(std::vector<signup>& signups, std::size_t tenants, std::uint64_t seed) {
    while (tenants > 0) {
        const auto drawn = draw(seed, purpose::tenant_order, signups.size());
        // A chain has at least three members; what is left over is an enterprise customer with one shop.
        const std::size_t members = tenants < 3 ? 1 : std::min(tenants, 3 + as_index(drawn, 5));
        signups.push_back({.tier = subscription_tier::enterprise, .children = members - 1});
        tenants -= members;
    }
}

// Chains stay active: a suspended parent with active children would be another story than the one to tell.
void withdraw(std::vector<signup>& signups, std::size_t count) {
    using enum tenant_status;
    constexpr tenant_status turns[] = {trial, suspended, trial, suspended, cancelled};
    std::size_t done = 0;
    for (auto& each : signups) {
        if (done == count) return;
        if (each.tier != subscription_tier::enterprise) each.status = turns[done++ % std::size(turns)];
    }
}

void shuffle(std::vector<signup>& signups, std::uint64_t seed) {
    for (std::size_t i = signups.size(); i > 1; --i)
        std::swap(signups[i - 1], signups[as_index(draw(seed, purpose::tenant_order, i, 1), i)]);
}

std::vector<signup> make_signups(bakery_settings settings) {
    const std::size_t inactive = inactive_beside(settings.active), all = settings.active + inactive;
    const std::size_t enterprise = all / 10, professional = all * 3 / 10;
    std::vector<signup> signups;
    signups.insert(signups.end(), professional, {.tier = subscription_tier::professional});
    signups.insert(signups.end(), all - enterprise - professional, {.tier = subscription_tier::starter});
    add_chains(signups, enterprise, settings.seed);
    shuffle(signups, settings.seed);
    withdraw(signups, inactive);
    shuffle(signups, settings.seed + 1);
    return signups;
}

// Builds the bakeries one after the other, because ids and times of creation grow together.
class seeding {
  public:
    seeding(std::uint64_t seed, std::size_t total) : seed_{seed}, total_{total} { bakeries_.reserve(total); }

    void add(const signup& what) {
        const auto& parent = add_bakery(what);
        if (what.children == 0) return;
        bakeries_[parent].type = tenant_type::parent;
        for (std::size_t i = 0; i < what.children; ++i) add_child(parent, what, i);
    }

    std::vector<bakery> take() { return std::move(bakeries_); }

  private:
    std::size_t add_bakery(const signup& what) {
        const std::size_t number = bakeries_.size();
        const auto look = draw(seed_, purpose::tenant_look, number);
        const auto& where = drawn_place(look);
        bakery made{.number = number,
                    .id = {},
                    .name = drawn_bakery_name(where, mix(look)),
                    .subdomain = {},
                    .city = std::string{where.city},
                    .region = std::string{where.region},
                    .timezone = std::string{where.timezone},
                    .tier = what.tier,
                    .status = what.status,
                    .type = tenant_type::standalone,
                    .parent = std::nullopt,
                    .created_at = creation_of(number),
                    .updated_at = {}};
        identify(made, look);
        bakeries_.push_back(std::move(made));
        return number;
    }

    void add_child(std::size_t parent, const signup& what, std::size_t which) {
        auto& child = bakeries_[add_bakery(what)];
        child.type = tenant_type::child;
        child.parent = parent;
        child.name = fmt::format("{} – {} ({})", bakeries_[parent].name, child.city, branch_quarter(which));
        child.subdomain = fmt::format("{}-{}", as_subdomain(child.name), child.number + 1);
    }

    void identify(bakery& made, std::uint64_t look) const {
        const auto bits = draw(seed_, purpose::tenant_random_bits, made.number);
        made.id = tenant_id{make_uuid_v7(made.created_at, {bits, mix(bits)})};
        made.subdomain = fmt::format("{}-{}", as_subdomain(made.name), made.number + 1);
        made.updated_at = made.created_at + std::chrono::hours{1 + as_index(look >> 7, 2'000)} + 125ms;
    }

    [[nodiscard]] system_time creation_of(std::size_t number) const {
        const auto step = std::chrono::duration_cast<milliseconds>(signup_span) / std::max<std::size_t>(total_, 1);
        return first_signup + step * static_cast<milliseconds::rep>(number);
    }

    std::uint64_t seed_;
    std::size_t total_;
    std::vector<bakery> bakeries_;
};

}  // namespace

std::string_view to_string(tenant_type type) {
    switch (type) {
        case tenant_type::standalone:
            return "standalone";
        case tenant_type::parent:
            return "parent";
        case tenant_type::child:
            return "child";
    }
    return "standalone";
}

std::size_t inactive_beside(std::size_t active) { return (active + 10) / 20; }

std::vector<bakery> make_bakeries(bakery_settings settings) {
    seeding made{settings.seed, settings.active + inactive_beside(settings.active)};
    for (const auto& each : make_signups(settings)) made.add(each);
    return made.take();
}

}  // namespace orchestrator::simulator
