// The program `orchestrator`: the command line of cli/, and the commands that run here instead of asking a server.
#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "adapters/http/client.h"
#include "adapters/system/descriptor_limit.h"
#include "adapters/system/zone_files.h"
#include "cli/command_line.h"
#include "cli/json_text.h"
#include "cli/table.h"
#include "server/config.h"
#include "server/config_sources.h"
#include "server/descriptor_plan.h"
#include "server/doctor.h"
#include "server/migrate.h"
#include "server/serve.h"
#include "server/service_settings.h"

namespace {

using namespace orchestrator;

constexpr int usage_error = 2;

server::environment read_environment() {
    server::environment variables;
    for (char** variable = environ; *variable; ++variable) {
        const std::string_view text{*variable};
        const auto equals = text.find('=');
        if (equals != std::string_view::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return variables;
}

std::expected<std::string, std::string> read_file(const std::string& path) {
    errno = std::filesystem::is_directory(path) ? EISDIR : 0;
    std::ifstream file;
    if (errno == 0) file.open(path, std::ios::binary);
    if (!file.is_open()) return std::unexpected{std::generic_category().message(errno)};
    return std::string{std::istreambuf_iterator<char>{file}, {}};
}

int tell(const std::vector<violation>& all) {
    for (const auto& wrong : all) fmt::print(stderr, "{}: {}\n", wrong.pointer, wrong.message);
    return usage_error;
}

std::optional<violation> wrong_ca_file(const server::sourced_settings& given) {
    const auto found = given.find("ORCHESTRATOR_CA_FILE");
    if (found == given.end() || found->second.value.empty()) return std::nullopt;
    const auto& path = found->second.value;
    const auto checked = http::check_ca_file(path);
    if (checked) return std::nullopt;
    return violation{found->first,
                     fmt::format("{}: {}; name a PEM file of certificates", path, checked.error().message)};
}

std::optional<violation> too_few_descriptors(const server::config& chosen) {
    const auto plan = server::plan_descriptors(chosen, system::find_descriptor_limit().hard);
    return plan ? std::nullopt : std::optional{plan.error()};
}

// What settings name outside of them: zones, the file of authorities, and how many descriptors they need.
enum class named { looked_up, taken_on_trust };

std::expected<server::config, std::vector<violation>> config_from(const server::gathered_settings& gathered,
                                                                  named things) {
    system::zone_files of_this_machine;
    const bool looks = things == named::looked_up;
    auto wrong = gathered.violations;
    auto parsed = server::parse_config(server::values_of(gathered.found), looks ? &of_this_machine : nullptr);
    if (looks)
        if (auto found = wrong_ca_file(gathered.found)) wrong.push_back(std::move(*found));
    if (looks && parsed)
        if (auto found = too_few_descriptors(*parsed)) wrong.push_back(std::move(*found));
    if (!parsed) wrong.insert(wrong.end(), parsed.error().begin(), parsed.error().end());
    if (!wrong.empty()) return std::unexpected{std::move(wrong)};
    return parsed;
}

// Runs `work` with the configuration, or tells every error of it.
template <class Work>
int with_config(Work work, named things = named::looked_up) {
    const auto config = config_from(server::gather_settings(read_environment(), read_file), things);
    return config ? work(*config) : tell(config.error());
}

// The settings that there are, and the services that the environment adds.
std::vector<std::pair<std::string, std::string>> names_and_defaults(const server::sourced_settings& given) {
    std::vector<std::pair<std::string, std::string>> all;
    std::set<std::string_view> known;
    for (const auto& each : server::settings()) {
        all.emplace_back(each.name, each.default_value);
        known.insert(each.name);
    }
    for (const auto& [name, setting] : given)
        if (server::is_service_url(name) && !known.contains(name)) all.emplace_back(name, "");
    return all;
}

// Every setting with its value and where it comes from, valid or not: to see what is wrong is what it is for.
int show_config(bool as_json) {
    const auto gathered = server::gather_settings(read_environment(), read_file);
    std::vector<cli::table_row> rows;
    boost::json::array list;
    for (const auto& [name, default_value] : names_and_defaults(gathered.found)) {
        const auto found = gathered.found.find(name);
        const bool is_set = found != gathered.found.end();
        const auto value = server::shown(name, is_set ? found->second.value : default_value);
        const auto origin = is_set ? found->second.origin : std::string{"default"};
        rows.push_back({name, value, origin});
        list.push_back({{"name", name}, {"value", value}, {"origin", origin}});
    }
    if (as_json)
        fmt::print("{}", cli::write_indented(boost::json::object{{"settings", std::move(list)}}));
    else
        fmt::print("{}", cli::render_table({{"setting"}, {"value"}, {"origin"}}, rows, cli::palette{false}));
    const auto config = config_from(gathered, named::looked_up);
    return config ? 0 : tell(config.error());
}

boost::json::array to_json(const std::vector<violation>& all) {
    boost::json::array list;
    for (const auto& each : all) list.push_back({{"setting", each.pointer}, {"message", each.message}});
    return list;
}

int check_config(bool as_json) {
    const auto config = config_from(server::gather_settings(read_environment(), read_file), named::looked_up);
    const auto doubts = config ? config->doubtful_names : std::vector<violation>{};
    if (as_json) {
        const boost::json::object found{{"is_valid", config.has_value()},
                                        {"errors", to_json(config ? std::vector<violation>{} : config.error())},
                                        {"warnings", to_json(doubts)}};
        fmt::print("{}", cli::write_indented(found));
        return config ? 0 : usage_error;
    }
    for (const auto& each : doubts) fmt::print(stderr, "warning: {} {}\n", each.pointer, each.message);
    if (!config) return tell(config.error());
    fmt::print("the configuration is valid\n");
    return 0;
}

// Exit status 1: something is bad; what is doubtful lets the program run.
int run_doctor(const server::config& config, bool as_json) {
    const auto findings = server::examine(config);
    const bool any_bad = std::ranges::any_of(findings, [](const auto& f) { return f.state == server::health::bad; });
    if (as_json) {
        boost::json::array list;
        for (const auto& each : findings)
            list.push_back({{"subject", each.subject},
                            {"state", server::to_string(each.state)},
                            {"what", each.what},
                            {"mend", each.mend.empty() ? boost::json::value(nullptr) : boost::json::value(each.mend)}});
        fmt::print("{}",
                   cli::write_indented(boost::json::object{{"is_well", !any_bad}, {"findings", std::move(list)}}));
        return any_bad ? 1 : 0;
    }
    for (const auto& each : findings) {
        fmt::print("{:<9} {:<24} {}\n", server::to_string(each.state), each.subject, each.what);
        if (!each.mend.empty()) fmt::print("{:<34} mend: {}\n", "", each.mend);
    }
    fmt::print("{}\n", any_bad ? "something has to be mended first" : "ready to serve");
    return any_bad ? 1 : 0;
}

bool wants_json(const CLI::App& root) { return root.get_option("--output")->as<std::string>() == "json"; }

std::string settings_text() {
    std::string text =
        "Settings: environment variables. NAME_FILE names a file that holds NAME; ORCHESTRATOR_CONFIG_FILE one of\n"
        "lines NAME=VALUE, over which the environment wins.\n";
    for (const auto& line : server::settings())
        text += fmt::format("  {:<36} {} [{}]\n", line.name, line.meaning, line.default_value);
    text +=
        fmt::format("  {:<36} {}\n", "NAME_SERVICE_URL", "where any other service is, which steps then call by name");
    return text;
}

void add_commands(CLI::App& root, int& exit_status) {
    auto* serve = root.add_subcommand("serve", "Run the orchestrator: engine and HTTP API, until SIGINT or SIGTERM");
    auto ready_file = std::make_shared<std::string>();
    serve->add_option("--ready-file", *ready_file, "Write the API's base URL to this file once it listens");
    serve->footer(settings_text());
    serve->callback([ready_file, &exit_status] {
        exit_status = with_config([&](const server::config& config) { return server::serve(config, *ready_file); });
    });

    auto* config = root.add_subcommand("config", "The settings of serve and migrate, without starting anything");
    config->require_subcommand(1);
    config->footer(settings_text());
    config->add_subcommand("check", "Tell everything that is wrong with them, or that they are valid")
        ->callback([&root, &exit_status] { exit_status = check_config(wants_json(root)); });
    auto* show = config->add_subcommand("show", "Each setting with its value and where it comes from");
    show->callback([&root, &exit_status] { exit_status = show_config(wants_json(root)); });

    auto* doctor = root.add_subcommand("doctor",
                                       "Look at the database, Redis, the broker, clocks, zones, file descriptors and "
                                       "services, and say how to mend them");
    doctor->footer("Leaves nothing behind but the exchange that serve would make. Exit status 1: something is bad.");
    doctor->callback([&root, &exit_status] {
        exit_status = with_config([&](const server::config& chosen) { return run_doctor(chosen, wants_json(root)); },
                                  named::taken_on_trust);
    });

    auto* migrate = root.add_subcommand("migrate", "Bring the database named by DATABASE_URL to this program's schema");
    migrate->footer("Exit status 5: the database belongs to a newer program; 6: it cannot be used.");
    migrate->callback([&root, &exit_status] {
        exit_status =
            with_config([&](const server::config& chosen) { return server::migrate(chosen, wants_json(root)); },
                        named::taken_on_trust);
    });
}

}  // namespace

int main(int argc, char** argv) {
    return cli::run_command_line(argc, argv, {.add = add_commands}, ORCHESTRATOR_VERSION);
}
