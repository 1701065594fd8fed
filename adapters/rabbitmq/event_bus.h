// Publishes to RabbitMQ (AMQP 0-9-1): durable topic exchanges, persistent messages, confirms that are waited for in a
// pipeline, and `mandatory`, so that a message that no queue takes comes back instead of disappearing.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "adapters/blocking/worker.h"
#include "ports/event_bus.h"

namespace orchestrator::rabbitmq {

struct address {
    std::string host = "127.0.0.1";
    int port = 5'672;
    std::string user = "guest";
    std::string password = "guest";
    std::string virtual_host = "/";
    bool uses_tls = false;
};

// "amqp://[USER:PASSWORD@]HOST[:PORT][/VIRTUAL_HOST]", or amqps. nullopt for anything else.
[[nodiscard]] std::optional<address> parse_address(std::string_view url);

struct bus_options {
    address where;
    std::string ca_file;          // PEM, for amqps; empty: the system's authorities
    milliseconds timeout{5'000};  // of connecting, and of all confirms of one call
};

class event_bus final : public orchestrator::event_bus {
  public:
    explicit event_bus(bus_options);
    ~event_bus() override;

    task<result<std::vector<publish_problem>>> publish(std::vector<event>) override;
    // Publishes what reaches no consumer, and waits until it is confirmed: for who wants to know whether that works.
    result<void> check();

  private:
    class session;

    enum class purpose { telling, checking };

    result<std::vector<publish_problem>> publish_now(const std::vector<event>&, purpose = purpose::telling);

    bus_options options_;
    std::unique_ptr<session> session_;  // nullptr: not connected
    blocking::worker worker_;           // last, so that its thread ends before what it uses
};

}  // namespace orchestrator::rabbitmq
