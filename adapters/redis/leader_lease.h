// The lease of the leader in Redis: a key that expires, with our own token as its value, and a channel on which a
// leader says that it leaves.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "adapters/blocking/worker.h"
#include "adapters/redis/connection.h"
#include "ports/lease.h"

namespace orchestrator::redis {

class leader_lease final : public lease {
  public:
    // `token`: of this process and no other.
    leader_lease(const address& where, std::string token, milliseconds timeout);
    ~leader_lease() override;

    task<result<lease_answer>> take(milliseconds ttl) override;
    task<result<void>> release() override;
    task<result<void>> resign() override;
    void on_resigned(std::function<void()> told) override;

    static constexpr std::string_view key = "orchestrator:leader:lock";
    static constexpr std::string_view channel = "orchestrator:leader:released";

  private:
    task<result<void>> run_script(std::string_view script);
    void listen();

    std::string token_;
    connection asking_;
    connection listening_;
    std::function<void()> told_;
    std::atomic<bool> stopping_ = false;
    std::thread listener_;
    blocking::worker worker_;  // last, so that its thread ends before what it uses
};

}  // namespace orchestrator::redis
