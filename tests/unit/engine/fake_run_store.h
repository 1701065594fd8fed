// A run store that takes notes of what it is told and answers as a test wants it.
#pragma once

#include <deque>
#include <functional>
#include <stdexcept>
#include <vector>

#include "ports/run_store.h"
#include "tests/simulation/world/simulated_clock.h"

namespace orchestrator::engine_test {

class fake_run_store final : public run_store {
  public:
    explicit fake_run_store(clock& time) : time_{time} {}

    using commit_answer = std::function<result<journal_receipt>(const std::vector<journal_entry>&)>;

    task<result<journal_receipt>> commit(const std::vector<journal_entry>& entries, system_time) override {
        std::vector<int> runs;
        for (const auto& entry : entries) runs.push_back(int(entry.claim.run));
        batches.push_back(std::move(runs));
        if (latency > milliseconds{0}) co_await time_.sleep_until(time_.steady_now() + latency);
        if (commit_answers.empty()) co_return journal_receipt{};
        const auto answer = std::move(commit_answers.front());
        commit_answers.pop_front();
        co_return answer(entries);
    }
    task<result<std::vector<claimed_run>>> claim_runs(std::string, int limit, system_time,
                                                      std::vector<std::string> closed_services) override {
        claims_asked.push_back(limit);
        closed.push_back(std::move(closed_services));
        if (claim_answers.empty()) co_return std::vector<claimed_run>{};
        auto answer = std::move(claim_answers.front());
        claim_answers.pop_front();
        co_return answer;
    }
    task<result<std::optional<system_time>>> next_parked_run(std::vector<std::string> closed_services) override {
        ++parked_asked;
        closed.push_back(std::move(closed_services));
        co_return next_parked;
    }
    task<result<std::int64_t>> count_open_runs(int, system_time, std::vector<std::string> closed_services) override {
        ++counts_asked;
        closed.push_back(std::move(closed_services));
        co_return open_runs;
    }
    task<result<bool>> renew_lease(std::string, milliseconds, system_time) override { co_return true; }
    task<result<int>> release_runs(std::string, std::vector<run_claim> claims) override {
        released.insert(released.end(), claims.begin(), claims.end());
        co_return int(claims.size());
    }
    task<result<int>> release_unknown_runs(std::string, std::vector<run_claim>) override {
        ++released_unknown;
        co_return 0;
    }
    task<result<std::vector<std::string>>> live_instances(system_time) override {
        co_return std::vector<std::string>{};
    }
    task<result<int>> release_lost_runs(system_time, std::string) override { co_return 0; }
    task<result<void>> release_instance(std::string) override { co_return result<void>{}; }

    milliseconds latency{0};  // 0: commits are answered at once
    std::vector<run_claim> released;
    int released_unknown = 0;
    std::deque<commit_answer> commit_answers;
    std::vector<std::vector<int>> batches;
    std::deque<result<std::vector<claimed_run>>> claim_answers;
    std::vector<int> claims_asked;
    result<std::optional<system_time>> next_parked = std::optional<system_time>{};
    int parked_asked = 0;
    std::int64_t open_runs = 0;
    int counts_asked = 0;
    std::vector<std::vector<std::string>> closed;  // as each call about waiting runs was told

  private:
    clock& time_;
};

}  // namespace orchestrator::engine_test
