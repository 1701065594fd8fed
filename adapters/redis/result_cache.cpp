#include "adapters/redis/result_cache.h"

#include <fmt/format.h>
#include <openssl/sha.h>
#include <spdlog/spdlog.h>

#include <array>

namespace orchestrator::redis {
namespace {

constexpr std::chrono::seconds pause_after_fault{2};

// The tenant stands in the key, so that an operator can drop what is kept of one: orchestrator:result:TENANT:*
std::string name_of(const result_key& key) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(key.of.data()), key.of.size(), digest.data());
    auto name = fmt::format("orchestrator:result:{}:", to_string(key.tenant));
    for (const auto byte : digest) name += fmt::format("{:02x}", byte);
    return name;
}

}  // namespace

void result_cache::note(bool answered) {
    if (answered) return;
    if (!is_away()) spdlog::warn("the cache of results does not answer; steps are called as if it were empty");
    away_until_ = std::chrono::steady_clock::now() + pause_after_fault;
}

task<std::optional<std::string>> result_cache::find(result_key key) {
    return worker_.run([this, name = name_of(key)]() -> std::optional<std::string> {
        if (is_away()) return std::nullopt;
        const auto found = server_.command({"GET", name});
        note(found.has_value());
        if (!found || found->is_nil()) return std::nullopt;
        return found->text();
    });
}

task<> result_cache::keep(result_key key, std::string result, milliseconds ttl) {
    co_await worker_.run(
        [this, name = name_of(key), result = std::move(result), ttl] { return set(name, result, ttl); });
}

task<> result_cache::keep_summary(ended_execution ended, milliseconds ttl) {
    co_await worker_.run([this, ended = std::move(ended), ttl] {
        const auto by_id = fmt::format("orchestrator:execution:{}", to_string(ended.id));
        const auto latest = fmt::format("orchestrator:workflow:{}:latest", ended.workflow_name);
        return set(by_id, ended.summary, ttl) && set(latest, ended.summary, ttl);
    });
}

bool result_cache::set(std::string_view name, std::string_view value, milliseconds ttl) {
    if (is_away()) return false;
    const auto kept = server_.command({"SET", name, value, "PX", std::to_string(ttl.count())});
    note(kept.has_value());
    return kept.has_value();
}

}  // namespace orchestrator::redis
