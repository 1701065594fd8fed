#include "engine/store_watch.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace orchestrator {

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
    if (known != faults_.end() && known->second == why->message) return;
    faults_.insert_or_assign(what, why->message);
    spdlog::warn("cannot {}: {}", what, why->message);
}

std::vector<health_problem> store_watch::problems() const {
    const std::scoped_lock lock{guard_};
    std::vector<health_problem> all;
    for (const auto& [what, why] : faults_) all.push_back({"store", what, fmt::format("cannot {}: {}", what, why)});
    return all;
}

}  // namespace orchestrator
