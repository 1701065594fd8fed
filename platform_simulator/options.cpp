#include "platform_simulator/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <utility>

namespace orchestrator::simulator {
namespace {

constexpr int usage_error = 2;

result<fault_plan> read_fault_file(const std::string& path) {
    std::ifstream file{path};
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) return fail(errc::invalid_argument, "cannot read it");
    return parse_fault_plan(text.str());
}

void print_problem(const std::string& path, const error& wrong) {
    fmt::print(stderr, "{}: {}\n", path, wrong.message);
    for (const auto& each : wrong.violations) fmt::print(stderr, "  {}: {}\n", each.pointer, each.message);
}

std::string is_base_path(const std::string& path) {
    const bool is_one = path.size() > 1 && path.starts_with('/') && !path.ends_with('/');
    return is_one ? "" : "must begin with \"/\", and not end with it: " + path;
}

}  // namespace

std::expected<options, int> read_options(int argc, char** argv) {
    options chosen;
    std::string faults_file, preset = "none";
    CLI::App app{"The services around the bakery orchestrator, simulated on one port.", "platform_simulator"};
    app.add_option("--address", chosen.address, "Address to listen at")->capture_default_str();
    app.add_option("--port", chosen.port, "Port to listen at; 0 takes a free one")->capture_default_str();
    app.add_option("--base-path", chosen.base_path, "Path that all services lie below, such as /bakery")
        ->check(is_base_path);
    app.add_option("--tenants", chosen.bakeries.active, "Active tenants; about 5 % that are not come on top")
        ->check(CLI::Range(0, 2'000'000))
        ->capture_default_str();
    app.add_option("--seed", chosen.bakeries.seed, "Of tenants, demand and faults")->capture_default_str();
    auto* file = app.add_option("--faults", faults_file, "Fault rules (JSON)")->check(CLI::ExistingFile);
    app.add_option("--fault-preset", preset, "Built-in fault rules")
        ->check(CLI::IsMember({"none", "few", "many"}))
        ->excludes(file)
        ->capture_default_str();
    app.add_option("--ready-file", chosen.ready_file, "Gets the base URL once the port is open");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& stopped) {
        return std::unexpected{app.exit(stopped) == 0 ? 0 : usage_error};
    }
    chosen.faults = make_fault_plan(*parse_fault_preset(preset), chosen.bakeries.seed);
    if (faults_file.empty()) return chosen;
    auto plan = read_fault_file(faults_file);
    if (!plan) {
        print_problem(faults_file, plan.error());
        return std::unexpected{usage_error};
    }
    chosen.faults = std::move(*plan);
    return chosen;
}

}  // namespace orchestrator::simulator
