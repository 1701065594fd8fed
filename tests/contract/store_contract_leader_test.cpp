// What every store promises of leadership (ports/leader_store.h). Time passes for real here: PostgreSQL has a clock of
// its own.
#include <chrono>
#include <thread>

#include "tests/contract/store_fixture.h"

namespace orchestrator::store_test {
namespace {

using leader_contract = store_contract;

INSTANTIATE_TEST_SUITE_P(stores, leader_contract, every_store(), [](const auto& kind) { return kind.param; });

constexpr milliseconds short_ttl{40};
constexpr milliseconds long_ttl{60'000};

system_time now() { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }

leader_claim claim_of(std::string instance, milliseconds ttl, std::int64_t epoch = 0) {
    return {.instance_id = std::move(instance), .hostname = "host", .ttl = ttl, .heartbeat = ttl / 4, .epoch = epoch};
}

TEST_P(leader_contract, nobody_leads_at_first) { EXPECT_FALSE(expect(leaders().find_leader(now()))); }

TEST_P(leader_contract, the_first_leads_and_the_others_learn_for_how_long) {
    const auto first = expect(leaders().claim_lead(claim_of("one", long_ttl), now()));
    EXPECT_TRUE(first.is_ours);
    EXPECT_EQ(first.epoch, 1);
    const auto second = expect(leaders().claim_lead(claim_of("two", long_ttl), now()));
    EXPECT_FALSE(second.is_ours);
    EXPECT_EQ(second.epoch, 1);
    EXPECT_EQ(second.holder, "one");
    EXPECT_GT(second.left, long_ttl / 2);
    EXPECT_LE(second.left, long_ttl);
    const auto found = expect(leaders().find_leader(now()));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->instance_id, "one");
    EXPECT_EQ(found->hostname, "host");
    EXPECT_EQ(found->epoch, 1);
    EXPECT_EQ(found->heartbeat, long_ttl / 4);
    EXPECT_GT(found->left, long_ttl / 2);
}

TEST_P(leader_contract, a_leader_renews_under_its_epoch) {
    expect(leaders().claim_lead(claim_of("one", short_ttl), now()));
    const auto before = expect(leaders().find_leader(now()));
    std::this_thread::sleep_for(milliseconds{5});
    const auto renewed = expect(leaders().claim_lead(claim_of("one", long_ttl, 1), now()));
    EXPECT_TRUE(renewed.is_ours);
    EXPECT_EQ(renewed.epoch, 1);
    const auto after = expect(leaders().find_leader(now()));
    EXPECT_EQ(after->became_leader_at, before->became_leader_at);
    EXPECT_GT(after->last_heartbeat_at, before->last_heartbeat_at);
    EXPECT_GT(after->left, short_ttl);
}

TEST_P(leader_contract, a_lease_that_is_over_goes_to_whoever_asks_under_a_new_epoch) {
    expect(leaders().claim_lead(claim_of("one", short_ttl), now()));
    std::this_thread::sleep_for(short_ttl + milliseconds{10});
    EXPECT_LE(expect(leaders().find_leader(now()))->left, milliseconds{0});
    const auto taken = expect(leaders().claim_lead(claim_of("two", long_ttl), now()));
    EXPECT_TRUE(taken.is_ours);
    EXPECT_EQ(taken.epoch, 2);
    EXPECT_FALSE(expect(leaders().claim_lead(claim_of("one", long_ttl, 1), now())).is_ours) << "it woke up too late";
}

TEST_P(leader_contract, a_late_renewal_keeps_its_epoch_if_nobody_has_taken_it) {
    expect(leaders().claim_lead(claim_of("one", short_ttl), now()));
    std::this_thread::sleep_for(short_ttl + milliseconds{10});
    EXPECT_EQ(expect(leaders().claim_lead(claim_of("one", long_ttl, 1), now())).epoch, 1);
}

TEST_P(leader_contract, whose_answer_was_lost_is_granted_its_own_lease_under_a_new_epoch) {
    expect(leaders().claim_lead(claim_of("one", long_ttl), now()));
    const auto again = expect(leaders().claim_lead(claim_of("one", long_ttl), now()));
    EXPECT_TRUE(again.is_ours);
    EXPECT_EQ(again.epoch, 2) << "what a life before this one may still send is refused";
    EXPECT_EQ(fault(schedules().decide({}, 1, now())), errc::superseded);
    EXPECT_FALSE(expect(leaders().claim_lead(claim_of("two", long_ttl, 2), now())).is_ours) << "it is nobody else's";
}

TEST_P(leader_contract, who_resigns_makes_room_at_once) {
    expect(leaders().claim_lead(claim_of("one", long_ttl), now()));
    expect(leaders().resign_lead(7, now()));
    EXPECT_FALSE(expect(leaders().claim_lead(claim_of("two", long_ttl), now())).is_ours) << "another epoch";
    expect(leaders().resign_lead(1, now()));
    const auto next = expect(leaders().claim_lead(claim_of("two", long_ttl), now()));
    EXPECT_TRUE(next.is_ours);
    EXPECT_EQ(next.epoch, 2);
}

TEST_P(leader_contract, who_is_unopposed_takes_it_from_anybody) {
    expect(leaders().claim_lead(claim_of("one", long_ttl), now()));
    auto alone = claim_of("two", long_ttl);
    alone.is_unopposed = true;
    EXPECT_EQ(expect(leaders().claim_lead(alone, now())).epoch, 2);
}

TEST_P(leader_contract, what_a_superseded_leader_decides_is_refused) {
    expect(leaders().claim_lead(claim_of("one", short_ttl), now()));
    expect(schedules().replace_tenant_groups({{"UTC", "", 1}}, 1));
    std::this_thread::sleep_for(short_ttl + milliseconds{10});
    expect(schedules().replace_tenant_groups({{"UTC", "", 2}}, 1));  // its lease is over, but nobody else leads
    expect(leaders().claim_lead(claim_of("two", long_ttl), now()));
    EXPECT_EQ(fault(schedules().decide({}, 1, now())), errc::superseded);
    EXPECT_EQ(fault(backfills().open_backfill_executions({}, 1, now())), errc::superseded);
    EXPECT_EQ(fault(schedules().replace_tenant_groups({{"UTC", "", 3}}, 1)), errc::superseded);
    EXPECT_EQ(expect(schedules().list_tenant_groups()).at(0).tenants, 2);
    expect(schedules().replace_tenant_groups({{"UTC", "", 4}}, 2));
}

}  // namespace
}  // namespace orchestrator::store_test
