#include "platform_simulator/behaviour/effects.h"

#include <algorithm>
#include <vector>

namespace orchestrator::simulator {

namespace json = boost::json;

effect* effect_ledger::find(std::string_view key) {
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? nullptr : &found->second;
}

void effect_ledger::record(std::string_view key, route where, const tenant_id& tenant, std::string_view answer) {
    ++by_route_[std::size_t(where)].distinct;
    if (key.empty()) {
        ++without_key_;
        return;
    }
    auto& made = by_key_.try_emplace(std::string{key}, effect{where, tenant, 1, std::string{answer}}).first->second;
    with_answer_.push_back(&made);
    bytes_held_ += answer.size();
    make_room();
}

void effect_ledger::repeat(effect& again) {
    ++again.calls;
    ++by_route_[std::size_t(again.where)].repeated;
}

json::object effect_ledger::summary() const {
    counts all;
    json::object by_route;
    for (std::size_t i = 0; i < route_count; ++i) {
        all.distinct += by_route_[i].distinct;
        all.repeated += by_route_[i].repeated;
        if (has_effect(route(i))) by_route[to_string(route(i))] = by_route_[i].as_json();
    }
    auto body = all.as_json();
    body["without_key"] = without_key_;
    body["reused_keys"] = reused_keys_;
    body["by_route"] = std::move(by_route);
    return body;
}

json::array effect_ledger::details(std::string_view key_prefix) const {
    std::vector<const std::pair<const std::string, effect>*> chosen;
    for (const auto& each : by_key_)
        if (each.first.starts_with(key_prefix)) chosen.push_back(&each);
    std::ranges::sort(chosen, {}, [](const auto* each) -> const std::string& { return each->first; });
    json::array listed;
    listed.reserve(chosen.size());
    for (const auto* each : chosen)
        listed.push_back({{"key", each->first},
                          {"route", to_string(each->second.where)},
                          {"tenant_id", to_string(each->second.tenant)},
                          {"calls", each->second.calls}});
    return listed;
}

void effect_ledger::forget() { *this = effect_ledger{answer_bytes_}; }

void effect_ledger::make_room() {
    while (bytes_held_ > answer_bytes_) {
        bytes_held_ -= with_answer_.front()->answer.size();
        std::string{}.swap(with_answer_.front()->answer);
        with_answer_.pop_front();
    }
}

json::object effect_ledger::counts::as_json() const {
    return {{"distinct", distinct}, {"calls", distinct + repeated}, {"repeated", repeated}};
}

}  // namespace orchestrator::simulator
