// The API in front of small in-memory stores, an engine that only takes notes, and a clock that jumps to where it is
// told to sleep. `ask` runs one request to its end.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <exception>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "adapters/icalendar/reader.h"
#include "adapters/memory/store.h"
#include "api/api.h"
#include "tests/unit/domain/time_zone/zones.h"

namespace orchestrator::api::fakes {

inline const system_time start_of_test = *parse_time("2025-11-06T08:30:20.125Z");

class fake_clock final : public clock {
  public:
    [[nodiscard]] system_time now() const override { return start_of_test + slept; }
    [[nodiscard]] steady_time steady_now() const override { return steady_time{} + std::chrono::hours{1} + slept; }
    task<> sleep_until(steady_time until, std::stop_token) override {
        slept += std::chrono::duration_cast<milliseconds>(until - steady_now());
        ++sleeps;
        if (on_sleep) on_sleep();
        co_return;
    }

    milliseconds slept{0};
    int sleeps = 0;
    std::function<void()> on_sleep;  // what happens meanwhile
};

class counting_random final : public random_source {
  public:
    [[nodiscard]] std::uint64_t next() override { return ++drawn_; }

  private:
    std::uint64_t drawn_ = 0;
};

// Knows Madrid alone.
class fixed_zones final : public zone_source {
  public:
    [[nodiscard]] result<std::shared_ptr<const time_zone>> find(const std::string& name) override {
        if (name == madrid_->name()) return madrid_;
        return fail(errc::invalid_argument, "time zone \"" + name + "\" is unknown");
    }

  private:
    std::shared_ptr<const time_zone> madrid_ = std::make_shared<const time_zone>(testing_zones::madrid());
};

class noting_engine final : public run_control {
  public:
    void execution_opened(execution_id id) override { opened.push_back(id); }
    void cancel_requested(execution_id id) override { cancelled.push_back(id); }
    void schedules_changed() override { ++schedule_changes; }
    [[nodiscard]] engine_health health() const override { return current; }
    [[nodiscard]] std::vector<service_view> services() const override { return known_services; }

    std::vector<execution_id> opened;
    std::vector<execution_id> cancelled;
    int schedule_changes = 0;
    engine_health current;
    std::vector<service_view> known_services;
};

class fake_workflow_store final : public workflow_store {
  public:
    task<result<std::vector<workflow>>> list_workflows() override {
        std::vector<workflow> all;
        for (const auto& [id, each] : rows) all.push_back(each);
        std::ranges::sort(all, {}, &workflow::workflow_name);
        co_return all;
    }
    task<result<workflow>> find_workflow(workflow_id id) override { co_return found(rows, id); }
    task<result<workflow>> find_workflow_by_name(std::string name) override {
        for (const auto& [id, each] : rows)
            if (each.workflow_name == name) co_return each;
        co_return fail(errc::not_found, "no such workflow");
    }
    task<result<bool>> knows_workflow_name(std::string name) override {
        co_return (co_await find_workflow_by_name(std::move(name))).has_value();
    }
    task<result<void>> insert_workflow(workflow added) override {
        for (const auto& [id, each] : rows)
            if (each.workflow_name == added.workflow_name) co_return fail(errc::already_exists, "the name is taken");
        rows[added.id] = added;
        ++writes;
        co_return result<void>{};
    }
    task<result<workflow>> replace_workflow(workflow changed) override {
        ++writes;
        co_return rows[changed.id] = changed;
    }
    task<result<workflow>> enable_workflow(workflow_id id, bool enabled, system_time) override {
        ++writes;
        rows[id].is_enabled = enabled;
        co_return rows[id];
    }
    task<result<void>> delete_workflow(workflow_id id, system_time) override {
        ++writes;
        deleted[id] = rows[id];
        rows.erase(id);
        co_return result<void>{};
    }
    task<result<workflow>> restore_workflow(workflow_id id, system_time) override {
        if (!deleted.contains(id)) co_return fail(errc::not_found, "no such deleted workflow");
        ++writes;
        co_return rows[id] = deleted[id];
    }

    std::map<workflow_id, workflow> rows;
    std::map<workflow_id, workflow> deleted;
    int writes = 0;

  private:
    static result<workflow> found(const std::map<workflow_id, workflow>& in, workflow_id id) {
        const auto row = in.find(id);
        if (row == in.end()) return fail(errc::not_found, "no such workflow");
        return row->second;
    }
};

class fake_execution_store final : public execution_store {
  public:
    task<result<opened_execution>> open_execution(execution added) override {
        for (const auto& each : rows)
            if (!added.idempotency_key.empty() && each.idempotency_key == added.idempotency_key &&
                each.workflow == added.workflow)
                co_return opened_execution{each.id, false};
        rows.push_back(added);
        ++writes;
        co_return opened_execution{added.id, true};
    }
    task<result<int>> insert_runs(execution_id, std::vector<planned_run>, system_time) override { co_return 0; }
    task<result<void>> note_planning_problem(execution_id, std::string) override { co_return result<void>{}; }
    task<result<void>> complete_planning(execution_id, planning_outcome, system_time) override {
        co_return result<void>{};
    }
    task<result<std::vector<execution_id>>> claim_planning(std::string, std::vector<execution_id>, int) override {
        co_return std::vector<execution_id>{};
    }
    task<result<void>> leave_planning(execution_id, std::string, std::string) override { co_return result<void>{}; }
    task<result<void>> request_cancel(execution_id id, system_time) override {
        auto& row = *std::ranges::find(rows, id, &execution::id);
        if (is_final(row.status)) co_return fail(errc::state_conflict, "it has ended");
        row.cancel_requested = true;
        ++writes;
        co_return result<void>{};
    }
    task<result<int>> end_runs(run_ending, system_time) override { co_return 0; }
    task<result<execution>> finish_if_done(execution_id id, system_time) override { return find_execution(id); }
    task<result<std::vector<execution>>> open_executions() override { co_return rows; }
    task<result<std::int64_t>> lowest_waiting_rank() override { co_return 0; }

    task<result<execution>> find_execution(execution_id id) override {
        if (!fault.message.empty()) co_return std::unexpected{std::exchange(fault, {errc::not_found, "", {}})};
        const auto row = std::ranges::find(rows, id, &execution::id);
        if (row == rows.end()) co_return fail(errc::not_found, "no such execution");
        co_return *row;
    }
    // Newest last in `rows`.
    task<result<std::vector<execution>>> list_executions(execution_query query) override {
        executions_asked = query;
        std::vector<execution> page;
        bool begun = !query.before;
        for (auto row = rows.rbegin(); row != rows.rend() && page.size() < std::size_t(query.limit); ++row) {
            if (begun && (!query.status || row->status == *query.status) &&
                (!query.retry_of || row->retry_of == query.retry_of))
                page.push_back(*row);
            begun = begun || row->id == *query.before;
        }
        co_return page;
    }
    task<result<std::vector<step_summary>>> step_summaries(execution_id) override { co_return summaries; }
    task<result<std::vector<tenant_run_view>>> list_runs(execution_id, run_query query) override {
        runs_asked = query;
        std::vector<tenant_run_view> page;
        for (const auto& run : runs)
            if (run.id > query.after && page.size() < std::size_t(query.limit)) page.push_back(run);
        co_return page;
    }
    task<result<std::vector<log_entry>>> list_logs(execution_id, log_query query) override {
        logs_asked = query;
        ++log_pages;
        std::vector<log_entry> page;
        for (const auto& log : logs)
            if (log.sequence > query.after && page.size() < std::size_t(query.limit)) page.push_back(log);
        co_return page;
    }

    std::vector<execution> rows;
    std::vector<step_summary> summaries;
    std::vector<tenant_run_view> runs;
    std::vector<log_entry> logs;
    execution_query executions_asked;
    run_query runs_asked;
    log_query logs_asked;
    error fault{errc::not_found, "", {}};  // of the next find_execution, when it has a message
    int writes = 0;
    int log_pages = 0;
};

// Runs a coroutine that waits for nothing outside to its end.
template <class T>
T finish(task<T> work) {
    asio::io_context context;
    std::optional<T> done;
    std::exception_ptr thrown;
    asio::co_spawn(context, std::move(work), [&](std::exception_ptr failed, T value) {
        thrown = failed;
        done = std::move(value);
    });
    context.run();
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*done);
}

struct platform {
    fake_workflow_store workflows;
    fake_execution_store executions;
    noting_engine engine;
    fake_clock time;
    counting_random random;
    fixed_zones zones;
    memory::store schedules;
    icalendar::reader calendar_files;
    process_figures process;
    api subject{{.workflows = workflows,
                 .executions = executions,
                 .engine = engine,
                 .time = time,
                 .random = random,
                 .zones = zones,
                 .schedules = schedules,
                 .calendars = schedules,
                 .backfills = schedules,
                 .leaders = schedules,
                 .service_settings = schedules,
                 .outbox = schedules,
                 .calendar_files = calendar_files,
                 .rules = {},
                 .instance_id = "instance-1",
                 .store_kind = "memory",
                 .process = [this] { return process; }}};

    response ask(std::string method, std::string path, std::string body = {}, http_headers headers = {}) {
        if (!body.empty() && find_header(headers, "Content-Type").empty())
            headers.emplace_back("Content-Type", "application/json");
        return finish(subject.handle({std::move(method), std::string{base_path} + path, headers, std::move(body)}));
    }

    [[nodiscard]] int writes() const { return workflows.writes + executions.writes; }

    workflow& add_workflow(std::string name) {
        workflow added;
        added.id = random.new_id<workflow_id>(time.now());
        added.workflow_name = std::move(name);
        added.steps = R"([{"name":"bake","service":"production","path":"/bake"},)"
                      R"({"name":"tell","service":"mail","path":"/tell"}])";
        added.created_at = added.updated_at = time.now();
        return workflows.rows[added.id] = added;
    }

    execution& add_execution(execution_status status) {
        const auto& of = workflows.rows.empty() ? add_workflow("daily") : workflows.rows.begin()->second;
        execution added;
        added.id = random.new_id<execution_id>(time.now());
        added.workflow = of.id;
        added.workflow_name = of.workflow_name;
        added.definition = compile_workflow(of)->source;
        added.status = status;
        added.created_at = time.now();
        added.deadline_at = time.now() + std::chrono::hours{1};
        executions.rows.push_back(std::move(added));
        return executions.rows.back();
    }
};

inline json::value body_of(const response& from) { return json::parse(from.body); }

// "code pointer pointer…" of a problem document.
inline std::string problem_in(const response& from) {
    const auto document = body_of(from);
    std::string text{document.at("code").as_string()};
    if (const auto* errors = document.as_object().if_contains("errors"))
        for (const auto& each : errors->as_array()) text += " " + std::string{each.at("pointer").as_string()};
    return text;
}

}  // namespace orchestrator::api::fakes
