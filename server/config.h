// The configuration of `orchestrator serve`, read from environment variables: pure, typed, all errors at once.
#pragma once

#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/rabbitmq/event_bus.h"
#include "adapters/redis/connection.h"
#include "domain/error.h"
#include "domain/time.h"
#include "engine/active_execution.h"
#include "ports/zone_source.h"

namespace orchestrator::server {

using environment = std::map<std::string, std::string, std::less<>>;

enum class store_kind { sqlite, postgresql, memory };
[[nodiscard]] std::string_view to_string(store_kind);

struct config {
    std::string address = "127.0.0.1";
    unsigned short port = 8018;
    store_kind store = store_kind::sqlite;
    std::string database = "orchestrator.db";  // a path of SQLite's, or a URL of PostgreSQL's
    service_directory services;
    std::string instance_id;  // empty: host name and a random number
    int max_workflow_duration_seconds = 3'600;
    std::string daily_cron = "0 8 * * *";   // seeds daily_operations
    std::string weekly_cron = "0 9 * * 1";  // seeds weekly_digest
    std::string default_timezone = "Europe/Madrid";
    bool runs_scheduler = true;
    int history_retention_days = 90;
    bool leader_election = true;  // false: there are no other instances
    milliseconds leader_heartbeat{30'000};
    milliseconds leader_lock_ttl{90'000};
    std::optional<redis::address> redis;        // nullopt: there is none
    std::optional<rabbitmq::address> rabbitmq;  // nullopt: there is none, events stay in the outbox
    int max_calls = 512;                        // in flight, over all services
    int max_calls_per_service = 256;
    bool adaptive_limits = true;             // false: each service takes max_calls_per_service, always
    std::optional<int> max_api_connections;  // nullopt: what the file descriptors leave, see descriptor_plan.h
    milliseconds claim_lease{30'000};        // how long this instance's claims hold without a heartbeat
    milliseconds drain_timeout{20'000};      // after the first signal
    std::string ca_file;                     // PEM; empty: the system's certificates
    std::string log_level = "info";
    std::vector<violation> doubtful_names;  // variables that look like settings or services, and are none
};

// One line of `orchestrator serve --help`.
struct setting {
    std::string_view name;
    std::string_view default_value;
    std::string_view meaning;
};
[[nodiscard]] std::vector<setting> settings();

// One of them, or NAME_SERVICE_URL for a service beyond the usual ones.
[[nodiscard]] bool is_setting(std::string_view name);

// Unknown variables that begin with ORCHESTRATOR_ (but for those by which a platform names this service) are refused
// with the nearest known name; a violation's pointer is the name of the variable. `zones`: nullptr: whether
// DEFAULT_TIMEZONE is there is not looked up.
[[nodiscard]] std::expected<config, std::vector<violation>> parse_config(const environment&,
                                                                         zone_source* zones = nullptr);

}  // namespace orchestrator::server
