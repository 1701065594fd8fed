// Tests of the seeded tenants and of the tenant service's pages.
#include "platform_simulator/behaviour/bakeries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "platform_simulator/behaviour/bakery_names.h"
#include "platform_simulator/behaviour/tenant_directory.h"

namespace orchestrator::simulator {
namespace {

std::size_t count_active(const std::vector<bakery>& bakeries) {
    return static_cast<std::size_t>(std::ranges::count(bakeries, tenant_status::active, &bakery::status));
}

double share_of(const std::vector<bakery>& bakeries, subscription_tier tier) {
    return double(std::ranges::count(bakeries, tier, &bakery::tier)) / double(bakeries.size());
}

TEST(bakeries, are_the_same_for_the_same_seed) {
    EXPECT_EQ(make_bakeries({.active = 200, .seed = 7}), make_bakeries({.active = 200, .seed = 7}));
    EXPECT_NE(make_bakeries({.active = 200, .seed = 7}), make_bakeries({.active = 200, .seed = 8}));
}

TEST(bakeries, exactly_as_many_as_asked_for_are_active) {
    for (const std::size_t active : {0U, 1U, 2U, 9U, 10U, 29U, 30U, 31U, 300U, 1'000U}) {
        const auto bakeries = make_bakeries({.active = active});
        EXPECT_EQ(count_active(bakeries), active);
        EXPECT_EQ(bakeries.size(), active + inactive_beside(active));
    }
}

TEST(bakeries, tiers_are_sixty_thirty_ten) {
    const auto bakeries = make_bakeries({.active = 2'000});
    EXPECT_NEAR(share_of(bakeries, subscription_tier::starter), 0.60, 0.01);
    EXPECT_NEAR(share_of(bakeries, subscription_tier::professional), 0.30, 0.01);
    EXPECT_NEAR(share_of(bakeries, subscription_tier::enterprise), 0.10, 0.01);
}

TEST(bakeries, parents_are_enterprise_with_two_to_six_children_behind_them) {
    const auto bakeries = make_bakeries({.active = 2'000});
    for (const auto& each : bakeries) {
        const auto children = std::ranges::count(bakeries, std::optional{each.number}, &bakery::parent);
        if (each.type == tenant_type::parent) {
            EXPECT_EQ(each.tier, subscription_tier::enterprise);
            EXPECT_TRUE(children >= 2 && children <= 6) << children;
        } else {
            EXPECT_EQ(children, 0);
        }
        EXPECT_EQ(each.parent.has_value(), each.type == tenant_type::child);
        if (each.parent) {
            EXPECT_LT(*each.parent, each.number);
        }
    }
}

TEST(bakeries, ids_and_subdomains_are_unique_and_ids_grow) {
    const auto bakeries = make_bakeries({.active = 3'000});
    EXPECT_TRUE(std::ranges::is_sorted(bakeries, {}, &bakery::id));
    std::set<tenant_id> ids;
    std::set<std::string> subdomains;
    for (const auto& each : bakeries) {
        ids.insert(each.id);
        subdomains.insert(each.subdomain);
        EXPECT_EQ(to_string(each.id)[14], '7');
        EXPECT_EQ(each.subdomain.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), std::string::npos)
            << each.subdomain;
    }
    EXPECT_EQ(ids.size(), bakeries.size());
    EXPECT_EQ(subdomains.size(), bakeries.size());
}

TEST(bakeries, only_the_canaries_have_their_own_time) {
    std::size_t canaries = 0;
    for (const auto& each : make_bakeries({.active = 1'000})) {
        EXPECT_EQ(each.timezone == "Atlantic/Canary", each.region == "ES-CN") << each.city;
        canaries += each.region == "ES-CN";
    }
    EXPECT_GT(canaries, 20U);
    EXPECT_LT(canaries, 200U);
}

TEST(bakery_names, become_host_names) {
    EXPECT_EQ(as_subdomain("Panadería Núñez"), "panaderia-nunez");
    EXPECT_EQ(as_subdomain("Forn l'Espiga d'Or – València (Centro)"), "forn-l-espiga-d-or-valencia-centro");
}

TEST(tenant_directory, pages_cover_every_tenant_of_a_status_once) {
    const tenant_directory tenants{{.active = 250}};
    std::set<std::string> seen;
    std::size_t listed = 0;
    for (std::size_t skip = 0; skip < 300; skip += 100) {
        const auto page = tenants.page({.status = tenant_status::active, .skip = skip, .limit = 100}).value();
        EXPECT_EQ(page.at("total").to_number<std::size_t>(), 250U);
        for (const auto& each : page.at("tenants").as_array()) {
            EXPECT_EQ(each.at("status").as_string(), "active");
            EXPECT_TRUE(parse_tenant(each).has_value());
            seen.insert(std::string{each.at("id").as_string()});
            ++listed;
        }
    }
    EXPECT_EQ(listed, 250U);
    EXPECT_EQ(seen.size(), 250U);
}

std::vector<std::string> ids_of(const tenant_directory& tenants, std::size_t skip) {
    std::vector<std::string> ids;
    const auto page = tenants.page({.status = tenant_status::active, .skip = skip, .limit = 100}).value();
    for (const auto& each : page.at("tenants").as_array()) ids.emplace_back(each.at("id").as_string());
    return ids;
}

TEST(tenant_directory, has_the_flaws_that_it_is_given) {
    tenant_directory tenants{{.active = 250}};
    const auto first = ids_of(tenants, 0);
    const auto second = ids_of(tenants, 100);
    tenants.set_flaws({.most_in_a_page = 30});
    EXPECT_EQ(ids_of(tenants, 0).size(), 30U);
    tenants.set_flaws({.leaving = 1});
    EXPECT_EQ(ids_of(tenants, 0), first);
    EXPECT_EQ(ids_of(tenants, 99), second) << "one was passed over";
    tenants.set_flaws({.total_off_by = -7});
    EXPECT_EQ(tenants.page({.status = tenant_status::active}).value().at("total"), 243);
    tenants.set_flaws({.broken_every = 10});
    EXPECT_EQ(ids_of(tenants, 0)[9], "not a UUID");
    tenants.set_flaws({.refused_from = 100});
    EXPECT_FALSE(tenants.page({.status = tenant_status::active, .skip = 100}));
    tenants.set_flaws({.ends_at = 130});
    EXPECT_EQ(ids_of(tenants, 100).size(), 30U);
    tenants.set_flaws({.is_empty = true});
    EXPECT_EQ(ids_of(tenants, 0).size(), 0U);
    tenants.set_flaws({.has_cursor = true});
    EXPECT_EQ(tenants.page({.status = tenant_status::active}).value().at("next_cursor"), "100");
    tenants.set_flaws({});
    EXPECT_EQ(ids_of(tenants, 100), second);
}

TEST(tenant_directory, reads_its_flaws_and_names_every_mistake) {
    const auto read = parse_list_flaws(R"({"leaving": 3, "has_cursor": true})");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->leaving, 3U);
    EXPECT_TRUE(read->has_cursor);
    EXPECT_EQ(parse_list_flaws(boost::json::serialize(as_json(*read)))->leaving, 3U);
    EXPECT_FALSE(parse_list_flaws("{"));
    const auto wrong = parse_list_flaws(R"({"leaving": -1, "speed": 3})");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().violations.size(), 2U);
}

TEST(tenant_directory, a_tenant_may_be_deactivated) {
    tenant_directory tenants{{.active = 250}};
    const auto id = ids_of(tenants, 0).front();
    EXPECT_TRUE(tenants.set_status(tenant_id::parse(id).value(), tenant_status::suspended));
    EXPECT_NE(ids_of(tenants, 0).front(), id);
    EXPECT_FALSE(tenants.set_status(tenant_id{}, tenant_status::active));
}

TEST(tenant_directory, lists_the_children_of_a_parent) {
    const tenant_directory tenants{{.active = 300}};
    const auto parent = std::ranges::find(tenants.all(), tenant_type::parent, &bakery::type);
    ASSERT_NE(parent, tenants.all().end());
    const auto children = tenants.children(*parent);
    ASSERT_GE(children.size(), 2U);
    for (const auto& each : children) EXPECT_EQ(each.at("parent_tenant_id").as_string(), to_string(parent->id));
}

TEST(tenant_directory, reads_page_requests) {
    EXPECT_EQ(parse_page_request("")->limit, 100U);
    EXPECT_EQ(parse_page_request({})->limit, 100U);
    EXPECT_FALSE(parse_page_request("status=%zz").has_value());
    const auto page = parse_page_request("status=suspended&skip=20&limit=1000&other=1");
    ASSERT_TRUE(page.has_value());
    EXPECT_EQ(page->status, tenant_status::suspended);
    EXPECT_EQ(page->skip, 20U);
    EXPECT_EQ(page->limit, 1'000U);
    for (const auto* wrong : {"status=asleep", "skip=-1", "skip=x", "limit=0", "limit=1001", "limit="})
        EXPECT_FALSE(parse_page_request(wrong).has_value()) << wrong;
}

}  // namespace
}  // namespace orchestrator::simulator
