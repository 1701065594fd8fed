// Places for calls: first come, first served for each service, and a full service holds nobody else up.
#include "engine/call_limits.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/world/virtual_thread.h"

namespace orchestrator {
namespace {

class call_limits_test : public testing::Test {
  protected:
    ~call_limits_test() override {
        limits_.abandon();
        thread_.drop();
    }

    // A call that holds its place until it is told to end.
    void call(const std::string& name, const std::string& service) {
        thread_.start(hold(this, name, limits_.service_index(service)));
        thread_.settle();
    }
    void end(const std::string& name) {
        ending_.push_back(name);
        thread_.pass(milliseconds{10});
    }
    static task<> hold(call_limits_test* self, std::string name, int service) {
        const auto place = co_await self->limits_.acquire(service);
        self->started_.push_back(name);
        while (std::ranges::find(self->ending_, name) == self->ending_.end())
            co_await self->thread_.time.sleep_until(self->thread_.line.steady_now() + milliseconds{1});
    }

    simulation::virtual_thread thread_;
    call_limits limits_{{.total = 3, .each_service = 2}};
    std::vector<std::string> started_;
    std::vector<std::string> ending_;
};

using names = std::vector<std::string>;

TEST_F(call_limits_test, calls_of_one_service_start_in_the_order_in_which_they_came) {
    for (const auto* name : {"a", "b", "c", "d"}) call(name, "sales");
    EXPECT_EQ(started_, (names{"a", "b"}));
    end("b");
    end("a");
    EXPECT_EQ(started_, (names{"a", "b", "c", "d"}));
}

TEST_F(call_limits_test, a_full_service_holds_up_nobody_else) {
    for (const auto* name : {"a", "b", "c"}) call(name, "sales");
    call("d", "inventory");
    EXPECT_EQ(started_, (names{"a", "b", "d"}));
    EXPECT_EQ(limits_.in_flight(), 3);
}

TEST_F(call_limits_test, a_place_among_all_goes_to_a_service_that_may_use_it) {
    call("a", "sales");
    call("b", "sales");
    call("c", "inventory");
    call("d", "sales");      // its service is full
    call("e", "inventory");  // only the total is full
    end("c");
    EXPECT_EQ(started_, (names{"a", "b", "c", "e"}));
    end("a");
    EXPECT_EQ(started_, (names{"a", "b", "c", "e", "d"}));
}

TEST_F(call_limits_test, services_take_turns_when_only_the_total_is_full) {
    for (const auto* name : {"a", "b", "c"}) call(name, name);
    for (const auto* name : {"a2", "a3"}) call(name, "a");
    for (const auto* name : {"b2", "b3"}) call(name, "b");
    end("a");
    end("b");
    EXPECT_EQ(std::ranges::count(started_, "a2") + std::ranges::count(started_, "b2"), 2);
}

TEST_F(call_limits_test, a_latecomer_does_not_overtake_who_waits_for_the_same_service) {
    for (const auto* name : {"a", "b", "c"}) call(name, "sales");
    ending_.push_back("a");
    thread_.line.advance(thread_.line.steady_now() + milliseconds{1});
    thread_.settle();  // the place of a goes to c before anybody else can ask
    call("d", "sales");
    EXPECT_EQ(started_, (names{"a", "b", "c"}));
}

TEST_F(call_limits_test, every_place_comes_back) {
    for (const auto* name : {"a", "b", "c", "d", "e"}) call(name, "sales");
    for (const auto* name : {"a", "b", "c", "d", "e"}) end(name);
    EXPECT_EQ(started_.size(), 5U);
    EXPECT_EQ(limits_.in_flight(), 0);
}

TEST_F(call_limits_test, the_same_name_has_the_same_number) {
    EXPECT_EQ(limits_.service_index("sales"), limits_.service_index("sales"));
    EXPECT_NE(limits_.service_index("sales"), limits_.service_index("inventory"));
}

TEST_F(call_limits_test, after_a_crash_nobody_who_waits_is_woken) {
    for (const auto* name : {"a", "b", "c"}) call(name, "sales");
    limits_.abandon();
    end("a");
    EXPECT_EQ(started_, (names{"a", "b"}));
}

}  // namespace
}  // namespace orchestrator
