#include "domain/clock/clock_watch.h"

#include <gtest/gtest.h>

#include <random>

namespace orchestrator {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const system_time start = *parse_time("2026-03-02T07:00:00Z");
const steady_time boot{hours{30}};

class clock_watch_test : public testing::Test {
  protected:
    // A look after `passed` since the start, at clocks that are away from the true time by so much.
    void look(milliseconds passed, milliseconds own_away, std::optional<milliseconds> store_away = {},
              milliseconds uncertainty = {}) {
        clock_reading reading{.at = boot + passed, .own = start + passed + own_away, .uncertainty = uncertainty};
        if (store_away) reading.store = start + passed + *store_away;
        watch.take(reading);
    }
    [[nodiscard]] milliseconds away(milliseconds passed) const {
        return watch.time_at(boot + passed) - (start + passed);
    }
    [[nodiscard]] std::string problem(milliseconds passed) const { return watch.problem(boot + passed).value_or(""); }
    [[nodiscard]] bool is_sure(milliseconds passed) const { return watch.is_sure(boot + passed); }

    clock_watch watch;
};

TEST_F(clock_watch_test, nobody_is_sure_before_the_first_reading) {
    EXPECT_FALSE(is_sure({}));
    look({}, {});
    EXPECT_TRUE(is_sure({}));
    EXPECT_EQ(problem({}), "");
}

TEST_F(clock_watch_test, the_stores_clock_is_followed_and_the_machines_is_told_of) {
    look({}, days{92}, seconds{0});
    EXPECT_EQ(away(hours{1}), milliseconds{0});
    EXPECT_FALSE(is_sure({}));
    EXPECT_EQ(problem({}),
              "the clock of this machine is 92 d ahead of the database's, which is followed. Meanwhile no history is "
              "deleted");
    EXPECT_TRUE(watch.is_settled(boot)) << "deadlines go by the store's clock";
    look(seconds{5}, -seconds{6}, seconds{0});
    EXPECT_TRUE(is_sure(seconds{5})) << "a small difference is told of, and stops nothing";
    EXPECT_EQ(problem(seconds{5}), "the clock of this machine is 6 s behind the database's, which is followed");
    look(seconds{10}, seconds{5}, seconds{0});
    EXPECT_EQ(problem(seconds{10}), "");
}

TEST_F(clock_watch_test, what_a_slow_answer_can_explain_changes_nothing) {
    look({}, {}, milliseconds{0});
    look(seconds{5}, {}, milliseconds{40}, milliseconds{45});
    EXPECT_EQ(away(seconds{5}), milliseconds{0});
    look(seconds{10}, {}, milliseconds{40}, milliseconds{3});
    EXPECT_EQ(away(seconds{10}), milliseconds{40});
    look(seconds{15}, {}, hours{1}, seconds{6});
    EXPECT_EQ(away(seconds{15}), milliseconds{40}) << "an answer that took 12 s says nothing";
    EXPECT_TRUE(is_sure(seconds{15}));
}

TEST_F(clock_watch_test, a_correction_is_followed_at_once) {
    look({}, {});
    look(seconds{5}, seconds{60});
    EXPECT_EQ(away(seconds{5}), seconds{60});
    EXPECT_EQ(problem(seconds{5}), "");
    look(seconds{10}, seconds{0});
    EXPECT_EQ(away(seconds{10}), seconds{0});
}

TEST_F(clock_watch_test, a_leap_that_goes_back_is_never_followed) {
    for (const auto by : {milliseconds{days{1}}, milliseconds{-days{1}}, milliseconds{seconds{61}}}) {
        clock_watch_test::watch = clock_watch{};
        look({}, {});
        look(seconds{5}, by);
        EXPECT_EQ(away(seconds{5}), milliseconds{0});
        EXPECT_FALSE(is_sure(seconds{5}));
        look(seconds{10}, by);
        EXPECT_FALSE(watch.is_settled(boot + seconds{10}));
        look(seconds{15}, {});
        EXPECT_TRUE(watch.is_settled(boot + seconds{15}));
        EXPECT_EQ(away(seconds{15}), milliseconds{0});
        EXPECT_FALSE(is_sure(minutes{14})) << "who knows what it does next";
        EXPECT_TRUE(is_sure(minutes{16}));
        EXPECT_EQ(problem(minutes{16}), "");
    }
}

TEST_F(clock_watch_test, a_leap_that_lasts_is_followed_after_a_while) {
    look({}, {});
    look(seconds{5}, days{1});
    EXPECT_EQ(
        problem(seconds{5}),
        "the clock of this machine leapt 1 d ahead at 2026-03-02T07:00:05.000Z: it is not followed unless it stays "
        "so until 2026-03-02T07:05:05.000Z. Meanwhile no history is deleted and no execution is ended at its "
        "deadline");
    look(minutes{5}, days{1});
    EXPECT_EQ(away(minutes{5}), milliseconds{0});
    look(minutes{5} + seconds{5}, days{1});
    EXPECT_EQ(away(minutes{6}), days{1});
    EXPECT_FALSE(is_sure(minutes{19}));
    EXPECT_FALSE(watch.is_settled(boot + minutes{19}));
    EXPECT_TRUE(is_sure(minutes{21}));
}

TEST_F(clock_watch_test, a_clock_that_leaps_on_and_on_is_not_followed) {
    look({}, {}, seconds{0});
    for (int turn = 1; turn < 200; ++turn) look(seconds{5} * turn, {}, hours{turn});
    EXPECT_EQ(away(hours{1}), milliseconds{0});
    EXPECT_FALSE(is_sure(seconds{1'000}));
    EXPECT_TRUE(problem(seconds{1'000}).starts_with("the clock of the database leapt"));
}

TEST_F(clock_watch_test, a_start_before_what_is_stored_is_doubtful) {
    watch.take({.at = boot, .own = start, .newest = start + hours{24}});
    EXPECT_FALSE(is_sure({}));
    EXPECT_EQ(problem({}),
              "it is 2026-03-02T07:00:00.000Z, and 2026-03-03T07:00:00.000Z is stored already, 1 d later. Meanwhile no "
              "history is deleted");
    EXPECT_TRUE(is_sure(minutes{16}));
}

// Whatever the clocks show, nobody is sure of a time that was not shown for long.
TEST_F(clock_watch_test, the_time_never_moves_by_more_than_was_followed) {
    std::mt19937_64 random{7};
    const std::array<milliseconds, 6> wrong{milliseconds{0}, milliseconds{3}, seconds{50},
                                            hours{2},        -days{3},        days{92}};
    milliseconds last{0};
    look({}, {}, last);
    milliseconds since{0};
    milliseconds shown{0};
    for (int turn = 1; turn < 20'000; ++turn) {
        const auto now = seconds{5} * turn;
        if (random() % 40 == 0) {
            const auto next = wrong[random() % wrong.size()];
            if (std::chrono::abs(next - shown) > seconds{60}) since = now;
            shown = next;
        }
        look(now, wrong[random() % wrong.size()], shown);
        const auto moved = away(now) - last;
        last = away(now);
        if (std::chrono::abs(moved) > seconds{60}) {
            EXPECT_GE(now - since, minutes{5} - seconds{5});
            EXPECT_FALSE(is_sure(now));
        }
    }
}

TEST(duration_in_words, says_two_units_at_most) {
    EXPECT_EQ(in_words(milliseconds{499}), "0 s");
    EXPECT_EQ(in_words(seconds{-45}), "45 s");
    EXPECT_EQ(in_words(minutes{61}), "1 h 1 m");
    EXPECT_EQ(in_words(hours{27} + seconds{5}), "1 d 3 h");
    EXPECT_EQ(in_words(days{92} + seconds{5}), "92 d");
}

}  // namespace
}  // namespace orchestrator
