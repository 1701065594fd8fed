// A whole deployment in one thread and in no time: instances of the engine on one store, the services around them, and
// a clock that jumps. What happens is decided by one seed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "adapters/memory/store.h"
#include "adapters/system/zone_files.h"
#include "engine/engine.h"
#include "engine/leader_elector.h"
#include "engine/supervisor.h"
#include "engine/trusted_time.h"
#include "tests/simulation/world/audit.h"
#include "tests/simulation/world/draws.h"
#include "tests/simulation/world/simulated_lease.h"
#include "tests/simulation/world/simulated_network.h"
#include "tests/simulation/world/simulated_store.h"

namespace orchestrator::simulation {

// The value of a call of the memory store, which never waits.
template <class T>
T at_once(task<result<T>> work) {
    asio::io_context context{1};
    std::optional<result<T>> answer;
    asio::co_spawn(context, std::move(work), [&](std::exception_ptr thrown, result<T> value) {
        if (thrown) std::rethrow_exception(thrown);
        answer.emplace(std::move(value));
    });
    context.run();
    if (!answer.value()) throw std::runtime_error{answer->error().message};
    if constexpr (!std::is_void_v<T>) return std::move(**answer);
}

struct world_options {
    std::uint64_t seed = 1;
    call_limits::limits calls{};
    int max_active_runs = 1'024;
    int claim_batch = 256;
    int page_size = 500;
    std::size_t longest_result = 16 << 10;
    bool has_lease_outside = false;
};

class world {
  public:
    explicit world(world_options);
    ~world();

    [[nodiscard]] simulated_services& services() { return services_; }
    [[nodiscard]] store_weather& weather() { return weather_; }
    [[nodiscard]] lease_server& lease_outside() { return lease_outside_; }
    [[nodiscard]] timeline& time() { return line_; }
    [[nodiscard]] memory::store& store() { return store_; }
    [[nodiscard]] audit& books() { return audit_; }

    // Instances are known by a name that is never used again.
    // Its wall clock is wrong by `skew`.
    std::string start_instance(milliseconds skew = {});
    [[nodiscard]] std::vector<std::string> instances() const;
    // False: one of them does not know yet what time it is.
    [[nodiscard]] bool all_have_begun() const;
    [[nodiscard]] engine& at(const std::string& instance) { return *instances_.at(instance)->runs; }
    // Killed: whatever it was doing is gone. Its lease ends when it is over, or at once with `release` (the store
    // knows).
    void crash(const std::string& instance, bool release);
    // Frozen, as a machine is that swaps or whose virtual disk hangs; it knows nothing of it.
    // Its wall clock is wrong by so much from now on, 0: it is right.
    void skew(const std::string& instance, milliseconds by);
    void stall(const std::string& instance);
    void resume(const std::string& instance);
    // engine::stop; the instance is gone when it returns. Only the first time counts.
    void stop_gracefully(const std::string& instance, milliseconds drain);

    execution_id open(const workflow_definition&, tenant_filter = {}, std::optional<execution_id> retry_of = {},
                      bool tell = true);
    // Requested in the store, and every instance that is awake is told.
    void cancel(execution_id);

    void after(milliseconds, std::function<void()> happens);
    // False: it did not come about within `longest`, or something was wrong.
    bool run_until(const std::function<bool()>& come_about, milliseconds longest);
    void run_for(milliseconds);
    bool run_to_end(std::vector<execution_id>, milliseconds longest);

    [[nodiscard]] execution find(execution_id id) { return at_once(store_.find_execution(id)); }
    [[nodiscard]] std::vector<tenant_run_view> runs_of(execution_id);
    void check_books(execution_id);
    // What to print when something is wrong.
    [[nodiscard]] std::string report(std::size_t lines = 60) const;

  private:
    struct instance {
        instance(world&, const std::string& name, milliseconds skew);
        ~instance();
        task<> begin();

        simulated_context context;
        simulated_clock time;
        simulated_network network;
        simulated_store store;
        trusted_time trusted{time, store};
        trusted_clock shown{time, trusted};
        system::random random;
        std::unique_ptr<simulated_lease> outside;  // nullptr: the world has none
        store_watch faults{time};
        std::unique_ptr<leader_elector> elector;
        std::unique_ptr<engine> runs;
        const std::atomic<bool> is_resigning = false;
        supervisor loops{time, is_resigning};
        bool stalled = false;
        bool has_begun = false;
        bool told_to_stop = false;
    };

    bool step(steady_time latest);
    [[nodiscard]] std::size_t poll_all();
    void bury_stopped();

    world_options options_;
    draws draws_;
    timeline line_;
    audit audit_;
    memory::store store_;
    store_weather weather_;
    lease_server lease_outside_;
    simulated_services services_;
    system::zone_files zones_;
    std::map<std::string, std::unique_ptr<instance>> instances_;
    std::multimap<steady_time, std::function<void()>> events_;
    std::vector<std::pair<std::string, steady_time>> stopped_;  // and until when each might have taken
    int started_ = 0;
};

}  // namespace orchestrator::simulation
