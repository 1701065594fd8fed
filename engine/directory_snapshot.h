// The tenants of the platform as this instance last read them, shared by all who need them: one walk at a time, however
// many executions are planned at once. Who reads gets the first page while the walk goes on.
//
// A snapshot has an age. Each reader says how old it may be; one that is older is taken anew. What nobody has needed
// for a while is dropped.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "domain/tenancy/list_walk.h"
#include "engine/reported_problem.h"
#include "engine/tenant_directory.h"
#include "engine/wake_signal.h"

namespace orchestrator {

class directory_snapshot {
  public:
    struct options {
        list_bounds bounds;
        milliseconds kept_unused{60'000};
        milliseconds quiet{5'000};           // a walk that receives nothing for so long is told of
        int most_lookups = 16;               // calls for one tenant at once; who comes then reads the snapshot
        milliseconds problem_kept{900'000};  // of a walk that ended
    };

    // `spawn`: runs a coroutine on the engine's thread. All outlive the snapshot's walks.
    directory_snapshot(options, tenant_directory&, clock&, std::function<void(task<>)> spawn);

    struct reader {
        steady_time not_before;  // the walk began at this moment or later
        steady_time deadline;
        std::stop_token stop;
        std::size_t at_once = 500;  // tenants in one call of `take`
        tenant_filter filter{};     // who is wanted
        // Asked once for each place where tenants live: are those of them wanted who live there? Empty: all are.
        std::function<task<result<bool>>(tenant)> is_due{};
        // Told when the service keeps us waiting, and with an empty text when it goes on. Empty: nobody is.
        std::function<task<>(std::string problem)> on_trouble{};
    };
    struct outcome {
        std::size_t active = 0;
        std::string problem{};  // why tenants may be missing; empty: all are there
    };
    // Hands every active tenant that is wanted to `take`, once. An error is `take`'s or `is_due`'s; or service_failed
    // when the service refused, time ran out or the reader was stopped.
    task<result<outcome>> read(reader, std::function<task<result<void>>(std::vector<tenant>)> take);

    // One tenant: as the snapshot has it, or else as the service answers. nullopt: there is none.
    task<result<std::optional<tenant>>> find(reader, tenant_id);

    // There is a whole snapshot, and no active tenant of this id in it.
    [[nodiscard]] bool lacks(const tenant_id&) const;

    // Ends the walk that goes on, if there is one.
    void stop();
    // From time to time: what nobody needs is dropped.
    void tidy_up();
    // Why executions wait for the tenants, or may lack some. From any thread.
    [[nodiscard]] std::optional<std::string> problem() const;
    [[nodiscard]] std::size_t bytes() const { return current_ ? current_->tenants.bytes() : 0; }

  private:
    struct walk {
        tenant_list tenants;
        steady_time began_at;
        steady_time received_at;  // the last page
        std::string trouble;      // what it waits for; empty: nothing
        bool is_over = false;
        bool has_page = false;
        bool had_readers = false;
        std::optional<error> failure;
        std::string problem;
        std::stop_source stop;
        std::vector<wake_signal*> readers;
        steady_time used_at;
    };
    using shared_walk = std::shared_ptr<walk>;
    // How far a reader has got.
    struct bookmark {
        std::size_t next = 0;
        std::vector<std::optional<bool>> due_homes{};  // by tenant_list::home_of; nullopt: not asked yet
    };
    class presence;

    shared_walk walk_since(steady_time not_before);
    task<> go(shared_walk);
    task<std::optional<error>> read_pages(walk&);
    task<result<std::vector<tenant>>> next_page(walk&, const reader&, bookmark&);
    task<result<std::optional<outcome>>> follow(shared_walk, const reader&,
                                                const std::function<task<result<void>>(std::vector<tenant>)>& take);
    [[nodiscard]] std::string trouble_of(const walk&) const;
    [[nodiscard]] bool is_fresh(const walk& of, steady_time not_before) const;
    void wake(walk&);

    options options_;
    tenant_directory& directory_;
    clock& time_;
    std::function<void(task<>)> spawn_;
    shared_walk current_;
    int lookups_ = 0;
    reported_problem problem_;
    std::atomic<steady_time::rep> waits_since_ = 0;  // for a page; 0: it does not wait
    steady_time problem_ends_at_{};
};

}  // namespace orchestrator
