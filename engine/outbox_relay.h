// Publishes the events of the outbox, while this instance leads. A broker that is down delays events and nothing else;
// what was published without our learning of it is published again, under the same id. An event that the broker gives
// back, or does not confirm, waits by itself and holds up no other.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "engine/reported_problem.h"
#include "engine/store_watch.h"
#include "engine/wake_signal.h"
#include "ports/clock.h"
#include "ports/event_bus.h"
#include "ports/event_outbox.h"

namespace orchestrator {

class outbox_relay {
  public:
    outbox_relay(event_outbox& outbox, event_bus& bus, clock& time, store_watch& watch, std::function<bool()> leads)
        : outbox_{outbox}, bus_{bus}, time_{time}, watch_{watch}, leads_{std::move(leads)}, wake_{time} {}

    // Until stop.
    task<> run();
    void stop();

    // Why events wait: the broker is away. From any thread.
    [[nodiscard]] std::optional<health_problem> problem() const;

    // Where `run` sleeps.
    [[nodiscard]] const wake_signal& sleeps_in() const { return wake_; }

  private:
    task<bool> publish_some();
    task<bool> note(const std::vector<kept_event>& sent, const std::vector<publish_problem>& answers);
    task<> tell_broker_problem(std::optional<std::string>);
    void tell_refusal(const std::string& problem);

    event_outbox& outbox_;
    event_bus& bus_;
    clock& time_;
    store_watch& watch_;
    std::function<bool()> leads_;
    wake_signal wake_;
    reported_problem broker_problem_;
    bool is_noted_ = false;                // in the store, as it is now
    std::set<std::string> told_refusals_;  // each reason is told once, not with each event and try
    int failures_ = 0;  // in a row: of the broker, or of the store that is to note what was published
    bool stopped_ = false;
};

}  // namespace orchestrator
