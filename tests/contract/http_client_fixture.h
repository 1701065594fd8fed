// The client with a scripted server beside it, for the tests of the client.
#pragma once

#include <gmock/gmock.h>

#include <memory>

#include "adapters/http/client.h"
#include "tests/contract/http_fixture.h"

namespace orchestrator::http_test {

inline const std::string small_answer =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

class http_client_test : public testing::Test {
  protected:
    scripted_server& serve(std::vector<scripted_server::script> scripts) {
        server_ = std::make_unique<scripted_server>(context, std::move(scripts));
        origin = {"http", "127.0.0.1", server_->port(), ""};
        return *server_;
    }

    http::client& client() { return client_ ? *client_ : client({}); }
    http::client& client(http::client_options options) {
        client_ = std::make_unique<http::client>(context, options);
        return *client_;
    }

    http_request request(milliseconds limit = milliseconds{5'000}) {
        http_request made;
        made.origin = &origin;
        made.method = http_method::post;
        made.target = "/forecasts";
        made.body = R"({"a":1})";
        made.deadline = in(limit);
        return made;
    }

    http_result send(const http_request& made) { return run(context, client().send(made)); }
    http_result send() { return send(request()); }

    static http_fault fault_of(const http_result& result) {
        EXPECT_FALSE(result.has_value());
        return result ? http_fault{} : result.error().fault;
    }

    // Two calls at once, each with its own request.
    static task<> send_into(http::client* client, http_request made, std::vector<http_result>* results) {
        results->push_back(co_await client->send(made));
    }
    std::vector<http_result> send_together(const std::vector<http_request>& all) {
        std::vector<http_result> results;
        for (const auto& made : all) asio::co_spawn(context, send_into(&client(), made, &results), asio::detached);
        context.restart();
        const auto limit = in(milliseconds{20'000});
        while (results.size() < all.size() && std::chrono::steady_clock::now() < limit)
            context.run_one_for(milliseconds{100});
        return results;
    }

    asio::io_context context{1};
    http_origin origin;

  private:
    std::unique_ptr<scripted_server> server_;
    std::unique_ptr<http::client> client_;
};

}  // namespace orchestrator::http_test
