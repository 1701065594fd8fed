// The journal makes what happened durable, many runs at a time.
//
// Entries that arrive while a commit is under way wait for the next one, and a busy engine's commit waits a moment for
// company (PostgreSQL's commit_delay and commit_siblings): batches grow by themselves under load, and a lone entry
// waits for nobody. A store that cannot write for now (a full disk, a read-only file) loses nothing: the
// batch is kept and tried again, and everything behind it waits, so that the engine stops calling services by itself.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/reported_problem.h"
#include "ports/clock.h"
#include "ports/run_store.h"
#include "ports/task.h"

namespace orchestrator {

class journal {
  public:
    // `calls_in_flight`: how many more outcomes are on their way. `on_drained`: told of each execution that has no open
    // run any more.
    journal(executor where, run_store& store, clock& time, std::function<int()> calls_in_flight,
            std::function<void(execution_id)> on_drained);
    ~journal();
    journal(const journal&) = delete;
    journal& operator=(const journal&) = delete;

    // Returns when the entry is durable: true. False: the claim was lost, nothing was kept, and the run must stop.
    task<bool> record(journal_entry entry);

    // Why nothing can be recorded at the moment; nullopt: all is well. From any thread.
    [[nodiscard]] std::optional<error> problem() const { return problem_.now(); }

    // Entries whose claim was lost, since the start. From any thread.
    [[nodiscard]] std::int64_t refused() const { return refused_; }

    // Entries in one commit, at most.
    static constexpr std::size_t largest_batch = 4'000;

  private:
    // Lives in the frame of the coroutine that waits.
    struct waiter {
        std::move_only_function<void()> resume;  // empty: it does not wait yet
        bool settled = false;
        bool refused = false;
    };

    task<> flush();
    task<> flush_one_batch();
    void take_batch();
    [[nodiscard]] bool company_comes() const;
    void tell_problem(const std::optional<error>& problem);
    task<result<journal_receipt>> commit(const std::vector<journal_entry>& entries);
    task<result<journal_receipt>> commit_one_by_one();
    task<result<journal_receipt>> commit_once(const std::vector<journal_entry>& entries);
    void settle(const result<journal_receipt>&);

    executor where_;
    run_store& store_;
    clock& time_;
    std::function<int()> calls_in_flight_;
    std::function<void(execution_id)> on_drained_;
    reported_problem problem_;
    std::atomic<std::int64_t> refused_ = 0;

    std::vector<journal_entry> arriving_;
    std::vector<waiter*> arriving_waiters_;
    std::vector<journal_entry> batch_;  // being committed
    std::vector<waiter*> batch_waiters_;
    bool flushing_ = false;
};

}  // namespace orchestrator
