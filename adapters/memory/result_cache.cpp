#include "adapters/memory/result_cache.h"

namespace orchestrator::memory {

void result_cache::forget(std::list<kept_result>::iterator one) {
    bytes_ -= one->bytes();
    by_key_.erase(one->key);
    by_age_.erase(one);
}

task<std::optional<std::string>> result_cache::find(result_key key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) co_return std::nullopt;
    if (found->second->until > time_.steady_now()) co_return found->second->result;
    forget(found->second);
    co_return std::nullopt;
}

task<> result_cache::keep(result_key key, std::string result, milliseconds ttl) {
    if (const auto old = by_key_.find(key); old != by_key_.end()) forget(old->second);
    by_age_.push_back({std::move(key), std::move(result), time_.steady_now() + ttl});
    const auto added = std::prev(by_age_.end());
    by_key_.emplace(added->key, added);
    bytes_ += added->bytes();
    while (bytes_ > most_bytes_) forget(by_age_.begin());
    co_return;
}

}  // namespace orchestrator::memory
