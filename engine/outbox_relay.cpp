#include "engine/outbox_relay.h"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace orchestrator {
namespace {

constexpr int batch = 100;                // outstanding confirms
constexpr milliseconds look{1'000};       // for what other instances have ended
constexpr milliseconds first_pause{500};  // after a fault; doubles
constexpr milliseconds longest_pause{30'000};

}  // namespace

void outbox_relay::stop() {
    stopped_ = true;
    wake_.notify();
}

task<> outbox_relay::run() {
    while (!stopped_) {
        const bool more = leads_() && co_await publish_some();
        if (more) continue;
        co_await wake_.wait_until(time_.steady_now() + std::max(pause_, look));
    }
}

// True: there may be more, and it is worth going on at once.
task<bool> outbox_relay::publish_some() {
    auto events = co_await outbox_.unpublished_events(batch);
    if (!events || events->empty()) co_return false;
    std::vector<event_id> ids;
    for (const auto& each : *events) ids.push_back(each.id);
    const auto answers = co_await bus_.publish(std::move(*events));
    std::vector<event_id> published;
    std::vector<unpublished_event> refused;
    for (std::size_t i = 0; i < ids.size() && answers; ++i) {
        if (i < answers->size() && (*answers)[i].empty())
            published.push_back(ids[i]);
        else
            refused.push_back({ids[i], i < answers->size() ? (*answers)[i] : "the broker did not confirm it"});
    }
    tell_problem(!answers          ? std::optional{answers.error().message}
                 : refused.empty() ? std::nullopt
                                   : std::optional{refused.front().problem});
    // Not noted: published again, and known by its id.
    const auto whole = published.size() == ids.size();
    if (!published.empty()) co_await outbox_.note_published(std::move(published), time_.now());
    if (!refused.empty()) co_await outbox_.note_unpublished(std::move(refused));
    pause_ = whole ? milliseconds{0} : std::clamp(pause_ * 2, first_pause, longest_pause);
    co_return whole&& int(ids.size()) == batch;
}

void outbox_relay::tell_problem(std::optional<std::string> problem) {
    if (problem && problem != problem_)
        spdlog::warn("events wait in the outbox: {}", *problem);
    else if (!problem && problem_)
        spdlog::info("events are published again");
    problem_ = std::move(problem);
}

}  // namespace orchestrator
