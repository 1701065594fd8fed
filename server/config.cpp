#include "server/config.h"

#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>
#include <regex>

#include "adapters/postgresql/url.h"
#include "domain/ascii_case.h"
#include "domain/cron/parse_cron.h"
#include "domain/leadership/leadership.h"
#include "server/config_sources.h"
#include "server/service_settings.h"

namespace orchestrator::server {
namespace {

// Levenshtein: how many letters apart two names are.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        auto diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j)
            diagonal = std::exchange(row[j + 1], std::min({row[j + 1] + 1, row[j] + 1, diagonal + (a[i] != b[j])}));
    }
    return row.back();
}

class reader {
  public:
    reader(const environment& variables, std::vector<violation>& violations)
        : variables_{variables}, violations_{violations} {}

    [[nodiscard]] std::string_view text(std::string_view name, std::string_view fallback) const {
        const auto found = variables_.find(name);
        return found == variables_.end() || found->second.empty() ? fallback : std::string_view{found->second};
    }

    template <class Number>
    void number(std::string_view name, Number& into, Number lowest, Number highest) {
        const auto given = text(name, "");
        if (given.empty()) return;
        Number value{};
        const auto [end, failed] = std::from_chars(given.data(), given.data() + given.size(), value);
        if (failed != std::errc{} || end != given.data() + given.size() || value < lowest || value > highest)
            refuse_value(name, given, fmt::format("a whole number from {} to {}", lowest, highest));
        else
            into = value;
    }

    // A value that is not what it should be; `expected` completes "… is not".
    void refuse_value(std::string_view name, std::string_view value, std::string_view expected) {
        const auto text = shown(name, value);
        refuse(name, text == "***" ? fmt::format("what it holds (not shown: it may be a password) is not {}", expected)
                                   : fmt::format("\"{}\" is not {}", text, expected));
    }
    void refuse(std::string_view name, std::string message) {
        violations_.push_back({std::string{name}, std::move(message)});
    }

  private:
    const environment& variables_;
    std::vector<violation>& violations_;
};

void read_database(config& into, reader& from) {
    std::string url{from.text("DATABASE_URL", "sqlite:orchestrator.db")};
    const auto scheme = url.substr(0, url.find(':'));
    url.replace(0, scheme.size(), lower_case(scheme));
    constexpr std::string_view sqlite = "sqlite:";
    if (url == "memory:") {
        into.store = store_kind::memory;
    } else if (url.starts_with("postgresql://") || url.starts_with("postgres://")) {
        into.store = store_kind::postgresql;
        into.database = url;
        if (const auto valid = postgresql::check_url(into.database); !valid)
            from.refuse("DATABASE_URL", fmt::format("cannot be used: {}", valid.error().message));
    } else if (url.starts_with(sqlite) && url.size() > sqlite.size()) {
        into.database = url.substr(sqlite.size());
        if (into.database.starts_with("///")) into.database.erase(0, 2);  // sqlite:///absolute
    } else {
        from.refuse_value("DATABASE_URL", url, "postgresql://…, sqlite:PATH or memory:");
    }
}

void read_address(config& into, reader& from) {
    into.address = from.text("ORCHESTRATOR_ADDRESS", into.address);
    boost::system::error_code failed;
    asio::ip::make_address(into.address, failed);
    if (failed)
        from.refuse(
            "ORCHESTRATOR_ADDRESS",
            fmt::format("\"{}\" is not an IP address; did you mean {}?", shown("ORCHESTRATOR_ADDRESS", into.address),
                        into.address == "localhost" ? "127.0.0.1" : "0.0.0.0 (all addresses of this machine)"));
}

// It stands in keys, logs and labels of metrics, and in columns of this length.
void read_instance_id(config& into, reader& from) {
    constexpr std::string_view name = "ORCHESTRATOR_INSTANCE_ID";
    constexpr std::size_t longest = 255;
    into.instance_id = from.text(name, "");
    if (into.instance_id.size() > longest ||
        std::ranges::any_of(into.instance_id, [](char c) { return c <= ' ' || c > '~'; }))
        from.refuse_value(name, into.instance_id, "1 to 255 printable ASCII characters without spaces");
}

// Seconds, with a fraction if need be.
void read_seconds(reader& from, std::string_view name, milliseconds& into) {
    const auto given = from.text(name, "");
    if (given.empty()) return;
    double seconds = 0;
    const auto [end, failed] = std::from_chars(given.data(), given.data() + given.size(), seconds);
    if (failed != std::errc{} || end != given.data() + given.size() || !(seconds >= 0.01 && seconds <= 86'400))
        from.refuse_value(name, given, "a number of seconds from 0.01 to 86400");
    else
        into = milliseconds{std::llround(seconds * 1'000)};
}

bool read_switch(reader& from, std::string_view name, std::string_view on, std::string_view off, bool fallback) {
    const auto given = from.text(name, fallback ? on : off);
    if (given != on && given != off)
        from.refuse(name, fmt::format("\"{}\" is neither {} nor {}", shown(name, given), on, off));
    return given == on;
}

void read_leadership(config& into, reader& from) {
    into.runs_scheduler = read_switch(from, "ORCHESTRATOR_SCHEDULER", "on", "off", true);
    into.leader_election = read_switch(from, "ENABLE_LEADER_ELECTION", "true", "false", true);
    read_seconds(from, "LEADER_HEARTBEAT_SECONDS", into.leader_heartbeat);
    read_seconds(from, "LEADER_LOCK_TTL_SECONDS", into.leader_lock_ttl);
    if (!leadership_terms{into.leader_lock_ttl, into.leader_heartbeat}.are_valid())
        from.refuse(
            "LEADER_HEARTBEAT_SECONDS",
            fmt::format("{} s is above a third of LEADER_LOCK_TTL_SECONDS ({} s): one lost heartbeat would "
                        "cost the lead",
                        double(into.leader_heartbeat.count()) / 1'000, double(into.leader_lock_ttl.count()) / 1'000));
}

// A server that may be there or not. `form`: what its URL looks like.
template <class Address, class Parse>
void read_server(reader& from, std::string_view name, std::string_view form, Parse parse,
                 std::optional<Address>& into) {
    const auto url = from.text(name, "");
    if (url.empty()) return;
    into = parse(url);
    if (!into) from.refuse_value(name, url, form);
}

void read_schedules(config& into, reader& from, zone_source* zones) {
    const auto cron = [&](std::string_view name, std::string& value) {
        value = from.text(name, value);
        if (const auto parsed = parse_cron(value); !parsed) from.refuse(name, parsed.error().message);
    };
    cron("DAILY_WORKFLOW_CRON", into.daily_cron);
    cron("WEEKLY_WORKFLOW_CRON", into.weekly_cron);
    into.default_timezone = from.text("DEFAULT_TIMEZONE", into.default_timezone);
    if (!zones) return;
    if (const auto zone = zones->find(into.default_timezone); !zone)
        from.refuse("DEFAULT_TIMEZONE", zone.error().message);
}

constexpr std::string_view prefix = "ORCHESTRATOR_";

// Where others find us, and what Kubernetes tells the containers beside a service of this name.
bool is_about_us(const std::string& name, std::string_view value) {
    static const std::regex of_kubernetes{
        "ORCHESTRATOR_(.*_)?(SERVICE_HOST|SERVICE_PORT.*|PORT_[0-9]+_(TCP|UDP|SCTP).*)"};
    return name == "ORCHESTRATOR_URL" || name == "ORCHESTRATOR_SERVICE_URL" ||
           (name.ends_with("_PORT") && value.contains("://")) || std::regex_match(name, of_kubernetes);
}

setting nearest_setting(std::string_view name) {
    const auto known = settings();
    return *std::ranges::min_element(known, {}, [&](const setting& s) { return distance(name, s.name); });
}

// Whoever misspelt DATABASE_URL would run on a database of its own.
std::vector<violation> names_like_settings(const environment& variables) {
    constexpr std::size_t shortest = 8;  // letters: among shorter names many are alike
    constexpr std::size_t farthest = 2;
    std::vector<violation> doubts;
    for (const auto& [name, value] : variables) {
        if (name.size() < shortest || name.starts_with(prefix)) continue;
        const auto nearest = nearest_setting(name).name;
        const auto apart = distance(name, nearest);
        if (nearest.size() < shortest || apart == 0 || apart > farthest || variables.contains(nearest)) continue;
        const auto what = is_setting(name) ? "defines a service of its own" : "is not a setting";
        doubts.push_back({name, fmt::format("{}; did you mean {}?", what, nearest)});
    }
    return doubts;
}

void refuse_unknown(const environment& variables, reader& from) {
    for (const auto& [name, value] : variables) {
        if (!name.starts_with(prefix) || is_setting(name) || is_about_us(name, value)) continue;
        const auto bare = std::string_view{name}.substr(prefix.size());
        from.refuse(name, fmt::format("is not a setting; did you mean {}?",
                                      is_setting(bare) ? bare : nearest_setting(name).name));
    }
}

}  // namespace

std::vector<setting> settings() {
    static const auto meanings = [] {
        std::vector<std::string> texts;
        for (const auto& service : usual_services())
            texts.push_back(fmt::format("where the {} service is", service.name));
        return texts;
    }();
    std::vector<setting> all{
        {"PORT", "8018", "port of the API; 0 takes a free one"},
        {"ORCHESTRATOR_ADDRESS", "127.0.0.1", "address of the API"},
        {"DATABASE_URL", "sqlite:orchestrator.db",
         "postgresql://…, sqlite:PATH, or memory: (nothing survives the process)"},
        {"MAX_WORKFLOW_DURATION_SECONDS", "3600", "no workflow may run longer"},
        {"DAILY_WORKFLOW_CRON", "0 8 * * *", "first schedule of daily_operations; later it is changed by API"},
        {"WEEKLY_WORKFLOW_CRON", "0 9 * * 1", "first schedule of weekly_digest"},
        {"DEFAULT_TIMEZONE", "Europe/Madrid", "zone of schedules that name none"},
        {"ORCHESTRATOR_SCHEDULER", "on", "off: this instance never leads, and starts nothing by itself"},
        {"REDIS_URL", "", "redis://[:PASSWORD@]HOST[:PORT][/DATABASE]: for leadership and cached results; empty: none"},
        {"RABBITMQ_URL", "",
         "amqp://USER:PASSWORD@HOST[:PORT][/VIRTUAL_HOST] or amqps: for events; empty: they stay in the outbox"},
        {"ENABLE_LEADER_ELECTION", "true", "false: there are no other instances, this one leads"},
        {"LEADER_HEARTBEAT_SECONDS", "30", "how often a leader renews its lease; at most a third of the next"},
        {"LEADER_LOCK_TTL_SECONDS", "90",
         "how long a lease holds without renewal: after a crash another one leads then"},
        {"ORCHESTRATOR_INSTANCE_ID", "host_random", "how this instance, and no other, is named in claims and logs"},
        {"ORCHESTRATOR_MAX_CALLS", "512", "calls in flight, over all services"},
        {"ORCHESTRATOR_MAX_CALLS_PER_SERVICE", "256", "calls in flight to one service, at most"},
        {"ORCHESTRATOR_LIMITS", "adaptive", "calls in flight follow what a service can do; fixed: always at most"},
        {"ORCHESTRATOR_MAX_API_CONNECTIONS", "",
         "connections of the API's clients; empty: 1024, or as many as the file descriptors leave"},
        {"HISTORY_RETENTION_DAYS", "90", "executions that ended are kept for so long"},
        {"ORCHESTRATOR_LEASE_SECONDS", "30", "after so long without a heartbeat others take up this instance's runs"},
        {"ORCHESTRATOR_DRAIN_SECONDS", "20", "how long calls under way may go on after SIGTERM"},
        {"ORCHESTRATOR_CA_FILE", "", "PEM file of the authorities for https services and amqps; empty: the system's"},
        {"ORCHESTRATOR_LOG_LEVEL", "info", "debug, info, warning or error"},
    };
    for (std::size_t i = 0; i < meanings.size(); ++i)
        all.push_back({usual_services()[i].variable, usual_services()[i].url, meanings[i]});
    return all;
}

bool is_setting(std::string_view name) {
    const auto known = settings();
    return is_service_url(name) || std::ranges::find(known, name, &setting::name) != known.end();
}

std::string_view to_string(store_kind kind) {
    switch (kind) {
        case store_kind::sqlite:
            return "sqlite";
        case store_kind::postgresql:
            return "postgresql";
        case store_kind::memory:
            return "memory";
    }
    return "";
}

std::expected<config, std::vector<violation>> parse_config(const environment& variables, zone_source* zones) {
    std::vector<violation> violations;
    reader from{variables, violations};
    config read;
    read_address(read, from);
    from.number<unsigned short>("PORT", read.port, 0, 65'535);
    read_database(read, from);
    read.services = read_services(variables, violations, read.doubtful_names);
    read_instance_id(read, from);
    from.number("MAX_WORKFLOW_DURATION_SECONDS", read.max_workflow_duration_seconds, 1, 86'400);
    from.number("ORCHESTRATOR_MAX_CALLS", read.max_calls, 1, 100'000);
    from.number("ORCHESTRATOR_MAX_CALLS_PER_SERVICE", read.max_calls_per_service, 1, 100'000);
    read.adaptive_limits = read_switch(from, "ORCHESTRATOR_LIMITS", "adaptive", "fixed", true);
    int api_connections = 0;
    from.number("ORCHESTRATOR_MAX_API_CONNECTIONS", api_connections, 1, 100'000);
    if (api_connections > 0) read.max_api_connections = api_connections;
    read_schedules(read, from, zones);
    read_leadership(read, from);
    read_server(from, "REDIS_URL", "redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE], with a port from 1 to 65535",
                redis::parse_address, read.redis);
    read_server(from, "RABBITMQ_URL",
                "amqp://[USER:PASSWORD@]HOST[:PORT][/VIRTUAL_HOST], or amqps, with a port from 1 to 65535",
                rabbitmq::parse_address, read.rabbitmq);
    from.number("HISTORY_RETENTION_DAYS", read.history_retention_days, 1, 36'500);
    read_seconds(from, "ORCHESTRATOR_LEASE_SECONDS", read.claim_lease);
    int drain_seconds = int(read.drain_timeout.count() / 1'000);
    from.number("ORCHESTRATOR_DRAIN_SECONDS", drain_seconds, 0, 3'600);
    read.drain_timeout = std::chrono::seconds{drain_seconds};
    read.ca_file = from.text("ORCHESTRATOR_CA_FILE", "");
    read.log_level = from.text("ORCHESTRATOR_LOG_LEVEL", read.log_level);
    constexpr std::array<std::string_view, 4> levels{"debug", "info", "warning", "error"};
    if (std::ranges::find(levels, read.log_level) == levels.end())
        from.refuse_value("ORCHESTRATOR_LOG_LEVEL", read.log_level, "one of debug, info, warning, error");
    refuse_unknown(variables, from);
    std::ranges::move(names_like_settings(variables), std::back_inserter(read.doubtful_names));
    if (!violations.empty()) return std::unexpected{std::move(violations)};
    return read;
}

}  // namespace orchestrator::server
