// How the server reads requests and answers them, and which it refuses.
#include "tests/contract/http_server_fixture.h"

namespace orchestrator::http_test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(http_server_test, request_reaches_the_handler_and_its_answer_the_client) {
    start();
    const auto got =
        talk("POST /path?q=%20 HTTP/1.1\r\nHost: a\r\nX-Own: 1\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody");
    EXPECT_TRUE(got.closed);
    EXPECT_THAT(got.text, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
    EXPECT_THAT(got.text, HasSubstr("\r\nContent-Type: text/plain\r\n"));
    EXPECT_THAT(got.text, HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_TRUE(got.text.ends_with("Content-Length: 21\r\n\r\nPOST /path?q=%20 body")) << got.text;
    EXPECT_EQ(find_header(seen.requests.at(0).headers, "x-own"), "1");
}

TEST_F(http_server_test, connection_carries_many_requests_also_when_they_come_at_once) {
    start();
    const auto got = talk(get("/1") + get("/2") + get_and_close("/3"));
    EXPECT_TRUE(got.closed);
    EXPECT_THAT(got.text, HasSubstr("GET /1 HTTP/1.1 200 OK"));
    EXPECT_THAT(got.text, HasSubstr("GET /2 HTTP/1.1 200 OK"));
    EXPECT_TRUE(got.text.ends_with("GET /3 "));
}

TEST_F(http_server_test, empty_line_before_a_request_is_ignored) {
    start();
    const auto got = talk("\r\n" + get("/1") + "\r\n" + get_and_close("/2"));
    EXPECT_THAT(got.text, HasSubstr("GET /1 HTTP/1.1 200 OK"));
    EXPECT_TRUE(got.text.ends_with("GET /2 "));
}

TEST_F(http_server_test, request_in_single_bytes_is_put_together) {
    start();
    const auto got =
        talk({"POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"
              "1\r\nc\r\n0\r\n\r\n",
              milliseconds{2'000}, 1, milliseconds{1}});
    EXPECT_TRUE(got.text.ends_with("POST /x abc")) << got.text;
}

TEST_F(http_server_test, head_is_answered_with_the_length_and_without_the_body) {
    start();
    const auto got = talk("HEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(got.text.ends_with("Content-Length: 8\r\n\r\n")) << got.text;
}

TEST_F(http_server_test, status_204_has_neither_length_nor_body) {
    start();
    const auto got = talk(get_and_close("/empty"));
    EXPECT_THAT(got.text, StartsWith("HTTP/1.1 204 No Content"));
    EXPECT_THAT(got.text, Not(HasSubstr("Content-Length")));
    EXPECT_TRUE(got.text.ends_with("\r\n\r\n"));
}

TEST_F(http_server_test, http_1_0_is_closed_unless_it_asks_otherwise) {
    start();
    EXPECT_TRUE(talk("GET /x HTTP/1.0\r\n\r\n").closed);
    const auto kept = talk({"GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", milliseconds{100}});
    EXPECT_FALSE(kept.closed);
    EXPECT_THAT(kept.text, HasSubstr("Connection: keep-alive"));
}

TEST_F(http_server_test, client_that_waits_for_100_continue_is_told_to_go_on) {
    start();
    const std::string head =
        "POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    const auto got = talk({head + "ab", milliseconds{2'000}, head.size(), milliseconds{50}});
    EXPECT_THAT(got.text, StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(talk(head + "ab").text, StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(http_server_test, handler_that_throws_gives_500_without_its_text) {
    start();
    const auto got = talk({get("/throw"), milliseconds{100}});
    EXPECT_THAT(got.text, StartsWith("HTTP/1.1 500 Internal Server Error"));
    EXPECT_THAT(got.text, HasSubstr("Content-Type: application/problem+json"));
    EXPECT_THAT(
        got.text,
        HasSubstr(R"({"type":"about:blank","title":"Internal Server Error","status":500,"code":"internal","detail":)"));
    EXPECT_THAT(got.text, Not(HasSubstr("secret")));
    EXPECT_FALSE(got.closed);
}

TEST_F(http_server_test, handler_cannot_split_the_answer) {
    start();
    const auto got = talk(get_and_close("/split"));
    EXPECT_THAT(got.text, StartsWith("HTTP/1.1 500"));
    EXPECT_THAT(got.text, Not(HasSubstr("Set-Cookie")));
}

struct refusal {
    std::string sent;
    std::string answer;
};

class refused_request : public http_server_test, public testing::WithParamInterface<refusal> {};

TEST_P(refused_request, never_reaches_the_handler_and_ends_the_connection) {
    start({.max_header_bytes = 1'000, .max_body_bytes = 1'000});
    const auto got = talk(GetParam().sent);
    EXPECT_THAT(got.text, StartsWith("HTTP/1.1 " + GetParam().answer + "\r\n"));
    EXPECT_THAT(got.text, HasSubstr("application/problem+json"));
    EXPECT_THAT(got.text, HasSubstr("Connection: close"));
    EXPECT_TRUE(got.closed);
    EXPECT_TRUE(seen.requests.empty());
}

const std::string post = "POST /x HTTP/1.1\r\nHost: a\r\n";

INSTANTIATE_TEST_SUITE_P(
    http_server, refused_request,
    testing::Values(
        refusal{post + "Content-Length: 1001\r\n\r\n", "413 Payload Too Large"},
        refusal{post + "Content-Length: 500000\r\n\r\n" + std::string(500'000, 'x'), "413 Payload Too Large"},
        refusal{post + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n", "413 Payload Too Large"},
        refusal{post + "X: " + std::string(2'000, 'x') + "\r\n\r\n", "431 Request Header Fields Too Large"},
        refusal{"GET /" + std::string(2'000, 'x'), "431 Request Header Fields Too Large"},
        refusal{"\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request"},
        refusal{"\x16\x03\x01 hello\r\n\r\n", "400 Bad Request"}, refusal{"GET / HTTP/3.0\r\n\r\n", "400 Bad Request"},
        refusal{"GET / HTTP/1.1\r\n\r\n", "400 Bad Request"},
        refusal{"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400 Bad Request"},
        refusal{post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400 Bad Request"},
        refusal{post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400 Bad Request"},
        refusal{post + "Content-Length: -1\r\n\r\n", "400 Bad Request"},
        refusal{post + "Transfer-Encoding: gzip\r\n\r\n", "400 Bad Request"},
        refusal{post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "400 Bad Request"}));

TEST_F(http_server_test, body_of_exactly_the_bound_is_taken) {
    start({.max_body_bytes = 1'000});
    const auto got = talk(post + "Connection: close\r\nContent-Length: 1000\r\n\r\n" + std::string(1'000, 'x'));
    EXPECT_THAT(got.text, StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(http_server_test, request_that_drips_is_answered_with_408) {
    start({.request_timeout = milliseconds{150}});
    const auto began = std::chrono::steady_clock::now();
    const auto got = talk({"GET / HTTP/1.1\r\nHost: " + std::string(40, 'a'), milliseconds{5'000}, 1, milliseconds{5}});
    EXPECT_THAT(got.text, StartsWith("HTTP/1.1 408 Request Timeout"));
    EXPECT_TRUE(got.closed);
    EXPECT_LT(std::chrono::steady_clock::now() - began, milliseconds{3'000});
}

TEST_F(http_server_test, body_that_never_comes_is_answered_with_408) {
    start({.request_timeout = milliseconds{100}});
    EXPECT_THAT(talk(post + "Content-Length: 5\r\n\r\nab").text, StartsWith("HTTP/1.1 408"));
}

TEST_F(http_server_test, idle_connection_is_closed_without_a_word) {
    start({.idle_timeout = milliseconds{100}});
    EXPECT_EQ(talk(""), (heard{"", true}));
    const auto got = talk(get("/x"));
    EXPECT_TRUE(got.closed);
    EXPECT_TRUE(got.text.ends_with("GET /x "));
}

TEST_F(http_server_test, an_empty_line_is_no_beginning_of_a_request) {
    start({.idle_timeout = milliseconds{200}, .request_timeout = milliseconds{50}});
    EXPECT_EQ(talk("\r\n"), (heard{"", true}));
    const auto got = talk(get("/x") + "\r\n");
    EXPECT_TRUE(got.closed);
    EXPECT_TRUE(got.text.ends_with("GET /x ")) << got.text;
}

TEST_F(http_server_test, client_that_does_not_read_is_cut_off) {
    start({.max_body_bytes = 64 << 20, .write_timeout = milliseconds{100}});
    raw_socket socket{context};
    socket.connect({asio::ip::make_address("127.0.0.1"), server().port()});
    const std::string body(16 << 20, 'x');
    const auto sent = post + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    bool written = false;
    asio::async_write(socket, asio::buffer(sent), [&](error_code, std::size_t) { written = true; });
    run_for(context, milliseconds{1'000});
    EXPECT_TRUE(written);
    std::string got;
    error_code error;
    asio::read(socket, asio::dynamic_buffer(got), error);
    EXPECT_LT(got.size(), body.size());
}

}  // namespace
}  // namespace orchestrator::http_test
