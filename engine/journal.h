// The journal makes what happened durable, many runs at a time.
//
// Entries that arrive while a commit is under way wait for the next one, and a busy engine's commit waits a moment for
// company (PostgreSQL's commit_delay and commit_siblings): batches grow by themselves under load, and a lone entry
// waits for nobody. A store that cannot write for now (a full disk, a read-only file) loses nothing: the
// batch is kept and tried again, and everything behind it waits, so that the engine stops calling services by itself.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
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

    enum class verdict {
        kept,     // it is durable
        lost,     // the claim was lost: nothing was kept, and the run must stop
        refused,  // the store will never take the entry; its claim stands
    };
    struct answer {
        verdict what = verdict::kept;
        std::string why{};                     // refused: what the store says
        std::optional<journal_entry> entry{};  // likewise: given back
    };
    // Returns when it is known what has become of the entry; while the store takes nothing, it waits.
    task<answer> record(journal_entry entry);

    // Why nothing can be recorded at the moment; nullopt: all is well. From any thread.
    [[nodiscard]] std::optional<error> problem() const { return problem_.now(); }

    // Entries whose claim was lost, since the start. From any thread.
    [[nodiscard]] std::int64_t lost() const { return lost_; }

    // Entries that the store will never take, of the last minute: why, of the latest one. From any thread.
    [[nodiscard]] std::optional<std::string> refusal() const;

    // Entries in one commit, at most.
    static constexpr std::size_t largest_batch = 4'000;

  private:
    // Lives in the frame of the coroutine that waits.
    struct waiter {
        std::move_only_function<void()> resume;  // empty: it does not wait yet
        bool settled = false;
        answer told{};
    };

    task<> flush();
    task<> flush_one_batch();
    void take_batch();
    [[nodiscard]] bool company_comes() const;
    void tell_problem(const std::optional<error>& problem);
    task<result<journal_receipt>> commit(const std::vector<journal_entry>& entries);
    task<journal_receipt> commit_one_by_one();
    void note_refusal(std::size_t of_batch, const error& why);
    task<result<journal_receipt>> commit_once(const std::vector<journal_entry>& entries);
    void settle(const journal_receipt&);

    executor where_;
    run_store& store_;
    clock& time_;
    std::function<int()> calls_in_flight_;
    std::function<void(execution_id)> on_drained_;
    reported_problem problem_;
    std::atomic<std::int64_t> lost_ = 0;
    mutable std::mutex guard_;  // of these two
    std::string refusal_;
    std::optional<steady_time> refused_at_;

    std::vector<journal_entry> arriving_;
    std::vector<waiter*> arriving_waiters_;
    std::vector<journal_entry> batch_;  // being committed
    std::vector<waiter*> batch_waiters_;
    bool flushing_ = false;
};

}  // namespace orchestrator
