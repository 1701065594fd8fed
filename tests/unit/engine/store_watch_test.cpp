// What the store does not do: how long the health tells of it.
#include "engine/store_watch.h"

#include <gtest/gtest.h>

#include "tests/simulation/world/virtual_thread.h"

namespace orchestrator {
namespace {

using std::chrono::seconds;

class store_watch_test : public testing::Test {
  protected:
    ~store_watch_test() override { thread_.drop(); }
    void fail_to(const std::string& what, errc code = errc::store_unavailable) {
        EXPECT_FALSE(watch_.note(what, result<int>{fail(code, "away")}));
    }

    simulation::virtual_thread thread_;
    store_watch watch_{thread_.time};
};

TEST_F(store_watch_test, tells_of_it_until_it_is_done) {
    fail_to("claim");
    fail_to("plan");
    EXPECT_EQ(watch_.problems().size(), 2U);
    EXPECT_TRUE(watch_.note("claim", result<int>{1}));
    EXPECT_EQ(watch_.problems(), (std::vector<health_problem>{{"store", "plan", "cannot plan: away"}}));
}

// By another instance, which leads now, or by nobody.
TEST_F(store_watch_test, what_is_not_asked_any_more_is_told_for_two_minutes) {
    fail_to("publish");
    thread_.pass(seconds{100});
    fail_to("publish");
    thread_.pass(seconds{119});
    EXPECT_EQ(watch_.problems().size(), 1U);
    thread_.pass(seconds{1});
    EXPECT_TRUE(watch_.problems().empty());
}

TEST_F(store_watch_test, an_answer_that_is_no_fault_of_the_store_is_none) {
    fail_to("decide", errc::superseded);
    fail_to("finish", errc::not_found);
    EXPECT_TRUE(watch_.problems().empty());
    fail_to("decide", errc::entry_refused);
    EXPECT_EQ(watch_.problems().size(), 1U);
}

}  // namespace
}  // namespace orchestrator
