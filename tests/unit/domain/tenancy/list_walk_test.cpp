// A list that is read while it changes, is cut short, repeated, and lied about.
#include "domain/tenancy/list_walk.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

namespace orchestrator {
namespace {

tenant_id number(int value) { return {make_uuid_v7(system_time{milliseconds{1'000'000 + value}}, {})}; }

// What a tenant service may be like.
struct service {
    std::vector<int> list;  // 0 and below: an element that is no tenant
    int cap = 1'000;        // elements in a page
    bool states_total = true;
    bool has_cursor = false;
    std::function<void(service&)> before_each_page{};
    int asked = 0;

    listed_page answer(const page_question& question) {
        ++asked;
        if (before_each_page) before_each_page(*this);
        listed_page page;
        const auto skip = question.cursor.empty() ? std::size_t(question.skip) : std::stoul(question.cursor);
        const auto first = std::min(skip, list.size());
        const auto last = std::min(list.size(), first + std::size_t(std::min(question.limit, cap)));
        for (auto i = first; i < last; ++i)
            page.elements.push_back(list[i] > 0 ? std::optional{tenant{.id = number(list[i]), .name = {}}}
                                                : std::nullopt);
        if (states_total) page.total = std::int64_t(list.size());
        if (has_cursor) page.next_cursor = last == list.size() ? "" : std::to_string(last);
        return page;
    }
};

std::vector<int> count_to(int last) {
    std::vector<int> all;
    for (int i = 1; i <= last; ++i) all.push_back(i);
    return all;
}

struct walked {
    tenant_list list;
    std::string problem;
    bool has(int value) const { return list.find(number(value)).has_value(); }
};

walked walk(service& from, list_bounds bounds = {.page_size = 10}) {
    walked made;
    list_walk going{bounds, made.list};
    while (going.take(from.answer(going.next())) != walk_progress::ended) {
    }
    made.problem = going.problem();
    return made;
}

TEST(list_walk, reads_a_list_of_any_length_and_makes_sure_that_it_ends_there) {
    for (const int tenants : {0, 1, 2, 9, 10, 11, 20, 25, 100}) {
        service from{.list = count_to(tenants)};
        const auto read = walk(from);
        EXPECT_EQ(read.problem, "") << tenants;
        EXPECT_EQ(read.list.size(), std::size_t(tenants));
        EXPECT_LE(from.asked, tenants / 10 + 3) << tenants;
    }
}

TEST(list_walk, goes_on_from_what_it_received_when_the_service_gives_less) {
    for (const int cap : {1, 2, 3, 9}) {
        service from{.list = count_to(47), .cap = cap, .states_total = false};
        const auto read = walk(from);
        EXPECT_EQ(read.problem, "") << cap;
        EXPECT_EQ(read.list.size(), 47U) << cap;
    }
}

TEST(list_walk, follows_a_cursor) {
    service from{.list = count_to(47), .cap = 10, .has_cursor = true};
    EXPECT_EQ(walk(from).list.size(), 47U);
    EXPECT_EQ(from.asked, 5);
}

TEST(list_walk, a_cursor_that_leads_nowhere_is_a_problem) {
    tenant_list list;
    list_walk going{{.page_size = 10}, list};
    const listed_page same{.elements = {tenant{.id = number(1), .name = {}}}, .next_cursor = "x"};
    int asked = 0;
    while (going.take(same) != walk_progress::ended) ASSERT_LT(++asked, 100);
    EXPECT_EQ(going.problem(), "the tenant service gives the same cursor again and again");
}

TEST(list_walk, one_that_is_deactivated_between_two_pages_hides_nobody) {
    for (const bool states_total : {true, false})
        for (int page = 2; page <= 6; ++page) {
            service from{.list = count_to(47), .states_total = states_total};
            from.before_each_page = [page](service& of) {
                if (of.asked == page) of.list.erase(of.list.begin() + 3);
            };
            const auto read = walk(from);
            EXPECT_EQ(read.problem, "");
            for (int i = 1; i <= 47; ++i) EXPECT_TRUE(i == 4 || read.has(i)) << i << " page " << page;
        }
}

TEST(list_walk, one_that_leaves_while_another_one_comes_hides_nobody_either) {
    service from{.list = count_to(47)};
    from.before_each_page = [](service& of) {
        if (of.asked == 3) of.list.erase(of.list.begin());
        if (of.asked == 3) of.list.push_back(48);
    };
    const auto read = walk(from);
    for (int i = 1; i <= 47; ++i) EXPECT_TRUE(read.has(i)) << i;
}

TEST(list_walk, a_list_that_is_shorter_than_the_service_states_is_walked_again_and_then_not_whole) {
    service from{.list = count_to(20)};
    tenant_list list;
    list_walk going{{.page_size = 10}, list};
    int begun_again = 0;
    for (;;) {
        auto page = from.answer(going.next());
        page.total = 25;
        const auto went = going.take(page);
        if (went == walk_progress::ended) break;
        begun_again += went == walk_progress::begins_again;
    }
    EXPECT_EQ(begun_again, 3);
    EXPECT_EQ(going.problem(), "the tenant service states 25 active tenants and lists 20");
    EXPECT_EQ(list.size(), 20U);
}

TEST(list_walk, a_list_that_was_cut_once_is_whole_after_the_second_walk) {
    service from{.list = count_to(47)};
    from.before_each_page = [](service& of) { of.list = of.asked == 3 ? std::vector<int>{} : count_to(47); };
    EXPECT_EQ(walk(from).problem, "");
    service shrinks{.list = count_to(47)};
    int longest = 47;
    shrinks.before_each_page = [&](service& of) { of.list = count_to(of.asked < 6 ? std::min(longest, 25) : 47); };
    const auto read = walk(shrinks);
    EXPECT_EQ(read.problem, "");
}

TEST(list_walk, a_list_that_is_empty_for_a_moment_is_not_at_its_end) {
    for (int page = 2; page <= 7; ++page)
        for (const int pages : {1, 2, 3}) {
            service from{.list = count_to(47), .states_total = false};
            from.before_each_page = [=](service& of) {
                of.list = of.asked >= page && of.asked < page + pages ? std::vector<int>{} : count_to(47);
            };
            const auto read = walk(from);
            EXPECT_EQ(read.problem, "");
            EXPECT_EQ(read.list.size(), 47U) << page << ' ' << pages;
        }
    service from{.list = count_to(47), .states_total = false};
    from.before_each_page = [](service& of) { of.list = count_to(of.asked > 2 ? 0 : 47); };
    EXPECT_EQ(walk(from).problem, "the tenant service listed tenants, and then none at all");
}

TEST(list_walk, a_total_that_is_too_low_ends_nothing) {
    service from{.list = count_to(47)};
    tenant_list list;
    list_walk going{{.page_size = 10}, list};
    for (;;) {
        auto page = from.answer(going.next());
        page.total = 10;
        if (going.take(page) == walk_progress::ended) break;
    }
    EXPECT_EQ(list.size(), 47U);
    EXPECT_EQ(going.problem(), "");
}

TEST(list_walk, elements_that_are_no_tenants_are_counted_once_and_told) {
    service from{.list = count_to(47)};
    for (const std::size_t at : {0U, 9U, 10U, 30U, 46U}) from.list[at] = 0;
    const auto read = walk(from);
    EXPECT_EQ(read.list.size(), 42U);
    EXPECT_EQ(read.problem, "5 of the 47 elements that the tenant service lists are not tenants");
}

TEST(list_walk, a_tenant_that_is_always_listed_twice_is_no_problem) {
    service from{.list = count_to(47)};
    from.list.push_back(3);
    const auto read = walk(from);
    EXPECT_EQ(read.list.size(), 47U);
    EXPECT_EQ(read.problem, "");
}

TEST(list_walk, a_service_that_ignores_what_it_is_asked_for_is_left_soon) {
    tenant_list list;
    list_walk going{{.page_size = 10}, list};
    listed_page same;
    for (int i = 1; i <= 10; ++i) same.elements.emplace_back(tenant{.id = number(i), .name = {}});
    int asked = 1;
    while (going.take(same) != walk_progress::ended) ASSERT_LT(++asked, 100);
    EXPECT_EQ(going.problem(), "the tenant service answers the same page again and again");
}

TEST(list_walk, a_list_without_an_end_is_stopped) {
    int next = 1;
    service from;
    from.before_each_page = [&](service& of) {
        for (int i = 0; i < 10; ++i) of.list.push_back(next++);
    };
    EXPECT_EQ(walk(from, {.page_size = 10, .most_tenants = 50}).problem,
              "the tenant service lists more than 50 tenants");
    next = 1;
    from = {};
    from.cap = 2;
    from.before_each_page = [&](service& of) {
        for (int i = 0; i < 10; ++i) of.list.push_back(next++);
    };
    EXPECT_EQ(walk(from, {.page_size = 10, .most_pages = 20}).problem, "the tenant service lists more than 20 pages");
}

// Whatever comes and goes meanwhile: who was there from the first page to the last is listed, or the list is not whole.
RC_GTEST_PROP(list_walk, who_was_there_all_the_time_is_listed, ()) {
    const int tenants = *rc::gen::inRange(0, 120);
    service from{.list = count_to(tenants),
                 .cap = *rc::gen::inRange(2, 30),
                 .states_total = *rc::gen::arbitrary<bool>(),
                 .has_cursor = false};
    const int busy = *rc::gen::inRange(0, 4);
    const int most_gone = *rc::gen::element(1, 3, 40);
    std::set<int> there_all_the_time{from.list.begin(), from.list.end()};
    int next = 1'000;
    from.before_each_page = [&](service& of) {
        if (of.asked == 1 || of.asked > 60 || *rc::gen::inRange(0, 4) >= busy) return;
        for (int gone = *rc::gen::inRange(0, most_gone + 1); gone > 0 && !of.list.empty(); --gone) {
            const auto which = of.list.begin() + *rc::gen::inRange(0, int(of.list.size()));
            there_all_the_time.erase(*which);
            of.list.erase(which);
        }
        for (int come = *rc::gen::inRange(0, 3); come > 0; --come)
            of.list.insert(of.list.begin() + *rc::gen::inRange(0, int(of.list.size()) + 1), next++);
    };
    const auto read = walk(from, {.page_size = *rc::gen::inRange(1, 25)});
    RC_ASSERT(from.asked < 3'000);
    if (!read.problem.empty()) return;
    for (const int each : there_all_the_time) RC_ASSERT(read.has(each));
}

}  // namespace
}  // namespace orchestrator
