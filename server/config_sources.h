// Where settings come from: the process's environment, files that variables NAME_FILE point to, and one file of
// settings. Pure but for the function that reads a file.
#pragma once

#include <expected>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "domain/error.h"
#include "server/config.h"

namespace orchestrator::server {

struct sourced_setting {
    std::string value;
    std::string origin;  // "environment", "/run/secrets/db (DATABASE_URL_FILE)", "/etc/orchestrator.conf:3"
};
using sourced_settings = std::map<std::string, sourced_setting, std::less<>>;

// The text of a file, or why it cannot be read.
using file_reader = std::function<std::expected<std::string, std::string>(const std::string& path)>;

struct gathered_settings {
    sourced_settings found;
    std::vector<violation> violations;
};

// Whatever the settings are, all of these hold: the environment wins over the file that ORCHESTRATOR_CONFIG_FILE names;
// NAME_FILE stands for NAME, both in one place are refused, and so is an empty file. A file holds lines NAME=VALUE,
// comments behind # at the beginning of a line, and values in double quotes where they begin or end with a space. Only
// known settings may stand in it. What is wrong hides nothing of the rest.
[[nodiscard]] gathered_settings gather_settings(const environment& process, const file_reader&);
[[nodiscard]] environment values_of(const sourced_settings&);

// A URL as it may be shown to people: a password in it is replaced by "***", wherever it stands and however odd it is.
[[nodiscard]] std::string masked(std::string_view url);

// The value of a setting as it may be shown: URLs masked, and where a URL should be and none is, nothing of it, as it
// may be the password alone; without control characters, and cut where it is long.
[[nodiscard]] std::string shown(std::string_view name, std::string_view value);

}  // namespace orchestrator::server
