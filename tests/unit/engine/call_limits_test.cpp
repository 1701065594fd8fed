// Places for calls: first come, first served for each service, a full service holds nobody else up, and nobody waits
// without an end.
#include "engine/call_limits.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "adapters/system/random.h"
#include "tests/simulation/world/virtual_thread.h"

namespace orchestrator {
namespace {

using std::chrono::seconds;

struct wish {
    milliseconds patience = std::chrono::hours{1};
    bool is_retry = false;
    call_urgency urgency{};
    call_report report{.end = call_end::succeeded, .route = 0, .sent_at = {}, .latency = {}, .retry_after = {}};
};

class call_limits_test : public testing::Test {
  protected:
    call_limits_test() {
        thread_.start(limits_.run());
        thread_.settle();
    }
    ~call_limits_test() override {
        limits_.abandon();
        thread_.drop();
    }

    // A call that holds its place until it is told to end.
    void call(const std::string& name, const std::string& service, wish how = {}) {
        thread_.start(hold(this, name, limits_.service_index(service), std::move(how)));
        thread_.settle();
    }
    void end(const std::string& name) {
        ending_.push_back(name);
        thread_.pass(milliseconds{10});
    }
    // A call that is made at once, takes 10 ms, and ends so.
    void make(const std::string& service, call_end how, std::optional<milliseconds> retry_after = {}) {
        const auto name = "made " + std::to_string(++made_);
        call(name, service,
             {.report = {.end = how, .route = 0, .sent_at = {}, .latency = {}, .retry_after = retry_after}});
        end(name);
    }
    static task<> hold(call_limits_test* self, std::string name, int service, wish how) {
        const auto deadline = self->thread_.line.steady_now() + how.patience;
        auto place = co_await self->limits_.acquire(
            service,
            {.deadline = deadline, .stop = self->stop_.get_token(), .is_retry = how.is_retry, .urgency = how.urgency});
        if (!place) {
            self->refused_[name] = place.error();
            co_return;
        }
        self->started_.push_back(name);
        how.report.sent_at = self->thread_.line.steady_now();
        while (std::ranges::find(self->ending_, name) == self->ending_.end())
            co_await self->thread_.time.sleep_until(self->thread_.line.steady_now() + milliseconds{1});
        place->report(how.report);
    }
    [[nodiscard]] service_view view_of(const std::string& service) {
        thread_.pass(seconds{1});
        for (auto& each : limits_.services())
            if (each.name == service) return each;
        return {};
    }
    [[nodiscard]] bool has_started(const std::string& name) const {
        return std::ranges::find(started_, name) != started_.end();
    }

    simulation::virtual_thread thread_;
    system::random random_{1};
    shared_pool runs_{.size = 1'000, .taken = 0};
    int opened_ = 0;
    call_limits limits_{
        {.total = 3, .each_service = 2}, thread_.time, random_, [this] { return runs_; }, [this] { ++opened_; }};
    std::stop_source stop_;
    std::vector<std::string> started_;
    std::vector<std::string> ending_;
    std::map<std::string, call_limits::refusal> refused_;
    int made_ = 0;
};

using names = std::vector<std::string>;

TEST_F(call_limits_test, calls_of_one_service_start_in_the_order_in_which_they_came) {
    for (const auto* name : {"a", "b", "c", "d"}) call(name, "sales");
    EXPECT_EQ(started_, (names{"a", "b"}));
    end("b");
    end("a");
    EXPECT_EQ(started_, (names{"a", "b", "c", "d"}));
}

TEST_F(call_limits_test, a_retry_waits_for_its_turn_and_no_longer) {
    for (const auto* name : {"a", "b"}) call(name, "sales");
    make("stock", call_end::succeeded);  // whatever else goes on
    call("c", "sales");
    call("retry", "sales", {.is_retry = true});
    call("d", "sales");
    end("a");
    end("b");
    EXPECT_EQ(started_, (names{"a", "b", "made 1", "c", "retry"}));
    end("c");
    EXPECT_TRUE(has_started("d"));
}

// Service "sales" answers ten calls in ten seconds, and more wait than it can answer before the first deadline.
TEST_F(call_limits_test, when_time_is_short_who_has_time_does_not_overtake) {
    for (int i = 0; i < 10; ++i) make("sales", call_end::succeeded);
    call("a", "sales");
    call("b", "sales");
    call("has time", "sales", {.patience = std::chrono::hours{4}, .urgency = {.tier_weight = 4, .steps_left = 1}});
    for (int i = 0; i < 20; ++i)
        call("short " + std::to_string(i), "sales",
             {.patience = seconds{15}, .urgency = {.tier_weight = 1, .steps_left = 2}});
    call("short, important", "sales", {.patience = seconds{15}, .urgency = {.tier_weight = 2, .steps_left = 2}});
    end("a");
    EXPECT_EQ(started_.back(), "short, important");
    end("b");
    EXPECT_EQ(started_.back(), "short 0");
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

TEST_F(call_limits_test, a_wait_ends_with_its_deadline) {
    call("a", "sales");
    call("b", "sales");
    call("c", "sales", {.patience = seconds{3}});
    call("d", "sales", {.patience = seconds{5}});
    thread_.pass(seconds{4});
    EXPECT_EQ(refused_, (std::map<std::string, call_limits::refusal>{{"c", call_limits::refusal::deadline}}));
    end("a");
    EXPECT_TRUE(has_started("d")) << "those behind it go on waiting";
    call("late", "sales", {.patience = milliseconds{0}});
    EXPECT_EQ(refused_.at("late"), call_limits::refusal::deadline);
}

TEST_F(call_limits_test, a_wait_ends_when_its_owner_stops) {
    for (const auto* name : {"a", "b", "c"}) call(name, "sales");
    stop_.request_stop();
    thread_.settle();
    EXPECT_EQ(refused_.at("c"), call_limits::refusal::stopped);
    end("a");
    EXPECT_FALSE(has_started("c"));
    EXPECT_EQ(limits_.in_flight(), 1);
}

TEST_F(call_limits_test, who_drains_sends_away_those_who_wait_and_starts_nobody) {
    for (const auto* name : {"a", "b", "c"}) call(name, "sales");
    limits_.stop();
    thread_.settle();
    EXPECT_EQ(refused_.at("c"), call_limits::refusal::stopped);
    call("d", "inventory");
    EXPECT_EQ(refused_.at("d"), call_limits::refusal::stopped);
}

TEST_F(call_limits_test, throttling_pauses_the_whole_queue_for_as_long_as_the_service_asks) {
    make("sales", call_end::throttled, seconds{7});
    call("a", "sales");
    call("other", "inventory");
    EXPECT_TRUE(has_started("other"));
    thread_.pass(seconds{5});
    EXPECT_TRUE(view_of("sales").problem.starts_with("asks for a pause of"));
    EXPECT_FALSE(has_started("a"));
    thread_.pass(seconds{1});
    EXPECT_TRUE(has_started("a"));
}

TEST_F(call_limits_test, a_service_that_cannot_be_reached_is_left_alone_and_tried_again) {
    for (int i = 0; i < 5; ++i) make("sales", call_end::connect_failed);
    call("a", "sales");
    EXPECT_FALSE(has_started("a"));
    EXPECT_EQ(limits_.what_to_claim().closed_services, names{"sales"});
    thread_.pass(milliseconds{1'200});
    ASSERT_TRUE(has_started("a")) << "a probe, of real work";
    EXPECT_GT(opened_, 0) << "who claims is told";
    end("a");
    make("sales", call_end::succeeded);
    EXPECT_EQ(view_of("sales").breaker, breaker_state::closed);
}

TEST_F(call_limits_test, retries_wait_for_their_budget_and_first_attempts_do_not) {
    auto refused = wish{}.report;
    refused.end = call_end::refused;
    for (int i = 0; i < 10; ++i) {
        call("retry " + std::to_string(i), "sales", {.is_retry = true, .report = refused});
        ending_.push_back("retry " + std::to_string(i));
        thread_.pass(milliseconds{1});
    }
    call("one too many", "sales", {.is_retry = true});
    call("first", "sales");
    EXPECT_FALSE(has_started("one too many"));
    EXPECT_TRUE(has_started("first"));
    thread_.pass(milliseconds{500});
    EXPECT_TRUE(has_started("one too many"));
}

TEST_F(call_limits_test, a_shortage_of_ours_makes_everybody_wait_and_blames_nobody) {
    for (int i = 0; i < 30; ++i) make("sales", call_end::exhausted);
    call("a", "inventory");
    EXPECT_FALSE(has_started("a"));
    thread_.pass(seconds{1});
    EXPECT_TRUE(has_started("a"));
    EXPECT_EQ(view_of("sales").breaker, breaker_state::closed);
}

TEST_F(call_limits_test, an_operator_may_pause_a_service_and_allow_it_fewer_calls) {
    call("a", "sales");
    limits_.apply({{.service = "sales",
                    .max_calls = 1,
                    .paused_until = thread_.time.now() + seconds{30},
                    .reason = "migration",
                    .updated_at = {}}});
    call("b", "sales");
    thread_.pass(seconds{20});
    EXPECT_FALSE(has_started("b"));
    EXPECT_TRUE(view_of("sales").problem.contains("migration"));
    thread_.pass(seconds{10});
    EXPECT_FALSE(has_started("b")) << "one at a time";
    end("a");
    EXPECT_TRUE(has_started("b"));
    EXPECT_EQ(view_of("sales").max_calls, 1);
    limits_.apply({});
    EXPECT_EQ(view_of("sales").max_calls, 2);
}

TEST_F(call_limits_test, what_an_operator_set_holds_for_a_service_that_nobody_has_called_yet) {
    limits_.apply({{.service = "stock",
                    .max_calls = {},
                    .paused_until = thread_.time.now() + seconds{60},
                    .reason = "is moved",
                    .updated_at = {}}});
    call("early", "stock");
    EXPECT_FALSE(has_started("early"));
    thread_.pass(seconds{61});
    EXPECT_TRUE(has_started("early"));
}

TEST_F(call_limits_test, a_run_too_many_is_sent_back) {
    runs_ = {.size = 16, .taken = 15};
    for (const auto* name : {"a", "b", "c"}) call(name, "sales");
    EXPECT_EQ(refused_.at("c"), call_limits::refusal::surplus);
    runs_.taken = 10;
    call("d", "sales");
    EXPECT_FALSE(refused_.contains("d"));
}

TEST_F(call_limits_test, what_waits_for_a_service_closes_it_for_claims_and_opens_it_when_it_is_called) {
    runs_ = {.size = 12, .taken = 8};
    for (const auto* name : {"a", "b", "c"}) call(name, "sales");
    EXPECT_EQ(limits_.what_to_claim().closed_services, names{"sales"});
    EXPECT_EQ(opened_, 0);
    runs_.taken = 6;
    end("a");
    EXPECT_EQ(opened_, 1);
    EXPECT_TRUE(limits_.what_to_claim().closed_services.empty());
    EXPECT_EQ(limits_.what_to_claim().most, 2) << "half of what is free beside those two";
}

TEST_F(call_limits_test, a_service_that_hangs_is_told_of_within_ten_seconds) {
    call("a", "sales");
    thread_.pass(seconds{8});
    EXPECT_TRUE(view_of("sales").problem.contains("has not answered for")) << view_of("sales").problem;
}

// The class of faults: one that is slow takes all there is.
TEST(call_limits_share, services_that_hang_leave_places_to_one_that_does_not) {
    simulation::virtual_thread thread;
    system::random random{1};
    call_limits limits{{.total = 100, .each_service = 100, .adaptive = false}, thread.time, random};
    const auto hang = [&](std::string service) -> task<> {
        auto place = co_await limits.acquire(limits.service_index(service),
                                             {.deadline = thread.line.steady_now() + seconds{900}, .stop = {}});
        co_await thread.time.sleep_until(thread.line.steady_now() + std::chrono::hours{1});
    };
    for (const auto* service : {"one", "two", "three"})
        for (int i = 0; i < 200; ++i) thread.start(hang(service));
    thread.settle();
    const int taken = limits.in_flight();
    EXPECT_LE(taken, 90);
    for (int i = 0; i < 200; ++i) thread.start(hang("well"));
    thread.settle();
    EXPECT_GE(limits.in_flight() - taken, 6);
    limits.abandon();
    thread.drop();
}

}  // namespace
}  // namespace orchestrator
