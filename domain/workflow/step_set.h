// A set of steps of one workflow, by index: one machine word, so that the questions asked for each step of each tenant
// (what is ready, what must be skipped, are we done) are a few instructions.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace orchestrator {

inline constexpr std::size_t max_steps = 64;

class step_set {
  public:
    constexpr step_set() = default;

    [[nodiscard]] static constexpr step_set first(std::size_t count) {
        return step_set{count >= max_steps ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1};
    }
    [[nodiscard]] static constexpr step_set of(std::size_t step) { return step_set{std::uint64_t{1} << step}; }

    constexpr void insert(std::size_t step) { bits_ |= std::uint64_t{1} << step; }
    constexpr void erase(std::size_t step) { bits_ &= ~(std::uint64_t{1} << step); }
    [[nodiscard]] constexpr bool contains(std::size_t step) const { return bits_ >> step & 1; }
    [[nodiscard]] constexpr bool contains(step_set other) const { return (other.bits_ & ~bits_) == 0; }
    [[nodiscard]] constexpr bool intersects(step_set other) const { return (bits_ & other.bits_) != 0; }
    [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
    [[nodiscard]] constexpr int size() const { return std::popcount(bits_); }

    // The lowest index; only for a set that is not empty.
    [[nodiscard]] constexpr std::size_t front() const { return std::size_t(std::countr_zero(bits_)); }

    friend constexpr step_set operator|(step_set a, step_set b) { return step_set{a.bits_ | b.bits_}; }
    friend constexpr step_set operator&(step_set a, step_set b) { return step_set{a.bits_ & b.bits_}; }
    friend constexpr step_set operator-(step_set a, step_set b) { return step_set{a.bits_ & ~b.bits_}; }
    constexpr step_set& operator|=(step_set other) { return *this = *this | other; }
    constexpr bool operator==(const step_set&) const = default;

    // Ascending iteration: for (const auto step : steps).
    class iterator {
      public:
        constexpr explicit iterator(std::uint64_t bits) : bits_{bits} {}
        constexpr std::size_t operator*() const { return std::size_t(std::countr_zero(bits_)); }
        constexpr iterator& operator++() {
            bits_ &= bits_ - 1;
            return *this;
        }
        constexpr bool operator==(const iterator&) const = default;

      private:
        std::uint64_t bits_;
    };
    [[nodiscard]] constexpr iterator begin() const { return iterator{bits_}; }
    [[nodiscard]] constexpr iterator end() const { return iterator{0}; }

  private:
    constexpr explicit step_set(std::uint64_t bits) : bits_{bits} {}

    std::uint64_t bits_ = 0;
};

}  // namespace orchestrator
