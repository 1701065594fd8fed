// Zone files that are whole, broken and hostile. That the real ones are read rightly is held against another
// implementation in tests/differential/zone_offsets.py.
#include "domain/time_zone/parse_tzif.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

namespace orchestrator {
namespace {

using namespace std::chrono;
using testing::HasSubstr;

std::string number(std::int64_t value, int size) {
    std::string bytes;
    for (int i = size - 1; i >= 0; --i) bytes += static_cast<char>(value >> (8 * i));
    return bytes;
}

struct kind_of_time {
    int offset;
    bool is_dst;
    int abbreviation;
};

// A zone file with an empty block of version 1 before what counts.
struct file_parts {
    char version = '2';
    std::vector<std::pair<std::int64_t, int>> transitions;
    std::vector<kind_of_time> kinds{{3'600, false, 0}, {7'200, true, 4}};
    std::string abbreviations{"CET\0CEST\0", 9};
    int leap_seconds = 0;
    std::string footer = "\nCET-1CEST,M3.5.0,M10.5.0/3\n";

    [[nodiscard]] std::string bytes() const {
        const auto head = [this](std::size_t times, std::size_t types, std::size_t characters, int leap) {
            return std::string{"TZif"} + version + std::string(15, '\0') + number(0, 4) + number(0, 4) +
                   number(leap, 4) + number(std::int64_t(times), 4) + number(std::int64_t(types), 4) +
                   number(std::int64_t(characters), 4);
        };
        auto file = head(0, 1, 1, 0) + std::string(7, '\0');
        file += head(transitions.size(), kinds.size(), abbreviations.size(), leap_seconds);
        for (const auto& [at, kind] : transitions) file += number(at, 8);
        for (const auto& [at, kind] : transitions) file += static_cast<char>(kind);
        for (const auto& kind : kinds)
            file += number(kind.offset, 4) + static_cast<char>(kind.is_dst) + static_cast<char>(kind.abbreviation);
        return file + abbreviations + std::string(std::size_t(leap_seconds) * 12, '\0') + footer;
    }
};

std::string refusal(const std::string& bytes) {
    const auto read = parse_tzif("Test/Zone", bytes);
    EXPECT_FALSE(read);
    return read ? "" : read.error().message;
}

TEST(parse_tzif, joins_the_table_and_the_rule_of_the_footer) {
    file_parts file;
    file.transitions = {{1'000'000'000, 1}, {1'001'000'000, 0}};
    const auto zone = parse_tzif("Test/Zone", file.bytes());
    ASSERT_TRUE(zone) << zone.error().message;
    const auto& spans = zone->spans();
    EXPECT_EQ(spans[0], (offset_span{sys_days{year{1800} / 1 / 1}, hours{1}, false, "CET"}));
    EXPECT_EQ(spans[1], (offset_span{sys_seconds{seconds{1'000'000'000}}, hours{2}, true, "CEST"}));
    EXPECT_EQ(spans[3].begin, (sys_seconds{sys_days{year{2002} / March / 31} + hours{1}})) << "by the footer";
    EXPECT_EQ(spans.back().begin, (sys_seconds{sys_days{year{2100} / October / 31} + hours{1}}));
}

TEST(parse_tzif, takes_a_table_without_a_rule) {
    file_parts file;
    file.transitions = {{1'000'000'000, 1}};
    file.footer = "\n\n";
    EXPECT_EQ(parse_tzif("Test/Zone", file.bytes())->spans().size(), 2U);
}

TEST(parse_tzif, takes_a_rule_without_a_table) {
    file_parts file;
    file.kinds = {{0, false, 0}};
    file.footer = "\nUTC0\n";
    const auto zone = parse_tzif("Test/Zone", file.bytes());
    ASSERT_TRUE(zone);
    EXPECT_EQ(zone->spans().size(), 1U);
    EXPECT_EQ(zone->spans()[0].abbreviation, "UTC");
}

TEST(parse_tzif, takes_the_big_bang_for_the_distant_past) {
    file_parts file;
    file.transitions = {{-(std::int64_t{1} << 59), 0}, {1'000'000'000, 1}};
    EXPECT_EQ(parse_tzif("Test/Zone", file.bytes())->spans()[1].begin, sys_seconds{seconds{1'000'000'000}});
}

TEST(parse_tzif, says_what_is_wrong_with_a_file) {
    const auto broken = [](auto change) {
        file_parts file;
        file.transitions = {{1'000'000'000, 1}};
        change(file);
        return refusal(file.bytes());
    };
    EXPECT_THAT(refusal(""), HasSubstr("ends too early"));
    EXPECT_THAT(refusal(std::string(100, 'x')), HasSubstr("time zone \"Test/Zone\": its file is no zone file"));
    EXPECT_THAT(refusal(std::string(300'000, 'x')), HasSubstr("longer than a zone file can be"));
    EXPECT_THAT(broken([](auto& f) { f.version = '\0'; }), HasSubstr("version 1"));
    EXPECT_THAT(broken([](auto& f) { f.leap_seconds = 2; }), HasSubstr("leap seconds"));
    EXPECT_THAT(broken([](auto& f) { f.kinds.clear(); }), HasSubstr("no kind of local time"));
    EXPECT_THAT(broken([](auto& f) { f.transitions[0].second = 2; }), HasSubstr("that it does not have"));
    EXPECT_THAT(broken([](auto& f) { f.transitions.insert(f.transitions.begin(), {2'000'000'000, 0}); }),
                HasSubstr("out of order"));
    EXPECT_THAT(broken([](auto& f) { f.kinds[0].offset = 100'000; }), HasSubstr("more than 26 hours"));
    EXPECT_THAT(broken([](auto& f) { f.kinds[0].abbreviation = 99; }), HasSubstr("outside of its table"));
    EXPECT_THAT(broken([](auto& f) { f.footer = ""; }), HasSubstr("ends too early"));
    EXPECT_THAT(broken([](auto& f) { f.footer = "x"; }), HasSubstr("no footer"));
    EXPECT_THAT(broken([](auto& f) { f.footer = "\nCET-1"; }), HasSubstr("footer without an end"));
    EXPECT_THAT(broken([](auto& f) { f.footer = "\nnonsense\n"; }), HasSubstr("no rule: \"nonsense\""));
    EXPECT_THAT(broken([](auto& f) { f.footer = "\nCET-99\n"; }), HasSubstr("no rule"));
}

TEST(parse_tzif, refuses_each_file_that_is_cut_short) {
    file_parts file;
    file.transitions = {{1'000'000'000, 1}, {1'001'000'000, 0}};
    const auto whole = file.bytes();
    for (std::size_t size = 0; size + 1 < whole.size(); ++size)
        EXPECT_FALSE(parse_tzif("Test/Zone", whole.substr(0, size))) << size;
}

RC_GTEST_PROP(parse_tzif, never_crashes_on_a_damaged_file, ()) {
    file_parts file;
    file.transitions = {{1'000'000'000, 1}, {1'001'000'000, 0}};
    auto bytes = file.bytes();
    for (const auto& [at, value] : *rc::gen::arbitrary<std::vector<std::pair<std::size_t, char>>>())
        bytes[at % bytes.size()] = value;
    const auto read = parse_tzif("Test/Zone", bytes);
    if (!read) return;
    RC_ASSERT(!read->spans().empty());
    RC_ASSERT(std::ranges::is_sorted(read->spans(), {}, &offset_span::begin));
}

}  // namespace
}  // namespace orchestrator
