// The bakery platform around the orchestrator, simulated: tenants, forecasting, production, procurement, inventory and
// notification answer on one port, with the faults that they are told to have. For tests, benchmarks and trying out;
// it keeps everything in memory and asks for no token.
#include <fmt/format.h>
#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>

#include "adapters/http/server.h"
#include "platform_simulator/behaviour/platform.h"
#include "platform_simulator/control_routes.h"
#include "platform_simulator/delivery.h"
#include "platform_simulator/options.h"

namespace orchestrator::simulator {
namespace {

using namespace std::chrono_literals;

// Slow and hanging answers are on purpose here: the server must not end them before the client does.
constexpr http::server_limits limits{.max_connections = 65'536, .write_timeout = 660s};

constexpr auto drain_time = 1s;

incoming_request as_incoming(const http::server_request& request) {
    return {.method = request.method,
            .target = request.target,
            .idempotency_key = find_header(request.headers, "Idempotency-Key"),
            .body = request.body,
            .now = std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now())};
}

task<http::server_response> answer_request(platform& simulated, http::server_request request) {
    if (is_control_route(request.target)) co_return control(simulated, request);
    auto planned = simulated.respond(as_incoming(request));
    if (planned.delay > 0ms) {
        asio::steady_timer delay{co_await asio::this_coro::executor, planned.delay};
        co_await delay.async_wait(use_task);
    }
    co_return render(std::move(planned));
}

// A hanging answer holds its connection for minutes, and the usual 1,024 open files are soon used up by those.
void raise_open_file_limit() {
    rlimit open_files{};
    if (getrlimit(RLIMIT_NOFILE, &open_files) != 0) return;
    open_files.rlim_cur = open_files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &open_files);  // without it the program still works, with fewer connections
}

task<> drain(http::server& server, asio::io_context& context) {
    co_await server.drain(std::chrono::steady_clock::now() + drain_time);
    context.stop();
}

// Written beside and renamed, so that whoever waits for the file never reads half a URL.
void write_ready_file(const std::string& path, const std::string& url) {
    const std::string unfinished = path + ".part";
    std::ofstream file{unfinished};
    file << url << '\n';
    file.close();
    if (!file) throw std::runtime_error{"cannot write " + unfinished};
    std::filesystem::rename(unfinished, path);
}

void announce(const options& chosen, unsigned short port) {
    const bool ipv6 = chosen.address.find(':') != std::string::npos;
    const auto url =
        fmt::format(fmt::runtime(ipv6 ? "http://[{}]:{}{}" : "http://{}:{}{}"), chosen.address, port, chosen.base_path);
    fmt::print("platform simulator: {}, {} active tenants, seed {}\n", url, chosen.bakeries.active,
               chosen.bakeries.seed);
    std::fflush(stdout);
    if (!chosen.ready_file.empty()) write_ready_file(chosen.ready_file, url);
}

void serve(options chosen) {
    raise_open_file_limit();
    platform simulated{chosen.bakeries, std::move(chosen.faults), chosen.base_path};
    asio::io_context context{1};
    http::server server{context, chosen.address, chosen.port,
                        [&](http::server_request request) { return answer_request(simulated, std::move(request)); },
                        limits};
    asio::signal_set signals{context, SIGINT, SIGTERM};
    signals.async_wait([&](const boost::system::error_code& failed, int) {
        if (!failed) asio::co_spawn(context, drain(server, context), asio::detached);
    });
    server.start();
    announce(chosen, server.port());
    context.run();
}

}  // namespace
}  // namespace orchestrator::simulator

int main(int argc, char** argv) {
    using namespace orchestrator::simulator;
    auto chosen = read_options(argc, argv);
    if (!chosen) return chosen.error();
    try {
        serve(std::move(*chosen));
    } catch (const std::exception& failed) {
        fmt::print(stderr, "platform_simulator: {}\n", failed.what());
        return 1;
    }
}
