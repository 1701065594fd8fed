#include "adapters/redis/leader_lease.h"

#include <chrono>

namespace orchestrator::redis {
namespace {

constexpr milliseconds listening_timeout{200};  // how long the end of the program may wait for the listener
constexpr milliseconds pause_after_fault{500};

// {1, ttl}: ours now; {0, left}: somebody else's for so many milliseconds. A key without an end gets one.
constexpr std::string_view take_script = R"lua(
local holder = redis.call('GET', KEYS[1])
if not holder then
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    return {1, tonumber(ARGV[2])}
end
if holder == ARGV[1] then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    return {1, tonumber(ARGV[2])}
end
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
    left = tonumber(ARGV[2])
    redis.call('PEXPIRE', KEYS[1], left)
end
return {0, left}
)lua";

constexpr std::string_view release_script = R"lua(
if redis.call('GET', KEYS[1]) == ARGV[1] then
    redis.call('DEL', KEYS[1])
end
)lua";

constexpr std::string_view resign_script = R"lua(
if redis.call('GET', KEYS[1]) == ARGV[1] then
    redis.call('DEL', KEYS[1])
end
redis.call('PUBLISH', ARGV[2], ARGV[1])
)lua";

}  // namespace

leader_lease::leader_lease(const address& where, std::string token, milliseconds timeout)
    : token_{std::move(token)}, asking_{where, timeout}, listening_{where, listening_timeout} {}

leader_lease::~leader_lease() {
    stopping_ = true;
    if (listener_.joinable()) listener_.join();
}

task<result<lease_answer>> leader_lease::take(milliseconds ttl) {
    return worker_.run([this, ttl]() -> result<lease_answer> {
        const auto answer = asking_.command({"EVAL", take_script, "1", key, token_, std::to_string(ttl.count())});
        if (!answer) return std::unexpected{answer.error()};
        return lease_answer{answer->integer_at(0) == 1, milliseconds{answer->integer_at(1)}};
    });
}

task<result<void>> leader_lease::release() { return run_script(release_script); }
task<result<void>> leader_lease::resign() { return run_script(resign_script); }

task<result<void>> leader_lease::run_script(std::string_view script) {
    return worker_.run([this, script]() -> result<void> {
        const auto answer = asking_.command({"EVAL", script, "1", key, token_, channel});
        if (!answer) return std::unexpected{answer.error()};
        return {};
    });
}

void leader_lease::on_resigned(std::function<void()> told) {
    told_ = std::move(told);
    listener_ = std::thread{[this] { listen(); }};
}

void leader_lease::listen() {
    while (!stopping_) {
        if (!listening_.is_connected() && !listening_.command({"SUBSCRIBE", channel})) {
            std::this_thread::sleep_for(pause_after_fault);
            continue;
        }
        const auto message = listening_.next_message();
        const auto* told = message && *message ? &**message : nullptr;
        if (told && told->text_at(0) == "message" && told->text_at(2) != token_) told_();
    }
}

}  // namespace orchestrator::redis
