// The platform's services as a script: what each call is answered with, how late, or how it is lost. Effects are
// counted by Idempotency-Key, as services that honour it would.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "domain/tenancy/tenant.h"
#include "engine/active_execution.h"
#include "tests/simulation/world/simulated_clock.h"
#include "tests/simulation/world/simulated_directory.h"
#include "tests/simulation/world/witness.h"

namespace orchestrator::simulation {

// How one call is answered.
struct scripted_answer {
    milliseconds latency{5};
    bool hangs = false;                 // no answer before the deadline, nor after it
    std::optional<http_fault> fault{};  // the connection ends like this instead of an answer
    bool has_effect = true;             // the service did what it was asked, whatever came back
    http_response response{.status = 200, .headers = {}, .body = R"({"count":1})", .body_truncated = false};
    int polls = 0;  // answered 202 with a Location first, and this often when it is asked
};

[[nodiscard]] scripted_answer answered(int status, std::string body = "{}", milliseconds latency = milliseconds{5});
[[nodiscard]] scripted_answer lost(http_fault, milliseconds latency = milliseconds{5});
[[nodiscard]] scripted_answer hanging();

class simulated_services {
  public:
    // `nth`: how many calls with this Idempotency-Key there were, this one included.
    using script = std::function<scripted_answer(const http_request&, int nth)>;

    // Every service of the platform, by its name; the host of its origin is the name, too.
    [[nodiscard]] const service_directory& directory() const { return directory_; }

    void script_steps(script how) { steps_ = std::move(how); }
    // What the `nth` poll of all is answered with instead of the truth; nullopt: the truth.
    void script_polls(std::function<std::optional<scripted_answer>(int nth)> how) { polls_ = std::move(how); }
    void script_tenants(script how) { tenant_list_ = std::move(how); }
    void set_tenants(std::vector<tenant> all, bool bare = false) { tenants_.set_tenants(std::move(all), bare); }
    [[nodiscard]] simulated_directory& tenant_directory() { return tenants_; }
    [[nodiscard]] const std::vector<tenant>& tenants() const { return tenants_.tenants(); }

    // The answer to a call that has arrived.
    [[nodiscard]] scripted_answer receive(const http_request&);

    [[nodiscard]] int effects(const std::string& idempotency_key) const;
    [[nodiscard]] int calls(const std::string& idempotency_key) const;
    [[nodiscard]] int tenant_list_calls() const { return tenant_list_calls_; }
    // For one tenant.
    [[nodiscard]] int tenant_calls() const { return tenant_calls_; }

  private:
    struct job {
        scripted_answer in_the_end;
        int polls_left;
    };
    scripted_answer poll(const http_request&);
    scripted_answer answer_of_the_directory(const http_request&);

    service_directory directory_ = make_directory();
    static service_directory make_directory();
    script steps_;
    script tenant_list_;
    simulated_directory tenants_;
    std::function<std::optional<scripted_answer>(int)> polls_;
    int polls_made_ = 0;
    int tenant_list_calls_ = 0;
    int tenant_calls_ = 0;
    std::map<std::string, int> calls_;
    std::map<std::string, int> effects_;
    std::vector<job> jobs_;
};

// One instance's way to the services.
class simulated_network final : public http_client {
  public:
    simulated_network(simulated_services& services, simulated_clock& time, witness& seen_by = nobody(),
                      std::string instance = "instance_1")
        : services_{services}, time_{time}, witness_{seen_by}, instance_{std::move(instance)} {}

    task<http_result> send(const http_request&) override;

  private:
    static witness& nobody();

    simulated_services& services_;
    simulated_clock& time_;
    witness& witness_;
    std::string instance_;
};

}  // namespace orchestrator::simulation
