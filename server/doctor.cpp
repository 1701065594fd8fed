#include "server/doctor.h"

#include <fmt/format.h>
#include <sys/timex.h>
#include <unistd.h>
#include <boost/asio/ip/tcp.hpp>

#include <filesystem>

#include "adapters/http/client.h"
#include "adapters/postgresql/migrations.h"
#include "adapters/postgresql/server_state.h"
#include "adapters/redis/leader_lease.h"
#include "adapters/sqlite/connection.h"
#include "adapters/sqlite/migrations.h"
#include "adapters/system/clock.h"
#include "adapters/system/descriptor_limit.h"
#include "adapters/system/zone_files.h"
#include "domain/ascii_case.h"
#include "server/config_sources.h"
#include "server/descriptor_plan.h"

namespace orchestrator::server {
namespace {

constexpr milliseconds patience{3'000};
constexpr milliseconds tolerated_clock_difference{1'000};
constexpr int oldest_postgresql = 150'000;

finding good(std::string subject, std::string what) { return {std::move(subject), health::good, std::move(what), {}}; }
finding doubtful(std::string subject, std::string what, std::string mend) {
    return {std::move(subject), health::doubtful, std::move(what), std::move(mend)};
}
finding bad(std::string subject, std::string what, std::string mend) {
    return {std::move(subject), health::bad, std::move(what), std::move(mend)};
}

finding examine_schema(std::string where, int found, int newest) {
    if (found > newest)
        return bad("schema", fmt::format("version {}, newer than this program's {}", found, newest),
                   "run the newer program, or restore a backup from before the upgrade");
    if (found < newest)
        return doubtful("schema", fmt::format("version {} of {}", found, newest),
                        "serve brings it up to date when it starts; orchestrator migrate does it now");
    return good("schema", fmt::format("{} is at version {}", where, found));
}

// "ok", or what is wrong. The statement ends here: the connection keeps one of its kind at a time.
std::string quick_check(sqlite::connection& database) {
    auto check = database.prepare_once("PRAGMA quick_check(1)");
    return check.step() ? check.text(0) : "ok";
}

void examine_sqlite(const config& chosen, std::vector<finding>& into) {
    const std::filesystem::path path{chosen.database};
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."};
    if (::access(folder.c_str(), W_OK) != 0) {
        into.push_back(bad("database", fmt::format("the folder {} cannot be written", folder.string()),
                           "make it, or give this user the right to write there"));
        return;
    }
    if (!std::filesystem::exists(path)) {
        into.push_back(good("database", fmt::format("{} does not exist yet and can be made", path.string())));
        return;
    }
    try {
        sqlite::connection database{chosen.database, sqlite::connection::mode::read_only};
        if (const auto checked = quick_check(database); checked != "ok") {
            into.push_back(bad("database", fmt::format("{} is damaged: {}", path.string(), checked),
                               "stop, keep a copy of the file, then restore a backup"));
            return;
        }
        into.push_back(good("database", fmt::format("{} is whole", path.string())));
        into.push_back(
            examine_schema(path.string(), sqlite::schema_version(database), sqlite::newest_schema_version()));
    } catch (const sqlite::database_error& fault) {
        into.push_back(bad("database", fault.what(), "name another file in DATABASE_URL, or restore a backup"));
    }
}

// What a statement says whose session is not the one that prepared it.
bool tells_of_a_pooler(const postgresql::database_error& fault) {
    return fault.sqlstate() == "26000" || fault.sqlstate() == "42P05";
}

finding pooler_found() {
    return bad("database", "a pooler hands out transactions, not sessions: prepared statements and settings get lost",
               "pool_mode = session for this database (pgbouncer), or name the server itself in DATABASE_URL");
}

void examine_postgresql(const config& chosen, std::vector<finding>& into) {
    try {
        postgresql::connection database{{.url = chosen.database, .connect_timeout = patience}};
        database.connect_if_needed();  // which takes its time, and is not to look like a clock that is wrong
        const auto before = std::chrono::system_clock::now();
        const auto state = postgresql::look_at_server(database);
        const auto away = std::chrono::duration_cast<milliseconds>(state.clock - before);
        into.push_back(
            good("database", fmt::format("{} answers, PostgreSQL {}", masked(chosen.database), state.version)));
        if (state.version_number < oldest_postgresql)
            into.push_back(
                bad("database", fmt::format("PostgreSQL {} is too old", state.version), "use PostgreSQL 15 or newer"));
        if (state.is_read_only)
            into.push_back(
                bad("database", "it takes no writes",
                    "name the primary in DATABASE_URL, or several hosts: the one that takes writes is used"));
        if (!state.flushes_commits)
            into.push_back(doubtful("database",
                                    "fsync or synchronous_commit is off: a crash of its machine may lose steps",
                                    "set both to on in postgresql.conf"));
        if (!state.may_create)
            into.push_back(bad("database", "this user may not create tables, and each day needs its partitions",
                               "GRANT CREATE ON SCHEMA … TO …, or make this user the owner of the schema"));
        if (const auto limitation = postgresql::limitation_of(state.encoding); !limitation.empty())
            into.push_back(
                doubtful("database", limitation,
                         "move the data to a database made with ENCODING 'UTF8' (pg_dump, createdb -E UTF8)"));
        if (std::chrono::abs(away) > tolerated_clock_difference)
            into.push_back(doubtful(
                "clock", fmt::format("{} ms away from the database's", away.count()),
                "keep both machines on time (chrony, systemd-timesyncd): the database's clock is followed, and "
                "while they differ by a minute no history is deleted"));
        if (!state.closed_tables.empty())
            into.push_back(bad("database", fmt::format("this user has no rights on {}", state.closed_tables),
                               "make this user the owner of the tables, or a member of the role that owns them"));
        else
            into.push_back(examine_schema("the database", state.schema_version, postgresql::newest_schema_version()));
        postgresql::connection other{{.url = chosen.database, .connect_timeout = patience}};
        if (postgresql::share_a_session(database, other)) into.push_back(pooler_found());
    } catch (const postgresql::database_error& fault) {
        into.push_back(tells_of_a_pooler(fault)
                           ? pooler_found()
                           : bad("database", fault.what(),
                                 "check DATABASE_URL, that the server runs, and what pg_hba.conf allows"));
    }
}

void examine_database(const config& chosen, std::vector<finding>& into) {
    switch (chosen.store) {
        case store_kind::sqlite:
            return examine_sqlite(chosen, into);
        case store_kind::postgresql:
            return examine_postgresql(chosen, into);
        case store_kind::memory:
            into.push_back(doubtful("database", "memory: nothing survives the process",
                                    "set DATABASE_URL to sqlite:PATH or postgresql://…"));
    }
}

// What the lease and the cache do, with a key that is gone in a second. Listening comes last: it takes the connection.
result<void> try_redis(redis::connection& server) {
    constexpr std::string_view key = "orchestrator:doctor";
    constexpr std::string_view script = "redis.call('SET', KEYS[1], '1', 'PX', 1000) return redis.call('DEL', KEYS[1])";
    const std::vector<std::vector<std::string_view>> commands{{"SET", key, "1", "PX", "1000"},
                                                              {"GET", key},
                                                              {"EVAL", script, "1", key},
                                                              {"SUBSCRIBE", redis::leader_lease::channel}};
    for (const auto& each : commands)
        if (const auto answer = server.command(each); !answer)
            return fail(answer.error().code, fmt::format("{} ({})", answer.error().message, each.front()));
    return {};
}

void examine_redis(const config& chosen, std::vector<finding>& into) {
    if (!chosen.redis) {
        into.push_back(good("Redis", "REDIS_URL is not set: the database alone decides who leads"));
        return;
    }
    redis::connection server{*chosen.redis, patience};
    if (const auto answer = server.command({"PING"}); !answer) {
        into.push_back(bad("Redis", answer.error().message,
                           "check REDIS_URL and that the server runs; without it a leader's end is noticed later"));
        return;
    }
    const auto tried = try_redis(server);
    into.push_back(
        tried ? good("Redis", fmt::format("{}:{} takes writes", chosen.redis->host, chosen.redis->port))
              : bad("Redis", tried.error().message,
                    "name the primary in REDIS_URL, and a user who may EVAL, SET, GET, DEL, PEXPIRE, PTTL, PUBLISH and "
                    "SUBSCRIBE on ~orchestrator:* and &orchestrator:*"));
}

void examine_rabbitmq(const config& chosen, std::vector<finding>& into) {
    if (!chosen.rabbitmq) {
        into.push_back(good("RabbitMQ", "RABBITMQ_URL is not set: events stay in the outbox"));
        return;
    }
    rabbitmq::event_bus broker{{.where = *chosen.rabbitmq, .ca_file = chosen.ca_file, .timeout = patience}};
    const auto answer = broker.check();
    into.push_back(
        answer ? good("RabbitMQ", fmt::format("{}:{} lets us publish", chosen.rabbitmq->host, chosen.rabbitmq->port))
               : bad("RabbitMQ", answer.error().message,
                     "check RABBITMQ_URL, its user, password and virtual host, and that the broker runs; events "
                     "wait in the outbox until then"));
}

void examine_clock(std::vector<finding>& into) {
    timex state{};
    const bool is_kept = ::adjtimex(&state) != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
    into.push_back(is_kept ? good("clock", "the kernel says that it is kept on time")
                           : doubtful("clock", "the kernel does not know whether it is on time",
                                      "run chrony or systemd-timesyncd; schedules are as exact as this clock"));
}

void examine_descriptors(const config& chosen, std::vector<finding>& into) {
    const auto limit = system::find_descriptor_limit();
    if (const auto plan = plan_descriptors(chosen, limit.hard))
        into.push_back(good("file descriptors",
                            fmt::format("the settings need {}, this process may have {}", plan->needed, limit.hard)));
    else
        into.push_back(bad("file descriptors", fmt::format("{}: {}", plan.error().pointer, plan.error().message),
                           "raise the limit, or lower the setting: serve refuses it"));
}

void examine_zones(const config& chosen, std::vector<finding>& into) {
    system::zone_files zones;
    for (const std::string& name : {chosen.default_timezone, std::string{"Atlantic/Canary"}})
        if (const auto zone = zones.find(name); !zone) {
            into.push_back(
                bad("time zones", zone.error().message, "install tzdata (Debian), or correct DEFAULT_TIMEZONE"));
            return;
        }
    into.push_back(good("time zones", fmt::format("{} is known", chosen.default_timezone)));
}

void examine_ca_file(const config& chosen, std::vector<finding>& into) {
    if (chosen.ca_file.empty()) return;
    const auto checked = http::check_ca_file(chosen.ca_file);
    into.push_back(checked ? good("ORCHESTRATOR_CA_FILE", chosen.ca_file + " holds certificates")
                           : bad("ORCHESTRATOR_CA_FILE", fmt::format("{}: {}", chosen.ca_file, checked.error().message),
                                 "name a PEM file that this user may read, or unset it for the system's authorities"));
}

void examine_port(const config& chosen, std::vector<finding>& into) {
    using asio::ip::tcp;
    asio::io_context context;
    boost::system::error_code failed;
    const auto address = asio::ip::make_address(chosen.address, failed);
    tcp::acceptor acceptor{context};
    if (!failed) acceptor.open(address.is_v6() ? tcp::v6() : tcp::v4(), failed);
    if (!failed) acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
    if (!failed) acceptor.bind({address, chosen.port}, failed);
    const auto where = fmt::format("{}:{}", chosen.address, chosen.port);
    if (!failed)
        into.push_back(good("port", where + " is free"));
    else if (failed == asio::error::address_in_use)
        into.push_back(
            doubtful("port", where + " is taken", "if it is not this orchestrator that runs already: set PORT"));
    else
        into.push_back(bad("port", fmt::format("{}: {}", where, failed.message()), "set ORCHESTRATOR_ADDRESS or PORT"));
}

// Any answer will do: the service is there.
task<> examine_service(http::client& client, clock& time, std::string name, const http_origin& origin,
                       std::vector<finding>& into) {
    const http_request request{.origin = &origin,
                               .target = "/",
                               .body = {},
                               .headers = {},
                               .deadline = time.steady_now() + patience,
                               .stop = {}};
    const auto answer = co_await client.send(request);
    auto subject = fmt::format("service {}", name);
    if (answer) {
        into.push_back(good(std::move(subject), to_string(origin) + " answers"));
        co_return;
    }
    into.push_back(doubtful(std::move(subject),
                            fmt::format("{}: {}{}{}", to_string(origin), to_string(answer.error().fault),
                                        answer.error().detail.empty() ? "" : ": ", answer.error().detail),
                            fmt::format("start it, or set {}_SERVICE_URL to where it is; steps that call it wait, "
                                        "until their workflow's deadline",
                                        upper_case(name))));
}

void examine_services(const config& chosen, std::vector<finding>& into) {
    asio::io_context context{1};
    system::clock time{context};
    http::client_options options;
    options.ca_file = chosen.ca_file;
    http::client client{context, options};
    std::vector<finding> found;
    for (const auto& [name, origin] : chosen.services)
        asio::co_spawn(context, examine_service(client, time, name, origin, found), asio::detached);
    const auto end = std::chrono::steady_clock::now() + patience * 2;
    while (found.size() < chosen.services.size() && std::chrono::steady_clock::now() < end)
        context.run_one_for(milliseconds{100});
    client.close();
    context.run_for(milliseconds{100});
    std::ranges::sort(found, {}, &finding::subject);
    into.insert(into.end(), found.begin(), found.end());
}

}  // namespace

std::string_view to_string(health state) {
    switch (state) {
        case health::good:
            return "good";
        case health::doubtful:
            return "doubtful";
        case health::bad:
            return "bad";
    }
    return "";
}

std::vector<finding> examine(const config& given) {
    std::vector<finding> all;
    examine_ca_file(given, all);
    auto chosen = given;
    if (!all.empty() && all.front().state != health::good) chosen.ca_file.clear();  // the rest is looked at without it
    examine_database(chosen, all);
    examine_redis(chosen, all);
    examine_rabbitmq(chosen, all);
    examine_clock(all);
    examine_descriptors(chosen, all);
    examine_zones(chosen, all);
    examine_port(chosen, all);
    examine_services(chosen, all);
    return all;
}

}  // namespace orchestrator::server
