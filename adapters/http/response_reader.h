// Turns the bytes of one answer into an http_response, within bounds. Beast parses, all but chunks; this stores.
// Used by the client for each call. Interim answers (1xx) are skipped.
#pragma once

#include <boost/beast/http/basic_parser.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "adapters/http/chunked_body.h"
#include "ports/http_client.h"

namespace orchestrator::http {

class response_reader {
  public:
    enum class progress { incomplete, complete, malformed };

    explicit response_reader(std::size_t max_body) : max_body_{max_body} { parser_.emplace(*this); }
    response_reader(const response_reader&) = delete;
    response_reader& operator=(const response_reader&) = delete;

    // `bytes` begins with rest(). Afterwards rest() is what could not be used yet.
    progress feed(std::string_view bytes);

    // The peer has closed: complete only for a body that ends with the connection.
    progress finish();

    [[nodiscard]] std::string_view rest() const { return rest_; }
    [[nodiscard]] bool got_some() const { return got_some_; }
    [[nodiscard]] bool ends_with_connection() const { return parser_->is_header_done() && parser_->need_eof(); }

    // Of a complete answer: nothing follows it and the connection may carry another call.
    [[nodiscard]] bool reusable() const;
    [[nodiscard]] http_response take() { return std::move(response_); }

  private:
    class parser;
    using error_code = boost::system::error_code;
    using view = boost::beast::string_view;

    // basic_parser calls these while it consumes bytes.
    class parser final : public boost::beast::http::basic_parser<false> {
      public:
        explicit parser(response_reader& owner);

      private:
        void on_request_impl(boost::beast::http::verb, view, view, int, error_code&) override {}
        void on_response_impl(int status, view, int, error_code&) override;
        void on_field_impl(boost::beast::http::field, view name, view value, error_code&) override;
        void on_header_impl(error_code&) override {}
        void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override;
        std::size_t on_body_impl(view, error_code&) override;
        void on_chunk_header_impl(std::uint64_t, view, error_code&) override {}
        std::size_t on_chunk_body_impl(std::uint64_t, view, error_code&) override { return 0; }
        void on_finish_impl(error_code&) override {}

        response_reader& owner_;
        bool in_header_ = true;  // later fields are a trailer, which nobody reads
    };

    progress step(std::string_view& bytes);
    progress read_chunks(std::string_view& bytes);
    [[nodiscard]] bool is_over() const { return chunks_ ? chunks_are_over_ : parser_->is_done(); }
    std::size_t put(std::string_view bytes, error_code&);

    std::size_t max_body_;
    http_response response_;
    std::optional<parser> parser_;
    std::optional<chunked_body> chunks_;  // once the header says that the body comes in them
    bool chunks_are_over_ = false;
    std::string rest_;
    int interim_answers_ = 0;
    bool got_some_ = false;
    bool has_begun_ = false;  // the parser has taken the first line
    bool surplus_ = false;    // bytes behind the answer
};

}  // namespace orchestrator::http
