#include "api/event_stream.h"

#include <fmt/format.h>

#include <iterator>

#include "api/execution_json.h"
#include "api/query_parameters.h"
#include "api/resources.h"
#include "domain/json/exact_json.h"

namespace orchestrator::api {
namespace {

// Serialized JSON holds no line break, so that one data line carries it.
void append_event(std::string& chunk, std::string_view name, const json::object& data) {
    fmt::format_to(std::back_inserter(chunk), "event: {}\ndata: {}\n\n", name, write_json_exactly(data));
}

std::expected<std::int64_t, problem> read_last_event_id(const request& message) {
    const auto text = find_header(message.headers, "Last-Event-ID");
    if (text.empty()) return 0;
    if (const auto sequence = parse_count(text)) return *sequence;
    return refuse_unreadable({{"header:Last-Event-ID", "must be the id of a log event: a whole number from 0"}});
}

}  // namespace

event_stream::progress_mark::progress_mark(const execution& from)
    : status{from.status},
      planning_complete{from.planning_complete},
      cancel_requested{from.cancel_requested},
      tenants{from.tenants},
      steps{from.steps} {}

event_stream::event_stream(const api_dependencies& api, stream_options options)
    : executions_{api.executions}, time_{api.time}, options_{options} {}

task<std::optional<std::string>> event_stream::next(std::shared_ptr<event_stream> self) {
    if (self->ended_) co_return std::nullopt;
    std::string chunk;
    if (!self->opened_) {
        self->opened_ = true;
        self->next_look_ = self->progress_due_ = self->last_sent_ = self->time_.steady_now();
        chunk = "retry: 1000\n\n";
    }
    do {
        if (self->next_look_ > self->time_.steady_now()) co_await self->time_.sleep_until(self->next_look_);
        co_await self->look(chunk);
        const bool silent = self->time_.steady_now() - self->last_sent_ >= keep_alive_interval;
        if (chunk.empty() && !self->ended_ && silent) chunk = ": keep-alive\n\n";
    } while (chunk.empty() && !self->ended_);
    self->last_sent_ = self->time_.steady_now();
    if (chunk.empty()) co_return std::nullopt;
    co_return chunk;
}

// The execution is read before its logs: once it has ended, no log can follow those that are read after it.
task<> event_stream::look(std::string& chunk) {
    next_look_ = time_.steady_now() + look_interval;
    auto found = co_await executions_.find_execution(options_.execution);
    if (!found) {
        give_up_unless_passing(found.error());
        co_return;
    }
    const bool all_logs_sent = co_await append_logs(chunk);
    if (ended_) co_return;
    caught_up_ = caught_up_ || all_logs_sent;
    // Behind by a page or more: no wait, and no end before the last log.
    if (!all_logs_sent && !chunk.empty()) next_look_ = time_.steady_now();
    if (all_logs_sent || (caught_up_ && !is_final(found->status))) co_await append_state(chunk, std::move(*found));
}

// Is there none left to send? False, too, when the store did not answer.
task<bool> event_stream::append_logs(std::string& chunk) {
    if (!options_.logs) co_return true;
    log_query query;
    query.after = options_.after;
    query.limit = logs_per_page;
    const auto page = co_await executions_.list_logs(options_.execution, std::move(query));
    if (!page) {
        give_up_unless_passing(page.error());
        co_return false;
    }
    for (const auto& log : *page) {
        fmt::format_to(std::back_inserter(chunk), "id: {}\n", log.sequence);
        append_event(chunk, "log", log_to_json(log));
        options_.after = log.sequence;
    }
    co_return page->size() < static_cast<std::size_t>(logs_per_page);
}

task<> event_stream::append_state(std::string& chunk, execution now_found) {
    const progress_mark mark{now_found};
    const bool final = is_final(now_found.status);
    const auto now = time_.steady_now();
    if (!final && (sent_ == mark || now < progress_due_)) co_return;
    const auto summaries = co_await executions_.step_summaries(now_found.id);
    if (!summaries) {
        give_up_unless_passing(summaries.error());
        co_return;
    }
    append_event(chunk, final ? "end" : "progress", execution_to_json(now_found, *summaries, time_.now()));
    sent_ = mark;
    progress_due_ = now + look_interval;
    ended_ = final;
}

// A store that does not answer for a moment is asked again; an execution that is gone ends its stream.
void event_stream::give_up_unless_passing(const error& why) { ended_ = !is_store_fault(why.code); }

task<answer> stream_events(const api_dependencies& api, routed_request request) {
    query_parameters parameters{std::move(request.query)};
    stream_options options;
    options.logs = parameters.boolean("logs", true);
    if (auto refused = parameters.conclude(); !refused) co_return std::unexpected{std::move(refused.error())};
    const auto after = read_last_event_id(request.message);
    if (!after) co_return std::unexpected{after.error()};
    const auto found = co_await resolve_execution(api, std::move(request.id));
    if (!found) co_return std::unexpected{found.error()};
    options.execution = found->id;
    options.after = *after;

    response reply;
    reply.headers = {{"Content-Type", "text/event-stream"},
                     {"Cache-Control", "no-cache"},
                     {"X-Accel-Buffering", "no"}};  // a proxy with its default settings would collect events
    reply.next_chunk = [stream = std::make_shared<event_stream>(api, options)] { return event_stream::next(stream); };
    co_return reply;
}

}  // namespace orchestrator::api
