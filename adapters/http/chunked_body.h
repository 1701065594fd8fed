// A body in chunks (RFC 9112, section 7.1), as real services send it: the size may be padded with blanks, which Beast
// refuses. Within bounds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace orchestrator::http {

class chunked_body {
  public:
    enum class progress { incomplete, complete, malformed };

    // Takes bytes from the front of `bytes` and appends what they carry to `body`, until that has `most` bytes: then it
    // stays incomplete, whatever is left.
    progress feed(std::string_view& bytes, std::string& body, std::size_t most);

  private:
    enum class part { size, data, end_of_data, trailer, over };

    // nullptr: it goes on in the next bytes.
    [[nodiscard]] const std::string* take_line(std::string_view& bytes);
    [[nodiscard]] bool begin_chunk(std::string_view line);

    part part_ = part::size;
    std::uint64_t left_ = 0;  // of the chunk's data
    std::string line_;
    bool line_is_over_ = false;
    std::size_t trailer_size_ = 0;
    bool is_malformed_ = false;
};

}  // namespace orchestrator::http
