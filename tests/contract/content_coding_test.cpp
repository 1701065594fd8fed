// Answers that are packed although nobody asked for it.
#include "adapters/http/content_coding.h"

#include <gtest/gtest.h>

#include "domain/ascii_case.h"

namespace orchestrator::http_test {
namespace {

using namespace std::string_literals;

constexpr auto text = R"({"count":12})";
// Made by Python's gzip and zlib.
const auto gzip =
    "\037\213\010\000\000\000\000\000\002\003\253\126\112\316\057\315\053\121\262\062\064\252\005\000\350\161\207\044\014\000\000\000"s;
const auto gzip_with_every_field =
    "\037\213\010\036\000\000\000\000\002\003\003\000\141\142\143\156\141\155\145\000\156\157\164\145\000\000\000\253\126\112\316\057\315\053\121\262\062\064\252\005\000\350\161\207\044\014\000\000\000"s;
const auto deflate = "\170\234\253\126\112\316\057\315\053\121\262\062\064\252\005\000\033\163\004\003"s;
const auto bare_deflate = "\253\126\112\316\057\315\053\121\262\062\064\252\005\000"s;
const auto gzip_of_100000 =
    "\037\213\010\000\000\000\000\000\002\003\355\301\061\001\000\000\000\302\240\332\213\157\015\017\240\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\200\127\003\161\021\007\376\240\206\001\000"s;

std::expected<http_response, std::string> unpacked(std::string body, std::string coding, std::size_t most = 1'000,
                                                   int status = 200) {
    http_response answer{.status = status, .headers = {}, .body = std::move(body), .body_truncated = false};
    answer.headers.emplace_back("content-encoding", std::move(coding));
    if (auto fit = http::unpack(answer, most); !fit) return std::unexpected{fit.error()};
    return answer;
}

TEST(content_coding, what_is_packed_is_unpacked) {
    const std::vector<std::pair<std::string, std::string>> packed{{gzip, "gzip"},       {gzip, "GZip"},
                                                                  {gzip, "x-gzip"},     {gzip_with_every_field, "gzip"},
                                                                  {deflate, "deflate"}, {bare_deflate, "deflate"},
                                                                  {text, ""},           {text, "identity"}};
    for (const auto& [body, coding] : packed) {
        const auto answer = unpacked(body, coding);
        ASSERT_TRUE(answer) << coding << ": " << answer.error();
        EXPECT_EQ(answer->body, text) << coding;
        EXPECT_FALSE(answer->body_truncated);
    }
}

TEST(content_coding, no_more_is_unpacked_than_fits) {
    const auto answer = unpacked(gzip_of_100000, "gzip", 1'000);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, std::string(1'000, 'x'));
    EXPECT_TRUE(answer->body_truncated);
    EXPECT_EQ(unpacked(gzip_of_100000, "gzip", 100'000)->body.size(), 100'000U);
    EXPECT_FALSE(unpacked(gzip_of_100000, "gzip", 100'000)->body_truncated);
}

TEST(content_coding, members_of_gzip_may_follow_each_other) {
    EXPECT_EQ(unpacked(gzip + gzip_with_every_field + gzip, "gzip")->body, text + std::string{text} + text);
    EXPECT_FALSE(unpacked(gzip + "more", "gzip"));
    EXPECT_TRUE(unpacked(gzip + gzip, "gzip", 15)->body_truncated);
}

// A gateway's own page, say: the status decides.
TEST(content_coding, of_an_answer_that_is_no_result_the_status_is_enough) {
    for (const int status : {202, 302, 404, 429, 503})
        for (const auto* coding : {"br", "gzip"}) {
            const auto answer = unpacked("x", coding, 1'000, status);
            ASSERT_TRUE(answer) << status << ' ' << coding;
            EXPECT_EQ(answer->status, status);
            EXPECT_EQ(answer->body, "");
        }
}

TEST(content_coding, what_is_packed_and_cut_off_is_left_out) {
    http_response answer{
        .status = 200, .headers = {{"Content-Encoding", "gzip"}}, .body = gzip.substr(0, 15), .body_truncated = true};
    ASSERT_TRUE(http::unpack(answer, 15));
    EXPECT_EQ(answer.body, "");
    EXPECT_TRUE(answer.body_truncated);
}

TEST(content_coding, what_is_broken_is_told) {
    for (std::size_t size = 1; size < gzip.size(); ++size)
        EXPECT_FALSE(unpacked(gzip.substr(0, size), "gzip")) << size << " bytes of it";
    for (std::size_t at = 10; at < gzip.size(); ++at) {
        auto flipped = gzip;
        flipped[at] = char(flipped[at] ^ 0x10);
        const auto answer = unpacked(flipped, "gzip");
        EXPECT_TRUE(!answer || answer->body == text) << "byte " << at << " (some bits mean nothing)";
        const bool is_in_trailer = at >= gzip.size() - 8;
        EXPECT_FALSE(answer && is_in_trailer) << "byte " << at;
    }
    EXPECT_EQ(unpacked("x", "br").error(), "the answer is packed as \"br\", which nobody asked for");
    EXPECT_FALSE(unpacked("plain", "gzip"));
    EXPECT_FALSE(unpacked(gzip, "gzip, gzip"));
    EXPECT_TRUE(unpacked("", "gzip")) << "an empty body is not packed";
}

TEST(content_coding, a_byte_order_mark_goes) {
    EXPECT_EQ(unpacked("\xef\xbb\xbf{}", "")->body, "{}");
    EXPECT_EQ(unpacked("\xef\xbb", "")->body, "\xef\xbb");
}

}  // namespace
}  // namespace orchestrator::http_test
