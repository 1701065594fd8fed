#include "engine/tenant_directory.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include "domain/retry/retry_policy.h"

namespace orchestrator {
namespace json = boost::json;
namespace {

constexpr milliseconds page_timeout{30'000};
constexpr std::size_t longest_page = 8 << 20;  // bytes
constexpr std::string_view no_list = "the tenant service's answer is not a list of tenants";
constexpr retry_policy until_deadline{
    .max_retries = 1'000'000, .delay = milliseconds{500}, .max_delay = milliseconds{15'000}};

result<tenant_page> parse_page(const http_response& response) {
    boost::system::error_code failed;
    const auto value = json::parse(response.body, failed);
    const json::array* elements = nullptr;
    if (!failed) {
        if (const auto* object = value.if_object()) {
            const auto* list = object->if_contains("tenants");
            elements = list ? list->if_array() : nullptr;
        } else {
            elements = value.if_array();
        }
    }
    if (!elements) return fail(errc::service_failed, std::string{no_list});
    tenant_page page{.tenants = {}, .received = elements->size()};
    for (const auto& element : *elements)
        if (auto tenant = parse_tenant(element)) page.tenants.push_back(std::move(*tenant));
    return page;
}

std::string describe(const http_result& answer, const std::string& target) {
    if (!answer) return fmt::format("the tenant service cannot be reached: {}", answer.error().detail);
    return fmt::format("the tenant service answered HTTP {} to GET {}", answer->status, target);
}

}  // namespace

task<result<tenant_page>> tenant_directory::page(const walk& how, std::int64_t skip) {
    http_request request;
    request.origin = &origin_;
    request.target = fmt::format("/api/v1/tenants?status=active&skip={}&limit={}", skip, how.page_size);
    request.max_body = longest_page;
    request.stop = how.stop;
    bool is_told = false;
    for (int attempts = 1;; ++attempts) {
        request.deadline = std::min(how.deadline, time_.steady_now() + page_timeout);
        const auto answer = co_await http_.send(request);
        const auto verdict = answer ? judge_status(answer->status) : call_verdict::worth_a_retry;
        bool cut = false;
        if (verdict == call_verdict::succeeded) {
            auto page = parse_page(*answer);
            cut = !page;  // broken on the way, perhaps: worth another try
            if (page && is_told) co_await how.on_trouble({});
            if (page) co_return page;
        }
        std::optional<milliseconds> retry_after;
        if (answer) retry_after = parse_retry_after(find_header(answer->headers, "Retry-After"), time_.now());
        const auto delay = retry_delay(until_deadline, attempts, retry_after, random_.uniform());
        const auto again = time_.steady_now() + *delay;
        auto problem = cut ? std::string{no_list} : describe(answer, request.target);
        if (verdict == call_verdict::refused || how.stop.stop_requested() || again >= how.deadline ||
            (cut && attempts >= 5))
            co_return fail(errc::service_failed, std::move(problem));
        if (attempts == 2 && how.on_trouble) {
            is_told = true;
            co_await how.on_trouble(std::move(problem));
        }
        co_await time_.sleep_until(again, how.stop);
    }
}

task<result<void>> tenant_directory::for_each_page(walk how,
                                                   std::function<task<result<void>>(std::vector<tenant>)> take) {
    std::optional<tenant_id> first_of_last_page;
    for (std::int64_t skip = 0; !how.stop.stop_requested(); skip += how.page_size) {
        auto found = co_await page(how, skip);
        if (!found) co_return std::unexpected{found.error()};
        if (!found->tenants.empty() && found->tenants.front().id == first_of_last_page)
            co_return fail(errc::service_failed, "the tenant service answers the same page again and again");
        if (!found->tenants.empty()) first_of_last_page = found->tenants.front().id;
        const auto taken = co_await take(std::move(found->tenants));
        if (!taken) co_return taken;
        if (found->received < std::size_t(how.page_size)) co_return result<void>{};
        if (skip >= how.max_tenants)
            co_return fail(errc::service_failed,
                           fmt::format("the tenant service lists more than {} tenants", how.max_tenants));
    }
    co_return fail(errc::service_failed, "planning was stopped");
}

}  // namespace orchestrator
