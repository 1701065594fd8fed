// Tests of the names of errors, and of which of them say something of the store.
#include "domain/error.h"

#include <gtest/gtest.h>

#include <set>

namespace orchestrator {
namespace {

constexpr errc all[] = {errc::invalid_argument,  errc::not_found,     errc::already_exists,  errc::state_conflict,
                        errc::store_unavailable, errc::store_full,    errc::store_read_only, errc::store_unusable,
                        errc::store_corrupt,     errc::entry_refused, errc::schema_newer,    errc::unreadable,
                        errc::service_failed,    errc::stopping,      errc::superseded};

TEST(errc, each_has_a_name_of_its_own) {
    std::set<std::string_view> names;
    for (const auto code : all) names.insert(to_string(code));
    EXPECT_EQ(names.size(), std::size(all));
    EXPECT_FALSE(names.contains("unknown"));
    EXPECT_EQ(to_string(errc::store_full), "store_full");
}

TEST(errc, only_faults_of_the_store_hold_the_work_until_it_is_well) {
    std::set<errc> passing;
    for (const auto code : all)
        if (is_store_fault(code)) passing.insert(code);
    EXPECT_EQ(passing, (std::set{errc::store_unavailable, errc::store_full, errc::store_read_only, errc::store_unusable,
                                 errc::store_corrupt}));
}

TEST(fail, makes_an_error_without_violations) {
    const result<int> failed = fail(errc::not_found, "no such thing");
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, errc::not_found);
    EXPECT_EQ(failed.error().message, "no such thing");
    EXPECT_TRUE(failed.error().violations.empty());
}

}  // namespace
}  // namespace orchestrator
