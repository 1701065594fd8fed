#include "adapters/http/chunked_body.h"

#include <algorithm>
#include <charconv>

namespace orchestrator::http {
namespace {

constexpr std::size_t longest_line = 8 << 10;      // bytes: the size with its extensions, or one field of the trailer
constexpr std::size_t longest_trailer = 16 << 10;  // bytes

}  // namespace

const std::string* chunked_body::take_line(std::string_view& bytes) {
    if (line_is_over_) line_.clear();
    line_is_over_ = false;
    const auto end = bytes.find('\n');
    line_.append(bytes.substr(0, end));
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    is_malformed_ = line_.size() > longest_line;
    if (end == std::string_view::npos || is_malformed_) return nullptr;
    is_malformed_ = !line_.ends_with('\r') || line_.find('\r') != line_.size() - 1;
    if (is_malformed_) return nullptr;
    line_.pop_back();
    line_is_over_ = true;
    return &line_;
}

// Hexadecimal digits, blanks that mean nothing, and extensions that nobody reads.
bool chunked_body::begin_chunk(std::string_view line) {
    const auto [end, failed] = std::from_chars(line.data(), line.data() + line.size(), left_, 16);
    if (failed != std::errc{}) return false;
    line.remove_prefix(std::size_t(end - line.data()));
    const auto behind = line.find_first_not_of(" \t");
    if (behind != std::string_view::npos && line[behind] != ';') return false;
    part_ = left_ == 0 ? part::trailer : part::data;
    return true;
}

chunked_body::progress chunked_body::feed(std::string_view& bytes, std::string& body, std::size_t most) {
    while (part_ != part::over && !bytes.empty()) {
        if (part_ == part::data) {
            const auto some = std::min<std::uint64_t>(left_, bytes.size());
            const auto fits = std::min<std::uint64_t>(some, most - body.size());
            body.append(bytes.substr(0, fits));
            if (fits < some) return progress::incomplete;
            bytes.remove_prefix(some);
            left_ -= some;
            if (left_ == 0) part_ = part::end_of_data;
            continue;
        }
        const auto* line = take_line(bytes);
        if (is_malformed_) return progress::malformed;
        if (!line) break;
        switch (part_) {
            case part::size:
                if (!begin_chunk(*line)) return progress::malformed;
                break;
            case part::end_of_data:
                if (!line->empty()) return progress::malformed;
                part_ = part::size;
                break;
            default:
                trailer_size_ += line->size() + 2;
                if (trailer_size_ > longest_trailer) return progress::malformed;
                if (line->empty()) part_ = part::over;
        }
    }
    return part_ == part::over ? progress::complete : progress::incomplete;
}

}  // namespace orchestrator::http
