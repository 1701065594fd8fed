#include "cli/input_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <istream>
#include <iterator>
#include <system_error>

#include "cli/exit_code.h"

namespace orchestrator::cli {
namespace {

std::string read_all(std::istream& stream) { return {std::istreambuf_iterator<char>{stream}, {}}; }

}  // namespace

std::string read_input(const std::string& file, std::istream& in) {
    if (file == "-") return read_all(in);
    errno = std::filesystem::is_directory(file) ? EISDIR : 0;
    std::ifstream stream;
    if (errno == 0) stream.open(file, std::ios::binary);
    if (!stream.is_open())
        throw command_failure{exit_code::refused,
                              fmt::format("{}: cannot be read: {}", file, std::generic_category().message(errno))};
    return read_all(stream);
}

json::value read_json_file(const std::string& file, std::string_view text) {
    auto read = read_json(text);
    if (read) return std::move(*read);
    const auto& mistake = read.error();
    throw command_failure{exit_code::refused, fmt::format("{}:{}:{}: not JSON: {}", file == "-" ? "stdin" : file,
                                                          mistake.line, mistake.column, mistake.message)};
}

}  // namespace orchestrator::cli
