// What the tests of the stores share: all stores behind the same ports, and small values to put into them.
#pragma once

#include <gtest/gtest.h>
#include <fstream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "adapters/memory/store.h"
#include "adapters/postgresql/connection.h"
#include "adapters/postgresql/store.h"
#include "adapters/sqlite/store.h"

namespace orchestrator::store_test {

inline constexpr system_time start{milliseconds{1'762'400'000'000}};
inline constexpr system_time after(std::int64_t seconds) { return start + std::chrono::seconds{seconds}; }

// Ids that sort by their number.
inline uuid uuid_of(int number) { return make_uuid_v7(start + milliseconds{number}, {}); }
inline workflow_id workflow_no(int number) { return {uuid_of(number)}; }
inline execution_id execution_no(int number) { return {uuid_of(number)}; }
inline tenant_id tenant_no(int number) { return {uuid_of(number)}; }

// Two steps: forecast, and plan behind it.
inline constexpr std::string_view two_steps = R"([{"name":"forecast","service":"forecasting","path":"/f"},)"
                                              R"({"name":"plan","service":"production","path":"/p",)"
                                              R"("depends_on":["forecast"]}])";

inline const planning_outcome planned_to_end{.to_end = true};

inline workflow make_workflow(int number, std::string name) {
    workflow made;
    made.id = workflow_no(number);
    made.workflow_name = std::move(name);
    made.steps = two_steps;
    made.created_at = made.updated_at = start;
    return made;
}

inline execution make_execution(int number, int workflow_number = 1) {
    execution made;
    made.id = execution_no(number);
    made.workflow = workflow_no(workflow_number);
    made.workflow_name = "workflow_" + std::to_string(workflow_number);
    made.definition = R"({"workflow_name":"daily","steps":)" + std::string{two_steps} + "}";
    made.created_at = start;
    made.deadline_at = after(3'600);
    made.executed_by_instance = "host_1";
    return made;
}

inline planned_run make_run(int tenant_number, std::int64_t fair_rank = 0, std::string next_service = {}) {
    return {.for_tenant = {.id = tenant_no(tenant_number), .name = "Bakery " + std::to_string(tenant_number)},
            .fair_rank = fair_rank,
            .steps_total = 2,
            .carried_over = {},
            .next_service = std::move(next_service)};
}

inline step_record make_record(run_id run, int step, step_status status, int attempts = 1) {
    step_record made;
    made.run = run;
    made.step_index = step;
    made.status = status;
    made.attempts = attempts;
    made.http_status = status == step_status::completed ? 200 : 0;
    made.started_at = after(1);
    made.duration = milliseconds{status == step_status::skipped ? 0 : 250};
    return made;
}

inline run_outcome ended(run_status status) {
    return {.release = run_release::ended, .status = status, .not_before = {}, .waits = {}};
}

inline run_outcome parked(system_time until, std::vector<stored_wait> waits = {}, std::string next_service = {}) {
    return {.release = run_release::parked,
            .status = {},
            .not_before = until,
            .waits = std::move(waits),
            .next_service = std::move(next_service)};
}

inline run_outcome returned(std::string next_service = {}) {
    return {.release = run_release::returned,
            .status = {},
            .not_before = {},
            .waits = {},
            .next_service = std::move(next_service)};
}

inline journal_entry entry_for(const claimed_run& run, std::vector<step_record> steps,
                               std::optional<run_outcome> outcome = {}) {
    return {.claim = run.claim, .execution = run.execution, .steps = std::move(steps), .logs = {}, .outcome = outcome};
}

// Runs one call of a store to its end.
template <class T>
T ask(task<T> work) {
    asio::io_context context{1};
    std::optional<T> answer;
    asio::co_spawn(context, std::move(work), [&](std::exception_ptr thrown, T value) {
        if (thrown) std::rethrow_exception(thrown);
        answer.emplace(std::move(value));
    });
    context.run_for(std::chrono::seconds{60});
    if (!answer) throw std::runtime_error{"the store did not answer"};
    return std::move(*answer);
}

// The value of a call that must succeed.
template <class T>
T expect(task<result<T>> work) {
    auto answer = ask(std::move(work));
    if (!answer) throw std::runtime_error{answer.error().message};
    if constexpr (!std::is_void_v<T>) return std::move(*answer);
}

// The code of a call that must fail.
template <class T>
errc fault(task<result<T>> work) {
    const auto answer = ask(std::move(work));
    if (answer) throw std::runtime_error{"the call succeeded"};
    EXPECT_FALSE(answer.error().message.empty());
    return answer.error().code;
}

inline log_entry make_log(std::string message, log_level level = log_level::info, int tenant_number = 1, int step = 0) {
    log_entry made;
    made.tenant = tenant_no(tenant_number);
    made.step_name = step == 0 ? "forecast" : "plan";
    made.step_index = step;
    made.level = level;
    made.message = std::move(message);
    made.logged_at = after(2);
    return made;
}

// A folder of its own, gone at the end.
class scratch_folder {
  public:
    scratch_folder() {
        // In memory where that is possible: what is tested is not the disk.
        const std::filesystem::path memory = "/dev/shm";
        const auto where = ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
        auto pattern = (where / "store_test_XXXXXX").string();
        if (!::mkdtemp(pattern.data())) throw std::runtime_error{"cannot make a folder for the test"};
        path_ = pattern;
    }
    ~scratch_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    scratch_folder(const scratch_folder&) = delete;
    scratch_folder& operator=(const scratch_folder&) = delete;

    [[nodiscard]] std::string file(std::string_view name = "orchestrator.db") const { return path_ / name; }

  private:
    std::filesystem::path path_;
};

inline std::unique_ptr<sqlite::store> open_sqlite(const std::string& path) {
    auto opened = sqlite::store::open({.path = path});
    if (!opened) throw std::runtime_error{opened.error().message};
    return std::move(*opened);
}

// The server that tests/with_servers started.
inline std::string database_url() {
    const char* url = std::getenv("TEST_DATABASE_URL");
    if (!url)
        throw std::runtime_error{"TEST_DATABASE_URL is not set: run this through tests/with_servers postgresql --"};
    return url;
}

inline void write_file(const std::string& path, std::string_view content) {
    std::ofstream{path, std::ios::binary} << content;
}

inline std::string content_of(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

// What the migrations made is what stands in this folder under that name.
inline void expect_checked_in(const std::string& name, const std::string& schema) {
    const std::string checked_in = REPOSITORY_ROOT "/tests/contract/" + name;
    if (schema == content_of(checked_in)) return;
    const auto fresh = (std::filesystem::temp_directory_path() / name).string();
    write_file(fresh, schema);
    FAIL() << "the migrated schema is not the one in " << checked_in << ". If the change is meant: cp " << fresh << " "
           << checked_in;
}

// As an engine does it, bit by bit; how many executions were forgotten.
inline int keep_all(history_store& store, system_time now, system_time keep_from) {
    int forgotten = 0;
    for (int bits = 0; bits < 10'000; ++bits) {
        const auto some = expect(store.keep_history(now, keep_from));
        forgotten += some.executions;
        if (some.is_all) return forgotten;
    }
    throw std::runtime_error{"there is always more to forget"};
}

// As an engine does it: what nobody holds has ended.
inline void cancel_in(execution_store& store, int number, system_time when) {
    expect(store.request_cancel(execution_no(number), when));
    expect(store.end_runs(
        {.execution = execution_no(number), .cause = end_cause::cancellation, .grace = {}, .is_held_too = false},
        when));
}

// A schema of its own in that database, gone at the end.
class scratch_schema {
  public:
    scratch_schema() : name_{"test_" + to_string(make_uuid_v7(start, {0, next()})).substr(19)} {
        std::ranges::replace(name_, '-', '_');
        // A clock that a test may set, in front of the server's.
        database_.execute("CREATE SCHEMA " + name_ + "; CREATE SCHEMA " + clock() + "; CREATE TABLE " + clock() +
                          ".shown (at TIMESTAMPTZ); CREATE FUNCTION " + clock() +
                          ".clock_timestamp() RETURNS TIMESTAMPTZ LANGUAGE sql VOLATILE AS 'SELECT coalesce((SELECT at "
                          "FROM " +
                          clock() + ".shown), pg_catalog.clock_timestamp())'");
    }
    ~scratch_schema() {
        try {
            database_.execute("SET client_min_messages = warning; DROP SCHEMA " + name_ + ", " + clock() + " CASCADE");
        } catch (const postgresql::database_error&) {
            // The server goes soon.
        }
    }
    scratch_schema(const scratch_schema&) = delete;
    scratch_schema& operator=(const scratch_schema&) = delete;

    [[nodiscard]] std::string url() const {
        return database_url() + "?options=-csearch_path%3D" + name_ + "," + clock() + ",pg_catalog";
    }
    [[nodiscard]] const std::string& name() const { return name_; }
    // From now on, and for all sessions.
    void set_clock(system_time at) {
        database_.execute("DELETE FROM " + clock() + ".shown; INSERT INTO " + clock() + ".shown VALUES ('" +
                          format_time(at) + "')");
    }

  private:
    [[nodiscard]] std::string clock() const { return name_ + "_clock"; }
    static std::uint64_t next() { return std::random_device{}() | std::uint64_t(::getpid()) << 32; }

    std::string name_;
    postgresql::connection database_{{.url = database_url()}};
};

// A database of its own on that server, with what stands behind CREATE DATABASE name; gone at the end.
class scratch_database {
  public:
    explicit scratch_database(const std::string& options)
        : name_{"test_" + to_string(make_uuid_v7(start, {0, std::random_device{}()})).substr(24)} {
        database_.execute("CREATE DATABASE " + name_ + " TEMPLATE template0 " + options);
    }
    ~scratch_database() {
        try {
            database_.execute("DROP DATABASE " + name_ + " WITH (FORCE)");
        } catch (const postgresql::database_error&) {
            // The server goes soon.
        }
    }
    scratch_database(const scratch_database&) = delete;
    scratch_database& operator=(const scratch_database&) = delete;

    [[nodiscard]] std::string url() const { return database_url().substr(0, database_url().rfind('/') + 1) + name_; }
    // As who runs the server: "timezone = 'Asia/Tokyo'", from the next session on.
    void set(const std::string& setting) { database_.execute("ALTER DATABASE " + name_ + " SET " + setting); }

  private:
    std::string name_;
    postgresql::connection database_{{.url = database_url()}};
};

inline std::unique_ptr<postgresql::store> open_postgresql(const std::string& url) {
    auto opened = postgresql::store::open({.url = url});
    if (!opened) throw std::runtime_error{opened.error().message};
    return std::move(*opened);
}

inline auto every_store() { return testing::Values("memory", "sqlite", "postgresql"); }

// One store of any kind.
class any_store {
  public:
    explicit any_store(std::string_view kind) {
        if (kind == "memory")
            store_ = std::make_unique<memory::store>();
        else if (kind == "sqlite")
            store_ = open_sqlite(folder_.file());
        else
            store_ = open_postgresql(schema_.emplace().url());
    }

    [[nodiscard]] workflow_store& workflows() const { return *store_; }
    [[nodiscard]] execution_store& executions() const { return *store_; }
    [[nodiscard]] run_store& runs() const { return *store_; }
    [[nodiscard]] schedule_store& schedules() const { return *store_; }
    [[nodiscard]] calendar_store& calendars() const { return *store_; }
    [[nodiscard]] backfill_store& backfills() const { return *store_; }
    [[nodiscard]] leader_store& leaders() const { return *store_; }
    [[nodiscard]] service_settings_store& services() const { return *store_; }
    [[nodiscard]] event_outbox& outbox() const { return *store_; }
    [[nodiscard]] clock_store& clocks() const { return *store_; }
    [[nodiscard]] history_store& history() const { return *store_; }
    // That of the store, if it has one.
    void set_clock(system_time at) {
        if (schema_) schema_->set_clock(at);
    }

  private:
    scratch_folder folder_;
    std::optional<scratch_schema> schema_;
    std::unique_ptr<stores> store_;
};

// Every test of the contract runs once for each store; workflow 1 exists.
class store_contract : public testing::TestWithParam<std::string> {
  protected:
    store_contract() { expect(workflows().insert_workflow(make_workflow(1, "workflow_1"))); }

    [[nodiscard]] workflow_store& workflows() const { return store_.workflows(); }
    [[nodiscard]] execution_store& executions() const { return store_.executions(); }
    [[nodiscard]] run_store& runs() const { return store_.runs(); }
    [[nodiscard]] schedule_store& schedules() const { return store_.schedules(); }
    [[nodiscard]] calendar_store& calendars() const { return store_.calendars(); }
    [[nodiscard]] backfill_store& backfills() const { return store_.backfills(); }
    [[nodiscard]] leader_store& leaders() const { return store_.leaders(); }
    [[nodiscard]] service_settings_store& services() const { return store_.services(); }
    [[nodiscard]] event_outbox& outbox() const { return store_.outbox(); }
    [[nodiscard]] clock_store& clocks() const { return store_.clocks(); }
    [[nodiscard]] history_store& history() const { return store_.history(); }
    // Leases go by it.
    system_time it_is(system_time at) {
        store_.set_clock(at);
        return at;
    }

    // A running execution with runs for tenants 1 to `tenants`, planned completely.
    execution_id open(int number, int tenants) const {
        expect(executions().open_execution(make_execution(number)));
        std::vector<planned_run> planned;
        for (int i = 1; i <= tenants; ++i) planned.push_back(make_run(i, i));
        expect(executions().insert_runs(execution_no(number), std::move(planned), start));
        expect(executions().complete_planning(execution_no(number), planned_to_end, start));
        return execution_no(number);
    }
    [[nodiscard]] std::vector<claimed_run> claim(int limit, system_time now = start, std::string who = "host_1",
                                                 std::vector<std::string> closed_services = {}) const {
        lease(who);
        return expect(runs().claim_runs(std::move(who), limit, now, std::move(closed_services)));
    }
    // For long, unless it has one.
    void lease(const std::string& who) const {
        const auto leased = expect(runs().live_instances(system_time{}));
        if (std::ranges::find(leased, who) == leased.end())
            expect(runs().renew_lease(who, std::chrono::seconds{1'000'000}, start));
    }
    journal_receipt commit(std::vector<journal_entry> entries, system_time now = after(2)) const {
        return expect(runs().commit(entries, now));
    }
    [[nodiscard]] execution found(int number) const {
        return expect(executions().find_execution(execution_no(number)));
    }
    void cancel(int number, system_time when) const { cancel_in(executions(), number, when); }
    [[nodiscard]] std::vector<tenant_run_view> listed_runs(int number, const run_query& query = {}) const {
        return expect(executions().list_runs(execution_no(number), query));
    }

  private:
    any_store store_{GetParam()};
};

}  // namespace orchestrator::store_test
