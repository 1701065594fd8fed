// Tests of UUIDs and the ids made of them.
#include "domain/identifiers.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <type_traits>
#include <unordered_set>

namespace orchestrator {
namespace {

constexpr std::string_view example = "01890a5d-ac96-774b-bcce-b302099a8057";

TEST(uuid, reads_either_case_and_writes_lower_case) {
    ASSERT_TRUE(parse_uuid(example));
    EXPECT_EQ(to_string(*parse_uuid(example)), example);
    EXPECT_EQ(parse_uuid("01890A5D-AC96-774B-BCCE-B302099A8057"), parse_uuid(example));
    EXPECT_EQ(parse_uuid(example)->bytes[0], 0x01);
    EXPECT_EQ(parse_uuid(example)->bytes[15], 0x57);
}

class not_a_uuid : public testing::TestWithParam<std::string> {};

TEST_P(not_a_uuid, is_refused) { EXPECT_FALSE(parse_uuid(GetParam())) << GetParam(); }

INSTANTIATE_TEST_SUITE_P(texts, not_a_uuid,
                         testing::Values("", "01890a5d", "01890a5dac96774bbcceb302099a8057",
                                         "01890a5d-ac96-774b-bcce-b302099a805", "01890a5d-ac96-774b-bcce-b302099a80570",
                                         "01890a5d-ac96-774b-bcce-b302099a805g", "01890a5d+ac96-774b-bcce-b302099a8057",
                                         "01890a5-dac96-774b-bcce-b302099a8057",
                                         "{01890a5d-ac96-774b-bcce-b302099a8057}",
                                         " 1890a5d-ac96-774b-bcce-b302099a8057", "-1890a5d-ac96-774b-bcce-b302099a8057",
                                         std::string(36, '\0'), std::string(36, '-')));

RC_GTEST_PROP(uuid, survives_its_text_form, ()) {
    uuid id;
    for (auto& byte : id.bytes) byte = *rc::gen::arbitrary<std::uint8_t>();
    RC_ASSERT(parse_uuid(to_string(id)) == id);
}

system_time at(std::int64_t ms) { return system_time{milliseconds{ms}}; }

TEST(uuid_v7, carries_version_variant_and_time) {
    const auto text = to_string(make_uuid_v7(at(0x0189'0a5d'ac96), {~0ULL, ~0ULL}));
    EXPECT_EQ(text.substr(0, 13), "01890a5d-ac96");
    EXPECT_EQ(text[14], '7');
    EXPECT_EQ(text[19], 'b');
    EXPECT_EQ(to_string(make_uuid_v7(at(0), {0, 0})), "00000000-0000-7000-8000-000000000000");
}

RC_GTEST_PROP(uuid_v7, sorts_by_time_whatever_the_random_bits, ()) {
    const auto earlier = *rc::gen::inRange<std::int64_t>(0, 1LL << 47);
    const auto later = earlier + *rc::gen::inRange<std::int64_t>(1, 1LL << 40);
    const auto bits = [] {
        return std::array{*rc::gen::arbitrary<std::uint64_t>(), *rc::gen::arbitrary<std::uint64_t>()};
    };
    const auto first = make_uuid_v7(at(earlier), bits()), second = make_uuid_v7(at(later), bits());
    RC_ASSERT(first < second);
    RC_ASSERT(to_string(first) < to_string(second));
}

TEST(uuid_v7, uses_all_74_random_bits) {
    const auto none = make_uuid_v7(at(1), {0, 0});
    int used = 0;
    for (int bit = 0; bit < 128; ++bit) {
        std::array<std::uint64_t, 2> random{};
        random[std::size_t(bit) / 64] = 1ULL << (bit % 64);
        used += make_uuid_v7(at(1), random) != none;
    }
    EXPECT_EQ(used, 74);
}

TEST(ids, of_different_things_are_different_types) {
    static_assert(!std::is_convertible_v<tenant_id, execution_id>);
    static_assert(!std::is_constructible_v<workflow_id, tenant_id>);
    EXPECT_EQ(to_string(*tenant_id::parse(example)), example);
    EXPECT_FALSE(tenant_id::parse("Bakery"));
}

TEST(ids, of_the_same_millisecond_hash_apart) {
    std::unordered_set<std::size_t> hashes;
    for (std::uint64_t i = 0; i < 1'000; ++i)
        hashes.insert(std::hash<tenant_id>{}({make_uuid_v7(at(1'762'400'000'000), {0, i << 8})}));
    EXPECT_EQ(hashes.size(), 1'000U);
}

}  // namespace
}  // namespace orchestrator
