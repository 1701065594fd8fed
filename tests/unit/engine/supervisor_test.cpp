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
        has_ended_ = true;
    }
    void keep(int breaks) {
        thread_.start(supervisor_.keep("dispatcher", [this, breaks] { return live(breaks); }, [this] { ++restarts_; }));
        thread_.settle();
    }

    simulation::virtual_thread thread_;
    std::atomic<bool> draining_ = false;
    supervisor supervisor_{thread_.time, draining_};
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
    EXPECT_TRUE(has_ended_) << "one that returns is over";
}

TEST_F(supervisor_test, tells_of_it_for_a_minute) {
    keep(2);
    thread_.pass(seconds{1});
    EXPECT_TRUE(supervisor_.broken().empty());
    thread_.pass(seconds{9});
    const auto broken = supervisor_.broken();
    ASSERT_EQ(broken.size(), 1U);
    EXPECT_EQ(broken[0].name, "dispatcher");
    EXPECT_EQ(broken[0].why, "out of flour");
    EXPECT_EQ(broken[0].times, 2);
    thread_.pass(seconds{60});
    EXPECT_TRUE(supervisor_.broken().empty());
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
