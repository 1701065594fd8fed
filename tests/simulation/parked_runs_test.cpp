// After an outage: thousands of parked runs fall due at once, or wait for one service, and the store is asked no more
// than the work takes.
#include <gtest/gtest.h>

#include "tests/simulation/world/random_world.h"

namespace orchestrator::simulation {
namespace {

using std::chrono::seconds;

constexpr int many = 3'000;

// Every tenant has failed one attempt and is parked.
class after_an_outage : public testing::Test {
  protected:
    after_an_outage() {
        at_.services().set_tenants(random_tenants(draws_, many, false));
        at_.services().script_steps(
            [](const http_request&, int) { return answered(200, R"({"count":1})", milliseconds{100}); });
    }

    // They fall due one after the other.
    execution_id park_all(seconds until_due, milliseconds apart) {
        const auto definition = workflow_from(
            R"({"workflow_name":"one","steps":[{"name":"bake","service":"production","path":"/bake/{{tenant.id}}"}]})");
        const auto id = at_.open(definition, {}, {}, false);
        auto& store = at_.store();
        const auto now = at_.time().now();
        std::vector<planned_run> runs;
        for (const auto& each : at_.services().tenants())
            runs.push_back({.for_tenant = each, .fair_rank = 0, .steps_total = 1, .carried_over = {}});
        at_once(store.insert_runs(id, std::move(runs), now));
        at_once(store.complete_planning(id, {.to_end = true}, now));
        at_once(store.renew_lease("gone", seconds{1}, now));
        std::vector<journal_entry> entries;
        due_ = now + until_due;
        auto next = due_;
        for (auto& run : at_once(store.claim_runs("gone", many, now, {}))) {
            run_outcome outcome{.release = run_release::parked, .status = {}, .not_before = next, .waits = {}};
            outcome.waits.push_back({.step_index = 0, .attempts = 1, .retry_at = next, .started_at = now});
            next += apart;
            entries.push_back({.claim = run.claim, .execution = id, .steps = {}, .logs = {}, .outcome = outcome});
        }
        at_once(store.commit(entries, now));
        at_once(store.release_instance("gone"));
        return id;
    }
    // From the moment at which the first one is due.
    milliseconds work_off(int instances, milliseconds apart = milliseconds{0}) {
        const auto id = park_all(seconds{20}, apart);
        for (; instances > 0; --instances) at_.start_instance();
        at_.run_until([&] { return at_.time().now() >= due_; }, seconds{60});
        const auto calls_before = at_.weather().calls;
        EXPECT_TRUE(at_.run_to_end({id}, seconds{600})) << at_.report();
        at_.check_books(id);
        EXPECT_TRUE(at_.books().problems().empty()) << at_.report();
        calls_ = at_.weather().calls - calls_before;
        return at_.time().now() - due_;
    }

    draws draws_{1};
    world at_{{.seed = 1}};
    system_time due_;
    std::int64_t calls_ = 0;
};

// Batches of 256 are claimed and committed, and a heartbeat falls into it now and then.
constexpr std::int64_t most_calls = 200;

TEST_F(after_an_outage, one_instance_works_off_what_is_due_without_polling) {
    EXPECT_LT(work_off(1), seconds{4});
    EXPECT_LT(calls_, most_calls);
}

TEST_F(after_an_outage, two_instances_are_not_slower_than_one) {
    EXPECT_LT(work_off(2), seconds{4});
    EXPECT_LT(calls_, 2 * most_calls);
}

TEST_F(after_an_outage, runs_that_fall_due_one_after_the_other_are_claimed_together) {
    EXPECT_LT(work_off(2, milliseconds{4}), seconds{14});
    EXPECT_LT(calls_, 12 * 20 * 2 * 4)
        << "in 12 s, 20 looks a second by each of two: a count, a claim, a look, a commit";
}

}  // namespace
}  // namespace orchestrator::simulation
