// Tests of the configuration: defaults, every kind of mistake, all of them at once.
#include "server/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "adapters/system/zone_files.h"

namespace orchestrator::server {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::vector<violation> violations_of(const environment& variables) {
    const auto read = parse_config(variables);
    return read ? std::vector<violation>{} : read.error();
}

TEST(config, has_a_default_for_everything) {
    const auto read = parse_config({});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->address, "127.0.0.1");
    EXPECT_EQ(read->port, 8018);
    EXPECT_EQ(read->store, store_kind::sqlite);
    EXPECT_EQ(read->database, "orchestrator.db");
    EXPECT_EQ(read->instance_id, "");
    EXPECT_EQ(read->max_workflow_duration_seconds, 3'600);
    EXPECT_EQ(read->max_calls, 512);
    EXPECT_EQ(read->max_calls_per_service, 256);
    EXPECT_EQ(read->drain_timeout, milliseconds{20'000});
    EXPECT_EQ(read->ca_file, "");
    EXPECT_EQ(read->log_level, "info");
    EXPECT_EQ(read->daily_cron, "0 8 * * *");
    EXPECT_EQ(read->weekly_cron, "0 9 * * 1");
    EXPECT_EQ(read->default_timezone, "Europe/Madrid");
    EXPECT_TRUE(read->runs_scheduler);
}

TEST(config, reads_the_first_schedules) {
    const auto read = parse_config({{"DAILY_WORKFLOW_CRON", "30 5 * * *"},
                                    {"WEEKLY_WORKFLOW_CRON", "@weekly"},
                                    {"DEFAULT_TIMEZONE", "Atlantic/Canary"},
                                    {"ORCHESTRATOR_SCHEDULER", "off"}});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->daily_cron, "30 5 * * *");
    EXPECT_EQ(read->weekly_cron, "@weekly");
    EXPECT_EQ(read->default_timezone, "Atlantic/Canary");
    EXPECT_FALSE(read->runs_scheduler);
    const auto broken = violations_of({{"DAILY_WORKFLOW_CRON", "61 * * * *"}, {"ORCHESTRATOR_SCHEDULER", "maybe"}});
    ASSERT_EQ(broken.size(), 2U);
    EXPECT_THAT(broken[0].message, HasSubstr("minute \"61\" is outside 0-59"));
    EXPECT_THAT(broken[1].message, HasSubstr("neither on nor off"));
}

TEST(config, knows_the_services_of_the_platform) {
    const auto read = parse_config({{"SALES_SERVICE_URL", "https://sales.internal/v2"}});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->services.size(), 10U);
    ASSERT_TRUE(read->services.contains("tenant")) << "the engine cannot start without it";
    EXPECT_EQ(read->services.at("tenant").host, "127.0.0.1");
    EXPECT_EQ(read->services.at("tenant").port, "8005");
    EXPECT_EQ(read->services.at("sales").host, "sales.internal");
    EXPECT_EQ(read->services.at("sales").port, "443");
    EXPECT_TRUE(read->services.contains("alert_processor"));
}

TEST(config, reads_the_scheme_of_the_database_in_any_case) {
    EXPECT_EQ(parse_config({{"DATABASE_URL", "PostgreSQL://localhost/Bakery"}})->database,
              "postgresql://localhost/Bakery");
    EXPECT_EQ(parse_config({{"DATABASE_URL", "SQLite:/tmp/Bakery.db"}})->database, "/tmp/Bakery.db");
    EXPECT_EQ(parse_config({{"DATABASE_URL", "MEMORY:"}})->store, store_kind::memory);
}

TEST(config, reads_every_variable) {
    const auto read = parse_config({{"PORT", "0"},
                                    {"ORCHESTRATOR_ADDRESS", "0.0.0.0"},
                                    {"DATABASE_URL", "memory:"},
                                    {"MAX_WORKFLOW_DURATION_SECONDS", "7200"},
                                    {"ORCHESTRATOR_INSTANCE_ID", "host_9"},
                                    {"ORCHESTRATOR_MAX_CALLS", "10"},
                                    {"ORCHESTRATOR_MAX_CALLS_PER_SERVICE", "5"},
                                    {"ORCHESTRATOR_DRAIN_SECONDS", "3"},
                                    {"ORCHESTRATOR_CA_FILE", "/etc/ca.pem"},
                                    {"ORCHESTRATOR_LOG_LEVEL", "debug"}});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->port, 0);
    EXPECT_EQ(read->address, "0.0.0.0");
    EXPECT_EQ(read->store, store_kind::memory);
    EXPECT_EQ(read->max_workflow_duration_seconds, 7'200);
    EXPECT_EQ(read->instance_id, "host_9");
    EXPECT_EQ(read->max_calls, 10);
    EXPECT_EQ(read->max_calls_per_service, 5);
    EXPECT_EQ(read->drain_timeout, milliseconds{3'000});
    EXPECT_EQ(read->ca_file, "/etc/ca.pem");
    EXPECT_EQ(read->log_level, "debug");
}

TEST(config, takes_an_empty_variable_for_an_absent_one) {
    const auto read = parse_config({{"PORT", ""}, {"DATABASE_URL", ""}, {"ORCHESTRATOR_LOG_LEVEL", ""}});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->port, 8018);
    EXPECT_EQ(read->database, "orchestrator.db");
    EXPECT_EQ(read->log_level, "info");
}

TEST(config, takes_postgresql_by_its_url) {
    for (const auto* url : {"postgresql://me@one,two/orchestrator?connect_timeout=3", "postgres://db/x"}) {
        const auto read = parse_config({{"DATABASE_URL", url}});
        ASSERT_TRUE(read);
        EXPECT_EQ(read->store, store_kind::postgresql);
        EXPECT_EQ(read->database, url);
    }
}

TEST(config, a_postgresql_url_is_judged_at_once_and_its_password_not_repeated) {
    for (const auto* url : {"postgresql://me:100%zzsecret@db/x", "postgresql://me:secret/secret@db/x",
                            "postgresql://me:secret@secret@db/x", "postgresql://db:secret/x",
                            "postgresql://db/x?pasword=secret", "postgresql://db/x?password=%zzsecret"}) {
        const auto found = violations_of({{"DATABASE_URL", url}});
        ASSERT_EQ(found.size(), 1U) << url;
        EXPECT_EQ(found[0].pointer, "DATABASE_URL");
        EXPECT_THAT(found[0].message, testing::Not(HasSubstr("secret")));
    }
    EXPECT_THAT(violations_of({{"DATABASE_URL", "postgresql://me:100%zz@db/x"}})[0].message,
                HasSubstr("invalid percent-encoded token"));
    EXPECT_THAT(violations_of({{"DATABASE_URL", "postgresql://me:a/b@db/x"}})[0].message, HasSubstr("%2F"));
}

TEST(config, the_default_zone_is_looked_up) {
    system::zone_files zones;
    EXPECT_TRUE(parse_config({{"DEFAULT_TIMEZONE", "Atlantic/Canary"}}, &zones));
    const auto read = parse_config({{"DEFAULT_TIMEZONE", "Europe/Madird"}, {"PORT", "x"}}, &zones);
    ASSERT_FALSE(read);
    ASSERT_EQ(read.error().size(), 2U);
    EXPECT_EQ(read.error()[1].pointer, "DEFAULT_TIMEZONE");
    EXPECT_THAT(read.error()[1].message, HasSubstr("did you mean Europe/Madrid?"));
}

TEST(config, reads_what_several_instances_need) {
    const auto read = parse_config({{"REDIS_URL", "redis://:word@cache:7000/2"},
                                    {"RABBITMQ_URL", "amqps://me:word@broker/bakery"},
                                    {"ENABLE_LEADER_ELECTION", "false"},
                                    {"LEADER_HEARTBEAT_SECONDS", "0.25"},
                                    {"LEADER_LOCK_TTL_SECONDS", "1"},
                                    {"ORCHESTRATOR_LEASE_SECONDS", "6"},
                                    {"HISTORY_RETENTION_DAYS", "30"}});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->redis->host, "cache");
    EXPECT_EQ(read->redis->database, 2);
    EXPECT_TRUE(read->rabbitmq->uses_tls);
    EXPECT_EQ(read->rabbitmq->virtual_host, "bakery");
    EXPECT_FALSE(read->leader_election);
    EXPECT_EQ(read->leader_heartbeat, milliseconds{250});
    EXPECT_EQ(read->leader_lock_ttl, milliseconds{1'000});
    EXPECT_EQ(read->claim_lease, milliseconds{6'000});
    EXPECT_EQ(read->history_retention_days, 30);
    const auto defaults = parse_config({});
    EXPECT_EQ(defaults->leader_heartbeat, milliseconds{30'000}) << "as the specification has them";
    EXPECT_EQ(defaults->leader_lock_ttl, milliseconds{90'000});
    EXPECT_FALSE(defaults->redis || defaults->rabbitmq);
}

TEST(config, finds_the_path_in_a_database_url) {
    const auto path = [](std::string url) { return parse_config({{"DATABASE_URL", std::move(url)}})->database; };
    EXPECT_EQ(path("sqlite:data.db"), "data.db");
    EXPECT_EQ(path("sqlite:./a/data.db"), "./a/data.db");
    EXPECT_EQ(path("sqlite:/var/lib/data.db"), "/var/lib/data.db");
    EXPECT_EQ(path("sqlite:///var/lib/data.db"), "/var/lib/data.db");
}

struct mistake {
    std::string variable;
    std::string value;
    std::string_view message;
};

class mistaken_config : public testing::TestWithParam<mistake> {};

TEST_P(mistaken_config, names_the_variable_and_what_would_be_right) {
    const auto found = violations_of({{GetParam().variable, GetParam().value}});
    ASSERT_EQ(found.size(), 1U) << GetParam().value;
    EXPECT_EQ(found[0].pointer, GetParam().variable);
    EXPECT_THAT(found[0].message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    config, mistaken_config,
    testing::Values(mistake{"PORT", "65536", "\"65536\" is not a whole number from 0 to 65535"},
                    mistake{"PORT", "-1", "not a whole number"}, mistake{"PORT", "80a", "not a whole number"},
                    mistake{"PORT", " 80", "not a whole number"}, mistake{"PORT", "8e1", "not a whole number"},
                    mistake{"ORCHESTRATOR_ADDRESS", "localhost", "not an IP address; did you mean 127.0.0.1?"},
                    mistake{"ORCHESTRATOR_ADDRESS", "*", "did you mean 0.0.0.0"},
                    mistake{"MAX_WORKFLOW_DURATION_SECONDS", "0", "from 1 to 86400"},
                    mistake{"MAX_WORKFLOW_DURATION_SECONDS", "86401", "from 1 to 86400"},
                    mistake{"MAX_WORKFLOW_DURATION_SECONDS", "99999999999999999999", "not a whole number"},
                    mistake{"ORCHESTRATOR_MAX_CALLS", "0", "from 1 to 100000"},
                    mistake{"ORCHESTRATOR_MAX_CALLS_PER_SERVICE", "100001", "from 1 to 100000"},
                    mistake{"ORCHESTRATOR_DRAIN_SECONDS", "3601", "from 0 to 3600"},
                    mistake{"DATABASE_URL", "sqlite:", "\"sqlite:\" is not postgresql://…, sqlite:PATH or memory:"},
                    mistake{"DATABASE_URL", "mysql://me:secret@db/x", "\"mysql://me:***@db/x\" is not"},
                    mistake{"DATABASE_URL", "s3cret", "what it holds (not shown: it may be a password) is not"},
                    mistake{"DATABASE_URL", "host=h password=s3cret", "what it holds (not shown"},
                    mistake{"DATABASE_URL", "postgresql://h:99999/db", "the port is no number from 1 to 65535"},
                    mistake{"DATABASE_URL", "postgresql://a:1,b:0/db", "the port is no number from 1 to 65535"},
                    mistake{"DATABASE_URL", "postgresql://h/db?sslmode=on", "sslmode is not one of disable, allow"},
                    mistake{"REDIS_URL", "http://cache", "\"http://cache\" is not redis://"},
                    mistake{"REDIS_URL", "redis://:word@cache/x", "\"redis://:***@cache/x\" is not"},
                    mistake{"REDIS_URL", "redis://cache:65536", "\"redis://cache:65536\" is not"},
                    mistake{"REDIS_URL", "redis://user@cache", "\"redis://***@cache\" is not"},
                    mistake{"RABBITMQ_URL", "broker:5672", "is not amqp://"},
                    mistake{"RABBITMQ_URL", "amqp://broker:99999", "\"amqp://broker:99999\" is not"},
                    mistake{"ORCHESTRATOR_INSTANCE_ID", "a b", "\"a b\" is not 1 to 255 printable ASCII"},
                    mistake{"ORCHESTRATOR_INSTANCE_ID", "a\n", "\"a?\" is not"},
                    mistake{"ORCHESTRATOR_INSTANCE_ID", "a\xff", "printable ASCII"},
                    mistake{"ORCHESTRATOR_INSTANCE_ID", std::string(256, 'a'), "1 to 255"},
                    mistake{"PORT", std::string(3'000, '1'), "111...\" is not"},
                    mistake{"ENABLE_LEADER_ELECTION", "yes", "\"yes\" is neither true nor false"},
                    mistake{"LEADER_HEARTBEAT_SECONDS", "31", "31 s is above a third"},
                    mistake{"LEADER_HEARTBEAT_SECONDS", "soon", "\"soon\" is not a number of seconds"},
                    mistake{"ORCHESTRATOR_LEASE_SECONDS", "0", "from 0.01 to 86400"},
                    mistake{"HISTORY_RETENTION_DAYS", "0", "from 1 to 36500"},
                    mistake{"ORCHESTRATOR_LOG_LEVEL", "verbose",
                            "\"verbose\" is not one of debug, info, warning, error"},
                    mistake{"SALES_SERVICE_URL", "sales:8004", "not an http:// or https:// address"},
                    mistake{"SALES_SERVICE_URL", "ftp://sales", "not an http:// or https:// address"},
                    mistake{"SALES_SERVICE_URL", "http://u:s3cret@sales", "\"http://u:***@sales\" is not"},
                    mistake{"SALES_SERVICE_URL", "http://user@sales", "not an http:// or https:// address"},
                    mistake{"SALES_SERVICE_URL", "http://sales?x=1", "not an http:// or https:// address"},
                    mistake{"ORCHESTRATOR_LOGLEVEL", "info", "did you mean ORCHESTRATOR_LOG_LEVEL?"},
                    mistake{"ORCHESTRATOR_MAX_CALL", "1", "did you mean ORCHESTRATOR_MAX_CALLS?"},
                    mistake{"ORCHESTRATOR_PORT", "9000", "did you mean PORT?"},
                    mistake{"ORCHESTRATOR_", "", "is not a setting"}));

TEST(config, takes_the_bounds_themselves) {
    EXPECT_THAT(violations_of({{"PORT", "65535"},
                               {"MAX_WORKFLOW_DURATION_SECONDS", "86400"},
                               {"ORCHESTRATOR_MAX_CALLS", "100000"},
                               {"ORCHESTRATOR_MAX_CALLS_PER_SERVICE", "1"},
                               {"ORCHESTRATOR_MAX_API_CONNECTIONS", "1"},
                               {"ORCHESTRATOR_DRAIN_SECONDS", "0"}}),
                IsEmpty());
}

TEST(config, reports_all_mistakes_at_once) {
    std::set<std::string> pointers;
    for (const auto& each : violations_of({{"PORT", "x"},
                                           {"DATABASE_URL", "x"},
                                           {"TENANT_SERVICE_URL", "x"},
                                           {"ORCHESTRATOR_DRAIN_SECONDS", "x"},
                                           {"ORCHESTRATOR_LOG_LEVEL", "x"},
                                           {"ORCHESTRATOR_X", "x"}}))
        pointers.insert(each.pointer);
    EXPECT_EQ(pointers,
              (std::set<std::string>{"PORT", "DATABASE_URL", "TENANT_SERVICE_URL", "ORCHESTRATOR_DRAIN_SECONDS",
                                     "ORCHESTRATOR_LOG_LEVEL", "ORCHESTRATOR_X"}));
}

TEST(config, doubts_names_that_look_like_settings) {
    const auto read = parse_config({{"DATABSE_URL", "x"},
                                    {"FORCASTING_SERVICE_URL", "http://forecasting:8003"},
                                    {"REDIS_URLS", "x"},
                                    {"REDIS_URL", "redis://h"},
                                    {"POS_SERVICE_URL", "http://pos:8000"},
                                    {"SORT", "x"}});
    ASSERT_TRUE(read);
    ASSERT_EQ(read->doubtful_names.size(), 2U) << "REDIS_URL is set, the others are far from any";
    EXPECT_EQ(read->doubtful_names[0].pointer, "DATABSE_URL");
    EXPECT_EQ(read->doubtful_names[0].message, "is not a setting; did you mean DATABASE_URL?");
    EXPECT_EQ(read->doubtful_names[1].pointer, "FORCASTING_SERVICE_URL");
    EXPECT_EQ(read->doubtful_names[1].message, "defines a service of its own; did you mean FORECASTING_SERVICE_URL?");
}

TEST(config, leaves_what_a_platform_tells_of_this_service_alone) {
    EXPECT_THAT(violations_of({{"ORCHESTRATOR_SERVICE_URL", "http://orchestrator:8018"},
                               {"ORCHESTRATOR_SERVICE_HOST", "10.0.0.1"},
                               {"ORCHESTRATOR_SERVICE_PORT", "8018"},
                               {"ORCHESTRATOR_SERVICE_PORT_HTTP", "8018"},
                               {"ORCHESTRATOR_PORT", "tcp://10.0.0.1:8018"},
                               {"ORCHESTRATOR_PORT_8018_TCP", "tcp://10.0.0.1:8018"},
                               {"ORCHESTRATOR_PORT_8018_TCP_ADDR", "10.0.0.1"},
                               {"ORCHESTRATOR_DB_SERVICE_HOST", "10.0.0.2"},
                               {"ORCHESTRATOR_DB_PORT", "tcp://10.0.0.2:5432"}}),
                IsEmpty());
}

TEST(config, leaves_the_variables_of_others_alone) {
    EXPECT_THAT(violations_of({{"PATH", "/bin"}, {"ORCHESTRATOR_URL", "http://127.0.0.1:8018"}, {"POSTGRES_URL", "x"}}),
                IsEmpty());
}

// What `serve --help` says is what happens.
TEST(settings, tell_the_true_defaults) {
    environment as_told;
    std::set<std::string_view> names;
    for (const auto& [name, fallback, meaning] : settings()) {
        EXPECT_TRUE(names.insert(name).second) << name;
        EXPECT_FALSE(meaning.empty()) << name;
        if (name != "ORCHESTRATOR_INSTANCE_ID") as_told.emplace(name, fallback);
    }
    const auto told = parse_config(as_told), bare = parse_config({});
    ASSERT_TRUE(told && bare);
    EXPECT_EQ(told->port, bare->port);
    EXPECT_EQ(told->address, bare->address);
    EXPECT_EQ(told->database, bare->database);
    EXPECT_EQ(told->max_workflow_duration_seconds, bare->max_workflow_duration_seconds);
    EXPECT_EQ(told->max_calls, bare->max_calls);
    EXPECT_EQ(told->max_calls_per_service, bare->max_calls_per_service);
    EXPECT_EQ(told->max_api_connections, bare->max_api_connections);
    EXPECT_EQ(told->drain_timeout, bare->drain_timeout);
    EXPECT_EQ(told->log_level, bare->log_level);
    for (const auto& [name, origin] : bare->services) EXPECT_EQ(told->services.at(name).port, origin.port) << name;
}

}  // namespace
}  // namespace orchestrator::server
