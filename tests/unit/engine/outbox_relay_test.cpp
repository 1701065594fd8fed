// The relay: what it publishes and when, on an outbox and a broker that do as they are told.
#include "engine/outbox_relay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <map>
#include <set>
#include <sstream>

#include "tests/simulation/world/virtual_thread.h"

namespace orchestrator {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::IsEmpty;

event_id event_no(int number) { return {make_uuid_v7(system_time{milliseconds{number}}, {})}; }

// By attempts, then by age, as every store has it.
class fake_outbox final : public event_outbox {
  public:
    void add(int number) { kept_[event_no(number)].kept.of.id = event_no(number); }
    [[nodiscard]] kept_event at(int number) const { return kept_.at(event_no(number)).kept; }
    [[nodiscard]] int waiting() const {
        return int(std::ranges::count_if(kept_, [](const auto& each) { return !each.second.kept.published_at; }));
    }

    task<result<std::vector<kept_event>>> unpublished_events(int limit, system_time now) override {
        std::vector<kept_event> found;
        for (const auto& [id, each] : kept_)
            if (!each.kept.published_at && each.not_before <= now) found.push_back(each.kept);
        std::ranges::sort(found, {}, [](const kept_event& each) { return std::pair{each.attempts, each.of.id}; });
        if (found.size() > std::size_t(limit)) found.resize(std::size_t(limit));
        co_return found;
    }
    task<result<void>> note_published(std::vector<event_id> ids, system_time now) override {
        if (is_full) co_return fail(errc::store_full, "no room");
        for (const auto& id : ids) kept_[id].kept.published_at = now;
        co_return result<void>{};
    }
    task<result<void>> note_unpublished(std::vector<unpublished_event> refused) override {
        for (const auto& each : refused) {
            auto& noted = kept_[each.id];
            ++noted.kept.attempts;
            noted.kept.problem = each.problem;
            noted.not_before = each.not_before;
        }
        co_return result<void>{};
    }
    task<result<void>> note_broker_problem(std::string problem) override {
        ++broker_notes;
        for (auto& [id, each] : kept_)
            if (!each.kept.published_at && each.kept.attempts == 0) each.kept.problem = problem;
        co_return result<void>{};
    }
    task<result<std::vector<kept_event>>> list_events(event_query) override { co_return std::vector<kept_event>{}; }

    bool is_full = false;
    int broker_notes = 0;

  private:
    struct row {
        kept_event kept;
        system_time not_before;
    };
    std::map<event_id, row> kept_;
};

class fake_bus final : public event_bus {
  public:
    task<result<std::vector<publish_problem>>> publish(std::vector<event> events) override {
        ++calls;
        if (is_away) co_return fail(errc::service_failed, "the broker is away");
        std::vector<publish_problem> answers;
        for (const auto& each : events) {
            ++tries[each.id];
            answers.push_back(unwanted.contains(each.id) ? "no queue is bound" : "");
        }
        co_return answers;
    }

    bool is_away = false;
    int calls = 0;
    std::set<event_id> unwanted;
    std::map<event_id, int> tries;
};

class outbox_relay_test : public testing::Test {
  protected:
    outbox_relay_test() { spdlog::set_level(spdlog::level::off); }
    ~outbox_relay_test() override { thread_.drop(); }

    void begin() {
        thread_.start(relay_.run());
        thread_.settle();
    }

    simulation::virtual_thread thread_;
    fake_outbox outbox_;
    fake_bus bus_;
    bool leads_ = true;
    store_watch faults_{thread_.time};
    outbox_relay relay_{outbox_, bus_, thread_.time, faults_, [this] { return leads_; }};
};

TEST_F(outbox_relay_test, all_that_waits_is_published_at_once_and_noted) {
    for (int i = 1; i <= 250; ++i) outbox_.add(i);
    begin();
    EXPECT_EQ(outbox_.waiting(), 0);
    EXPECT_EQ(bus_.calls, 3) << "a hundred at a time";
    outbox_.add(251);
    thread_.pass(seconds{1});
    EXPECT_EQ(outbox_.waiting(), 0) << "what ended elsewhere, within a second";
}

TEST_F(outbox_relay_test, who_does_not_lead_publishes_nothing) {
    outbox_.add(1);
    leads_ = false;
    begin();
    thread_.pass(minutes{1});
    EXPECT_EQ(bus_.calls, 0);
    leads_ = true;
    thread_.pass(seconds{1});
    EXPECT_EQ(outbox_.waiting(), 0);
}

TEST_F(outbox_relay_test, an_event_that_comes_back_slows_no_other) {
    outbox_.add(1);
    bus_.unwanted = {event_no(1)};
    begin();
    for (int i = 2; i <= 61; ++i) {
        outbox_.add(i);
        thread_.pass(seconds{1});
        EXPECT_EQ(outbox_.waiting(), 1) << i;
    }
    EXPECT_EQ(outbox_.at(1).problem, "no queue is bound");
    EXPECT_EQ(bus_.tries[event_no(1)], 6) << "after 1, 2, 4, 8, 16 s and so on";
    thread_.pass(std::chrono::hours{1});
    EXPECT_NEAR(bus_.tries[event_no(1)], 6 + 4 + 11, 2) << "every five minutes in the end";
    bus_.unwanted.clear();
    thread_.pass(minutes{5});
    EXPECT_EQ(outbox_.waiting(), 0);
}

TEST_F(outbox_relay_test, a_reason_is_told_once_however_often_it_is_met) {
    std::ostringstream told;
    const auto usual = spdlog::default_logger();
    spdlog::set_default_logger(
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(told)));
    outbox_.add(1);
    outbox_.add(2);
    bus_.unwanted = {event_no(1), event_no(2)};
    begin();
    for (int i = 3; i <= 30; ++i) {
        outbox_.add(i);
        thread_.pass(seconds{1});
    }
    spdlog::set_default_logger(usual);
    EXPECT_THAT(told.str(), testing::HasSubstr("an event waits in the outbox: no queue is bound"));
    EXPECT_EQ(std::ranges::count(told.str(), '\n'), 1) << told.str();
}

TEST_F(outbox_relay_test, a_hundred_that_come_back_do_not_starve_those_behind) {
    for (int i = 1; i <= 300; ++i) outbox_.add(i);
    for (int i = 1; i <= 200; ++i) bus_.unwanted.insert(event_no(i));
    begin();
    EXPECT_EQ(outbox_.waiting(), 200);
    for (int i = 201; i <= 300; ++i) EXPECT_EQ(bus_.tries[event_no(i)], 1) << "confirmed once, and noted";
}

TEST_F(outbox_relay_test, a_broker_that_is_away_is_asked_ever_more_seldom_and_the_reason_noted) {
    for (int i = 1; i <= 150; ++i) outbox_.add(i);
    bus_.is_away = true;
    begin();
    EXPECT_EQ(outbox_.at(150).problem, "the broker is away") << "not only those that were tried";
    EXPECT_EQ(outbox_.at(1).attempts, 0) << "the event is not to blame";
    thread_.pass(minutes{10});
    EXPECT_LE(bus_.calls, 26);
    EXPECT_GE(bus_.calls, 20) << "every 30 s at the latest";
    EXPECT_EQ(outbox_.broker_notes, 1) << "the same word once";
    ASSERT_TRUE(relay_.problem());
    EXPECT_EQ(relay_.problem()->message, "events wait in the outbox: the broker is away");
    bus_.is_away = false;
    thread_.pass(seconds{30});
    EXPECT_FALSE(relay_.problem());
    EXPECT_EQ(outbox_.broker_notes, 2);
    EXPECT_EQ(outbox_.waiting(), 0);
}

TEST_F(outbox_relay_test, a_store_that_cannot_note_what_was_published_makes_it_pause) {
    for (int i = 1; i <= 100; ++i) outbox_.add(i);
    outbox_.is_full = true;
    begin();
    thread_.pass(minutes{1});
    EXPECT_LE(bus_.calls, 8);
    outbox_.is_full = false;
    thread_.pass(seconds{30});
    EXPECT_EQ(outbox_.waiting(), 0);
}

TEST_F(outbox_relay_test, ends_when_it_is_stopped) {
    begin();
    outbox_.add(1);
    relay_.stop();
    thread_.pass(minutes{1});
    EXPECT_EQ(bus_.calls, 0);
    EXPECT_THAT(bus_.tries, IsEmpty());
}

}  // namespace
}  // namespace orchestrator
