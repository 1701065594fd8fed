// Loops that break off: they begin again, and are told of for a while.
#include "engine/supervisor.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/simulation/world/virtual_thread.h"

namespace orchestrator {
namespace {

using std::chrono::seconds;

class supervisor_test : public testing::Test {
  protected:
    ~supervisor_test() override { thread_.drop(); }

    // Lives for two seconds, and then breaks off the first `breaks` times.
    task<> live(int breaks) {
        const int nth = ++lives_;
        co_await thread_.time.sleep_until(thread_.line.steady_now() + seconds{2});
        if (nth <= breaks) throw std::runtime_error{"out of flour"};
        co_await wake_.wait_until(thread_.line.steady_now() + seconds{300});
        has_ended_ = true;
    }
    task<> hang() {
        co_await wake_.wait_until(thread_.line.steady_now() + seconds{300});
        co_await thread_.time.sleep_until(thread_.line.steady_now() + seconds{90});
    }
    void keep(int breaks) {
        thread_.start(supervisor_.keep({.name = "dispatcher",
                                        .run = [this, breaks] { return live(breaks); },
                                        .sleeps_in = wake_,
                                        .on_restart = [this] { ++restarts_; }}));
        thread_.settle();
    }

    simulation::virtual_thread thread_;
    std::atomic<bool> draining_ = false;
    supervisor supervisor_{thread_.time, draining_};
    wake_signal wake_{thread_.time};
    int lives_ = 0;
    int restarts_ = 0;
    bool has_ended_ = false;
};

TEST_F(supervisor_test, a_loop_that_breaks_off_begins_again_after_a_second) {
    keep(2);
    thread_.pass(milliseconds{2'900});
    EXPECT_EQ(lives_, 1);
    thread_.pass(seconds{20});
    EXPECT_EQ(lives_, 3);
    EXPECT_EQ(restarts_, 2);
    thread_.pass(seconds{300});
    EXPECT_TRUE(has_ended_) << "one that returns is over";
}

TEST_F(supervisor_test, tells_of_it_for_a_minute) {
    keep(2);
    thread_.pass(seconds{1});
    EXPECT_TRUE(supervisor_.problems().empty());
    thread_.pass(seconds{9});
    EXPECT_EQ(supervisor_.problems(),
              (std::vector<health_problem>{
                  {"loop", "dispatcher",
                   "the dispatcher broke off, 2 times since the start, and began again: out of flour"}}));
    EXPECT_FALSE(supervisor_.is_failing("dispatcher"));
    thread_.pass(seconds{60});
    EXPECT_TRUE(supervisor_.problems().empty());
}

TEST_F(supervisor_test, a_loop_that_breaks_off_again_and_again_is_failing) {
    keep(3);
    thread_.pass(seconds{15});
    EXPECT_TRUE(supervisor_.is_failing("dispatcher"));
    EXPECT_FALSE(supervisor_.is_failing("scheduler"));
    thread_.pass(seconds{60});
    EXPECT_FALSE(supervisor_.is_failing("dispatcher"));
}

TEST_F(supervisor_test, one_that_does_not_come_back_from_what_it_waits_for_hangs) {
    thread_.start(supervisor_.keep({.name = "scheduler", .run = [this] { return hang(); }, .sleeps_in = wake_}));
    thread_.pass(seconds{100});
    EXPECT_TRUE(supervisor_.problems().empty()) << "it sleeps";
    wake_.notify();
    thread_.pass(seconds{9});
    EXPECT_TRUE(supervisor_.problems().empty());
    thread_.pass(seconds{1});
    EXPECT_EQ(supervisor_.problems(),
              (std::vector<health_problem>{
                  {"loop", "scheduler", "the scheduler has been waiting for the same answer for 10 s"}}));
    EXPECT_FALSE(supervisor_.is_failing("scheduler"));
    thread_.pass(seconds{50});
    EXPECT_TRUE(supervisor_.is_failing("scheduler"));
    thread_.pass(seconds{40});
    EXPECT_TRUE(supervisor_.problems().empty()) << "it has ended";
}

TEST_F(supervisor_test, nothing_begins_again_while_the_instance_stops) {
    keep(5);
    thread_.pass(seconds{1});
    draining_ = true;
    thread_.pass(seconds{60});
    EXPECT_EQ(lives_, 1);
}

}  // namespace
}  // namespace orchestrator
