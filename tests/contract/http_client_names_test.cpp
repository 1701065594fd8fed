// Names and their look-ups, with a resolver that does what a test says.
#include <atomic>
#include <future>

#include "tests/contract/http_client_fixture.h"

namespace orchestrator::http_test {
namespace {

using testing::HasSubstr;

const http::resolved_name loopback{{{asio::ip::make_address("127.0.0.1"), 0}}, {}};

// Answers for host names that say what to do. Outlives the threads that ask it.
class fake_resolver {
  public:
    http::resolved_name operator()(const std::string& host, const std::string& port) const {
        ++state_->asked;
        if (host.starts_with("hangs")) state_->released.wait();
        if (host == "unknown") return {{}, asio::error::host_not_found};
        if (host == "short" && state_->asked == 1) return {{}, {EMFILE, boost::system::system_category()}};
        auto found = loopback;
        found.addresses[0].port(static_cast<unsigned short>(std::stoi(port)));
        return found;
    }
    void release() { state_->release.set_value(); }
    [[nodiscard]] int asked() const { return state_->asked; }

  private:
    struct state {
        std::atomic<int> asked = 0;
        std::promise<void> release;
        std::shared_future<void> released = release.get_future().share();
    };
    std::shared_ptr<state> state_ = std::make_shared<state>();
};

class http_client_names : public http_client_test {
  protected:
    http_client_names() {
        http::client_options options;
        options.resolve = resolver;
        client(options);
    }
    ~http_client_names() override { resolver.release(); }

    http_request to(http_origin& named, const std::string& host, milliseconds limit = milliseconds{5'000}) {
        named = origin;
        named.host = host;
        auto made = request(limit);
        made.origin = &named;
        return made;
    }

    fake_resolver resolver;
    http_origin first, second, third;
};

TEST_F(http_client_names, one_that_hangs_delays_no_other) {
    auto& server = serve({{{small_answer}}});
    const auto began = std::chrono::steady_clock::now();
    const auto results = send_together(
        {to(first, "hangs-1", milliseconds{500}), to(second, "hangs-2", milliseconds{500}), to(third, "works")});
    ASSERT_EQ(results.size(), 3U);
    EXPECT_TRUE(results[0]) << "the one that works is first";
    EXPECT_EQ(fault_of(results[1]), http_fault::timed_out);
    EXPECT_THAT(results[1].error().detail, HasSubstr("the name was not looked up"));
    EXPECT_EQ(fault_of(results[2]), http_fault::timed_out);
    EXPECT_LT(std::chrono::steady_clock::now() - began, milliseconds{3'000});
    EXPECT_EQ(server.connections, 1U);
}

TEST_F(http_client_names, stop_ends_the_wait_for_a_look_up) {
    serve({{}});
    std::stop_source source;
    auto made = to(first, "hangs");
    made.stop = source.get_token();
    asio::steady_timer later{context, milliseconds{50}};
    later.async_wait([&](error_code) { source.request_stop(); });
    EXPECT_EQ(fault_of(send(made)), http_fault::cancelled);
}

TEST_F(http_client_names, one_look_up_serves_all_that_wait_and_those_that_come_soon) {
    serve({{{small_answer}}});
    const auto made = to(first, "works");
    for (const auto& result : send_together({made, made, made})) EXPECT_TRUE(result);
    client().close();  // so that the next call opens a connection
    EXPECT_TRUE(send(made));
    EXPECT_EQ(resolver.asked(), 1);
}

TEST_F(http_client_names, failure_is_remembered_for_a_while) {
    serve({{}});
    const auto made = to(first, "unknown");
    for (int i = 0; i < 3; ++i) {
        const auto answer = send(made);
        EXPECT_EQ(fault_of(answer), http_fault::connect_failed);
        EXPECT_THAT(answer.error().detail, HasSubstr("unknown"));
    }
    EXPECT_EQ(resolver.asked(), 1);
}

TEST_F(http_client_names, look_up_without_a_descriptor_is_made_again) {
    serve({{{small_answer}}});
    EXPECT_TRUE(send(to(first, "short")));
    EXPECT_EQ(resolver.asked(), 2);
}

TEST_F(http_client_names, client_ends_at_once_while_a_look_up_hangs) {
    serve({{}});
    std::vector<http_result> results;
    {
        http::client_options options;
        options.resolve = resolver;
        http::client ending{context, options};
        asio::co_spawn(context, send_into(&ending, to(first, "hangs"), &results), asio::detached);
        run_for(context, milliseconds{50});
        EXPECT_EQ(resolver.asked(), 1);
    }
    run_for(context, milliseconds{50});
    ASSERT_EQ(results.size(), 1U);
    EXPECT_EQ(fault_of(results[0]), http_fault::cancelled);
}

}  // namespace
}  // namespace orchestrator::http_test
