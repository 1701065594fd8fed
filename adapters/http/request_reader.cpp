// Reads one request: see request_reader.h.
#include "adapters/http/request_reader.h"

#include <boost/beast/core/string.hpp>

namespace orchestrator::http {
namespace {

namespace beast = boost::beast;
namespace beast_http = boost::beast::http;

constexpr std::size_t max_unused = 20 << 10;  // bytes beyond the header's bound: a chunk extension or a trailer

}  // namespace

request_reader::request_reader(const server_limits& limits) {
    header_limit(static_cast<std::uint32_t>(limits.max_header_bytes));
    body_limit(limits.max_body_bytes);
    eager(true);
}

void request_reader::on_request_impl(beast_http::verb, view method, view target, int version, error_code&) {
    request_.method.assign(method.data(), method.size());
    request_.target.assign(target.data(), target.size());
    request_.headers.reserve(8);
    version_ = version;
}

void request_reader::on_field_impl(beast_http::field field, view name, view value, error_code&) {
    if (header_done_) return;
    if (field == beast_http::field::host) ++hosts_;
    if (field == beast_http::field::transfer_encoding) coded_ = true;
    if (field == beast_http::field::expect) expects_continue_ = beast::iequals(value, "100-continue");
    request_.headers.emplace_back(name, value);
}

void request_reader::on_header_impl(error_code& error) {
    header_done_ = true;
    // RFC 9112 section 3.2. And section 6.3: a body whose end is not known would be taken for the next request.
    if (hosts_ > 1 || (hosts_ == 0 && version_ == 11)) error = beast_http::error::bad_field;
    if (coded_ && !chunked()) error = beast_http::error::bad_transfer_encoding;
}

std::size_t request_reader::on_body_impl(view bytes, error_code&) {
    request_.body.append(bytes.data(), bytes.size());
    return bytes.size();
}

std::size_t request_reader::on_chunk_body_impl(std::uint64_t, view bytes, error_code& error) {
    return on_body_impl(bytes, error);
}

bool request_reader::takes_continue() {
    if (!header_done_ || is_done() || version_ == 10) return false;
    return std::exchange(expects_continue_, false) && request_.body.empty();
}

int request_reader::feed(std::string_view& bytes) {
    // RFC 9112, 2.2: some clients send an empty line after the body of the request before.
    while (breaks_left_ > 0 && !bytes.empty()) {
        const bool is_break = bytes.front() == '\r' || bytes.front() == '\n';
        breaks_left_ = is_break ? breaks_left_ - 1 : 0;
        if (is_break) bytes.remove_prefix(1);
    }
    if (bytes.empty()) return 0;
    error_code error;
    bytes.remove_prefix(put(boost::asio::buffer(bytes), error));
    if (error == beast_http::error::header_limit) return 431;
    if (error == beast_http::error::body_limit) return 413;
    if (error && error != beast_http::error::need_more) return 400;
    if (!is_done() && header_done_ && bytes.size() > max_unused) return 400;
    return 0;
}

}  // namespace orchestrator::http
