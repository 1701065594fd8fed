#include "server/serve.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <future>

#include "adapters/http/client.h"
#include "adapters/http/server.h"
#include "adapters/icalendar/reader.h"
#include "adapters/memory/result_cache.h"
#include "adapters/memory/store.h"
#include "adapters/postgresql/store.h"
#include "adapters/rabbitmq/event_bus.h"
#include "adapters/redis/leader_lease.h"
#include "adapters/redis/result_cache.h"
#include "adapters/sqlite/store.h"
#include "adapters/system/clock.h"
#include "adapters/system/descriptor_limit.h"
#include "adapters/system/random.h"
#include "adapters/system/zone_files.h"
#include "api/api.h"
#include "engine/engine.h"
#include "engine/leader_elector.h"
#include "engine/outbox_relay.h"
#include "engine/supervisor.h"
#include "engine/trusted_time.h"
#include "server/builtin_workflows.h"
#include "server/config_sources.h"
#include "server/connection_report.h"
#include "server/descriptor_plan.h"
#include "server/own_thread.h"

namespace orchestrator::server {
namespace {

constexpr milliseconds api_drain{2'000};
constexpr milliseconds last_words{2'000};
constexpr milliseconds longest_farewell{5'000};  // beyond the drain
constexpr int heartbeats_in_a_lease = 6;
constexpr milliseconds cache_timeout{200};
constexpr milliseconds shortest_redis_timeout{50};
constexpr milliseconds longest_redis_timeout{2'000};

struct opened_stores {
    std::unique_ptr<stores> all;
    std::string limitation;  // what they are not fit for; empty: nothing
};

result<opened_stores> open_stores(const config& chosen) {
    if (chosen.store == store_kind::postgresql) {
        auto opened = postgresql::store::open({.url = chosen.database});
        if (!opened) return std::unexpected{opened.error()};
        auto limitation = (*opened)->limitation();
        return opened_stores{std::move(*opened), std::move(limitation)};
    }
    if (chosen.store == store_kind::sqlite) {
        auto opened = sqlite::store::open({.path = chosen.database});
        if (!opened) return std::unexpected{opened.error()};
        return opened_stores{std::move(*opened), ""};
    }
    return opened_stores{std::make_unique<memory::store>(), ""};
}

std::string host_name() {
    char host[256] = "host";
    ::gethostname(host, sizeof host - 1);
    return host;
}

// Not the process id: containers that share a host's name may all be process 1.
std::string own_instance_id(const config& chosen) {
    if (!chosen.instance_id.empty()) return chosen.instance_id;
    return fmt::format("{}_{:08x}", host_name(), system::random{}.next() & 0xffff'ffff);
}

// Runs one task to its end on a context that nobody runs yet.
template <class T>
T run_alone(asio::io_context& context, task<T> work) {
    std::optional<T> answer;
    asio::co_spawn(context.get_executor(), std::move(work), [&](std::exception_ptr failed, T value) {
        if (failed) std::rethrow_exception(failed);
        answer = std::move(value);
    });
    context.run();
    context.restart();
    return std::move(*answer);
}

task<http::server_response> answer(api::api& api, http::server_request request) {
    auto answered = co_await api.handle({.method = std::move(request.method),
                                         .target = std::move(request.target),
                                         .headers = std::move(request.headers),
                                         .body = std::move(request.body)});
    http::server_response response;
    response.status = answered.status;
    response.headers = std::move(answered.headers);
    response.body = std::move(answered.body);
    response.next_chunk = std::move(answered.next_chunk);
    co_return response;
}

// With what has been recorded. Nothing is destroyed: what hangs, or is still to be told something by another thread,
// may stand where it is.
[[noreturn]] void leave() {
    spdlog::info("stopped; what did not end is left behind");
    std::_Exit(0);
}

void write_ready_file(const std::string& path, const std::string& url) {
    if (path.empty()) return;
    std::ofstream file{path};
    file << url << '\n';
    if (!file.flush()) throw std::runtime_error{fmt::format("cannot write {}", path)};
}

class program {
  public:
    program(const config& chosen, const descriptor_plan& descriptors, stores& opened, std::string limitation)
        : chosen_{chosen},
          stores_{opened},
          limitation_{std::move(limitation)},
          instance_id_{own_instance_id(chosen)},
          client_{context_, client_options(chosen, descriptors)},
          engine_{
              engine_options_of(chosen, instance_id_),
              {.where = context_.get_executor(),
               .time = time_,
               .trusted = trusted_,
               .random = random_,
               .http = client_,
               .executions = opened,
               .runs = opened,
               .workflows = opened,
               .schedules = opened,
               .calendars = opened,
               .backfills = opened,
               .history = opened,
               .service_settings = opened,
               .zones = zones_,
               .cache = &cache_of(chosen),
               .epoch = [this] { return chosen_.runs_scheduler ? elector_.epoch(time_.steady_now()) : std::nullopt; }},
              chosen.services},
          elector_machine_time_{elector_thread_.context()},
          lease_{lease_of(chosen, instance_id_, random_)},
          elector_{elector_options_of(chosen, instance_id_, engine_),
                   elector_thread_.context().get_executor(),
                   opened,
                   lease_.get(),
                   elector_time_,
                   watch_,
                   [this](bool leads) { engine_.leadership_changed(leads); }},
          bus_{bus_of(chosen)},
          relay_{relay_of(opened)},
          api_machine_time_{api_thread_.context()},
          api_{{.workflows = opened,
                .executions = opened,
                .engine = engine_,
                .time = api_time_,
                .random = api_random_,
                .zones = zones_,
                .schedules = opened,
                .calendars = opened,
                .backfills = opened,
                .leaders = opened,
                .service_settings = opened,
                .outbox = opened,
                .calendar_files = calendar_files_,
                .rules = {.services = service_names(chosen),
                          .longest_execution_seconds = chosen.max_workflow_duration_seconds,
                          .default_timezone = chosen.default_timezone},
                .instance_id = instance_id_,
                .store_kind = std::string{to_string(chosen.store)},
                .history_kept = std::chrono::days{chosen.history_retention_days},
                .max_calls_per_service = chosen.max_calls_per_service,
                .has_broker = chosen.rabbitmq.has_value(),
                .process =
                    [this] {
                        auto figures = report_connections(client_.figures(), server_.figures(), api_time_.steady_now());
                        std::ranges::move(supervisor_.problems(), std::back_inserter(figures.problems));
                        std::ranges::move(watch_.problems(), std::back_inserter(figures.problems));
                        if (auto why = relay_ ? relay_->problem() : std::nullopt)
                            figures.problems.push_back(std::move(*why));
                        if (!limitation_.empty()) figures.problems.push_back({"store", "encoding", limitation_});
                        return figures;
                    }}},
          server_{api_thread_.context(),
                  chosen.address,
                  chosen.port,
                  [this](http::server_request request) { return answer(api_, std::move(request)); },
                  {.max_connections = descriptors.api_connections}} {}

    int run(const std::string& ready_file) {
        if (const auto installed = run_alone(context_, install_what_is_built_in()); !installed) {
            spdlog::error("cannot install what is built in: {}", installed.error().message);
            return 6;
        }
        if (!chosen_.runs_scheduler) spdlog::info("ORCHESTRATOR_SCHEDULER is off: nothing is started by its schedule");
        engine_.start();
        if (chosen_.runs_scheduler) {
            keep("leader election", [this] { return elector_.run(); }, elector_.sleeps_in());
            if (relay_) keep("outbox", [this] { return relay_->run(); }, relay_->sleeps_in());
            elector_thread_.start();
        }
        server_.start();
        api_thread_.start();
        const auto host = chosen_.address.contains(':') ? fmt::format("[{}]", chosen_.address) : chosen_.address;
        const auto url = fmt::format("http://{}:{}", host, server_.port());
        write_ready_file(ready_file, url);
        spdlog::info("orchestrator {} serves {} as {}, store {}", ORCHESTRATOR_VERSION, url, instance_id_,
                     chosen_.store == store_kind::memory ? "memory" : masked(chosen_.database));
        if (!chosen_.address.starts_with("127.") && chosen_.address != "::1")
            spdlog::warn("{} is reachable from other machines, and there is no access control yet", chosen_.address);
        asio::co_spawn(context_.get_executor(), until_signal(), asio::detached);
        while (!stopped_) context_.run_one();
        // What is left ends by itself now, so that nobody answers to what is destroyed; if it does not, there is
        // nothing to lose by leaving.
        const auto latest = time_.steady_now() + last_words;
        const bool api_ended = api_thread_.finish(latest);
        const bool elector_ended = elector_thread_.finish(latest);
        context_.run_until(latest);
        if (!api_ended || !elector_ended || !context_.stopped()) leave();
        spdlog::info("stopped");
        return 0;
    }

  private:
    task<result<int>> install_what_is_built_in() {
        if (const auto looked = co_await trusted_.look(); !looked) co_return std::unexpected{looked.error()};
        const auto calendars = co_await install_builtin_calendars(stores_, time_);
        if (!calendars) co_return calendars;
        co_return co_await install_builtin_workflows(
            stores_, time_, random_, {chosen_.daily_cron, chosen_.weekly_cron, chosen_.default_timezone},
            chosen_.max_workflow_duration_seconds);
    }

    static http::client_options client_options(const config& chosen, const descriptor_plan& descriptors) {
        http::client_options options;
        options.ca_file = chosen.ca_file;
        options.max_connections = options.max_connections_per_origin = descriptors.call_connections;
        return options;
    }

    static engine_options engine_options_of(const config& chosen, const std::string& instance_id) {
        engine_options options;
        options.instance_id = instance_id;
        options.calls = {.total = chosen.max_calls,
                         .each_service = chosen.max_calls_per_service,
                         .adaptive = chosen.adaptive_limits};
        // Enough runs beyond the calls that a place never waits for the journal, and that its batches may grow.
        options.max_active_runs = std::max(1024, chosen.max_calls * 4);
        options.claim_batch = std::clamp(chosen.max_calls * 4, 16, 512);
        options.lease = chosen.claim_lease;
        options.history_kept = std::chrono::days{chosen.history_retention_days};
        options.heartbeat = chosen.claim_lease / heartbeats_in_a_lease;
        options.longest_execution = std::chrono::seconds{chosen.max_workflow_duration_seconds};
        return options;
    }

    // Shared by the instances if there is Redis, else in this process.
    result_cache& cache_of(const config& chosen) {
        if (!chosen.redis) return own_cache_;
        shared_cache_ = std::make_unique<redis::result_cache>(*chosen.redis, cache_timeout);
        return *shared_cache_;
    }

    // A token that no other process has, not even one of the same instance id.
    static std::unique_ptr<redis::leader_lease> lease_of(const config& chosen, const std::string& instance_id,
                                                         random_source& random) {
        if (!chosen.redis || !chosen.runs_scheduler || !chosen.leader_election) return nullptr;
        const auto timeout = std::clamp(chosen.leader_lock_ttl / 10, shortest_redis_timeout, longest_redis_timeout);
        return std::make_unique<redis::leader_lease>(*chosen.redis,
                                                     fmt::format("{} {:016x}", instance_id, random.next()), timeout);
    }

    static leader_elector::options elector_options_of(const config& chosen, const std::string& instance_id,
                                                      const engine& works) {
        return {.instance_id = instance_id,
                .hostname = host_name(),
                .terms = {.ttl = chosen.leader_lock_ttl, .heartbeat = chosen.leader_heartbeat},
                .is_unopposed = !chosen.leader_election || chosen.store != store_kind::postgresql,
                .is_fit = [&works] { return works.gets_things_done(); }};
    }

    static std::set<std::string, std::less<>> service_names(const config& chosen) {
        std::set<std::string, std::less<>> names;
        for (const auto& [name, origin] : chosen.services) names.insert(name);
        return names;
    }

    // On the elector's thread, for as long as it goes on.
    void keep(std::string name, std::function<task<>()> run, const wake_signal& sleeps_in) {
        asio::co_spawn(elector_thread_.context(),
                       supervisor_.keep({.name = std::move(name), .run = std::move(run), .sleeps_in = sleeps_in}),
                       asio::detached);
    }

    task<> stop_leading() {
        is_resigning_ = true;
        if (relay_) relay_->stop();
        co_await elector_.stop();
    }

    std::unique_ptr<rabbitmq::event_bus> bus_of(const config& chosen) {
        if (!chosen.rabbitmq || !chosen.runs_scheduler) return nullptr;
        return std::make_unique<rabbitmq::event_bus>(
            rabbitmq::bus_options{.where = *chosen.rabbitmq, .ca_file = chosen.ca_file});
    }
    std::unique_ptr<outbox_relay> relay_of(stores& opened) {
        if (!bus_) return nullptr;
        return std::make_unique<outbox_relay>(opened, *bus_, elector_time_, watch_, [this] {
            return elector_.epoch(elector_time_.steady_now()).has_value();
        });
    }

    // The first signal drains, the second ends at once.
    task<> until_signal() {
        asio::basic_signal_set<executor> signals{context_.get_executor(), SIGINT, SIGTERM};
        co_await signals.async_wait(use_task);
        spdlog::info("stopping: calls under way may end within {} s; a second signal ends at once",
                     chosen_.drain_timeout.count() / 1'000);
        signals.async_wait([](boost::system::error_code failed, int) {
            if (!failed) std::_Exit(128 + SIGINT);
        });
        // A database that hangs would hold us for ever.
        asio::steady_timer last_moment{context_, chosen_.drain_timeout + longest_farewell};
        last_moment.async_wait([](boost::system::error_code failed) {
            if (!failed) leave();
        });
        // At the same time: another instance leads while our calls come to their end.
        std::promise<void> resigned;
        if (chosen_.runs_scheduler)
            asio::co_spawn(elector_thread_.context(), stop_leading(),
                           [&](std::exception_ptr) { resigned.set_value(); });
        else
            resigned.set_value();
        co_await engine_.stop(time_.steady_now() + chosen_.drain_timeout);
        if (resigned.get_future().wait_for(last_words) != std::future_status::ready) leave();
        std::promise<void> api_drained;
        asio::co_spawn(api_thread_.context().get_executor(), server_.drain(api_time_.steady_now() + api_drain),
                       [&](std::exception_ptr) { api_drained.set_value(); });
        if (api_drained.get_future().wait_for(api_drain + last_words) != std::future_status::ready) leave();
        client_.close();
        stopped_ = true;
    }

    const config& chosen_;
    stores& stores_;
    std::string limitation_;  // of the stores
    std::string instance_id_;
    asio::io_context context_{1};
    system::clock machine_time_{context_};
    trusted_time trusted_{machine_time_, stores_};
    trusted_clock time_{machine_time_, trusted_};
    system::random random_;
    system::zone_files zones_;
    http::client client_;
    memory::result_cache own_cache_{time_};
    std::unique_ptr<redis::result_cache> shared_cache_;  // nullptr: there is no Redis
    engine engine_;
    own_thread elector_thread_;
    system::clock elector_machine_time_;
    trusted_clock elector_time_{elector_machine_time_, trusted_};
    std::atomic<bool> is_resigning_ = false;
    supervisor supervisor_{elector_time_, is_resigning_};
    store_watch watch_{elector_time_};
    std::unique_ptr<redis::leader_lease> lease_;  // nullptr: there is no Redis
    leader_elector elector_;
    std::unique_ptr<rabbitmq::event_bus> bus_;  // nullptr: there is no broker
    std::unique_ptr<outbox_relay> relay_;       // likewise
    own_thread api_thread_;
    system::clock api_machine_time_;
    trusted_clock api_time_{api_machine_time_, trusted_};
    system::random api_random_;
    icalendar::reader calendar_files_;
    api::api api_;
    http::server server_;
    bool stopped_ = false;
};

void configure_logging(const std::string& level) {
    spdlog::set_default_logger(spdlog::stderr_color_mt("orchestrator"));
    spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
    spdlog::set_level(spdlog::level::from_str(level));
}

}  // namespace

int serve(const config& chosen, const std::string& ready_file) {
    configure_logging(chosen.log_level);
    try {
        for (const auto& each : chosen.doubtful_names) spdlog::warn("{} {}", each.pointer, each.message);
        const auto descriptors = plan_descriptors(chosen, system::raise_descriptor_limit().soft);
        if (!descriptors) {
            spdlog::error("{}: {}", descriptors.error().pointer, descriptors.error().message);
            return 2;
        }
        auto opened = open_stores(chosen);
        if (!opened) {
            spdlog::error("{}", opened.error().message);
            return 6;
        }
        if (!opened->limitation.empty()) spdlog::warn("{}", opened->limitation);
        program running{chosen, *descriptors, *opened->all, opened->limitation};
        return running.run(ready_file);
    } catch (const std::exception& fault) {
        spdlog::error("{}", fault.what());
        return 6;
    }
}

}  // namespace orchestrator::server
