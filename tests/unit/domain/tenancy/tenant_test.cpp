// Tests of tenants as the tenant service tells of them, and of the filter of an execution.
#include "domain/tenancy/tenant.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace orchestrator {
namespace {

constexpr std::string_view id = "01890a5d-ac96-774b-bcce-b302099a8057";

std::optional<tenant> read(std::string_view fields) {
    auto source = boost::json::parse(fields).as_object();
    source.emplace("id", boost::json::string_view{id});
    return parse_tenant(source);
}

TEST(tenant, needs_nothing_but_its_id) {
    const auto bare = read("{}");
    ASSERT_TRUE(bare);
    EXPECT_EQ(to_string(bare->id), id);
    EXPECT_EQ(bare->name, "");
    EXPECT_EQ(bare->tier, subscription_tier::starter);
    EXPECT_EQ(bare->timezone, "Europe/Madrid");
    EXPECT_EQ(bare->status, tenant_status::active);
}

TEST(tenant, reads_what_the_service_sends_and_ignores_the_rest) {
    const auto full = read(R"({"name": "Panadería", "subscription_tier": "enterprise", "timezone": "Atlantic/Canary",
                               "status": "trial", "is_active": false, "owner": {"id": 1}})");
    ASSERT_TRUE(full);
    EXPECT_EQ(full->name, "Panadería");
    EXPECT_EQ(full->tier, subscription_tier::enterprise);
    EXPECT_EQ(full->timezone, "Atlantic/Canary");
    EXPECT_EQ(full->status, tenant_status::trial);
}

struct status_case {
    std::string_view fields;
    tenant_status expected;
};

class status_of_tenant : public testing::TestWithParam<status_case> {};

TEST_P(status_of_tenant, is_active_only_when_the_service_says_so) {
    EXPECT_EQ(read(GetParam().fields)->status, GetParam().expected) << GetParam().fields;
}

INSTANTIATE_TEST_SUITE_P(tenant, status_of_tenant,
                         testing::Values(status_case{R"({"status": "active"})", tenant_status::active},
                                         status_case{R"({"status": "suspended"})", tenant_status::suspended},
                                         status_case{R"({"status": "cancelled"})", tenant_status::cancelled},
                                         status_case{R"({"status": "pending_deletion"})", tenant_status::suspended},
                                         status_case{R"({"status": "Active"})", tenant_status::suspended},
                                         status_case{R"({"is_active": true})", tenant_status::active},
                                         status_case{R"({"is_active": false})", tenant_status::suspended},
                                         status_case{R"({"is_active": "no"})", tenant_status::active},
                                         status_case{R"({"status": 1, "is_active": false})",
                                                     tenant_status::suspended}));

TEST(tenant, falls_back_where_a_field_is_of_a_wrong_kind) {
    const auto odd = read(R"({"name": 7, "subscription_tier": "gold", "timezone": ""})");
    ASSERT_TRUE(odd);
    EXPECT_EQ(odd->name, "");
    EXPECT_EQ(odd->tier, subscription_tier::starter);
    EXPECT_EQ(odd->timezone, "Europe/Madrid");
}

TEST(tenant, without_a_readable_id_is_none) {
    for (const auto* text : {"null", "[]", "\"x\"", "{}", R"({"id": 7})", R"({"id": "7"})", R"({"id": null})"})
        EXPECT_FALSE(parse_tenant(boost::json::parse(text))) << text;
}

TEST(tenant, tiers_and_statuses_have_words_that_are_read_back) {
    for (const auto tier : {subscription_tier::starter, subscription_tier::professional, subscription_tier::enterprise})
        EXPECT_EQ(parse_subscription_tier(to_string(tier)), tier);
    for (const auto status :
         {tenant_status::active, tenant_status::trial, tenant_status::suspended, tenant_status::cancelled})
        EXPECT_EQ(parse_tenant_status(to_string(status)), status);
    EXPECT_EQ(to_string(subscription_tier::professional), "professional");
    EXPECT_EQ(to_string(tenant_status::trial), "trial");
    EXPECT_FALSE(parse_subscription_tier("Starter"));
    EXPECT_FALSE(parse_tenant_status(""));
}

tenant bakery(std::uint8_t number, subscription_tier tier, tenant_status status = tenant_status::active) {
    tenant made;
    made.id.value.bytes[15] = number;
    made.tier = tier;
    made.status = status;
    return made;
}

TEST(tenant_filter, without_lists_takes_every_tenant_that_may_run) {
    const tenant_filter all;
    EXPECT_TRUE(all.accepts(bakery(1, subscription_tier::starter)));
    EXPECT_TRUE(all.accepts(bakery(1, subscription_tier::starter, tenant_status::trial)));
    EXPECT_FALSE(all.accepts(bakery(1, subscription_tier::starter, tenant_status::suspended)));
    EXPECT_FALSE(all.accepts(bakery(1, subscription_tier::starter, tenant_status::cancelled)));
}

TEST(tenant_filter, takes_only_those_that_fit_both_lists) {
    const tenant_filter both{.tenant_ids = {bakery(1, {}).id, bakery(2, {}).id},
                             .tiers = {subscription_tier::enterprise}};
    EXPECT_TRUE(both.accepts(bakery(1, subscription_tier::enterprise)));
    EXPECT_FALSE(both.accepts(bakery(2, subscription_tier::starter)));
    EXPECT_FALSE(both.accepts(bakery(3, subscription_tier::enterprise)));
    EXPECT_FALSE(both.accepts(bakery(1, subscription_tier::enterprise, tenant_status::suspended)));
}

}  // namespace
}  // namespace orchestrator
