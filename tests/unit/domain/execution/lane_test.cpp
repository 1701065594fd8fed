// Which runs a claim leaves out while services are closed.
#include "domain/execution/lane.h"

#include <gtest/gtest.h>

namespace orchestrator {
namespace {

TEST(lane, is_named_after_its_services) {
    EXPECT_EQ(lane_of({}), "");
    EXPECT_EQ(lane_of({"sales"}), "sales");
    EXPECT_EQ(lane_of({"sales", "inventory"}), "inventory, sales");
    const std::string long_name(300, 'a');
    EXPECT_EQ(lane_of({long_name, "b" + long_name}), "") << "it is the key of an index";
}

TEST(lane, is_closed_while_all_of_its_services_are) {
    EXPECT_TRUE(is_closed_lane("sales", {"inventory", "sales"}));
    EXPECT_FALSE(is_closed_lane("sales", {"inventory"}));
    EXPECT_FALSE(is_closed_lane("sales", {}));
    EXPECT_FALSE(is_closed_lane("sales", {"sale"}));
    EXPECT_FALSE(is_closed_lane("sale", {"sales"}));
    EXPECT_TRUE(is_closed_lane("inventory, sales", {"sales", "inventory"}));
    EXPECT_FALSE(is_closed_lane("inventory, sales", {"sales"}));
    EXPECT_FALSE(is_closed_lane("inventory, sales", {"inventory"}));
}

TEST(lane, without_a_service_is_never_closed) { EXPECT_FALSE(is_closed_lane("", {"", "sales"})); }

}  // namespace
}  // namespace orchestrator
