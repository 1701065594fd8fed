// Virtual time. One timeline for a whole world, one clock for each instance in it, so that an instance can crash
// without the sleeps of the others. Time passes only by `advance`, which the world calls when nobody has work to do.
#pragma once

#include <boost/asio/executor_work_guard.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "ports/clock.h"

namespace orchestrator::simulation {

class timeline {
  public:
    using key = std::pair<steady_time, std::uint64_t>;
    using resumption = std::move_only_function<void()>;

    [[nodiscard]] steady_time steady_now() const { return steady_; }
    [[nodiscard]] system_time now() const;
    [[nodiscard]] milliseconds elapsed() const;
    // The wall clock is set; steady time does not notice.
    void jump(milliseconds by) { wall_offset_ += by; }

    // When the next sleeper wakes.
    [[nodiscard]] std::optional<steady_time> next() const;
    // Time is `until` now (never earlier than it was), and who slept until then or less is resumed.
    void advance(steady_time until);

    [[nodiscard]] key reserve(steady_time until) { return {until, ++last_}; }
    void put(key, const void* owner, resumption);
    void wake(key);
    // The sleepers of one clock are destroyed and never resumed.
    void drop(const void* owner);

  private:
    struct sleeper {
        const void* owner;
        resumption resume;
    };

    steady_time steady_{std::chrono::hours{1}};
    milliseconds wall_offset_{0};
    std::uint64_t last_ = 0;
    std::map<key, sleeper> sleepers_;
};

class simulated_clock final : public clock {
  public:
    // `skew`: by how much its wall clock is wrong.
    explicit simulated_clock(timeline& line, milliseconds skew = {}) : line_{line}, skew_{skew} {}
    ~simulated_clock() override { drop(); }

    [[nodiscard]] system_time now() const override { return line_.now() + skew_; }
    [[nodiscard]] system_time true_now() const { return line_.now(); }
    void skew(milliseconds by) { skew_ = by; }
    [[nodiscard]] steady_time steady_now() const override { return line_.steady_now(); }
    task<> sleep_until(steady_time until, std::stop_token stop = {}) override;
    void drop() { line_.drop(this); }

  private:
    timeline& line_;
    milliseconds skew_;
};

// An io_context whose pending work can be destroyed while the context, to which that work refers, lives on.
class simulated_context : public asio::io_context {
  public:
    simulated_context() : asio::io_context{1} {}
    void drop() { shutdown(); }

  private:
    asio::executor_work_guard<executor_type> busy_{get_executor()};  // a context without work stops for good
};

}  // namespace orchestrator::simulation
