// Where settings come from, and which of several wins.
#include "server/config_sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace orchestrator::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class config_sources : public testing::Test {
  protected:
    gathered_settings gather(const environment& process) {
        return gather_settings(process, [this](const std::string& path) -> std::expected<std::string, std::string> {
            const auto file = files.find(path);
            if (file == files.end()) return std::unexpected{"No such file or directory"};
            return file->second;
        });
    }
    sourced_settings found(const environment& process) {
        auto settings = gather(process);
        EXPECT_THAT(settings.violations, testing::IsEmpty());
        return std::move(settings.found);
    }
    std::vector<std::string> refused(const environment& process) {
        const auto settings = gather(process);
        std::vector<std::string> all;
        for (const auto& each : settings.violations) all.push_back(each.pointer + ": " + each.message);
        return all;
    }

    std::map<std::string, std::string> files;
};

TEST_F(config_sources, the_environment_wins_over_the_file) {
    files["/etc/o.conf"] = "# the bakeries\nPORT = 1\n\nDATABASE_URL=\"sqlite:a b.db \"\r\nDEFAULT_TIMEZONE=UTC\n";
    const auto all = found({{"ORCHESTRATOR_CONFIG_FILE", "/etc/o.conf"}, {"PORT", "2"}, {"DEFAULT_TIMEZONE", ""}});
    EXPECT_EQ(all.at("PORT").value, "2");
    EXPECT_EQ(all.at("PORT").origin, "environment");
    EXPECT_EQ(all.at("DATABASE_URL").value, "sqlite:a b.db ");
    EXPECT_EQ(all.at("DATABASE_URL").origin, "/etc/o.conf:4");
    EXPECT_EQ(all.at("DEFAULT_TIMEZONE").value, "UTC") << "an empty variable says nothing";
    EXPECT_FALSE(all.contains("ORCHESTRATOR_CONFIG_FILE"));
}

TEST_F(config_sources, a_setting_may_stand_in_a_file_of_its_own) {
    files["/run/secrets/db"] = "sqlite:secret.db\n";
    const auto all = found({{"DATABASE_URL_FILE", "/run/secrets/db"}, {"ORCHESTRATOR_CA_FILE", "/etc/ca.pem"}});
    EXPECT_EQ(all.at("DATABASE_URL").value, "sqlite:secret.db");
    EXPECT_EQ(all.at("DATABASE_URL").origin, "/run/secrets/db (DATABASE_URL_FILE)");
    EXPECT_EQ(all.at("ORCHESTRATOR_CA_FILE").value, "/etc/ca.pem") << "that one is a path itself";
    EXPECT_EQ(values_of(all).at("DATABASE_URL"), "sqlite:secret.db");
}

TEST_F(config_sources, tells_everything_that_is_wrong_at_once) {
    files["/etc/o.conf"] = "PORT: s3cret\nCOLOUR=red\nPORT=1\nPORT=2\n";
    EXPECT_THAT(
        refused({{"ORCHESTRATOR_CONFIG_FILE", "/etc/o.conf"},
                 {"DATABASE_URL", "memory:"},
                 {"DATABASE_URL_FILE", "/run/db"},
                 {"PORT_FILE", "/nowhere"}}),
        ElementsAre(HasSubstr("/etc/o.conf:1: \"PORT\" is no line NAME=VALUE"),
                    HasSubstr("/etc/o.conf:2: COLOUR is not a setting"), HasSubstr("/etc/o.conf:4: PORT stands"),
                    HasSubstr("DATABASE_URL_FILE: is set beside DATABASE_URL"),
                    HasSubstr("PORT_FILE: /nowhere cannot be read: No such file")));
    EXPECT_THAT(refused({{"DATABASE_URL_FILE", "postgresql://u:s3cret@h/db"}}),
                ElementsAre(HasSubstr("DATABASE_URL_FILE: postgresql://u:***@h/db cannot be read")));
    EXPECT_THAT(refused({{"ORCHESTRATOR_CONFIG_FILE", "/etc/none"}}),
                ElementsAre(HasSubstr("ORCHESTRATOR_CONFIG_FILE: /etc/none cannot be read")));
}

TEST_F(config_sources, an_empty_secret_is_no_wish_for_the_default) {
    files["/run/secrets/db"] = "\n";
    EXPECT_THAT(refused({{"DATABASE_URL_FILE", "/run/secrets/db"}}),
                ElementsAre("DATABASE_URL_FILE: /run/secrets/db is empty; without DATABASE_URL_FILE the default of "
                            "DATABASE_URL holds"));
}

TEST_F(config_sources, what_cannot_be_read_hides_nothing_of_the_rest) {
    const auto settings = gather({{"DATABASE_URL_FILE", "/nowhere"}, {"PORT", "x"}});
    EXPECT_EQ(settings.violations.size(), 1U);
    EXPECT_EQ(settings.found.at("PORT").value, "x") << "so that it is refused at the same time";
}

TEST_F(config_sources, passwords_are_not_shown) {
    EXPECT_EQ(masked("postgresql://orchestrator:s3cr3t@db.internal:5432/o?x=1"),
              "postgresql://orchestrator:***@db.internal:5432/o?x=1");
    EXPECT_EQ(masked("amqp://guest:p@ss:word@mq"), "amqp://guest:***@mq");
    EXPECT_EQ(masked("postgresql://u:pa/ss@h/db"), "postgresql://u:***@h/db") << "not encoded, and so no URL";
    EXPECT_EQ(masked("postgresql://u:pa?ss#w@rd@h"), "postgresql://u:***@h");
    EXPECT_EQ(masked("postgresql://h/db?password=x@y&sslmode=require"), "postgresql://***");
    EXPECT_EQ(masked("postgresql://h/db?password=x&sslmode=require"), "postgresql://h/db?password=***&sslmode=require");
    EXPECT_EQ(masked("postgresql://h/db?a=b&sslpassword=x?y"), "postgresql://h/db?a=b&sslpassword=***");
    EXPECT_EQ(masked("postgresql://u:p?password=x@h"), "postgresql://***");
    EXPECT_EQ(masked("postgres:u:word@h"), "postgres:***@h") << "whose slashes were forgotten";
    EXPECT_EQ(masked("http://host:80/a@b"), "http://host:***@b") << "too much is better than too little";
    EXPECT_EQ(shown("REDIS_URL", "word"), "***") << "it may be the password alone";
    EXPECT_EQ(shown("DATABASE_URL", "host=h password=word"), "***");
    EXPECT_EQ(shown("SALES_SERVICE_URL", "sales:8004"), "sales:8004");
    EXPECT_EQ(shown("SALES_SERVICE_URL", "http://u:word@sales"), "http://u:***@sales");
    EXPECT_EQ(shown("PORT", std::string(201, 'x') + "\n"), std::string(200, 'x') + "...");
    EXPECT_EQ(shown("DEFAULT_TIMEZONE", "a\nb\x1b"), "a?b?");
    EXPECT_EQ(shown("DATABASE_URL", ""), "");
    EXPECT_EQ(shown("REDIS_URL", "redis://word@cache"), "redis://***@cache");
    EXPECT_EQ(shown("REDIS_URL", "redis://me:word@cache/1"), "redis://me:***@cache/1");
    EXPECT_EQ(shown("REDIS_URL", "redis://cache"), "redis://cache");
    for (const auto* harmless : {"http://host/a@b", "sqlite:o.db", "0 8 * * *", "https://user@host", ""})
        EXPECT_EQ(masked(harmless), harmless);
}

}  // namespace
}  // namespace orchestrator::server
