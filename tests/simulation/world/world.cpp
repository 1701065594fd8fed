#include "tests/simulation/world/world.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace orchestrator::simulation {

world::instance::instance(world& of, const std::string& name, milliseconds skew)
    : time{of.line_, skew},
      network{of.services_, time, of.audit_, name},
      store{of.store_, time, of.weather_, of.audit_, name, of.draws_.seed()},
      random{of.draws_.seed()} {
    engine_options options;
    options.instance_id = name;
    options.calls = of.options_.calls;
    options.max_active_runs = of.options_.max_active_runs;
    options.claim_batch = of.options_.claim_batch;
    options.directory.bounds.page_size = of.options_.page_size;
    options.longest_result = of.options_.longest_result;
    runs = std::make_unique<engine>(options,
                                    engine_ports{.where = context.get_executor(),
                                                 .time = shown,
                                                 .trusted = trusted,
                                                 .random = random,
                                                 .http = network,
                                                 .executions = store,
                                                 .runs = store,
                                                 .workflows = store,
                                                 .schedules = store,
                                                 .calendars = store,
                                                 .backfills = store,
                                                 .history = store,
                                                 .service_settings = store,
                                                 .zones = of.zones_,
                                                 .epoch = [this] { return elector->epoch(time.steady_now()); }},
                                    of.services_.directory());
    if (of.options_.has_lease_outside) outside = std::make_unique<simulated_lease>(of.lease_outside_, time, name);
    elector = std::make_unique<leader_elector>(
        leader_elector::options{.instance_id = name,
                                .hostname = "host",
                                .terms = {.ttl = milliseconds{9'000}, .heartbeat = milliseconds{2'500}},
                                .is_fit = [this] { return runs->gets_things_done(); }},
        context.get_executor(), store, outside.get(), shown, faults,
        [this](bool leads) { runs->leadership_changed(leads); });
    asio::co_spawn(context, begin(), asio::detached);
}

// As the program does it, and who starts it again when the store does not answer.
task<> world::instance::begin() {
    for (bool knows_the_time = false; !knows_the_time;) {
        try {
            knows_the_time = (co_await trusted.look()).has_value();
        } catch (const std::exception&) {
            // As when the program breaks off.
        }
        if (!knows_the_time) co_await time.sleep_until(time.steady_now() + milliseconds{1'000});
    }
    has_begun = true;
    runs->start();
    co_await loops.keep(
        {.name = "leader election", .run = [this] { return elector->run(); }, .sleeps_in = elector->sleeps_in()});
}

// The coroutines go first, while all that they refer to still stands; those that the engine itself holds go with it.
world::instance::~instance() {
    runs->abandon();
    time.drop();
    context.drop();
    runs.reset();
    elector.reset();
    context.drop();
}

world::world(world_options options) : options_{options}, draws_{options.seed}, audit_{line_, options.calls} {
    spdlog::set_level(spdlog::level::off);
}

world::~world() = default;

std::string world::start_instance(milliseconds skew) {
    auto name = fmt::format("instance_{}", ++started_);
    audit_.note(name + " starts");
    audit_.disturbed();
    instances_.emplace(name, std::make_unique<instance>(*this, name, skew));
    return name;
}

std::vector<std::string> world::instances() const {
    std::vector<std::string> names;
    for (const auto& [name, each] : instances_) names.push_back(name);
    return names;
}

bool world::all_have_begun() const {
    return std::ranges::all_of(instances_, [](const auto& each) { return each.second->has_begun; });
}

void world::crash(const std::string& name, bool release) {
    audit_.note(name + " crashes");
    audit_.disturbed();
    instances_.erase(name);
    if (release) at_once(store_.release_instance(name));
}

void world::skew(const std::string& name, milliseconds by) {
    audit_.disturbed();
    instances_.at(name)->time.skew(by);
    audit_.disturbed();
}

void world::stall(const std::string& name) {
    audit_.disturbed();
    instances_.at(name)->stalled = true;
}

void world::resume(const std::string& name) {
    audit_.disturbed();
    instances_.at(name)->stalled = false;
}

void world::stop_gracefully(const std::string& name, milliseconds drain) {
    auto& stopping = *instances_.at(name);
    if (!stopping.has_begun) return crash(name, false);  // nothing of it handles a signal yet
    if (std::exchange(stopping.told_to_stop, true)) return;
    audit_.note(name + " is told to stop");
    const auto deadline = line_.steady_now() + drain;
    const auto stop = [](instance& one, steady_time until) -> task<> {
        co_await one.runs->stop(until);
        co_await one.elector->stop();
    };
    asio::co_spawn(stopping.context, stop(stopping, deadline), [this, name, deadline](std::exception_ptr failed) {
        if (failed) audit_.wrong(name + " fails to stop");
        stopped_.emplace_back(name, deadline);
    });
    stopping.context.poll();  // what was posted before it was told may still begin
    audit_.told_to_stop(name);
}

void world::bury_stopped() {
    for (const auto& [name, deadline] : std::exchange(stopped_, {})) {
        audit_.note(name + " has stopped");
        audit_.disturbed();
        if (instances_.at(name)->runs->health().calls_in_flight > 0) audit_.wrong(name + " left calls in flight");
        if (instances_.at(name)->store.pending() > 0 && line_.steady_now() < deadline)
            audit_.wrong(name + " stopped without waiting for the store");
        instances_.erase(name);
        if (weather_.fault || weather_.foreign_errors > 0)
            continue;  // it could not give anything back: its lease ends by itself
        for (const auto& open : at_once(store_.open_executions()))
            for (const auto& run : runs_of(open.id))
                if (run.status == run_status::running && run.claimed_by == name)
                    audit_.wrong(fmt::format("{} stopped with a claim on {}", name, to_string(run.tenant)));
    }
}

execution_id world::open(const workflow_definition& definition, tenant_filter filter,
                         std::optional<execution_id> retry_of, bool tell) {
    execution opened;
    opened.id = draws_.id<execution_id>(line_.now());
    opened.workflow_name = definition.workflow_name;
    opened.execution_type = retry_of ? "retry" : "manual";
    opened.retry_of = retry_of;
    opened.filter = std::move(filter);
    opened.definition = definition.source;
    opened.created_at = line_.now();
    opened.deadline_at = line_.now() + definition.max_execution_time;
    audit_.opened(opened, definition);
    const auto id = opened.id;
    at_once(store_.open_execution(std::move(opened)));
    if (tell && !instances_.empty()) instances_.begin()->second->runs->execution_opened(id);
    return id;
}

void world::cancel(execution_id id) {
    if (is_final(find(id).status)) return;
    audit_.note("cancel " + to_string(id));
    at_once(store_.request_cancel(id, line_.now()));
    for (const auto& [name, each] : instances_) {
        if (each->stalled) continue;
        each->runs->cancel_requested(id);
        each->context.poll();
        audit_.told_to_cancel(name, id);
    }
}

void world::after(milliseconds later, std::function<void()> happens) {
    events_.emplace(line_.steady_now() + later, std::move(happens));
}

std::size_t world::poll_all() {
    std::size_t done = 0;
    for (const auto& [name, each] : instances_)
        if (!each->stalled) done += each->context.poll();
    return done;
}

// One turn: work that is ready, or else the next moment at which something happens. False: `latest` comes first.
bool world::step(steady_time latest) {
    if (poll_all() > 0) return true;
    bury_stopped();
    if (!events_.empty() && events_.begin()->first <= line_.steady_now()) {
        auto event = events_.extract(events_.begin());
        event.mapped()();
        return true;
    }
    auto next = line_.next().value_or(latest);
    if (!events_.empty()) next = std::min(next, events_.begin()->first);
    line_.advance(std::min(next, latest));
    return next < latest;
}

bool world::run_until(const std::function<bool()>& come_about, milliseconds longest) {
    constexpr int most_turns = 1'000'000;
    const auto latest = line_.steady_now() + longest;
    for (int turns = 0; !come_about(); ++turns) {
        if (turns == most_turns) audit_.wrong("time stands still, or nearly");
        if (!step(latest) || !audit_.problems().empty()) return come_about() && audit_.problems().empty();
    }
    return true;
}

void world::run_for(milliseconds duration) {
    run_until([] { return false; }, duration);
}

bool world::run_to_end(std::vector<execution_id> all, milliseconds longest) {
    return run_until([&] { return std::ranges::all_of(all, [&](auto id) { return audit_.has_ended(id); }); }, longest);
}

std::vector<tenant_run_view> world::runs_of(execution_id id) {
    run_query everything;
    everything.limit = 1'000'000;
    return at_once(store_.list_runs(id, everything));
}

void world::check_books(execution_id id) {
    audit_.check_books(find(id), runs_of(id), at_once(store_.step_summaries(id)));
}

std::string world::report(std::size_t lines) const {
    const auto& trace = audit_.trace();
    const auto shown = std::ptrdiff_t(std::min(lines, trace.size()));
    return fmt::format("SEED={}\n{}\nthe last that happened:\n{}", options_.seed, fmt::join(audit_.problems(), "\n"),
                       fmt::join(trace.end() - shown, trace.end(), "\n"));
}

}  // namespace orchestrator::simulation
