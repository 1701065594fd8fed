#include "engine/store_watch.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace orchestrator {
namespace {

constexpr std::chrono::minutes told_for{2};  // everything that failed is asked again after one, by who needs it

}  // namespace

void store_watch::report(const std::string& what, const error* why) {
    const bool is_of_store = why && (is_store_fault(why->code) || why->code == errc::entry_refused);
    if (why && !is_of_store) {
        spdlog::warn("cannot {}: {}", what, why->message);
        why = nullptr;
    }
    const std::scoped_lock lock{guard_};
    const auto known = faults_.find(what);
    if (!why) {
        if (known == faults_.end()) return;
        faults_.erase(known);
        return spdlog::info("the store lets us {} again", what);
    }
    const bool is_news = known == faults_.end() || known->second.why != why->message;
    faults_.insert_or_assign(what, fault{why->message, time_.steady_now()});
    if (is_news) spdlog::warn("cannot {}: {}", what, why->message);
}

std::vector<health_problem> store_watch::problems() const {
    const std::scoped_lock lock{guard_};
    std::vector<health_problem> all;
    const auto now = time_.steady_now();
    for (const auto& [what, fault] : faults_)
        if (now - fault.at < told_for) all.push_back({"store", what, fmt::format("cannot {}: {}", what, fault.why)});
    return all;
}

}  // namespace orchestrator
