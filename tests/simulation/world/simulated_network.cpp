#include "tests/simulation/world/simulated_network.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <charconv>

namespace orchestrator::simulation {
namespace json = boost::json;
namespace {

constexpr std::string_view job_path = "/jobs/";

// Tells the witness of the end even when the caller is destroyed in mid-call.
class watched_call {
  public:
    watched_call(witness& by, const std::string& instance, const http_request& request)
        : witness_{by}, instance_{instance}, request_{request} {
        witness_.call_began(instance_, request_);
    }
    ~watched_call() { witness_.call_ended(instance_, request_); }
    watched_call(const watched_call&) = delete;
    watched_call& operator=(const watched_call&) = delete;

  private:
    witness& witness_;
    const std::string& instance_;
    const http_request& request_;
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

std::string tenants_json(const std::vector<tenant>& all, std::size_t skip, std::size_t limit, bool bare) {
    json::array listed;
    for (std::size_t i = skip; i < std::min(all.size(), skip + limit); ++i)
        listed.push_back({{"id", to_string(all[i].id)},
                          {"name", all[i].name},
                          {"subscription_tier", to_string(all[i].tier)},
                          {"status", to_string(all[i].status)},
                          {"timezone", all[i].timezone}});
    if (bare) return json::serialize(listed);
    return json::serialize(json::value{{"tenants", std::move(listed)}, {"total", all.size()}});
}

std::size_t query_number(std::string_view target, std::string_view name, std::size_t fallback) {
    const auto found = target.find(fmt::format("{}=", name));
    if (found == std::string_view::npos) return fallback;
    std::from_chars(target.data() + found + name.size() + 1, target.data() + target.size(), fallback);
    return fallback;
}

service_directory simulated_services::make_directory() {
    service_directory made;
    for (const auto* name : {"tenant", "forecasting", "training", "sales", "inventory", "production", "procurement",
                             "notification", "alert_processor", "distribution"})
        made.emplace(name, http_origin{.scheme = "http", .host = name, .port = "8000", .base_path = ""});
    return made;
}

void simulated_services::set_tenants(std::vector<tenant> all, bool bare) {
    tenants_ = std::move(all);
    bare_list_ = bare;
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
    if (request.origin->host == "tenant" && request.target.starts_with("/api/v1/tenants?")) {
        ++tenant_list_calls_;
        if (!tenant_list_) return list_tenants(request);
        auto answer = tenant_list_(request, tenant_list_calls_);
        if (answer.response.status == 200 && answer.response.body.empty())
            answer.response = list_tenants(request).response;
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

scripted_answer simulated_services::list_tenants(const http_request& request) const {
    const auto skip = query_number(request.target, "skip", 0);
    const auto limit = query_number(request.target, "limit", 100);
    return answered(200, tenants_json(tenants_, skip, limit, bare_list_));
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
    const watched_call watched{witness_, instance_, request};
    auto answer = services_.receive(request);
    const auto arrival = time_.steady_now() + answer.latency;
    const bool late = answer.hangs || arrival >= request.deadline;
    co_await time_.sleep_until(late ? request.deadline : arrival, request.stop);
    if (request.stop.stop_requested()) co_return ended_by(http_fault::cancelled);
    if (late) co_return ended_by(http_fault::timed_out);
    if (answer.fault) co_return ended_by(*answer.fault);
    if (answer.response.body.size() > request.max_body) {
        answer.response.body.resize(request.max_body);
        answer.response.body_truncated = true;
    }
    co_return std::move(answer.response);
}

}  // namespace orchestrator::simulation
