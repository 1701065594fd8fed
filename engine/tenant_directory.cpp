#include "engine/tenant_directory.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include "domain/retry/retry_policy.h"
#include "domain/workflow/template.h"

namespace orchestrator {
namespace json = boost::json;
namespace {

constexpr milliseconds attempt_timeout{30'000};
constexpr std::size_t longest_answer = 8 << 20;  // bytes
constexpr int most_broken_answers = 5;
constexpr retry_policy until_deadline{
    .max_retries = 1'000'000, .delay = milliseconds{500}, .max_delay = milliseconds{15'000}};

const json::array* tenants_in(const json::value& answer) {
    const auto* object = answer.if_object();
    if (!object) return answer.if_array();
    const auto* list = object->if_contains("tenants");
    return list ? list->if_array() : nullptr;
}

// `{tenants: […], total?, next_cursor?}` or the bare list.
std::optional<listed_page> parse_page(const std::string& body) {
    boost::system::error_code failed;
    const auto answer = json::parse(body, failed, json::make_shared_resource<json::monotonic_resource>());
    const auto* elements = failed ? nullptr : tenants_in(answer);
    if (!elements) return std::nullopt;
    listed_page page;
    page.bytes = body.size();
    page.elements.reserve(elements->size());
    for (const auto& element : *elements) page.elements.push_back(parse_tenant(element));
    const auto* object = answer.if_object();
    if (!object) return page;
    if (const auto* total = object->if_contains("total"); total && total->is_int64()) page.total = total->get_int64();
    if (const auto* cursor = object->if_contains("next_cursor"); cursor && (cursor->is_string() || cursor->is_null()))
        page.next_cursor = cursor->is_string() ? std::string{cursor->get_string()} : std::string{};
    return page;
}

std::optional<tenant> parse_one(const std::string& body) {
    boost::system::error_code failed;
    const auto answer = json::parse(body, failed);
    return failed ? std::nullopt : parse_tenant(answer);
}

std::string target_of(const page_question& question) {
    if (question.cursor.empty())
        return fmt::format("/api/v1/tenants?status=active&skip={}&limit={}", question.skip, question.limit);
    auto target = fmt::format("/api/v1/tenants?status=active&limit={}&cursor=", question.limit);
    append_percent_encoded(target, question.cursor);
    return target;
}

std::string describe(const http_result& answer, const std::string& target) {
    if (!answer) return fmt::format("the tenant service cannot be reached: {}", answer.error().detail);
    return fmt::format("the tenant service answered HTTP {} to GET {}", answer->status, target);
}

}  // namespace

task<result<listed_page>> tenant_directory::page(patience how, page_question question) {
    std::optional<listed_page> page;
    const auto reads = [&page](const std::string& body) { return (page = parse_page(body)).has_value(); };
    const auto answered = co_await ask(std::move(how), target_of(question), reads);
    if (answered) co_return std::move(*page);
    if (answered.error().code == errc::not_found) co_return fail(errc::service_failed, answered.error().message);
    co_return std::unexpected{answered.error()};
}

task<result<std::optional<tenant>>> tenant_directory::find(patience how, tenant_id id) {
    std::optional<tenant> found;
    const auto reads = [&](const std::string& body) { return (found = parse_one(body)) && found->id == id; };
    const auto answered = co_await ask(std::move(how), fmt::format("/api/v1/tenants/{}", to_string(id)), reads);
    if (answered) co_return std::move(found);
    if (answered.error().code == errc::not_found) co_return std::optional<tenant>{};
    co_return std::unexpected{answered.error()};
}

task<result<std::string>> tenant_directory::ask(patience how, std::string target,
                                                std::function<bool(const std::string&)> is_right) {
    http_request request;
    request.origin = &origin_;
    request.target = std::move(target);
    request.max_body = longest_answer;
    request.stop = how.stop;
    bool is_told = false;
    for (int attempts = 1;; ++attempts) {
        if (how.on_attempt) how.on_attempt();
        request.deadline = std::min(how.deadline, time_.steady_now() + attempt_timeout);
        auto answer = co_await http_.send(request);
        auto verdict = answer ? judge_status(answer->status, true) : call_verdict::worth_a_retry;
        const bool is_broken = verdict == call_verdict::succeeded && !is_right(answer->body);  // on the way, perhaps
        if (verdict == call_verdict::succeeded && !is_broken) {
            if (is_told) co_await how.on_trouble({});
            co_return std::move(answer->body);
        }
        auto problem = is_broken ? fmt::format("the tenant service answered GET {} with something else than tenants",
                                               request.target)
                                 : describe(answer, request.target);
        if (answer && answer->status == 404) co_return fail(errc::not_found, std::move(problem));
        std::optional<milliseconds> retry_after;
        if (answer) retry_after = parse_retry_after(find_header(answer->headers, "Retry-After"), time_.now());
        const auto delay = retry_delay(until_deadline, attempts, retry_after, random_.uniform());
        const auto again = time_.steady_now() + *delay;
        if (verdict == call_verdict::refused || how.stop.stop_requested() || again >= how.deadline ||
            (is_broken && attempts >= most_broken_answers))
            co_return fail(errc::service_failed, std::move(problem));
        if (attempts == 2 && how.on_trouble) {
            is_told = true;
            co_await how.on_trouble(std::move(problem));
        }
        co_await time_.sleep_until(again, how.stop);
    }
}

}  // namespace orchestrator
