#include "tests/simulation/world/simulated_network.h"

#include <fmt/format.h>

#include <algorithm>

namespace orchestrator::simulation {
namespace {

constexpr std::string_view job_path = "/jobs/";
constexpr std::string_view tenant_list_path = "/api/v1/tenants?";
constexpr std::string_view tenant_path = "/api/v1/tenants/";

// Tells the witness of the end even when the caller is destroyed in mid-call.
class watched_call {
  public:
    watched_call(witness& by, const std::string& instance, const http_request& request)
        : witness_{by}, instance_{instance}, request_{request} {
        witness_.call_began(instance_, request_);
    }
    ~watched_call() { witness_.call_ended(instance_, request_, answer_); }
    http_result conclude(http_result answer) {
        answer_ = answer;
        return answer;
    }
    watched_call(const watched_call&) = delete;
    watched_call& operator=(const watched_call&) = delete;

  private:
    witness& witness_;
    const std::string& instance_;
    const http_request& request_;
    std::optional<http_result> answer_;
};

std::string key_of(const http_request& request) { return std::string{find_header(request.headers, "Idempotency-Key")}; }

}  // namespace

scripted_answer answered(int status, std::string body, milliseconds latency) {
    scripted_answer made{.latency = latency};
    made.has_effect = status < 400;
    made.response = {.status = status, .headers = {}, .body = std::move(body), .body_truncated = false};
    return made;
}

scripted_answer lost(http_fault fault, milliseconds latency) { return {.latency = latency, .fault = fault}; }

scripted_answer hanging() { return {.hangs = true}; }

service_directory simulated_services::make_directory() {
    service_directory made;
    for (const auto* name : {"tenant", "forecasting", "training", "sales", "inventory", "production", "procurement",
                             "notification", "alert_processor", "distribution"})
        made.emplace(name, http_origin{.scheme = "http", .host = name, .port = "8000", .base_path = ""});
    return made;
}

int simulated_services::effects(const std::string& key) const {
    const auto found = effects_.find(key);
    return found == effects_.end() ? 0 : found->second;
}

int simulated_services::calls(const std::string& key) const {
    const auto found = calls_.find(key);
    return found == calls_.end() ? 0 : found->second;
}

scripted_answer simulated_services::receive(const http_request& request) {
    if (request.target.starts_with(job_path)) return poll(request);
    const bool lists_tenants = request.target.starts_with(tenant_list_path);
    if (request.origin->host == "tenant" && (lists_tenants || request.target.starts_with(tenant_path))) {
        ++(lists_tenants ? tenant_list_calls_ : tenant_calls_);
        if (!tenant_list_) return answer_of_the_directory(request);
        auto answer = tenant_list_(request, tenant_list_calls_ + tenant_calls_);
        if (answer.response.status == 200 && answer.response.body.empty())
            answer.response = answer_of_the_directory(request).response;
        return answer;
    }
    const auto key = key_of(request);
    const int nth = ++calls_[key];
    auto answer = steps_ ? steps_(request, nth) : scripted_answer{};
    if (answer.polls > 0 && !answer.hangs && !answer.fault) {
        jobs_.push_back({answer, answer.polls});
        auto accepted = answered(202, "", answer.latency);
        accepted.response.headers.emplace_back("Location", fmt::format("{}{}", job_path, jobs_.size() - 1));
        return accepted;
    }
    if (answer.has_effect) ++effects_[key];
    return answer;
}

scripted_answer simulated_services::poll(const http_request& request) {
    if (polls_)
        if (auto instead = polls_(++polls_made_)) return *instead;
    const auto number = std::stoul(request.target.substr(job_path.size()));
    auto& asked = jobs_.at(number);
    if (asked.polls_left-- > 1) {
        auto again = answered(202);
        again.response.headers.emplace_back("Location", request.target);
        return again;
    }
    if (asked.in_the_end.has_effect) ++effects_[key_of(request)];
    return asked.in_the_end;
}

scripted_answer simulated_services::answer_of_the_directory(const http_request& request) {
    if (request.target.starts_with(tenant_list_path)) return answered(200, tenants_.page(request.target));
    auto one = tenants_.one(std::string_view{request.target}.substr(tenant_path.size()));
    return one.empty() ? answered(404) : answered(200, std::move(one));
}

witness& simulated_network::nobody() {
    static witness none;
    return none;
}

task<http_result> simulated_network::send(const http_request& request) {
    const auto ended_by = [](http_fault fault) {
        return std::unexpected{http_failure{fault, fmt::format("simulated: {}", to_string(fault))}};
    };
    if (request.stop.stop_requested()) co_return ended_by(http_fault::cancelled);
    if (time_.steady_now() >= request.deadline) co_return ended_by(http_fault::timed_out);
    watched_call watched{witness_, instance_, request};
    auto answer = services_.receive(request);
    const auto arrival = time_.steady_now() + answer.latency;
    const bool late = answer.hangs || arrival >= request.deadline;
    co_await time_.sleep_until(late ? request.deadline : arrival, request.stop);
    if (request.stop.stop_requested()) co_return watched.conclude(ended_by(http_fault::cancelled));
    if (late) co_return watched.conclude(ended_by(http_fault::timed_out));
    if (answer.fault) co_return watched.conclude(ended_by(*answer.fault));
    if (answer.response.body.size() > request.max_body) {
        answer.response.body.resize(request.max_body);
        answer.response.body_truncated = true;
    }
    co_return watched.conclude(std::move(answer.response));
}

}  // namespace orchestrator::simulation
