#include "tests/simulation/world/random_world.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace orchestrator::simulation {
namespace json = boost::json;
namespace {

std::string step_name(int index) { return fmt::format("step_{}", index); }

json::object random_step(draws& random, int index) {
    json::object step{{"name", step_name(index)},
                      {"service", random.one_of({"forecasting", "production", "inventory", "sales"})},
                      {"method", random.one_of({"POST", "POST", "PUT", "GET"})},
                      {"path", "/{{execution.id}}/{{tenant.id}}/" + step_name(index)},
                      {"timeout_seconds", random.one_of({0.5, 2.0, 10.0, 60.0})}};
    json::array depends_on;
    json::object body{{"tenant_id", "{{tenant.id}}"}, {"missing", "{{failed_steps}}"}};
    for (int edges = index == 0 ? 0 : random.between(0, 3); edges > 0; --edges) {
        const auto name = step_name(random.between(0, index - 1));
        depends_on.emplace_back(name);
        if (random.chance(0.3)) body["seen"] = "{{steps." + name + ".result.count}}";
    }
    if (!depends_on.empty()) step["depends_on"] = std::move(depends_on);
    if (step["method"] != "GET") step["body"] = std::move(body);
    if (random.chance(0.25)) step["trigger_rule"] = "all_done";
    if (random.chance(0.2)) step["critical"] = false;
    if (random.chance(0.3)) step["message"] = "made {{result.count}}";
    if (random.chance(0.5))
        step["retry"] = json::object{{"max_retries", random.between(0, 4)},
                                     {"delay_ms", random.one_of({0, 100, 2'000, 20'000})},
                                     {"max_delay_ms", 30'000}};
    return step;
}

scripted_answer troubled_answer(draws& random, milliseconds latency) {
    switch (random.between(0, 9)) {
        case 0:
            return answered(random.one_of({400, 404, 409, 422}), R"({"detail":"no"})", latency);
        case 1:
            return answered(random.one_of({500, 502, 503}), "oops", latency);
        case 2: {
            auto throttled = answered(random.one_of({429, 503}), "", latency);
            if (random.chance(0.8))
                throttled.response.headers.emplace_back("Retry-After", std::to_string(random.between(0, 20)));
            throttled.has_effect = false;
            return throttled;
        }
        case 3: {
            auto refused = lost(
                random.one_of({http_fault::connect_failed, http_fault::exhausted, http_fault::tls_failed}), latency);
            refused.has_effect = false;
            return refused;
        }
        case 4:
            return lost(random.one_of({http_fault::connection_lost, http_fault::malformed_response}), latency);
        case 5:
            return hanging();
        case 6: {
            auto accepted = answered(200, R"({"count":7})", latency);
            accepted.polls = random.between(1, 4);
            return accepted;
        }
        case 7:
            return answered(200,
                            random.one_of({R"({"count":"pão"})", "", "<html>", "{\"count\":", "[[[1]]]", "\xff\xfe"}),
                            latency);
        case 8:
            return answered(200, R"({"count":2,"text":")" + std::string(40'000, 'x') + "\"}", latency);
        default:
            return answered(503, "", milliseconds{random.between(0, 20'000)});
    }
}

// Somebody to whom something may happen now.
std::optional<std::string> somebody(world& of, draws& random) {
    const auto names = of.instances();
    if (names.empty()) return std::nullopt;
    return names[std::size_t(random.between(0, int(names.size()) - 1))];
}

bool is_there(const world& of, const std::string& name) {
    const auto names = of.instances();
    return std::ranges::find(names, name) != names.end();
}

void stall_for_a_while(world& at, const std::string& name, milliseconds how_long) {
    at.books().note(name + " stalls");
    at.stall(name);
    at.after(how_long, [&at, name] {
        if (!is_there(at, name)) return;
        at.books().note(name + " goes on");
        at.resume(name);
    });
}

void bad_weather(world& at, draws& random) {
    if (at.weather().fault) return;
    at.weather().fault =
        random.one_of({errc::store_full, errc::store_read_only, errc::store_unavailable, errc::store_unusable});
    at.books().note("the store fails: " + std::string{to_string(*at.weather().fault)});
    at.after(random.time(50, 60'000), [&at] {
        at.books().note("the store works again");
        at.books().disturbed();
        at.weather().fault.reset();
    });
}

// In the midst of what an instance does, as when its memory runs out.
void foreign_errors(world& at, draws& random) {
    at.weather().foreign_errors = random.one_of({0.01, 0.1, 0.5});
    at.books().note("calls of the store throw");
    at.after(random.time(50, 30'000), [&at] {
        at.books().note("calls of the store do not throw any more");
        at.books().disturbed();
        at.weather().foreign_errors = 0;
    });
}

void jump(world& at, milliseconds by) {
    at.books().note(fmt::format("the wall clock jumps by {} ms", by.count()));
    at.books().disturbed();
    at.time().jump(by);
    at.books().disturbed();
}

milliseconds random_skew(draws& random) {
    using namespace std::chrono;
    const milliseconds by = random.one_of<milliseconds>(
        {milliseconds{700}, seconds{6}, seconds{45}, minutes{10}, hours{24}, days{92}, days{4'000}});
    return random.chance(0.5) ? by : -by;
}

void skew_for_a_while(world& at, const std::string& name, milliseconds by, milliseconds how_long) {
    at.books().note(fmt::format("the clock of {} is wrong by {} s", name, by.count() / 1'000));
    at.skew(name, by);
    at.after(how_long, [&at, name] {
        if (!is_there(at, name)) return;
        at.books().note("the clock of " + name + " is right again");
        at.skew(name, milliseconds{0});
    });
}

// For less than it takes until it is followed.
void wrong_clock_of_store(world& at, draws& random) {
    if (at.weather().clock_wrong_by.count() != 0 || !at.all_have_begun()) return;
    at.weather().clock_wrong_by = random_skew(random);
    at.books().note(
        fmt::format("the clock of the store is wrong by {} s", at.weather().clock_wrong_by.count() / 1'000));
    at.books().disturbed();
    at.after(random.time(50, 280'000), [&at] {
        at.books().note("the clock of the store is right again");
        at.weather().clock_wrong_by = milliseconds{0};
        at.books().disturbed();
    });
}

milliseconds maybe_skew(draws& random) { return random.chance(0.2) ? random_skew(random) : milliseconds{0}; }

// Who starts while the clock of the store is far from right believes it.
void start_when_possible(world& at, milliseconds skew) {
    if (std::chrono::abs(at.weather().clock_wrong_by) > std::chrono::minutes{1})
        return at.after(milliseconds{1'000}, [&at, skew] { start_when_possible(at, skew); });
    at.start_instance(skew);
}

void misfortune(world& at, draws& random, const std::vector<execution_id>& executions) {
    const auto victim = somebody(at, random);
    if (!victim) return;
    switch (random.between(0, 10)) {
        case 0:
        case 1:
            at.crash(*victim, random.chance(0.5));
            at.after(random.time(0, 40'000), [&at, skew = maybe_skew(random)] { start_when_possible(at, skew); });
            break;
        case 2:
            stall_for_a_while(at, *victim, random.time(100, 120'000));
            break;
        case 3:
            at.stop_gracefully(*victim, random.time(0, 30'000));
            at.after(random.time(0, 60'000), [&at, skew = maybe_skew(random)] { start_when_possible(at, skew); });
            break;
        case 4:
            bad_weather(at, random);
            break;
        case 5:
            jump(at, milliseconds{random.between(-60'000, 60'000)});
            break;
        case 6:
            at.weather().lost_receipts = at.weather().lost_receipts > 0 ? 0 : 0.1;
            at.weather().holds_ascii_only = random.chance(0.5);
            break;
        case 7:
            foreign_errors(at, random);
            break;
        case 8:
            skew_for_a_while(at, *victim, random_skew(random), random.time(50, 600'000));
            break;
        case 9:
            wrong_clock_of_store(at, random);
            break;
        default:
            if (random.chance(0.4)) at.cancel(executions[std::size_t(random.between(0, int(executions.size()) - 1))]);
    }
}

}  // namespace

workflow_definition workflow_from(std::string_view json_text) {
    const auto read = parse_workflow(json::parse(json_text), {});
    if (!read) throw std::runtime_error{read.error().front().pointer + " " + read.error().front().message};
    return compile_workflow(*read).value();
}

workflow_definition random_workflow(draws& random) {
    json::array steps;
    for (int index = 0, count = random.between(1, 10); index < count; ++index)
        steps.push_back(random_step(random, index));
    return workflow_from(json::serialize(json::value{{"workflow_name", "random"},
                                                     {"max_execution_time_seconds", random.one_of({30, 300, 3'600})},
                                                     {"max_retries", random.between(0, 3)},
                                                     {"retry_delay_seconds", random.one_of({0, 1, 10})},
                                                     {"steps", std::move(steps)}}));
}

workflow_definition daily_operations() {
    std::ifstream file{WORKFLOWS_FOLDER "/daily_operations.json"};
    return workflow_from(std::string{std::istreambuf_iterator<char>{file}, {}});
}

std::vector<tenant> random_tenants(draws& random, int count, bool others) {
    std::vector<tenant> all;
    for (int i = 0; i < count; ++i) {
        tenant made{.id = random.id<tenant_id>(*parse_time("2025-01-01T00:00:00Z") + milliseconds{i}),
                    .name = fmt::format("Bakery {}", i)};
        made.tier = random.one_of({subscription_tier::starter, subscription_tier::starter,
                                   subscription_tier::professional, subscription_tier::enterprise});
        if (others && random.chance(0.2))
            made.status = random.one_of({tenant_status::trial, tenant_status::suspended, tenant_status::cancelled});
        all.push_back(std::move(made));
    }
    return all;
}

list_flaws random_flaws(draws& random, bool is_bare) {
    list_flaws flaws{.is_bare = is_bare};
    if (random.chance(0.4)) return flaws;
    flaws.most_in_a_page = random.one_of<std::size_t>({2, 5, 100, 1'000'000});
    // A cursor holds its place when others come and go: that is what it is for.
    flaws.has_cursor = !is_bare && random.chance(0.2);
    if (!flaws.has_cursor) {
        flaws.leaves = random.one_of({0.0, 0.0, 0.1, 0.5});
        flaws.comes = random.one_of({0.0, 0.0, 0.1, 0.5});
    }
    flaws.cut = random.one_of({0.0, 0.0, 0.1});
    flaws.repeated = random.one_of({0.0, 0.0, 0.1});
    flaws.total_off_by = random.one_of({0, 0, 0, -3, 3});
    // Pages by cursor do not overlap: only the total tells that one was cut, and not if it is as much too low.
    if (flaws.has_cursor && flaws.cut > 0) flaws.total_off_by = std::max(0, flaws.total_off_by);
    flaws.broken = random.one_of({0, 0, 0, 7});
    return flaws;
}

simulated_services::script random_answers(std::shared_ptr<draws> random, double trouble) {
    return [random, trouble](const http_request&, int) {
        const auto latency = random->time(1, 3'000);
        if (random->chance(trouble)) return troubled_answer(*random, latency);
        return answered(200, R"({"count":3,"token":"t0p"})", latency);
    };
}

std::function<std::optional<scripted_answer>(int)> random_polls(std::shared_ptr<draws> random, double trouble) {
    return [random, trouble](int) -> std::optional<scripted_answer> {
        if (!random->chance(trouble)) return std::nullopt;
        switch (random->between(0, 3)) {
            case 0:
                return lost(random->one_of({http_fault::connection_lost, http_fault::connect_failed}));
            case 1:
                return answered(random->one_of({408, 500, 503}));
            case 2:
                return answered(429);
            default:
                return hanging();
        }
    };
}

void schedule_misfortunes(world& of, draws& random, std::vector<execution_id> executions, int how_many) {
    const auto shared = std::make_shared<draws>(random.seed());
    for (; how_many > 0; --how_many)
        of.after(random.time(0, 90'000), [&of, shared, executions] { misfortune(of, *shared, executions); });
}

}  // namespace orchestrator::simulation
