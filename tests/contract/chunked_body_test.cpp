// Bodies in chunks, however they are cut on their way.
#include "adapters/http/chunked_body.h"

#include <gtest/gtest.h>

namespace orchestrator::http_test {
namespace {

using http::chunked_body;
using progress = chunked_body::progress;

struct read {
    progress how = progress::incomplete;
    std::string body;
    std::string left;

    bool operator==(const read&) const = default;
};

// In pieces of that size.
read read_in(std::size_t piece, std::string_view bytes, std::size_t most = 1'000) {
    chunked_body chunks;
    read result;
    while (!bytes.empty() && result.how == progress::incomplete && result.body.size() < most) {
        auto some = bytes.substr(0, piece);
        const auto size = some.size();
        result.how = chunks.feed(some, result.body, most);
        bytes.remove_prefix(size - some.size());
    }
    result.left = bytes;
    return result;
}

void expect_always(const read& expected, std::string_view bytes) {
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece)
        EXPECT_EQ(read_in(piece, bytes), expected) << bytes << " in pieces of " << piece;
}

TEST(chunked_body, is_what_its_chunks_carry) {
    expect_always({progress::complete, "hello, world", ""}, "7\r\nhello, \r\n5\r\nworld\r\n0\r\n\r\n");
    expect_always({progress::complete, "", ""}, "0\r\n\r\n");
    expect_always({progress::complete, "0123456789", ""}, "a\r\n0123456789\r\n0\r\n\r\n");
    expect_always({progress::complete, "0123456789", ""}, "00A\r\n0123456789\r\n000\r\n\r\n");
}

TEST(chunked_body, blanks_behind_the_size_mean_nothing) {
    expect_always({progress::complete, "hello", ""}, "5   \r\nhello\r\n0 \t\r\n\r\n");
}

TEST(chunked_body, extensions_and_trailers_are_not_read) {
    expect_always({progress::complete, "hello", ""},
                  "5;name=\"va;lue\"\r\nhello\r\n0 ; last\r\nDigest: x\r\nContent-Length: 3\r\n\r\n");
}

TEST(chunked_body, what_follows_is_left) {
    EXPECT_EQ(read_in(100, "2\r\nhi\r\n0\r\n\r\nHTTP/1.1"), (read{progress::complete, "hi", "HTTP/1.1"}));
}

TEST(chunked_body, what_is_malformed_is_refused) {
    for (const auto* bytes :
         {"zz\r\n", "\r\n", " 5\r\nhello\r\n", "-5\r\n", "0x5\r\nhello\r\n", "5\nhello\n", "5 5\r\n", "5\r\nhello!\r\n",
          "5\r\nhelloX\r\n0\r\n\r\n", "10000000000000000\r\n", "5\r6\r\nhello\r\n", "2\r\nhi\n0\r\n\r\n"})
        for (const std::size_t piece : {1, 2, 3, 100})
            EXPECT_EQ(read_in(piece, bytes).how, progress::malformed) << bytes << " in pieces of " << piece;
}

TEST(chunked_body, has_bounds) {
    EXPECT_EQ(read_in(10, "5;" + std::string(10'000, 'x')).how, progress::malformed);
    std::string trailer;
    for (int i = 0; i < 1'000; ++i) trailer += "X: " + std::string(40, 'x') + "\r\n";
    EXPECT_EQ(read_in(1'000, "0\r\n" + trailer).how, progress::malformed);
    const auto cut = read_in(100, "ffffffffffffffff\r\n" + std::string(2'000, 'x'), 1'000);
    EXPECT_EQ(cut.how, progress::incomplete);
    EXPECT_EQ(cut.body.size(), 1'000U);
}

}  // namespace
}  // namespace orchestrator::http_test
