// Which services there are: the usual ones, and those that NAME_SERVICE_URL defines.
#include "server/service_settings.h"

#include <gmock/gmock.h>

#include <string>

#include "server/config.h"
#include "server/config_sources.h"

namespace orchestrator::server {
namespace {

using testing::HasSubstr;

service_directory services_of(const environment& variables) {
    auto read = parse_config(variables);
    EXPECT_TRUE(read) << read.error().front().pointer << ": " << read.error().front().message;
    return read ? std::move(read->services) : service_directory{};
}

TEST(service_settings, the_usual_services_are_there_without_a_word) {
    const auto services = services_of({});
    EXPECT_EQ(services.size(), 10U);
    EXPECT_EQ(to_string(services.at("alert_processor")), "http://127.0.0.1:8010");
}

TEST(service_settings, a_variable_defines_a_service) {
    const auto services = services_of({{"POS_SERVICE_URL", "https://pos.internal/v2"},
                                       {"AI_INSIGHTS_2_SERVICE_URL", "http://insights:8000"},
                                       {"SALES_SERVICE_URL", "http://sales:9000"}});
    EXPECT_EQ(services.size(), 12U);
    EXPECT_EQ(to_string(services.at("pos")), "https://pos.internal:443/v2");
    EXPECT_EQ(to_string(services.at("ai_insights_2")), "http://insights:8000");
    EXPECT_EQ(to_string(services.at("sales")), "http://sales:9000");
    EXPECT_EQ(to_string(services.at("tenant")), "http://127.0.0.1:8005") << "the others keep their defaults";
}

TEST(service_settings, an_empty_variable_counts_as_absent) {
    const auto services = services_of({{"POS_SERVICE_URL", ""}, {"SALES_SERVICE_URL", ""}});
    EXPECT_EQ(services.size(), 10U);
    EXPECT_EQ(services.at("sales").port, "8004");
}

TEST(service_settings, what_is_about_this_service_defines_none) {
    EXPECT_EQ(services_of({{"ORCHESTRATOR_SERVICE_URL", "http://orchestrator:8018"}}).size(), 10U);
    EXPECT_FALSE(is_service_url("ORCHESTRATOR_SERVICE_URL"));
    EXPECT_FALSE(is_service_url("ORCHESTRATOR_POS_SERVICE_URL"));
}

// A Kubernetes service "pos-service" tells every container of its host and ports.
TEST(service_settings, what_kubernetes_tells_of_services_defines_none) {
    EXPECT_EQ(services_of({{"POS_SERVICE_HOST", "10.0.0.1"},
                           {"POS_SERVICE_PORT", "8000"},
                           {"POS_SERVICE_PORT_HTTP", "8000"},
                           {"POS_SERVICE_SERVICE_HOST", "10.0.0.1"},
                           {"POS_SERVICE_SERVICE_PORT", "8000"},
                           {"POS_SERVICE_PORT_8000_TCP", "tcp://10.0.0.1:8000"},
                           {"POS_PORT", "tcp://10.0.0.1:8000"},
                           {"SERVICE_URL", "http://x"}})
                  .size(),
              10U);
}

TEST(service_settings, an_address_that_is_none_is_refused_by_the_name_of_its_variable) {
    for (const auto* url : {"sales:8000", "tcp://10.0.0.1:8000", "http://user@sales", "http://sales?x=1", "http://"}) {
        const auto read = parse_config({{"SALES_SERVICE_URL", url}});
        ASSERT_FALSE(read) << url;
        EXPECT_EQ(read.error().front().pointer, "SALES_SERVICE_URL");
        EXPECT_THAT(read.error().front().message, HasSubstr("is not an http:// or https:// address"));
    }
}

TEST(service_settings, a_variable_that_may_be_somebody_elses_defines_nothing_and_is_told) {
    const auto read = parse_config({{"CACHE_SERVICE_URL", "redis://cache:6379"}});
    ASSERT_TRUE(read);
    EXPECT_FALSE(read->services.contains("cache"));
    ASSERT_EQ(read->doubtful_names.size(), 1U);
    EXPECT_EQ(read->doubtful_names[0].pointer, "CACHE_SERVICE_URL");
    EXPECT_THAT(read->doubtful_names[0].message, HasSubstr("is not an http:// or https:// address"));
}

TEST(service_settings, a_name_that_no_workflow_could_write_is_told) {
    for (const auto& name :
         {std::string{"_SERVICE_URL"}, std::string{"9POS_SERVICE_URL"}, std::string{"Pos_SERVICE_URL"},
          std::string{"POS-2_SERVICE_URL"}, std::string(65, 'A') + "_SERVICE_URL"}) {
        const auto read = parse_config({{name, "http://pos:8000"}});
        ASSERT_TRUE(read) << name;
        ASSERT_FALSE(read->doubtful_names.empty()) << name;
        EXPECT_EQ(read->doubtful_names.front().pointer, name);
        EXPECT_THAT(read->doubtful_names.front().message, HasSubstr("names no service"));
    }
    EXPECT_TRUE(parse_config({{std::string(64, 'A') + "_SERVICE_URL", "http://pos:8000"}}));
}

TEST(service_settings, may_stand_in_a_file) {
    const auto read = [](const std::string& path) -> std::expected<std::string, std::string> {
        return path == "/conf" ? "POS_SERVICE_URL=http://pos:8000\n" : "http://crm:8000\n";
    };
    const auto gathered =
        gather_settings({{"ORCHESTRATOR_CONFIG_FILE", "/conf"}, {"CRM_SERVICE_URL_FILE", "/run/crm"}}, read);
    EXPECT_TRUE(gathered.violations.empty());
    const auto services = services_of(values_of(gathered.found));
    EXPECT_TRUE(services.contains("pos"));
    EXPECT_TRUE(services.contains("crm"));
}

}  // namespace
}  // namespace orchestrator::server
