// Whole executions in random worlds: whatever happens, each ends, its books are right, and no promise is broken.
//
// SEED=n runs one world again, SIMULATION_TRACE=n shows more of what happened in it, SIMULATION_RUNS=n runs as many
// worlds as you have time for, from SEED on.
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>

#include "tests/simulation/world/random_world.h"

namespace orchestrator::simulation {
namespace {

constexpr milliseconds longest_world = std::chrono::hours{6};

std::uint64_t number_from_environment(const char* name, std::uint64_t fallback) {
    const char* text = std::getenv(name);
    return text ? std::stoull(text) : fallback;
}

world_options random_options(std::uint64_t seed, draws& random) {
    world_options options{.seed = seed};
    options.calls.total = random.one_of({1, 4, 16, 512});
    options.calls.each_service = random.one_of({1, 3, 256});
    options.max_active_runs = random.one_of({1, 2, 7, 1'024});
    options.claim_batch = random.one_of({1, 5, 256});
    options.page_size = random.one_of({1, 7, 500});
    options.longest_result = random.one_of<std::size_t>({64, 16'384});
    return options;
}

// Every tenant that takes part is in it, or the execution is not completed and says why. A retry takes in nobody who
// has completed before.
void check_tenants(world& at, execution_id id) {
    const auto ended = at.find(id);
    if (!ended.planned_to_end) {
        if (ended.status == execution_status::completed) at.books().wrong("completed, and not planned to its end");
        if (!ended.cancel_requested && ended.error_message.empty()) at.books().wrong("does not say who is missing");
        return;
    }
    std::set<tenant_id> known;
    for (const auto& run : at.runs_of(id)) known.insert(run.tenant);
    for (auto source = ended.retry_of; source; source = at.find(*source).retry_of) {
        if (at.find(*source).cancel_requested) return;  // nobody may retry it
        for (const auto& run : at.runs_of(*source)) {
            if (run.status != run_status::completed) continue;
            if (known.contains(run.tenant) && source == ended.retry_of)
                at.books().wrong("runs again, and has completed: " + to_string(run.tenant));
            known.insert(run.tenant);
        }
    }
    for (const auto& each : at.services().tenant_directory().residents())
        if (ended.filter.accepts(each) && !known.contains(each.id))
            at.books().wrong(fmt::format("{} is not in {}", to_string(each.id), to_string(id)));
    if (!ended.error_message.empty()) at.books().wrong("planned to its end, and says " + ended.error_message);
}

// What completed had its effect; what was skipped in a world without crashes had none.
void check_effects(world& at, execution_id id, const workflow_definition& definition) {
    for (const auto& run : at.runs_of(id))
        for (const auto& record : run.steps) {
            const auto key = idempotency_key(id, run.tenant, definition.step_names[std::size_t(record.step_index)]);
            if (record.carried_over ? at.services().calls(key) > 0
                                    : record.status == step_status::completed && at.services().effects(key) == 0)
                at.books().wrong("the effects do not agree with the result: " + key);
        }
}

bool finish_and_check(world& at, const workflow_definition& definition, const std::vector<execution_id>& executions) {
    if (!at.run_to_end(executions, longest_world)) {
        at.books().wrong("did not end");
        return false;
    }
    for (const auto id : executions) {
        at.check_books(id);
        check_tenants(at, id);
        check_effects(at, id, definition);
    }
    return at.books().problems().empty();
}

// Lives through one world. Its trace, and what was wrong with it.
struct outcome {
    std::vector<std::string> trace;
    std::vector<std::string> problems;
    std::string report;
};

outcome live(std::uint64_t seed) {
    draws random{seed};
    world at{random_options(seed, random)};
    const bool daily = random.chance(0.3);
    const auto definition = daily ? daily_operations() : random_workflow(random);
    const bool is_bare = random.chance(0.5);
    at.services().set_tenants(random_tenants(random, random.mostly_low(1, 60), random.chance(0.5)), is_bare);
    at.services().tenant_directory().set_flaws(random_flaws(random, is_bare), std::make_shared<draws>(random.seed()));
    const double trouble = random.one_of({0.0, 0.05, 0.3, 0.8});
    at.services().script_steps(random_answers(std::make_shared<draws>(random.seed()), trouble));
    at.services().script_polls(random_polls(std::make_shared<draws>(random.seed()), trouble));
    at.weather().slowest = milliseconds{random.one_of({0, 3, 400})};
    if (random.chance(0.5))
        at.services().script_tenants([shared = std::make_shared<draws>(random.seed())](const http_request&, int) {
            if (shared->chance(0.01)) return answered(403);
            return shared->chance(0.2) ? answered(503) : answered(200, "", shared->time(1, 2'000));
        });

    for (int instances = random.between(1, 2); instances > 0; --instances) {
        const auto name = at.start_instance();
        if (random.chance(0.1)) at.weather().older.insert(name);
    }
    std::vector<execution_id> executions;
    for (int count = random.mostly_low(1, 3); count > 0; --count)
        executions.push_back(at.open(definition, {}, {}, random.chance(0.8)));
    schedule_misfortunes(at, random, executions, random.chance(0.3) ? 0 : random.between(1, 8));

    auto source = executions.front();
    for (bool fine = finish_and_check(at, definition, executions); fine && random.chance(0.6);) {
        const auto retry = at.open(definition, {}, source);
        schedule_misfortunes(at, random, {retry}, random.between(0, 2));
        fine = finish_and_check(at, definition, {retry});
        source = retry;
    }
    return {at.books().trace(), at.books().problems(), at.report(number_from_environment("SIMULATION_TRACE", 60))};
}

TEST(execution_simulation, random_worlds_keep_every_promise) {
    const auto first = number_from_environment("SEED", 0);
    const auto runs = number_from_environment("SIMULATION_RUNS", first == 0 ? 300 : 1);
    for (auto seed = std::max<std::uint64_t>(first, 1); seed < std::max<std::uint64_t>(first, 1) + runs; ++seed) {
        const auto lived = live(seed);
        ASSERT_TRUE(lived.problems.empty()) << lived.report;
    }
}

TEST(execution_simulation, the_same_seed_is_the_same_world) {
    for (const std::uint64_t seed : {11U, 12U, 13U}) EXPECT_EQ(live(seed).trace, live(seed).trace) << "SEED=" << seed;
    EXPECT_NE(live(11).trace, live(12).trace);
}

}  // namespace
}  // namespace orchestrator::simulation
