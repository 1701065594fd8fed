// What every store promises of claims that leave out what waits for closed services (ports/run_store.h).
#include <gmock/gmock.h>

#include "tests/contract/store_fixture.h"

namespace orchestrator::store_test {
namespace {

std::vector<tenant_id> tenants_of(const std::vector<claimed_run>& claimed) {
    std::vector<tenant_id> tenants;
    for (const auto& each : claimed) tenants.push_back(each.for_tenant.id);
    return tenants;
}

class store_contract_lanes : public store_contract {
  protected:
    // Ranks in the order given.
    void open_with(int number, const std::vector<std::pair<int, std::string>>& runs_of_services) const {
        expect(executions().open_execution(make_execution(number)));
        std::vector<planned_run> planned;
        for (const auto& [tenant, service] : runs_of_services)
            planned.push_back(make_run(tenant, std::int64_t(planned.size()), service));
        expect(executions().insert_runs(execution_no(number), std::move(planned), start));
    }
    [[nodiscard]] std::vector<tenant_id> claim_but(std::vector<std::string> closed, int limit = 10,
                                                   system_time now = start) const {
        return tenants_of(claim(limit, now, "host_1", std::move(closed)));
    }
    [[nodiscard]] std::int64_t count_open(std::vector<std::string> closed = {}, system_time now = start,
                                          int most = 1'000) const {
        return expect(runs().count_open_runs(most, now, std::move(closed)));
    }
};

TEST_P(store_contract_lanes, what_waits_for_a_closed_service_is_left_out_until_it_opens) {
    open_with(1, {{1, "forecasting"}, {2, "production"}, {3, ""}, {4, "forecasting"}});
    EXPECT_EQ(claim_but({"forecasting"}), (std::vector{tenant_no(2), tenant_no(3)}));
    EXPECT_TRUE(claim_but({"production", "forecasting", "inventory"}).empty());
    EXPECT_EQ(claim_but({"production"}), (std::vector{tenant_no(1), tenant_no(4)}));
}

TEST_P(store_contract_lanes, the_open_services_share_one_order) {
    open_with(1, {{1, "b"}, {2, "closed"}, {3, ""}, {4, "a"}, {5, "b"}, {6, "a"}, {7, "c"}, {8, "b"}});
    EXPECT_EQ(claim_but({"closed"}, 4), (std::vector{tenant_no(1), tenant_no(3), tenant_no(4), tenant_no(5)}));
    EXPECT_EQ(claim_but({"closed"}, 2), (std::vector{tenant_no(6), tenant_no(7)}));
    EXPECT_EQ(claim_but({}), (std::vector{tenant_no(2), tenant_no(8)}));
}

TEST_P(store_contract_lanes, equal_ranks_of_different_services_go_in_order_of_insertion) {
    expect(executions().open_execution(make_execution(1)));
    expect(executions().insert_runs(execution_no(1), {make_run(1, 5, "b"), make_run(2, 5, "a"), make_run(3, 5, "b")},
                                    start));
    EXPECT_EQ(claim_but({}, 2), (std::vector{tenant_no(1), tenant_no(2)}));
}

TEST_P(store_contract_lanes, parked_and_returned_runs_are_left_out_too) {
    open_with(1, {{1, "a"}, {2, "a"}, {3, "a"}, {4, "a"}});
    const auto claimed = claim(4);
    commit({entry_for(claimed[0], {}, parked(after(30), {}, "b")),
            entry_for(claimed[1], {}, parked(after(20), {}, "a")), entry_for(claimed[2], {}, returned("b")),
            entry_for(claimed[3], {}, returned("a"))});
    EXPECT_EQ(expect(runs().next_parked_run({})), after(20));
    EXPECT_EQ(expect(runs().next_parked_run({"a"})), after(30));
    EXPECT_EQ(expect(runs().next_parked_run({"a", "b"})), std::nullopt);
    EXPECT_EQ(claim_but({"a"}, 10, after(40)), (std::vector{tenant_no(1), tenant_no(3)}));
    EXPECT_EQ(claim_but({}, 10, after(40)), (std::vector{tenant_no(2), tenant_no(4)}));
}

TEST_P(store_contract_lanes, due_runs_of_all_open_services_go_first_in_order_of_their_time) {
    open_with(1, {{1, "a"}, {2, "a"}, {3, "a"}, {4, "a"}, {5, "c"}});
    const auto claimed = claim(4);
    commit(
        {entry_for(claimed[0], {}, parked(after(30), {}, "b")), entry_for(claimed[1], {}, parked(after(20), {}, "a")),
         entry_for(claimed[2], {}, parked(after(10), {}, "b")), entry_for(claimed[3], {}, parked(after(99), {}, "b"))});
    EXPECT_EQ(claim_but({}, 2, after(40)), (std::vector{tenant_no(3), tenant_no(2)}));
    EXPECT_EQ(claim_but({}, 9, after(40)), (std::vector{tenant_no(1), tenant_no(5)}));
}

TEST_P(store_contract_lanes, a_run_that_was_given_back_waits_for_no_service) {
    open_with(1, {{1, "a"}});
    EXPECT_EQ(claim(1).size(), 1U);
    expect(runs().release_instance("host_1"));
    EXPECT_EQ(claim_but({"a"}), std::vector{tenant_no(1)})
        << "it may have come further than was known when it was stored";
}

TEST_P(store_contract_lanes, runs_of_a_cancelled_execution_end_whatever_is_closed) {
    open_with(1, {{1, "a"}, {2, "a"}, {3, "a"}, {4, "a"}});
    const auto claimed = claim(3);
    open_with(2, {{5, "a"}});
    commit({entry_for(claimed[0], {}, parked(after(900), {}, "a"))});
    const auto cancelled_after_request = [&] {
        cancel(1, start);
        return found(1).tenants.cancelled;
    };
    EXPECT_EQ(cancelled_after_request(), 2);
    // Word of the cancellation has not reached the instance that holds them.
    commit({entry_for(claimed[1], {}, parked(after(900), {}, "a")), entry_for(claimed[2], {}, returned("a"))});
    EXPECT_EQ(cancelled_after_request(), 4);
    // Nor the one that plans it.
    expect(executions().insert_runs(execution_no(1), {make_run(6, 0, "a")}, start));
    EXPECT_EQ(cancelled_after_request(), 5);
    EXPECT_EQ(claim_but({}), std::vector{tenant_no(5)});
}

TEST_P(store_contract_lanes, a_closed_service_does_not_hide_the_lowest_rank) {
    open_with(1, {{1, "b"}, {2, "a"}, {3, "c"}});
    EXPECT_EQ(claim_but({"a", "c"}, 1), std::vector{tenant_no(1)});
    EXPECT_EQ(expect(executions().lowest_waiting_rank()), 1);
}

TEST_P(store_contract_lanes, what_could_be_claimed_or_is_counts_as_open) {
    open_with(1, {{1, "a"}, {2, "a"}, {3, "a"}, {4, "b"}, {5, "b"}, {6, ""}});
    EXPECT_EQ(count_open(), 6);
    const auto claimed = claim(3);
    EXPECT_EQ(count_open(), 6);
    commit(
        {entry_for(claimed[0], {}, parked(after(20), {}, "a")), entry_for(claimed[1], {}, parked(after(30), {}, "b"))});
    EXPECT_EQ(count_open(), 4);
    EXPECT_EQ(count_open({}, after(20) - milliseconds{1}), 4);
    EXPECT_EQ(count_open({}, after(20)), 5) << "what is due is open";
    EXPECT_EQ(count_open({}, after(99)), 6);
    EXPECT_EQ(count_open({"a"}, after(99)), 5);
    EXPECT_EQ(count_open({"b"}, after(99)), 3);
    EXPECT_EQ(count_open({"b"}), 2);
    EXPECT_EQ(count_open({"a", "b"}), 2) << "what runs is open, and what any service may be next of";
    EXPECT_EQ(count_open({}, start, 3), 3);
    EXPECT_EQ(count_open({}, start, 0), 0);
    commit({entry_for(claimed[2], {}, ended(run_status::completed))});
    EXPECT_EQ(count_open(), 3);
}

INSTANTIATE_TEST_SUITE_P(stores, store_contract_lanes, every_store(), [](const auto& kind) { return kind.param; });

}  // namespace
}  // namespace orchestrator::store_test
