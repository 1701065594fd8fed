#include "adapters/http/content_coding.h"

#include <fmt/format.h>
#include <boost/beast/zlib/inflate_stream.hpp>
#include <boost/crc.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "domain/ascii_case.h"

namespace orchestrator::http {
namespace {

namespace zlib = boost::beast::zlib;

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr std::size_t trailer_size = 8;     // of a member of gzip
constexpr std::size_t longest_coding = 20;  // that is told

struct unpacked {
    std::string text;
    std::size_t used = 0;  // of the packed bytes
    bool is_cut = false;   // there is more than fits
};

// RFC 1951. nullopt: it is broken.
std::optional<unpacked> inflate(std::string_view packed, std::size_t most) {
    zlib::inflate_stream stream;
    zlib::z_params at{};
    at.next_in = packed.data();
    at.avail_in = packed.size();
    unpacked made;
    std::array<char, 16 << 10> piece;
    for (;;) {
        at.next_out = piece.data();
        at.avail_out = piece.size();
        boost::system::error_code failed;
        stream.write(at, zlib::Flush::sync, failed);
        const auto got = piece.size() - at.avail_out;
        const auto fits = std::min(got, most - made.text.size());
        made.text.append(piece.data(), fits);
        made.used = packed.size() - at.avail_in;
        made.is_cut = fits < got;
        if (made.is_cut || failed == zlib::error::end_of_stream) return made;
        if (failed || got == 0) return std::nullopt;
    }
}

std::uint32_t little_endian(std::string_view four) {
    std::uint32_t value = 0;
    for (int i = 3; i >= 0; --i) value = value << 8 | std::uint8_t(four[std::size_t(i)]);
    return value;
}

// RFC 1952, 2.3: how long the header of a member is; 0: it is none.
std::size_t gzip_header(std::string_view packed) {
    constexpr int has_crc = 2, has_extra = 4, has_name = 8, has_comment = 16;
    constexpr std::size_t fixed = 10;
    if (packed.size() < fixed || !packed.starts_with("\x1f\x8b\x08")) return 0;
    const int flags = packed[3];
    std::size_t at = fixed;
    if (flags & has_extra) {
        if (packed.size() < at + 2) return 0;
        at += 2 + (std::uint8_t(packed[at]) | std::size_t(std::uint8_t(packed[at + 1])) << 8);
    }
    for (const int text : {has_name, has_comment}) {
        if (!(flags & text)) continue;
        const auto end = packed.find('\0', at);
        if (end == std::string_view::npos) return 0;
        at = end + 1;
    }
    if (flags & has_crc) at += 2;
    return at < packed.size() ? at : 0;
}

// Of one member or of several, one after the other.
std::optional<unpacked> gunzip(std::string_view packed, std::size_t most) {
    unpacked whole;
    do {
        const auto header = gzip_header(packed);
        if (header == 0) return std::nullopt;
        packed.remove_prefix(header);
        const auto made = inflate(packed, most - whole.text.size());
        if (!made) return std::nullopt;
        whole.text += made->text;
        whole.is_cut = made->is_cut;
        if (whole.is_cut) break;
        packed.remove_prefix(made->used);
        boost::crc_32_type crc;
        crc.process_bytes(made->text.data(), made->text.size());
        if (packed.size() < trailer_size || little_endian(packed) != crc.checksum() ||
            little_endian(packed.substr(4)) != std::uint32_t(made->text.size()))
            return std::nullopt;
        packed.remove_prefix(trailer_size);
    } while (!packed.empty());
    return whole;
}

// Of any other answer the status and the headers tell what is to be known.
bool is_result(int status) { return status >= 200 && status < 300 && status != 202; }

// RFC 9110, 8.4.1.2: the zlib format (RFC 1950). Some send the bare stream.
std::optional<unpacked> undeflate(std::string_view packed, std::size_t most) {
    const bool has_header = packed.size() > 2 && (packed[0] & 0x0f) == 8 &&
                            (std::uint8_t(packed[0]) * 256 + std::uint8_t(packed[1])) % 31 == 0;
    return inflate(has_header ? packed.substr(2) : packed, most);
}

}  // namespace

std::expected<void, std::string> unpack(http_response& answer, std::size_t max_body) {
    const auto coding = lower_case(find_header(answer.headers, "Content-Encoding"));
    if (!coding.empty() && coding != "identity" && !answer.body.empty()) {
        const auto packed = std::exchange(answer.body, {});
        if (answer.body_truncated) return {};
        const bool is_gzip = coding == "gzip" || coding == "x-gzip";
        const bool is_known = is_gzip || coding == "deflate";
        auto made = is_gzip ? gunzip(packed, max_body) : is_known ? undeflate(packed, max_body) : std::nullopt;
        if (made) {
            answer.body = std::move(made->text);
            answer.body_truncated = made->is_cut;
        } else if (is_result(answer.status)) {
            return std::unexpected{is_known ? fmt::format("the answer is packed as {} and broken", coding)
                                            : fmt::format("the answer is packed as \"{}\", which nobody asked for",
                                                          coding.substr(0, longest_coding))};
        }
    }
    if (answer.body.starts_with(byte_order_mark)) answer.body.erase(0, byte_order_mark.size());
    return {};
}

}  // namespace orchestrator::http
