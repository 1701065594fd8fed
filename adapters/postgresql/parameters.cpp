#include "adapters/postgresql/parameters.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace orchestrator::postgresql {
namespace {

constexpr system_time epoch{milliseconds{946'684'800'000}};  // 2000-01-01
constexpr local_days first_day{std::chrono::floor<std::chrono::days>(epoch).time_since_epoch()};
constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

template <class Integer>
void put_big_endian(std::string& into, Integer value) {
    char bytes[sizeof value];
    for (std::size_t i = 0; i < sizeof value; ++i) bytes[i] = char(value >> (8 * (sizeof value - 1 - i)));
    into.append(bytes, sizeof bytes);
}

// The length of the UTF-8 character at the beginning of `text`; 0: there is none.
std::size_t character_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto first = byte(0);
    if (first == 0) return 0;
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xC0) != 0x80) return 0;
    const auto second = byte(1);
    const bool is_overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
    const bool is_surrogate = first == 0xED && second > 0x9F;
    const bool is_beyond = first == 0xF4 && second > 0x8F;
    return is_overlong || is_surrogate || is_beyond ? 0 : length;
}

bool is_plain(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > 0; });
}

}  // namespace

namespace binary {

void put(std::string& into, bool value) { into.push_back(char(value)); }
void put(std::string& into, int value) { put_big_endian(into, static_cast<std::uint32_t>(value)); }
void put(std::string& into, std::int64_t value) { put_big_endian(into, static_cast<std::uint64_t>(value)); }
void put(std::string& into, const uuid& value) {
    into.append(reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size());
}
void put(std::string& into, system_time value) { put(into, std::int64_t{(value - epoch).count()} * 1'000); }
void put(std::string& into, local_days value) { put(into, int((value - first_day).count())); }

void put(std::string& into, std::string_view value) {
    if (is_plain(value)) {
        into += value;
        return;
    }
    while (!value.empty()) {
        const auto length = character_length(value);
        into += length == 0 ? replacement : value.substr(0, length);
        value.remove_prefix(std::max<std::size_t>(length, 1));
    }
}

std::int64_t integer(const char* data, int length) {
    if (length == 1) return data[0];
    std::uint64_t value = 0;
    for (int i = 0; i < length; ++i) value = value << 8 | static_cast<unsigned char>(data[i]);
    if (length == 4) return static_cast<std::int32_t>(value);
    if (length == 2) return static_cast<std::int16_t>(value);
    return static_cast<std::int64_t>(value);
}

system_time time(std::int64_t microseconds_since_2000) {
    return epoch + std::chrono::floor<milliseconds>(std::chrono::microseconds{microseconds_since_2000});
}

local_days date(std::int64_t days_since_2000) { return first_day + std::chrono::days{days_since_2000}; }

}  // namespace binary

array_builder::array_builder(type_id array, type_id element) : type_{array} {
    binary::put(data_, 1);  // dimensions
    binary::put(data_, 1);  // there may be NULLs
    binary::put(data_, int(element));
    binary::put(data_, 0);  // the number of elements: kept up to date
    binary::put(data_, 1);  // the first index
}

std::size_t array_builder::begin_element() {
    for (; nulls_behind_ > 0; --nulls_behind_) binary::put(data_, -1);
    const auto at = data_.size();
    data_.append(4, '\0');
    return at;
}

namespace {
void overwrite(std::string& data, std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i) data[at + i] = char(value >> (8 * (3 - i)));
}
constexpr std::size_t count_at = 12;
}  // namespace

void array_builder::end_element(std::size_t at) {
    overwrite(data_, at, std::uint32_t(data_.size() - at - 4));
    overwrite(data_, count_at, std::uint32_t(++size_));
}

void array_builder::add_null() {
    ++nulls_behind_;
    ++size_;
}

void parameters::add_null(type_id type) {
    types_.push_back(static_cast<unsigned>(type));
    values_.push_back(nullptr);
    lengths_.push_back(0);
    formats_.push_back(1);
}

void parameters::refer(type_id type, std::string_view data) {
    types_.push_back(static_cast<unsigned>(type));
    values_.push_back(data.data());
    lengths_.push_back(int(data.size()));
    formats_.push_back(1);
}

}  // namespace orchestrator::postgresql
