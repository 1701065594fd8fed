// How the client makes its calls: what it sends, which connection it takes, and what ends a call.
#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "tests/contract/http_client_fixture.h"

namespace orchestrator::http_test {
namespace {

using testing::HasSubstr;
using testing::Not;

// Of the connections to that port of this machine: is a keepalive probe to be sent? (proc(5), /proc/net/tcp: "timer")
bool is_watched(const std::string& port) {
    std::ifstream table{"/proc/self/net/tcp"};
    const auto peer = fmt::format("0100007F:{:04X}", std::stoi(port));
    for (std::string line, number, here, there, state, queues, timer; std::getline(table, line);) {
        std::istringstream fields{line};
        fields >> number >> here >> there >> state >> queues >> timer;
        if (there == peer && timer.starts_with("02:")) return true;
    }
    return false;
}

TEST_F(http_client_test, request_is_rendered_with_host_type_length_and_own_headers) {
    auto& server = serve({{{small_answer}}});
    origin.base_path = "/prefix";
    auto made = request();
    made.headers = {{"Idempotency-Key", "k-1"}};
    ASSERT_TRUE(send(made));
    const auto& sent = server.requests.at(0);
    EXPECT_TRUE(sent.starts_with("POST /prefix/forecasts HTTP/1.1\r\nHost: 127.0.0.1:" + server.port() + "\r\n"));
    EXPECT_THAT(sent, HasSubstr("\r\nContent-Type: application/json\r\n"));
    EXPECT_THAT(sent, HasSubstr("\r\nAccept-Encoding: identity\r\n"));
    EXPECT_THAT(sent, HasSubstr("\r\nIdempotency-Key: k-1\r\n"));
    EXPECT_TRUE(sent.ends_with("\r\nContent-Length: 7\r\n\r\n{\"a\":1}"));
}

TEST_F(http_client_test, get_without_body_announces_no_length_and_empty_post_announces_zero) {
    auto& server = serve({{{small_answer}, {small_answer}}});
    auto made = request();
    made.body.clear();
    ASSERT_TRUE(send(made));
    made.method = http_method::get;
    ASSERT_TRUE(send(made));
    EXPECT_THAT(server.requests.at(0), HasSubstr("Content-Length: 0"));
    EXPECT_THAT(server.requests.at(1), Not(HasSubstr("Content-Length")));
}

TEST_F(http_client_test, control_characters_in_target_or_header_are_never_sent) {
    auto& server = serve({{{small_answer}}});
    auto made = request();
    made.target = "/a HTTP/1.1\r\nX: y";
    EXPECT_EQ(fault_of(send(made)), http_fault::malformed_response);
    made = request();
    made.headers = {{"X-Name", "a\r\nContent-Length: 0"}};
    EXPECT_EQ(fault_of(send(made)), http_fault::malformed_response);
    made.headers = {{"X Name", "a"}};
    EXPECT_EQ(fault_of(send(made)), http_fault::malformed_response);
    made.headers = {{"transfer-encoding", "chunked"}};
    EXPECT_EQ(fault_of(send(made)), http_fault::malformed_response);
    EXPECT_EQ(server.connections, 0U);
}

TEST_F(http_client_test, connection_is_kept_for_the_next_call) {
    auto& server = serve({{{small_answer}, {small_answer}, {small_answer}}});
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(send());
    EXPECT_EQ(server.connections, 1U);
}

TEST_F(http_client_test, connection_idle_for_too_long_is_not_used_again) {
    auto& server = serve({{{small_answer}, {small_answer}}});
    http::client_options options;
    options.idle_timeout = milliseconds{30};
    client(options);
    ASSERT_TRUE(send());
    run_for(context, milliseconds{60});
    ASSERT_TRUE(send());
    EXPECT_EQ(server.connections, 2U);
}

TEST_F(http_client_test, calls_at_once_have_connections_of_their_own) {
    auto& server = serve({{{small_answer}}});
    const auto results = send_together({request(), request(), request()});
    ASSERT_EQ(results.size(), 3U);
    for (const auto& result : results) EXPECT_TRUE(result);
    EXPECT_EQ(server.connections, 3U);
}

TEST_F(http_client_test, call_beyond_the_connection_bound_waits_for_its_turn) {
    auto& server = serve({{{small_answer}, {small_answer}, {small_answer}}});
    http::client_options options;
    options.max_connections_per_origin = 1;
    client(options);
    const auto results = send_together({request(), request(), request()});
    ASSERT_EQ(results.size(), 3U);
    for (const auto& result : results) EXPECT_TRUE(result);
    EXPECT_EQ(server.connections, 1U);
}

TEST_F(http_client_test, waiting_call_gets_the_place_of_one_that_failed) {
    auto& server = serve({{closing("")}, {{small_answer}}});
    http::client_options options;
    options.max_connections_per_origin = 1;
    client(options);
    const auto results = send_together({request(), request()});
    ASSERT_EQ(results.size(), 2U);
    EXPECT_EQ(fault_of(results[0]), http_fault::connection_lost);
    EXPECT_TRUE(results[1]);
    EXPECT_EQ(server.connections, 2U);
}

TEST_F(http_client_test, deadline_holds_while_waiting_for_a_place) {
    serve({{}});
    http::client_options options;
    options.max_connections_per_origin = 1;
    client(options);
    const auto began = std::chrono::steady_clock::now();
    const auto results = send_together({request(milliseconds{200}), request(milliseconds{100})});
    ASSERT_EQ(results.size(), 2U);
    EXPECT_EQ(fault_of(results[0]), http_fault::exhausted) << "the service never saw the call";
    EXPECT_EQ(fault_of(results[1]), http_fault::timed_out);
    EXPECT_LT(std::chrono::steady_clock::now() - began, milliseconds{2'000});
}

TEST_F(http_client_test, deadline_ends_a_call_that_is_never_answered) {
    serve({{}});
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(fault_of(send(request(milliseconds{100}))), http_fault::timed_out);
    const auto took = std::chrono::steady_clock::now() - began;
    EXPECT_GE(took, milliseconds{99});
    EXPECT_LT(took, milliseconds{2'000});
}

TEST_F(http_client_test, a_machine_that_is_gone_is_noticed) {
    serve({{{small_answer}}});
    ASSERT_TRUE(send());
    EXPECT_TRUE(is_watched(origin.port)) << "no keepalive";
}

TEST_F(http_client_test, deadline_ends_an_answer_that_drips) {
    serve({{{small_answer, 1, milliseconds{20}}}});
    EXPECT_EQ(fault_of(send(request(milliseconds{150}))), http_fault::timed_out);
}

TEST_F(http_client_test, deadline_ends_a_send_that_nobody_reads) {
    // Listens and never accepts: the kernel takes what fits into its buffers.
    const raw_acceptor silent{context, tcp::endpoint{asio::ip::make_address("127.0.0.1"), 0}};
    origin = {"http", "127.0.0.1", std::to_string(silent.local_endpoint().port()), ""};
    auto made = request(milliseconds{150});
    made.body.assign(32 << 20, 'x');
    EXPECT_EQ(fault_of(send(made)), http_fault::timed_out);
}

TEST_F(http_client_test, deadline_in_the_past_sends_nothing) {
    auto& server = serve({{{small_answer}}});
    EXPECT_EQ(fault_of(send(request(milliseconds{-1}))), http_fault::timed_out);
    EXPECT_EQ(server.connections, 0U);
}

TEST_F(http_client_test, stop_token_ends_a_call_under_way) {
    serve({{}});
    std::stop_source source;
    auto made = request();
    made.stop = source.get_token();
    asio::steady_timer later{context, milliseconds{50}};
    later.async_wait([&](error_code) { source.request_stop(); });
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(fault_of(send(made)), http_fault::cancelled);
    EXPECT_LT(std::chrono::steady_clock::now() - began, milliseconds{2'000});
}

TEST_F(http_client_test, target_from_the_root_has_no_base_path_before_it) {
    auto& server = serve({{{small_answer}, {small_answer}}});
    origin.base_path = "/api/v1";
    auto made = request();
    ASSERT_TRUE(send(made));
    made.from_root = true;
    ASSERT_TRUE(send(made));
    EXPECT_THAT(server.requests.at(0), testing::StartsWith("POST /api/v1/forecasts HTTP/1.1\r\n"));
    EXPECT_THAT(server.requests.at(1), testing::StartsWith("POST /forecasts HTTP/1.1\r\n"));
}

TEST_F(http_client_test, stopped_token_sends_nothing) {
    auto& server = serve({{{small_answer}}});
    std::stop_source source;
    source.request_stop();
    auto made = request();
    made.stop = source.get_token();
    EXPECT_EQ(fault_of(send(made)), http_fault::cancelled);
    EXPECT_EQ(server.connections, 0U);
}

TEST_F(http_client_test, close_cancels_calls_under_way_and_drops_idle_connections) {
    auto& server = serve({{{small_answer}}, {}, {{small_answer}}});
    ASSERT_TRUE(send());
    client().close();
    asio::steady_timer later{context, milliseconds{50}};
    later.async_wait([&](error_code) { client().close(); });
    EXPECT_EQ(fault_of(send()), http_fault::cancelled);
    EXPECT_TRUE(send());
    EXPECT_EQ(server.connections, 3U);
}

TEST_F(http_client_test, idle_connection_closed_by_the_server_is_replaced_unnoticed) {
    auto& server = serve({{closing(small_answer)}});
    ASSERT_TRUE(send());
    run_for(context, milliseconds{20});
    ASSERT_TRUE(send());
    EXPECT_EQ(server.connections, 2U);
    EXPECT_EQ(server.requests.size(), 2U);
}

TEST_F(http_client_test, kept_connection_that_closes_without_answer_is_retried_once_on_a_new_one) {
    auto& server = serve({{{small_answer}, closing("")}, {{small_answer}}});
    ASSERT_TRUE(send());
    ASSERT_TRUE(send());
    EXPECT_EQ(server.connections, 2U);
    EXPECT_EQ(server.requests.size(), 3U);
    EXPECT_EQ(server.requests[1], server.requests[2]);
}

TEST_F(http_client_test, retry_that_closes_too_is_lost) {
    auto& server = serve({{{small_answer}, closing("")}, {closing("")}});
    ASSERT_TRUE(send());
    EXPECT_EQ(fault_of(send()), http_fault::connection_lost);
    EXPECT_EQ(server.requests.size(), 3U);
}

TEST_F(http_client_test, kept_connection_that_closes_inside_the_answer_is_lost_and_not_retried) {
    auto& server = serve({{{small_answer}, closing("HTTP/1.1 2")}});
    ASSERT_TRUE(send());
    EXPECT_EQ(fault_of(send()), http_fault::connection_lost);
    EXPECT_EQ(server.requests.size(), 2U);
}

TEST_F(http_client_test, new_connection_that_closes_without_answer_is_not_retried) {
    auto& server = serve({{closing("")}});
    EXPECT_EQ(fault_of(send()), http_fault::connection_lost);
    EXPECT_EQ(server.requests.size(), 1U);
}

TEST_F(http_client_test, connection_with_bytes_that_nobody_asked_for_is_not_used_again) {
    scripted_answer chatty{small_answer};
    chatty.later = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";
    auto& server = serve({{chatty}, {{small_answer + "surplus"}}, {{small_answer}}});
    ASSERT_TRUE(send());
    run_for(context, milliseconds{60});
    EXPECT_EQ(send()->body, "{}");
    EXPECT_EQ(send()->body, "{}");
    EXPECT_EQ(server.connections, 3U);
}

TEST_F(http_client_test, bytes_behind_an_answer_that_fills_a_read_to_the_last_byte_are_no_answer) {
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: ";
    const std::string body(4096 - head.size() - std::string_view{"4000\r\n\r\n"}.size(), 'x');
    const auto forged = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";
    auto& server = serve({{{head + std::to_string(body.size()) + "\r\n\r\n" + body + forged}}, {{small_answer}}});
    http::client_options options;
    options.max_connections_per_origin = 1;  // so that the second call waits for the connection of the first
    client(options);
    const auto results = send_together({request(), request()});
    EXPECT_EQ(results.at(0)->body, body);
    EXPECT_EQ(results.at(1)->body, "{}");
    EXPECT_EQ(server.connections, 2U);
}

TEST_F(http_client_test, refused_connection_is_connect_failed) {
    raw_acceptor gone{context, tcp::endpoint{asio::ip::make_address("127.0.0.1"), 0}};
    origin = {"http", "127.0.0.1", std::to_string(gone.local_endpoint().port()), ""};
    gone.close();
    EXPECT_EQ(fault_of(send()), http_fault::connect_failed);
}

TEST_F(http_client_test, name_is_looked_up_and_all_its_addresses_tried) {
    auto& server = serve({{{small_answer}}});
    origin.host = "localhost";  // ::1 first, on most systems, where nobody listens
    const auto results = send_together({request(), request()});
    ASSERT_EQ(results.size(), 2U);
    for (const auto& result : results) EXPECT_TRUE(result) << result.error().detail;
    EXPECT_THAT(server.requests.at(0), HasSubstr("Host: localhost:" + server.port()));
}

TEST_F(http_client_test, context_that_ends_with_a_call_in_flight_is_no_harm) {
    serve({{}});
    std::vector<http_result> results;
    asio::co_spawn(context, send_into(&client(), request(), &results), asio::detached);
    run_for(context, milliseconds{50});
    EXPECT_TRUE(results.empty());
}

}  // namespace
}  // namespace orchestrator::http_test
