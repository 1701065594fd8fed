// Events that are to be published: each committed with the state that it tells of (execution_store::finish_if_done),
// and kept until the broker has confirmed it. Safe to call from any thread's coroutine; each call is one transaction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/error.h"
#include "domain/event/event.h"
#include "ports/task.h"

namespace orchestrator {

struct kept_event {
    event of{};
    std::optional<system_time> published_at{};
    int attempts = 0;       // that the broker did not confirm
    std::string problem{};  // of the last of them, or why all events wait
};

struct unpublished_event {
    event_id id{};
    std::string problem{};
    system_time not_before{};  // the next attempt
};

struct event_query {
    bool unpublished_only = false;
    std::optional<event_id> before{};  // cursor: the last one of the page before
    int limit = 50;
};

class event_outbox {
  public:
    virtual ~event_outbox() = default;

    // Those whose time has come: those that no attempt was made with by age, then those that failed by their time, so
    // that what nobody wants does not hold up the others.
    virtual task<result<std::vector<kept_event>>> unpublished_events(int limit, system_time now) = 0;
    virtual task<result<void>> note_published(std::vector<event_id>, system_time now) = 0;
    // The broker gave them back, or did not confirm them: an attempt each.
    virtual task<result<void>> note_unpublished(std::vector<unpublished_event>) = 0;
    // Why all wait that no attempt was made with: the broker is away. Empty: it is there.
    virtual task<result<void>> note_broker_problem(std::string problem) = 0;
    // Newest first.
    virtual task<result<std::vector<kept_event>>> list_events(event_query) = 0;
};

}  // namespace orchestrator
