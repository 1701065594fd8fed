// Turns the bytes of one request into a server_request, within bounds. Beast parses; this stores.
// Used by the server for each request of a connection.
#pragma once

#include <boost/beast/http/basic_parser.hpp>

#include <string_view>

#include "adapters/http/server.h"

namespace orchestrator::http {

class request_reader final : private boost::beast::http::basic_parser<true> {
  public:
    explicit request_reader(const server_limits&);

    // Consumes from the front of `bytes` what belongs to this request. 0, or the status of the refusal: 400, 413, 431.
    int feed(std::string_view& bytes);

    // More than empty lines has come.
    [[nodiscard]] bool has_begun() const { return breaks_left_ == 0; }
    [[nodiscard]] bool complete() const { return is_done(); }
    [[nodiscard]] bool keep_alive() const { return basic_parser::keep_alive(); }
    [[nodiscard]] bool is_http_1_0() const { return version_ == 10; }

    // The header is there, the body is not, and the client waits for a word before it sends it. True once.
    [[nodiscard]] bool takes_continue();

    [[nodiscard]] const server_request& request() const { return request_; }
    [[nodiscard]] server_request take() { return std::move(request_); }

  private:
    using error_code = boost::system::error_code;
    using view = boost::beast::string_view;

    void on_request_impl(boost::beast::http::verb, view method, view target, int version, error_code&) override;
    void on_response_impl(int, view, int, error_code&) override {}
    void on_field_impl(boost::beast::http::field, view name, view value, error_code&) override;
    void on_header_impl(error_code&) override;
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(view, error_code&) override;
    void on_chunk_header_impl(std::uint64_t, view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, view, error_code&) override;
    void on_finish_impl(error_code&) override {}

    server_request request_;
    int breaks_left_ = 4;  // bytes of empty lines that may come before the request
    int version_ = 11;
    int hosts_ = 0;
    bool header_done_ = false;  // later fields are a trailer, which nobody reads
    bool expects_continue_ = false;
    bool coded_ = false;  // a Transfer-Encoding was given
};

}  // namespace orchestrator::http
