// What the client makes of answers: whole, cut, chunked, too long, or not HTTP at all.
#include "tests/contract/http_client_fixture.h"

namespace orchestrator::http_test {
namespace {

TEST_F(http_client_test, answer_has_status_headers_and_body) {
    serve({{{"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nwait"}}});
    const auto result = send();
    ASSERT_TRUE(result) << result.error().detail;
    EXPECT_EQ(result->status, 503);
    EXPECT_EQ(find_header(result->headers, "retry-after"), "7");
    EXPECT_EQ(result->body, "wait");
    EXPECT_FALSE(result->body_truncated);
}

TEST_F(http_client_test, status_may_lack_its_reason) {
    const std::string bare = "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n{}";
    auto& server =
        serve({{{bare}, {bare, 1, milliseconds{1}}, {"HTTP/1.1 100\r\n\r\n" + bare}, {"HTTP/1.1 204\r\n\r\n"}}});
    for (const int status : {200, 200, 200, 204}) {
        const auto result = send();
        ASSERT_TRUE(result) << result.error().detail;
        EXPECT_EQ(result->status, status);
        EXPECT_EQ(result->body, status == 204 ? "" : "{}");
    }
    EXPECT_EQ(server.connections, 1U);
}

TEST_F(http_client_test, answer_in_single_bytes_is_put_together) {
    serve({{{small_answer, 1, milliseconds{1}}}});
    const auto result = send();
    ASSERT_TRUE(result) << result.error().detail;
    EXPECT_EQ(result->body, "{}");
}

TEST_F(http_client_test, chunked_answer_is_put_together_and_the_connection_kept) {
    const std::string chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: t\r\n\r\n";
    auto& server = serve({{{chunked}, {chunked, 1, milliseconds{1}}, {chunked}}});
    for (int i = 0; i < 3; ++i) {
        const auto result = send();
        ASSERT_TRUE(result) << result.error().detail;
        EXPECT_EQ(result->body, "hello world");
        EXPECT_EQ(find_header(result->headers, "Trailer"), "");
    }
    EXPECT_EQ(server.connections, 1U);
}

TEST_F(http_client_test, body_may_end_with_the_connection) {
    auto& server = serve({{closing("HTTP/1.1 200 OK\r\n\r\nall of it")}});
    for (int i = 0; i < 2; ++i) {
        const auto result = send();
        ASSERT_TRUE(result) << result.error().detail;
        EXPECT_EQ(result->body, "all of it");
    }
    EXPECT_EQ(server.connections, 2U);
}

TEST_F(http_client_test, http_1_0_and_connection_close_are_not_reused) {
    auto& server = serve({{{"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na"}},
                          {{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nb"}},
                          {{small_answer}}});
    for (const auto* body : {"a", "b", "{}"}) {
        const auto result = send();
        ASSERT_TRUE(result) << result.error().detail;
        EXPECT_EQ(result->body, body);
    }
    EXPECT_EQ(server.connections, 3U);
}

TEST_F(http_client_test, an_answer_in_chunks_of_padded_sizes_is_read_and_its_connection_kept) {
    const std::string chunked =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n6  \r\n{\"a\":1\r\n1 "
        "\r\n}\r\n0 \r\n\r\n";
    auto& server = serve({{{chunked}, {chunked, 1, milliseconds{1}}, {small_answer}}});
    for (int i = 0; i < 2; ++i) {
        const auto result = send();
        ASSERT_TRUE(result) << result.error().detail;
        EXPECT_EQ(result->body, R"({"a":1})");
    }
    EXPECT_TRUE(send());
    EXPECT_EQ(server.connections, 1U);
}

TEST_F(http_client_test, interim_answers_are_skipped) {
    serve({{{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + small_answer}}});
    const auto result = send();
    ASSERT_TRUE(result) << result.error().detail;
    EXPECT_EQ(result->status, 200);
    EXPECT_EQ(find_header(result->headers, "Link"), "");
}

TEST_F(http_client_test, interim_answers_without_end_are_malformed) {
    std::string many;
    for (int i = 0; i < 100; ++i) many += "HTTP/1.1 100 Continue\r\n\r\n";
    serve({{{many}}});
    EXPECT_EQ(fault_of(send()), http_fault::malformed_response);
}

TEST_F(http_client_test, statuses_without_a_body_end_with_their_header) {
    auto& server = serve({{{"HTTP/1.1 204 No Content\r\n\r\n"},
                           {"HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\n"},
                           {small_answer}}});
    for (const int status : {204, 304, 200}) {
        const auto result = send();
        ASSERT_TRUE(result) << result.error().detail;
        EXPECT_EQ(result->status, status);
    }
    EXPECT_EQ(server.connections, 1U);
}

TEST_F(http_client_test, redirect_is_returned_and_not_followed) {
    auto& server = serve({{{"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"}}});
    const auto result = send();
    ASSERT_TRUE(result) << result.error().detail;
    EXPECT_EQ(result->status, 302);
    EXPECT_EQ(find_header(result->headers, "location"), "/elsewhere");
    EXPECT_EQ(server.requests.size(), 1U);
}

class broken_answer : public http_client_test,
                      public testing::WithParamInterface<std::pair<std::string, http_fault>> {};

TEST_P(broken_answer, gives_its_fault) {
    serve({{closing(GetParam().first)}});
    EXPECT_EQ(fault_of(send()), GetParam().second);
}

INSTANTIATE_TEST_SUITE_P(
    http_client, broken_answer,
    testing::Values(
        std::pair{"", http_fault::connection_lost}, std::pair{"HTTP/1.1 200 OK\r\nConte", http_fault::connection_lost},
        std::pair{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", http_fault::connection_lost},
        std::pair{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", http_fault::connection_lost},
        std::pair{"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\nx", http_fault::connection_lost},
        std::pair{"SSH-2.0-OpenSSH_9.2p1\r\n\r\n", http_fault::malformed_response},
        std::pair{"HTTP/1.1 two hundred\r\n\r\n", http_fault::malformed_response},
        std::pair{"HTTP/1.1 20\r\n\r\n", http_fault::malformed_response},
        std::pair{"HTTP/1.1 2000\r\n\r\n", http_fault::malformed_response},
        std::pair{"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", http_fault::malformed_response},
        std::pair{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
                  http_fault::malformed_response},
        std::pair{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", http_fault::malformed_response},
        std::pair{"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", http_fault::malformed_response},
        std::pair{"HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n", http_fault::malformed_response},
        std::pair{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(40'000, 'x'),
                  http_fault::malformed_response}));

TEST_F(http_client_test, long_body_is_cut_at_the_bound_and_the_connection_closed) {
    const std::string body(100'000, 'x');
    const auto head = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    auto& server = serve({{{head + body}}});
    for (int i = 0; i < 2; ++i) {
        auto made = request();
        made.max_body = 1'000;
        const auto result = send(made);
        ASSERT_TRUE(result) << result.error().detail;
        EXPECT_EQ(result->status, 200);
        EXPECT_EQ(result->body.size(), 1'000U);
        EXPECT_TRUE(result->body_truncated);
    }
    EXPECT_EQ(server.connections, 2U);
}

TEST_F(http_client_test, body_of_exactly_the_bound_is_whole) {
    auto& server = serve({{{small_answer}, {small_answer}}});
    auto made = request();
    made.max_body = 2;
    EXPECT_FALSE(send(made)->body_truncated);
    made.max_body = 1;
    EXPECT_TRUE(send(made)->body_truncated);
    EXPECT_EQ(server.connections, 1U);
}

TEST_F(http_client_test, chunked_body_without_end_is_cut_at_the_bound) {
    std::string endless = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 1'000; ++i) endless += "3e8\r\n" + std::string(1'000, 'x') + "\r\n";
    serve({{{endless}}});
    auto made = request();
    made.max_body = 5'000;
    const auto result = send(made);
    ASSERT_TRUE(result) << result.error().detail;
    EXPECT_TRUE(result->body_truncated);
    EXPECT_EQ(result->body.size(), 5'000U);
}

TEST_F(http_client_test, large_request_and_answer_pass_whole) {
    const std::string body(900'000, 'y');
    auto& server = serve({{{"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n" + body}}});
    auto made = request();
    made.body.assign(3'000'000, 'z');
    const auto result = send(made);
    ASSERT_TRUE(result) << result.error().detail;
    EXPECT_EQ(result->body, body);
    EXPECT_TRUE(server.requests.at(0).ends_with(made.body));
}

}  // namespace
}  // namespace orchestrator::http_test
