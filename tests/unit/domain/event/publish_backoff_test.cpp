#include "domain/event/publish_backoff.h"

#include <gtest/gtest.h>

#include <limits>

namespace orchestrator {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(publish_backoff, doubles_up_to_five_minutes) {
    EXPECT_EQ(publish_backoff(1), seconds{1});
    EXPECT_EQ(publish_backoff(2), seconds{2});
    EXPECT_EQ(publish_backoff(9), seconds{256});
    EXPECT_EQ(publish_backoff(10), minutes{5});
    EXPECT_EQ(publish_backoff(std::numeric_limits<int>::max()), minutes{5});
}

TEST(broker_backoff, doubles_up_to_half_a_minute) {
    EXPECT_EQ(broker_backoff(1), milliseconds{500});
    EXPECT_EQ(broker_backoff(2), seconds{1});
    EXPECT_EQ(broker_backoff(6), seconds{16});
    EXPECT_EQ(broker_backoff(7), seconds{30});
    EXPECT_EQ(broker_backoff(std::numeric_limits<int>::max()), seconds{30});
}

}  // namespace
}  // namespace orchestrator
