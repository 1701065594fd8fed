#include "engine/outbox_relay.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "domain/event/publish_backoff.h"

namespace orchestrator {
namespace {

constexpr int batch = 100;           // outstanding confirms
constexpr milliseconds look{1'000};  // for what other instances have ended
constexpr std::size_t most_reasons = 100;
const publish_problem unanswered = "the broker did not confirm it";

std::vector<event> events_of(const std::vector<kept_event>& kept) {
    std::vector<event> events;
    for (const auto& each : kept) events.push_back(each.of);
    return events;
}

}  // namespace

void outbox_relay::stop() {
    stopped_ = true;
    wake_.notify();
}

task<> outbox_relay::run() {
    while (!stopped_) {
        wake_.note_progress();
        const bool leads = leads_();
        if (!leads) {  // whoever does knows better, and may have noted something else
            broker_problem_.report(std::nullopt);
            is_noted_ = false;
        }
        const bool more = leads && co_await publish_some();
        if (more) continue;
        const auto pause = failures_ > 0 ? broker_backoff(failures_) : milliseconds{0};
        co_await wake_.wait_until(time_.steady_now() + std::max(pause, look));
    }
}

// True: there may be more, and it is worth going on at once.
task<bool> outbox_relay::publish_some() {
    const auto due = co_await outbox_.unpublished_events(batch, time_.now());
    if (!watch_.note("read what is to be published", due) || due->empty()) co_return false;
    const bool is_whole_batch = int(due->size()) == batch;
    const auto answers = co_await bus_.publish(events_of(*due));
    if (answers) {
        co_await tell_broker_problem(std::nullopt);
        const bool noted = co_await note(*due, *answers);
        failures_ = noted ? 0 : failures_ + 1;
        co_return noted&& is_whole_batch;
    }
    ++failures_;
    co_await tell_broker_problem(answers.error().message);
    co_return false;
}

// False: the store did not take it, and what was published is published again.
task<bool> outbox_relay::note(const std::vector<kept_event>& sent, const std::vector<publish_problem>& answers) {
    const auto now = time_.now();
    std::vector<event_id> published;
    std::vector<unpublished_event> refused;
    for (std::size_t i = 0; i < sent.size(); ++i) {
        const auto& problem = i < answers.size() ? answers[i] : unanswered;
        if (problem.empty())
            published.push_back(sent[i].of.id);
        else
            refused.push_back({sent[i].of.id, problem, now + publish_backoff(sent[i].attempts + 1)});
    }
    for (const auto& each : refused) tell_refusal(each.problem);
    bool noted = true;
    if (!published.empty())
        noted = watch_.note("note what was published", co_await outbox_.note_published(std::move(published), now));
    if (!refused.empty())
        noted =
            watch_.note("note what was not published", co_await outbox_.note_unpublished(std::move(refused))) && noted;
    co_return noted;
}

// In the log, in the health, and beside each event that waits.
task<> outbox_relay::tell_broker_problem(std::optional<std::string> problem) {
    const auto said = problem.value_or("");
    std::optional<error> as_error;
    if (problem) as_error = error{errc::store_unavailable, said, {}};
    const bool was_away = broker_problem_.now().has_value();
    if (broker_problem_.report(std::move(as_error))) {
        is_noted_ = false;
        if (problem) spdlog::warn("events wait in the outbox: {}", said);
        if (!problem && was_away) spdlog::info("events are published again");
    }
    if (!is_noted_) is_noted_ = watch_.note("note why events wait", co_await outbox_.note_broker_problem(said));
}

std::optional<health_problem> outbox_relay::problem() const {
    auto why = broker_problem_.now();
    if (!why) return std::nullopt;
    return health_problem{"events", "rabbitmq", "events wait in the outbox: " + why->message};
}

void outbox_relay::tell_refusal(const std::string& problem) {
    if (told_refusals_.size() >= most_reasons) told_refusals_.clear();
    if (told_refusals_.insert(problem).second) spdlog::warn("an event waits in the outbox: {}", problem);
}

}  // namespace orchestrator
