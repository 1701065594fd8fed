#include "adapters/sql/row_text.h"

#include <gtest/gtest.h>

namespace orchestrator::sql {
namespace {

TEST(tenant_filter_row, comes_back_as_it_was) {
    const tenant_filter filter{.tenant_ids = {{make_uuid_v7(system_time{milliseconds{1}}, {1, 1})}},
                               .tiers = {subscription_tier::enterprise}};
    EXPECT_EQ(tenant_filter_from_json(to_json(filter)), filter);
    EXPECT_EQ(tenant_filter_from_json(to_json(tenant_filter{})), tenant_filter{});
}

// Left out, it would take in more tenants than were meant.
TEST(tenant_filter_row, accepts_nobody_when_it_asks_for_what_is_not_known) {
    const tenant somebody{.id = {make_uuid_v7(system_time{milliseconds{1}}, {1, 1})}, .name = "Panadería"};
    for (const auto* text : {R"({"subscription_tiers":["platinum"]})", R"({"regions":["ES-MD"]})", "[]",
                             R"({"tenant_ids":"all"})", R"({"tenant_ids":[7]})"}) {
        const auto filter = tenant_filter_from_json(text);
        EXPECT_TRUE(filter.has_unknown) << text;
        EXPECT_FALSE(filter.accepts(somebody)) << text;
    }
}

}  // namespace
}  // namespace orchestrator::sql
