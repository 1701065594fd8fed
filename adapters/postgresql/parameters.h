// The parameters of one statement in PostgreSQL's binary form, typed, so that nothing is parsed on either side.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "domain/identifiers.h"
#include "domain/schedule/schedule.h"
#include "domain/time.h"

namespace orchestrator::postgresql {

// Object ids of pg_type.
enum class type_id : unsigned {
    boolean = 16,
    int8 = 20,
    int4 = 23,
    text = 25,
    date = 1082,
    timestamptz = 1184,
    uuid = 2950,
    boolean_array = 1000,
    int4_array = 1007,
    text_array = 1009,
    int8_array = 1016,
    timestamptz_array = 1185,
    uuid_array = 2951,
};

// An empty text as NULL.
struct text_or_null {
    std::string_view text;
};

// How each type is written. Big-endian; times are microseconds since 2000.
namespace binary {
void put(std::string& into, bool value);
void put(std::string& into, int value);
void put(std::string& into, std::int64_t value);
void put(std::string& into, const uuid& value);
void put(std::string& into, system_time value);
void put(std::string& into, local_days value);
// What PostgreSQL keeps as text has no NUL and is UTF-8: what is not becomes U+FFFD.
void put(std::string& into, std::string_view value);
template <class Tag>
void put(std::string& into, const basic_id<Tag>& id) {
    put(into, id.value);
}

[[nodiscard]] std::int64_t integer(const char* data, int length);
[[nodiscard]] system_time time(std::int64_t microseconds_since_2000);
[[nodiscard]] local_days date(std::int64_t days_since_2000);
}  // namespace binary

template <class T>
consteval type_id type_of() {
    if constexpr (std::is_same_v<T, bool>)
        return type_id::boolean;
    else if constexpr (std::is_same_v<T, int>)
        return type_id::int4;
    else if constexpr (std::is_same_v<T, std::int64_t>)
        return type_id::int8;
    else if constexpr (std::is_same_v<T, system_time>)
        return type_id::timestamptz;
    else if constexpr (std::is_same_v<T, local_days>)
        return type_id::date;
    else if constexpr (std::is_convertible_v<T, std::string_view> || std::is_same_v<T, text_or_null>)
        return type_id::text;
    else
        return type_id::uuid;
}

// A one-dimensional array, for unnest beside others: NULLs at its end are left out, as unnest fills up those that are
// shorter. A column that has no value in nearly any row costs nothing.
class array_builder {
  public:
    array_builder(type_id array, type_id element);

    template <class T>
    void add_element(const T& value) {
        const auto at = begin_element();
        binary::put(data_, value);
        end_element(at);
    }
    void add_null();

    [[nodiscard]] std::string_view data() const { return data_; }
    [[nodiscard]] type_id type() const { return type_; }
    [[nodiscard]] std::size_t size() const { return size_; }

  private:
    std::size_t begin_element();
    void end_element(std::size_t at);

    type_id type_;
    std::string data_;
    std::size_t size_ = 0;
    std::size_t nulls_behind_ = 0;  // added since the last value, not in `data_`
};

template <class T>
class array_of : public array_builder {
  public:
    array_of() : array_builder{array_type(), type_of<T>()} {}
    template <class Range>
    explicit array_of(const Range& values) : array_of{} {
        for (const auto& each : values) add(T(each));
    }

    void add(const T& value) { add_element(value); }
    void add(const std::optional<T>& value) { value ? add_element(*value) : add_null(); }
    void add(text_or_null value) { value.text.empty() ? add_null() : add_element(value.text); }

  private:
    static consteval type_id array_type() {
        switch (type_of<T>()) {
            case type_id::boolean:
                return type_id::boolean_array;
            case type_id::int4:
                return type_id::int4_array;
            case type_id::int8:
                return type_id::int8_array;
            case type_id::timestamptz:
                return type_id::timestamptz_array;
            case type_id::text:
                return type_id::text_array;
            default:
                return type_id::uuid_array;
        }
    }
};

class parameters {
  public:
    template <class... Values>
    explicit parameters(const Values&... values) {
        (add(values), ...);
    }

    parameters(const parameters&) = delete;
    parameters& operator=(const parameters&) = delete;

    // Arrays and nothing else are referred to, not copied: they outlive the statement.
    void add(const array_builder& values) { refer(values.type(), values.data()); }
    void add(text_or_null value) { value.text.empty() ? add_null(type_id::text) : add(value.text); }
    template <class T>
    void add(const std::optional<T>& value) {
        value ? add(*value) : add_null(type_of<T>());
    }
    template <class T>
        requires(!std::is_base_of_v<array_builder, T>)
    void add(const T& value) {
        auto& copy = copies_.emplace_back();
        if constexpr (std::is_convertible_v<T, std::string_view>)
            binary::put(copy, std::string_view{value});
        else
            binary::put(copy, value);
        refer(type_of<T>(), copy);
    }

    [[nodiscard]] int count() const { return int(types_.size()); }
    [[nodiscard]] const unsigned* types() const { return types_.data(); }
    [[nodiscard]] const char* const* values() const { return values_.data(); }
    [[nodiscard]] const int* lengths() const { return lengths_.data(); }
    [[nodiscard]] const int* formats() const { return formats_.data(); }

  private:
    void add_null(type_id);
    void refer(type_id, std::string_view data);

    std::deque<std::string> copies_;  // they stay where they are
    std::vector<unsigned> types_;
    std::vector<const char*> values_;
    std::vector<int> lengths_;
    std::vector<int> formats_;
};

}  // namespace orchestrator::postgresql
