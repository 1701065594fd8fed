// How many connections the client has over all origins, which of them are closed and when, and what a call does that
// cannot open one.
#include <sys/resource.h>

#include "tests/contract/http_client_fixture.h"

namespace orchestrator::http_test {
namespace {

using testing::HasSubstr;

http::client_options bounded(std::size_t most) {
    http::client_options options;
    options.max_connections = most;
    return options;
}

scripted_answer slow(milliseconds pause) { return {small_answer, small_answer.size() / 2 + 1, pause}; }

// Nothing can be opened while it lives.
class no_descriptors {
  public:
    no_descriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit none{0, before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &none);
    }
    ~no_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    no_descriptors(const no_descriptors&) = delete;
    no_descriptors& operator=(const no_descriptors&) = delete;

  private:
    rlimit before_{};
};

class http_client_connections : public http_client_test {
  protected:
    // To another origin, which has a server of its own.
    scripted_server& serve_other(std::vector<scripted_server::script> scripts) {
        other_server_ = std::make_unique<scripted_server>(context, std::move(scripts));
        other_ = {"http", "127.0.0.1", other_server_->port(), ""};
        return *other_server_;
    }
    http_request to_other(milliseconds limit = milliseconds{5'000}) {
        auto made = request(limit);
        made.origin = &other_;
        return made;
    }
    [[nodiscard]] std::size_t connections() { return client().figures().connections; }

  private:
    http_origin other_;
    std::unique_ptr<scripted_server> other_server_;
};

TEST_F(http_client_connections, idle_connection_makes_room_for_another_origin) {
    serve({{{small_answer}, {small_answer}}});
    serve_other({{{small_answer}, {small_answer}}});
    client(bounded(1));
    ASSERT_TRUE(send());
    ASSERT_TRUE(send(to_other()));
    EXPECT_EQ(connections(), 1U);
    ASSERT_TRUE(send());
    EXPECT_EQ(connections(), 1U);
}

TEST_F(http_client_connections, call_beyond_the_bound_waits_for_another_origin) {
    auto& server = serve({{slow(milliseconds{100})}});
    auto& other = serve_other({{{small_answer}}});
    client(bounded(1));
    const auto results = send_together({request(), to_other()});
    ASSERT_EQ(results.size(), 2U);
    for (const auto& result : results) EXPECT_TRUE(result);
    EXPECT_EQ(server.connections, 1U);
    EXPECT_EQ(other.connections, 1U);
    EXPECT_EQ(client().figures().waiting, 0);
}

TEST_F(http_client_connections, busy_origin_does_not_keep_out_one_that_has_waited_longer) {
    auto& server = serve({{slow(milliseconds{50}), {small_answer}, {small_answer}}, {{small_answer}, {small_answer}}});
    auto& other = serve_other({{{small_answer}}});
    client(bounded(1));
    std::vector<http_result> results;
    std::size_t answered_before = 0;
    for (const auto& made : {request(), to_other(), request()})
        asio::co_spawn(context, send_into(&client(), made, &results), asio::detached);
    context.restart();
    while (results.size() < 3) {
        context.run_one_for(milliseconds{100});
        if (other.requests.empty()) answered_before = server.requests.size();
    }
    for (const auto& result : results) EXPECT_TRUE(result);
    EXPECT_EQ(answered_before, 1U);
}

TEST_F(http_client_connections, own_connection_is_passed_on_while_no_other_origin_waits) {
    auto& server = serve({{slow(milliseconds{20}), {small_answer}, {small_answer}}});
    client(bounded(1));
    const auto results = send_together({request(), request(), request()});
    for (const auto& result : results) EXPECT_TRUE(result);
    EXPECT_EQ(server.connections, 1U);
}

TEST_F(http_client_connections, waiting_ends_with_the_deadline_and_says_nothing_of_the_service) {
    serve({{}});
    auto& other = serve_other({{{small_answer}}});
    client(bounded(1));
    const auto results = send_together({request(milliseconds{300}), to_other(milliseconds{100})});
    ASSERT_EQ(results.size(), 2U);
    EXPECT_EQ(fault_of(results[0]), http_fault::exhausted);
    EXPECT_EQ(fault_of(results[1]), http_fault::timed_out);
    EXPECT_EQ(other.connections, 0U);
}

TEST_F(http_client_connections, waiting_ends_with_the_stop) {
    serve({{}});
    serve_other({{{small_answer}}});
    client(bounded(1));
    std::stop_source source;
    auto waiting = to_other();
    waiting.stop = source.get_token();
    asio::steady_timer later{context, milliseconds{50}};
    later.async_wait([&](error_code) { source.request_stop(); });
    const auto results = send_together({request(milliseconds{200}), waiting});
    ASSERT_EQ(results.size(), 2U);
    EXPECT_EQ(fault_of(results[0]), http_fault::cancelled);
}

TEST_F(http_client_connections, idle_connection_is_closed_by_a_timer) {
    serve({{{small_answer}}});
    auto options = bounded(10);
    options.idle_timeout = milliseconds{30};
    client(options);
    ASSERT_TRUE(send());
    EXPECT_EQ(connections(), 1U);
    run_for(context, milliseconds{400});
    EXPECT_EQ(connections(), 0U);
}

TEST_F(http_client_connections, idle_connection_is_closed_when_the_peer_closes_it) {
    serve({{closing(small_answer)}});
    ASSERT_TRUE(send());
    run_for(context, milliseconds{30});
    EXPECT_EQ(connections(), 0U);
}

TEST_F(http_client_connections, without_a_descriptor_a_call_waits_and_goes_on) {
    auto& server = serve({{{small_answer}}});
    run_for(context, milliseconds{10});  // the server listens
    auto none = std::make_unique<no_descriptors>();
    asio::steady_timer later{context, milliseconds{150}};
    later.async_wait([&](error_code) {
        EXPECT_TRUE(client().figures().lacking);
        none.reset();
    });
    const auto answer = send();
    EXPECT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(server.connections, 1U);
    EXPECT_FALSE(client().figures().lacking) << "it is over";
}

TEST_F(http_client_connections, without_a_descriptor_an_idle_connection_makes_room) {
    serve({{{small_answer}}});
    serve_other({{{small_answer}}});
    ASSERT_TRUE(send());
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    raw_socket highest{context, tcp::v4()};
    // Descriptors below the limit that are free: as many as the next socket needs, less one.
    const rlimit full{static_cast<rlim_t>(highest.native_handle()), before.rlim_max};
    std::vector<raw_socket> taken;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &full), 0);
    for (error_code none_left; !none_left;) {
        raw_socket each{context};
        each.open(tcp::v4(), none_left);
        if (!none_left) taken.push_back(std::move(each));
    }
    asio::steady_timer later{context, milliseconds{50}};
    later.async_wait([&](error_code) { ::setrlimit(RLIMIT_NOFILE, &before); });  // for the server, which accepts
    const auto answer = send(to_other());
    ::setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(connections(), 1U);
}

TEST_F(http_client_connections, patience_with_a_shortage_ends) {
    auto& server = serve({{{small_answer}}});
    auto options = bounded(10);
    options.shortage_patience = milliseconds{100};
    client(options);
    auto none = std::make_unique<no_descriptors>();
    const auto began = std::chrono::steady_clock::now();
    const auto answer = send();
    none.reset();  // sanitizers need descriptors to look at what an assertion touches
    EXPECT_EQ(fault_of(answer), http_fault::exhausted);
    EXPECT_THAT(answer.error().detail, HasSubstr("Too many open files"));
    EXPECT_GE(std::chrono::steady_clock::now() - began, milliseconds{99});
    EXPECT_EQ(server.connections, 0U);
    EXPECT_EQ(connections(), 0U);
    EXPECT_EQ(client().figures().lacking.value().what, answer.error().detail);
}

TEST_F(http_client_connections, shortage_until_the_deadline_is_no_timeout) {
    serve({{{small_answer}}});
    const no_descriptors none;
    EXPECT_EQ(fault_of(send(request(milliseconds{100}))), http_fault::exhausted);
}

TEST_F(http_client_connections, stop_ends_the_wait_for_a_descriptor) {
    serve({{{small_answer}}});
    std::stop_source source;
    auto made = request();
    made.stop = source.get_token();
    const no_descriptors none;
    asio::steady_timer later{context, milliseconds{50}};
    later.async_wait([&](error_code) { source.request_stop(); });
    EXPECT_EQ(fault_of(send(made)), http_fault::cancelled);
}

TEST(shortage, is_told_from_a_fault_of_the_peer) {
    const auto system = [](int code) { return error_code{code, boost::system::system_category()}; };
    for (const int code : {EMFILE, ENFILE, ENOBUFS, ENOMEM}) EXPECT_TRUE(http::is_shortage(system(code))) << code;
    for (const int code : {ECONNREFUSED, ENETUNREACH, ETIMEDOUT, EADDRNOTAVAIL, 0})
        EXPECT_FALSE(http::is_shortage(system(code))) << code;
    EXPECT_FALSE(http::is_shortage(asio::error::host_not_found));
    const tcp::endpoint near{asio::ip::make_address("127.0.0.1"), 9};
    EXPECT_TRUE(http::is_shortage(system(EADDRNOTAVAIL), near)) << "a way leads there: it is the ports";
    EXPECT_FALSE(http::is_shortage(system(ECONNREFUSED), near));
}

TEST(shortage, is_forgotten_when_something_can_be_opened_again) {
    http::shortage_record record;
    EXPECT_FALSE(record.current());
    record.note("none left");
    const auto first = record.current();
    record.note("none left, still");
    ASSERT_TRUE(record.current());
    EXPECT_EQ(record.current()->since, first->since);
    EXPECT_EQ(record.current()->what, "none left");
    record.clear();
    EXPECT_FALSE(record.current());
}

}  // namespace
}  // namespace orchestrator::http_test
