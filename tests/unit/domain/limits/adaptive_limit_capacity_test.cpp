// What the adaptive limit is for, on a virtual clock: services of 10 to 400 places whose calls take 50 to 100 ms.
#include <gtest/gtest.h>

#include "simulated_service.h"

namespace orchestrator::simulated {
namespace {

constexpr double mean_latency_s = 0.075;
constexpr microseconds unloaded_p99{99'500};

// No fixed limit gets more: all places busy, always.
double best_goodput(int places) { return places / mean_latency_s; }

struct capacity {
    int places;
    std::uint64_t seed;
};

class adaptive_limit_capacity : public testing::TestWithParam<capacity> {
  protected:
    [[nodiscard]] static closed_loop one_instance(service_model model, int most = 1'024) {
        closed_loop world{model, GetParam().seed};
        world.add_instance({.most = most, .seed = GetParam().seed});
        return world;
    }
    // Of the next ten seconds, in parts of the best.
    static double goodput_of_next(closed_loop& world, steady_duration span, int places) {
        const auto from = world.now();
        world.run_for(span);
        latency_p99 = world.latency_quantile(0.99, from, world.now());
        return world.goodput(from, world.now()) / best_goodput(places);
    }
    inline static microseconds latency_p99{};
};

TEST_P(adaptive_limit_capacity, is_as_good_as_the_best_fixed_limit_within_five_seconds) {
    const int places = GetParam().places;
    auto world = one_instance({.places = places});
    world.run_for(seconds{5});
    EXPECT_GE(goodput_of_next(world, seconds{15}, places), 0.95);
    EXPECT_LE(latency_p99, 2 * unloaded_p99) << latency_p99.count();
}

TEST_P(adaptive_limit_capacity, follows_a_capacity_that_halves_and_doubles) {
    const int places = GetParam().places;
    auto world = one_instance({.places = 2 * places});
    world.run_for(seconds{10});
    world.set_places(places);
    world.run_for(seconds{5});
    EXPECT_GE(goodput_of_next(world, seconds{10}, places), 0.95);
    EXPECT_LE(latency_p99, 2 * unloaded_p99) << latency_p99.count();
    world.set_places(2 * places);
    world.run_for(seconds{15});
    EXPECT_GE(goodput_of_next(world, seconds{10}, 2 * places), 0.95);
}

// Beyond 1.2 times its places each call takes longer, and goodput falls.
TEST_P(adaptive_limit_capacity, stays_before_the_knee_of_a_service_that_thrashes) {
    const int places = GetParam().places;
    auto world = one_instance({.places = places, .thrashing = 2, .thrashes_beyond = 1.2});
    world.run_for(seconds{5});
    EXPECT_GE(goodput_of_next(world, seconds{20}, places), 0.9);
}

TEST_P(adaptive_limit_capacity, stays_before_the_refusals_of_a_service_that_sheds) {
    const int places = GetParam().places;
    auto world = one_instance({.places = places, .refuses_beyond = places + places / 5 + 1});
    world.run_for(seconds{5});
    EXPECT_GE(goodput_of_next(world, seconds{20}, places), 0.9);
    EXPECT_LE(world.refusals(), 0.05 * 25 * best_goodput(places));
}

// What the adaptive limit replaces: two seconds of patience, and a service that works off what nobody waits for.
TEST_P(adaptive_limit_capacity, keeps_goodput_where_256_at_a_time_make_a_service_collapse) {
    const int places = GetParam().places;
    const service_model overloaded{.places = places, .thrashing = 1, .timeout = seconds{2}};
    closed_loop fixed{overloaded, GetParam().seed};
    fixed.add_instance({.most = 256, .fixed = true});
    fixed.run_for(seconds{5});
    const double collapsed = goodput_of_next(fixed, seconds{15}, places);
    auto world = one_instance(overloaded, 256);
    world.run_for(seconds{5});
    const double kept = goodput_of_next(world, seconds{15}, places);
    RecordProperty("goodput_fixed_256_percent", int(100 * collapsed));
    RecordProperty("goodput_adaptive_percent", int(100 * kept));
    if (places <= 40) {
        EXPECT_LE(collapsed, 0.01);
    }
    EXPECT_GE(kept, std::min(0.9, 0.95 * 256 / places));
}

TEST_P(adaptive_limit_capacity, two_instances_share_it_whichever_came_first) {
    const int places = GetParam().places;
    auto world = one_instance({.places = places});
    world.run_for(seconds{10});
    world.add_instance({.most = 1'024, .seed = GetParam().seed + 100});
    world.run_for(seconds{20});
    const auto from = world.now();
    EXPECT_GE(goodput_of_next(world, seconds{60}, places), 0.95);
    const double first = world.goodput(from, world.now(), 0) / world.goodput(from, world.now());
    EXPECT_GE(first, 0.4) << "20 % less than its half";
    EXPECT_LE(first, 0.6);
}

INSTANTIATE_TEST_SUITE_P(of, adaptive_limit_capacity,
                         testing::Values(capacity{10, 1}, capacity{10, 2}, capacity{40, 1}, capacity{40, 2},
                                         capacity{100, 1}, capacity{100, 2}, capacity{400, 1}),
                         [](const auto& of) {
                             return std::to_string(of.param.places) + "_seed_" + std::to_string(of.param.seed);
                         });

TEST(adaptive_limit_alone, a_service_with_one_place_gets_all_that_it_can_do) {
    closed_loop world{{.places = 1}, 1};
    world.add_instance({.most = 256});
    world.run_for(seconds{5});
    const auto from = world.now();
    world.run_for(seconds{20});
    EXPECT_GE(world.goodput(from, world.now()), 0.95 * best_goodput(1));
    EXPECT_LE(world.limit_of(0).limit(), 6);
}

TEST(adaptive_limit_alone, a_new_release_that_is_four_times_slower_costs_no_throughput_for_long) {
    closed_loop world{{.places = 100}, 1};
    world.add_instance({.most = 1'024});
    world.run_for(seconds{10});
    world.set_latency(microseconds{200'000}, microseconds{400'000});
    world.run_for(seconds{40});
    const auto from = world.now();
    world.run_for(seconds{20});
    EXPECT_GE(world.goodput(from, world.now()), 0.9 * best_goodput(100) / 4);
}

}  // namespace
}  // namespace orchestrator::simulated
