// Reads one answer: see response_reader.h.
#include "adapters/http/response_reader.h"

#include <algorithm>

namespace orchestrator::http {
namespace {

namespace beast_http = boost::beast::http;

constexpr std::uint32_t max_header = 16 << 10;  // bytes
constexpr std::size_t max_rest = 20 << 10;      // bytes; a longer chunk extension or trailer is an attack
constexpr std::size_t max_reserve = 16 << 10;   // bytes; a Content-Length is a claim, not a reason to allocate
constexpr int max_interim_answers = 8;

}  // namespace

response_reader::parser::parser(response_reader& owner) : owner_{owner} {
    header_limit(max_header);
    body_limit(boost::none);
    eager(false);  // until the header tells whether the body comes in chunks
}

void response_reader::parser::on_response_impl(int status, view, int, error_code& error) {
    if (status < 100) error = beast_http::error::bad_status;
    owner_.response_.status = status;
    owner_.response_.headers.clear();
    owner_.response_.headers.reserve(8);
}

void response_reader::parser::on_field_impl(beast_http::field, view name, view value, error_code&) {
    if (in_header_) owner_.response_.headers.emplace_back(name, value);
}

void response_reader::parser::on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) {
    in_header_ = false;
    const auto expected = std::min<std::uint64_t>(length.value_or(0), owner_.max_body_);
    owner_.response_.body.reserve(std::min<std::uint64_t>(expected, max_reserve));
}

std::size_t response_reader::parser::on_body_impl(view bytes, error_code& error) {
    auto& body = owner_.response_.body;
    const auto fits = std::min(bytes.size(), owner_.max_body_ - body.size());
    body.append(bytes.data(), fits);
    if (fits == bytes.size()) return fits;
    owner_.response_.body_truncated = true;
    error = beast_http::error::buffer_overflow;
    return fits;
}

response_reader::progress response_reader::feed(std::string_view bytes) {
    got_some_ = got_some_ || !bytes.empty();
    auto progress = step(bytes);
    while (progress == progress::complete && response_.status < 200) {
        // Nothing was asked that could be upgraded to another protocol.
        if (response_.status == 101 || ++interim_answers_ > max_interim_answers) return progress::malformed;
        parser_.emplace(*this);
        has_begun_ = false;
        progress = step(bytes);
    }
    surplus_ = progress == progress::complete && !bytes.empty();
    if (progress == progress::incomplete && bytes.size() > max_rest) return progress::malformed;
    rest_.assign(bytes);
    return progress;
}

// RFC 9112, 4: a blank stands between the status and its reason, even if there is none. Some leave it out, and Beast
// insists on it.
std::size_t response_reader::put(std::string_view bytes, error_code& error) {
    constexpr std::string_view line = "HTTP/1.1 200";
    const bool lacks_blank =
        !has_begun_ && bytes.starts_with("HTTP/1.") && bytes.size() > line.size() && bytes[line.size()] == '\r';
    if (!lacks_blank) return parser_->put(boost::asio::buffer(bytes), error);
    std::string mended{bytes};
    mended.insert(line.size(), 1, ' ');
    const auto used = parser_->put(boost::asio::buffer(mended), error);
    return used > line.size() ? used - 1 : used;
}

response_reader::progress response_reader::step(std::string_view& bytes) {
    while (!bytes.empty()) {
        if (chunks_) return read_chunks(bytes);
        const bool in_header = !parser_->is_header_done();
        error_code error;
        const auto used = put(bytes, error);
        has_begun_ = has_begun_ || used > 0;
        bytes.remove_prefix(used);
        if (response_.body_truncated) return progress::complete;
        if (error && error != beast_http::error::need_more) return progress::malformed;
        if (parser_->is_done()) return progress::complete;
        if (error || !in_header || !parser_->is_header_done()) break;
        parser_->eager(true);
        if (parser_->chunked()) chunks_.emplace();
    }
    return progress::incomplete;
}

response_reader::progress response_reader::read_chunks(std::string_view& bytes) {
    const auto progress = chunks_->feed(bytes, response_.body, max_body_);
    chunks_are_over_ = progress == chunked_body::progress::complete;
    response_.body_truncated = progress == chunked_body::progress::incomplete && !bytes.empty();
    if (progress == chunked_body::progress::malformed) return progress::malformed;
    return chunks_are_over_ || response_.body_truncated ? progress::complete : progress::incomplete;
}

response_reader::progress response_reader::finish() {
    if (!parser_->got_some() || !ends_with_connection()) return progress::incomplete;
    error_code error;
    parser_->put_eof(error);
    return error ? progress::incomplete : progress::complete;
}

bool response_reader::reusable() const {
    return !response_.body_truncated && !surplus_ && is_over() && parser_->keep_alive();
}

}  // namespace orchestrator::http
