// Connections of the server from accept to drain: their number, streams, and the end of the server.
#include <sys/resource.h>

#include "adapters/http/client.h"
#include "tests/contract/http_server_fixture.h"

namespace orchestrator::http_test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(http_server_test, connection_beyond_the_bound_gets_503_while_none_is_idle) {
    start({.max_connections = 1});
    std::optional<heard> first;
    begin(get("/endless"), &first);
    const auto got = talk(get("/y"));
    EXPECT_THAT(got.text, StartsWith("HTTP/1.1 503 Service Unavailable"));
    EXPECT_TRUE(got.closed);
    EXPECT_EQ(seen.requests.size(), 1U);
}

TEST_F(http_server_test, longest_idle_connection_makes_way_for_the_next) {
    start({.max_connections = 2});
    std::optional<heard> first, second, third;
    begin(get("/1"), &first);
    begin(get("/2"), &second);
    begin(get("/3"), &third);
    ASSERT_TRUE(first) << "closed by the server";
    EXPECT_TRUE(first->closed);
    EXPECT_FALSE(second);
    EXPECT_FALSE(third);
    EXPECT_EQ(seen.requests.size(), 3U);
    EXPECT_EQ(server().figures().connections, 2U);
}

TEST_F(http_server_test, connection_that_never_sent_anything_makes_way_too) {
    start({.max_connections = 1});
    std::optional<heard> silent;
    begin("", &silent);
    EXPECT_THAT(talk(get_and_close("/x")).text, StartsWith("HTTP/1.1 200"));
    EXPECT_TRUE(silent);
}

TEST_F(http_server_test, place_of_a_closed_connection_is_free_again) {
    start({.max_connections = 1});
    for (int i = 0; i < 3; ++i) {
        EXPECT_THAT(talk(get_and_close("/x")).text, StartsWith("HTTP/1.1 200"));
        run_for(context, milliseconds{20});
    }
}

TEST_F(http_server_test, accepting_goes_on_after_file_descriptors_ran_out) {
    start();
    raw_socket socket{context, tcp::v4()};
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{0, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    socket.connect({asio::ip::make_address("127.0.0.1"), server().port()});
    run_for(context, milliseconds{150});
    EXPECT_TRUE(server().figures().lacking);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    asio::write(socket, asio::buffer(get_and_close("/x")));
    run_for(context, milliseconds{150});
    EXPECT_EQ(seen.requests.size(), 1U);
    EXPECT_FALSE(server().figures().lacking);
}

TEST_F(http_server_test, idle_connections_give_up_their_descriptors_when_there_are_none_left) {
    start();
    std::optional<heard> idle;
    begin(get("/x"), &idle);
    raw_socket next{context, tcp::v4()};
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{0, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    next.connect({asio::ip::make_address("127.0.0.1"), server().port()});
    run_for(context, milliseconds{150});
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_TRUE(idle) << "closed by the server";
}

TEST_F(http_server_test, stream_is_sent_in_chunks_and_the_connection_kept) {
    start();
    const auto got = talk(get("/stream") + get_and_close("/x"));
    EXPECT_THAT(got.text, HasSubstr("Transfer-Encoding: chunked\r\n\r\n8\r\npiece 1\n\r\n8\r\npiece 2\n\r\n"
                                    "8\r\npiece 3\n\r\n0\r\n\r\nHTTP/1.1 200 OK"));
    EXPECT_THAT(got.text, Not(HasSubstr("Content-Length: 0")));
}

TEST_F(http_server_test, stream_to_http_1_0_ends_with_the_connection) {
    start();
    const auto got = talk("GET /stream HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(got.closed);
    EXPECT_THAT(got.text, Not(HasSubstr("chunked")));
    EXPECT_TRUE(got.text.ends_with("\r\n\r\npiece 1\npiece 2\npiece 3\n"));
}

TEST_F(http_server_test, stream_that_throws_breaks_off_without_its_last_chunk) {
    start();
    const auto got = talk(get("/broken"));
    EXPECT_TRUE(got.closed);
    EXPECT_TRUE(got.text.ends_with("Transfer-Encoding: chunked\r\n\r\n")) << got.text;
}

TEST_F(http_server_test, client_that_leaves_a_stream_ends_it_while_no_piece_is_due) {
    start();
    const auto got = talk({get("/endless"), milliseconds{100}});
    EXPECT_THAT(got.text, HasSubstr("piece 1"));
    run_for(context, milliseconds{100});
    EXPECT_TRUE(seen.stream_cancelled);
}

TEST_F(http_server_test, raw_answer_is_sent_as_it_is_and_the_connection_closed) {
    start();
    EXPECT_EQ(talk(get("/raw")), (heard{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", true}));
}

TEST_F(http_server_test, drain_closes_idle_connections_and_takes_no_new_ones) {
    start();
    std::optional<heard> idle;
    begin(get("/x"), &idle);
    const auto began = std::chrono::steady_clock::now();
    EXPECT_TRUE(run(context, drained(milliseconds{5'000})));
    EXPECT_LT(std::chrono::steady_clock::now() - began, milliseconds{2'000});
    run_for(context, milliseconds{20});
    ASSERT_TRUE(idle);
    EXPECT_TRUE(idle->closed);
    EXPECT_THROW(talk(get("/y")), boost::system::system_error);
}

TEST_F(http_server_test, drain_lets_a_request_under_way_end) {
    start();
    std::optional<heard> slow;
    begin(get("/slow"), &slow);
    EXPECT_TRUE(run(context, drained(milliseconds{5'000})));
    run_for(context, milliseconds{20});
    ASSERT_TRUE(slow);
    EXPECT_TRUE(slow->text.ends_with("GET /slow "));
    EXPECT_THAT(slow->text, HasSubstr("Connection: close"));
}

TEST_F(http_server_test, drain_cuts_at_its_deadline) {
    start();
    std::optional<heard> slow;
    begin(get("/slow"), &slow);
    EXPECT_TRUE(run(context, drained(milliseconds{20})));
    run_for(context, milliseconds{20});
    EXPECT_EQ(slow, (heard{"", true}));
}

TEST_F(http_server_test, drain_ends_streams_in_order) {
    start();
    std::optional<heard> stream;
    begin(get("/endless"), &stream);
    EXPECT_TRUE(run(context, drained(milliseconds{5'000})));
    run_for(context, milliseconds{20});
    ASSERT_TRUE(stream);
    EXPECT_TRUE(stream->text.ends_with("\r\n0\r\n\r\n"));
    EXPECT_TRUE(seen.stream_cancelled);
}

TEST_F(http_server_test, server_may_be_destroyed_with_requests_under_way) {
    std::optional<heard> slow;
    start();
    begin(get("/slow"), &slow);
    start();
    run_for(context, milliseconds{300});
    EXPECT_EQ(slow, (heard{"", true}));
    EXPECT_TRUE(seen.slow_ended);
}

TEST_F(http_server_test, port_in_use_is_told_with_the_address) {
    const auto port = start().port();
    try {
        http::server second{context, "127.0.0.1", port, {}};
        FAIL() << "two servers on one port";
    } catch (const std::runtime_error& error) {
        EXPECT_THAT(error.what(), HasSubstr("127.0.0.1:" + std::to_string(port)));
    }
    EXPECT_THROW(http::server(context, "not an address", 0, {}), std::runtime_error);
}

TEST_F(http_server_test, client_and_server_of_this_project_understand_each_other) {
    const http_origin origin{"http", "127.0.0.1", std::to_string(start().port()), ""};
    http::client client{context};
    http_request request;
    request.origin = &origin;
    request.method = http_method::put;
    request.target = "/x";
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{900'000}}) {
        request.deadline = in(milliseconds{5'000});
        request.body.assign(size, 'b');
        const auto result = run(context, client.send(request));
        ASSERT_TRUE(result) << result.error().detail;
        EXPECT_EQ(result->body, "PUT /x " + request.body);
    }
}

}  // namespace
}  // namespace orchestrator::http_test
