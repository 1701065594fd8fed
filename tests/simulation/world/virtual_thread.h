// For tests of one part of the engine: a context, a clock and what runs on them, played until nothing moves any more.
#pragma once

#include <optional>
#include <utility>

#include "tests/simulation/world/simulated_clock.h"

namespace orchestrator::simulation {

class virtual_thread {
  public:
    virtual_thread() = default;
    ~virtual_thread() { drop(); }
    virtual_thread(const virtual_thread&) = delete;
    virtual_thread& operator=(const virtual_thread&) = delete;

    // Destroys all that waits. Whatever holds waiting coroutines itself must end before the thread and after this.
    void drop() {
        time.drop();
        context.drop();
    }
    // Does what can be done without time passing.
    void settle() { context.poll(); }
    // Lets time pass, and all happen that happens meanwhile.
    void pass(milliseconds duration) {
        const auto until = line.steady_now() + duration;
        for (context.poll(); line.next() && *line.next() <= until; context.poll()) line.advance(*line.next());
        line.advance(until);
        context.poll();
    }
    template <class T>
    T run(task<T> work, milliseconds longest = std::chrono::hours{2}) {
        std::optional<T> answer;
        asio::co_spawn(context, std::move(work), [&answer](std::exception_ptr thrown, T value) {
            if (thrown) std::rethrow_exception(thrown);
            answer.emplace(std::move(value));
        });
        const auto latest = line.steady_now() + longest;
        for (context.poll(); !answer && line.next() && *line.next() <= latest; context.poll())
            line.advance(*line.next());
        return std::move(answer.value());
    }
    void start(task<> work) { asio::co_spawn(context, std::move(work), asio::detached); }
    [[nodiscard]] executor where() { return context.get_executor(); }

    timeline line;
    simulated_context context;
    simulated_clock time{line};
};

}  // namespace orchestrator::simulation
