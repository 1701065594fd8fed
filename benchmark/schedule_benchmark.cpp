// Measures schedules from within: how long the next firing takes to find, what armed schedules cost while nothing is
// due, how long it takes until thousands that are due in one second are durably open, and how late a single tick is.
//
// schedule_benchmark CALENDARS_FOLDER SCRATCH_FOLDER [PART]: prints one JSON object, with one part or all.
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <boost/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <thread>

#include "adapters/sqlite/store.h"
#include "adapters/system/clock.h"
#include "adapters/system/random.h"
#include "adapters/system/zone_files.h"
#include "engine/scheduler.h"

namespace orchestrator {
namespace {

using namespace std::chrono;
using clock_ns = steady_clock;

double quantile(std::vector<double> of, double q) {
    std::ranges::sort(of);
    return of[std::min(of.size() - 1, std::size_t(std::ceil(q * double(of.size()))) - 1)];
}

// Spain's calendar and Madrid's on top of it.
std::shared_ptr<const holiday_set> madrid_holidays(const std::string& folder) {
    std::vector<calendar> layers;
    for (const auto* code : {"ES", "ES-MD"}) {
        std::ifstream file{fmt::format("{}/{}.json", folder, code)};
        const std::string text{std::istreambuf_iterator<char>{file}, {}};
        layers.push_back(parse_calendar(json::parse(text)).value());
    }
    return std::make_shared<const holiday_set>(layers);
}

// The next firing

struct expression_class {
    const char* name;
    std::function<std::string(std::mt19937_64&)> make;
};

const std::vector<expression_class>& classes() {
    const auto below = [](std::mt19937_64& random, unsigned bound) { return unsigned(random() % bound); };
    static const std::vector<expression_class> all{
        {"daily", [=](auto& r) { return fmt::format("{} {} * * *", below(r, 60), below(r, 24)); }},
        {"hourly", [=](auto& r) { return fmt::format("{} * * * *", below(r, 60)); }},
        {"every_five_minutes", [](auto&) { return std::string{"*/5 * * * *"}; }},
        {"weekly", [=](auto& r) { return fmt::format("{} {} * * {}", below(r, 60), below(r, 24), below(r, 7)); }},
        {"monthly", [=](auto& r) { return fmt::format("{} {} {} * *", below(r, 60), below(r, 24), 1 + below(r, 28)); }},
        {"last_of_month", [=](auto& r) { return fmt::format("0 {} L * *", below(r, 24)); }},
        {"leap_day", [=](auto& r) { return fmt::format("{} {} 29 2 *", below(r, 60), below(r, 24)); }},
    };
    return all;
}

json::object next_firing(const std::string& calendars) {
    constexpr int calls_in_all = 1'000'000;
    constexpr int block = 50;  // calls that are timed together: the clock itself takes a while
    system::zone_files zones;
    const auto zone = zones.find("Europe/Madrid").value();
    const auto holidays = madrid_holidays(calendars);
    std::mt19937_64 random{1};
    struct subject {
        std::size_t of;
        timetable times;
    };
    std::vector<subject> subjects;
    for (int i = 0; i < 700; ++i) {
        const auto of = std::size_t(i) % classes().size();
        schedule when{.cron_expression = classes()[of].make(random), .timezone = "Europe/Madrid"};
        when.calendar = "ES-MD";
        when.holidays = holiday_policy::skip;
        subjects.push_back({of, timetable::make(when, zone, holidays).value()});
    }
    const sys_seconds from{sys_days{2024y / 1 / 1}};
    const auto span = std::uint64_t((sys_days{2038y / 1 / 1} - sys_days{2024y / 1 / 1}) / seconds{1});
    zone_cursor cursor{*zone};
    std::vector<std::vector<double>> times(classes().size());
    std::int64_t checksum = 0;
    for (int i = 0; i < calls_in_all / block; ++i) {
        // In turn over the classes, with instants that jump about: nothing is warm but the tables.
        const auto& each = subjects[random() % subjects.size()];
        sys_seconds instants[block];
        for (auto& at : instants) at = from + seconds{random() % span};
        const auto begin = clock_ns::now();
        for (const auto at : instants) checksum += each.times.next(at, cursor)->at.time_since_epoch().count();
        times[each.of].push_back(duration<double, std::nano>(clock_ns::now() - begin).count() / block);
    }
    json::object shown;
    for (std::size_t i = 0; i < times.size(); ++i)
        shown[classes()[i].name] =
            json::object{{"median_ns", quantile(times[i], 0.5)}, {"p95_ns", quantile(times[i], 0.95)}};
    shown["calls"] = calls_in_all;
    shown["checksum"] = checksum;
    return shown;
}

// Schedulers

// The wall clock set to wherever the benchmark needs it; its seconds are as long as any others.
class shifted_clock final : public clock {
  public:
    explicit shifted_clock(asio::io_context& context) : real_{context} {}

    void set(system_clock::time_point shown) { offset_ = shown - system_clock::now(); }
    [[nodiscard]] system_clock::time_point exact() const { return system_clock::now() + offset_; }

    [[nodiscard]] system_time now() const override { return floor<milliseconds>(exact()); }
    [[nodiscard]] steady_time steady_now() const override { return real_.steady_now(); }
    [[nodiscard]] steady_time steady_at(system_time at) const override { return steady_now() + (at - exact()); }
    task<> sleep_until(steady_time until, std::stop_token stop) override { return real_.sleep_until(until, stop); }

  private:
    system::clock real_;
    system_clock::duration offset_{};
};

// Counts what is asked of the store, and tells when a decision is kept.
class watched_store final : public schedule_store {
  public:
    watched_store(schedule_store& inner, const shifted_clock& time) : inner_{inner}, time_{time} {}

    task<result<std::int64_t>> schedule_revision() override {
        ++heartbeats;
        return inner_.schedule_revision();
    }
    task<result<decision_receipt>> decide(const std::vector<schedule_decision>& decisions, std::int64_t epoch,
                                          system_time now) override {
        ++queries;
        decided_from = time_.exact();
        auto receipt = co_await inner_.decide(decisions, epoch, now);
        kept_at = time_.exact();
        opened += receipt ? receipt->opened.size() : 0;
        if (on_kept) on_kept();
        co_return receipt;
    }
    task<result<std::vector<decided_occurrence>>> list_occurrences(workflow_id id, system_time from, system_time until,
                                                                   int limit) override {
        ++queries;
        return inner_.list_occurrences(id, from, until, limit);
    }
    task<result<std::vector<schedule_version>>> list_schedule_versions(workflow_id id) override {
        ++queries;
        return inner_.list_schedule_versions(id);
    }
    task<result<std::optional<system_time>>> busy_until(workflow_id id, system_time now) override {
        return inner_.busy_until(id, now);
    }
    task<result<std::vector<milliseconds>>> past_durations(workflow_id id, int most) override {
        ++queries;
        return inner_.past_durations(id, most);
    }
    task<result<std::vector<tenant_group>>> list_tenant_groups() override {
        ++queries;
        return inner_.list_tenant_groups();
    }
    task<result<void>> replace_tenant_groups(std::vector<tenant_group> groups, std::int64_t epoch) override {
        return inner_.replace_tenant_groups(std::move(groups), epoch);
    }

    int heartbeats = 0;
    int queries = 0;
    std::size_t opened = 0;
    system_clock::time_point decided_from{};  // on the wall that the scheduler sees
    system_clock::time_point kept_at{};
    std::function<void()> on_kept;

  private:
    schedule_store& inner_;
    const shifted_clock& time_;
};

// A scheduler on a fresh SQLite file, with as many workflows.
class subject {
  public:
    subject(const std::string& folder, int workflows, const std::function<std::string(int)>& expression,
            system_clock::time_point wall)
        : store_{sqlite::store::open({.path = folder + fmt::format("/schedule_{}.db", workflows)}).value()} {
        time.set(wall);
        for (int i = 0; i < workflows; ++i) {
            workflow made;
            made.id = random_.new_id<workflow_id>(time.now());
            made.workflow_name = fmt::format("workflow_{}", i);
            made.steps = R"([{"name": "bake", "service": "production", "path": "/api/v1/bake/{{tenant.id}}"}])";
            made.created_at = made.updated_at = time.now();
            made.when = {.cron_expression = expression(i), .timezone = "Europe/Madrid"};
            made.when.overlap = overlap_policy::allow;  // nobody ends the executions
            wait(store_->insert_workflow(std::move(made)));
        }
        subject_.lead(true);
        asio::co_spawn(context, subject_.run(), asio::detached);
        run_until([&] { return subject_.armed() == std::size_t(workflows) && idle(); }, seconds{60});
    }
    ~subject() {
        subject_.stop();
        context.run_for(milliseconds{200});
    }

    void run_until(const std::function<bool()>& come_about, milliseconds longest) {
        const auto end = steady_clock::now() + longest;
        while (!come_about() && steady_clock::now() < end) context.run_one_for(milliseconds{20});
    }
    void look() { asio::co_spawn(context, subject_.look(), asio::detached); }

    asio::io_context context{1};
    shifted_clock time{context};

  private:
    template <class T>
    void wait(task<result<T>> work) {
        bool done = false;
        asio::co_spawn(context, std::move(work), [&](std::exception_ptr, const result<T>& answer) {
            if (!answer) throw std::runtime_error{answer.error().message};
            done = true;
        });
        while (!done) context.run_one();
        context.restart();
    }
    // What comes next is told to the store once, when the schedules are armed.
    [[nodiscard]] bool idle() const { return watched.kept_at != system_clock::time_point{}; }

    std::unique_ptr<sqlite::store> store_;
    system::random random_;
    system::zone_files zones_;

  public:
    watched_store watched{*store_, time};

  private:
    store_watch faults_{time};
    trusted_time trusted_{time, *store_};
    scheduler subject_{{.instance_id = "benchmark"},
                       *store_,
                       watched,
                       *store_,
                       *store_,
                       zones_,
                       time,
                       trusted_,
                       random_,
                       faults_,
                       [] { return 0; },
                       [](execution_id) {}};
};

double cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto of = [](const timeval& time) { return double(time.tv_sec) + double(time.tv_usec) / 1e6; };
    return of(used.ru_utime) + of(used.ru_stime);
}

const system_clock::time_point some_morning{sys_days{2026y / 3 / 10} + 7h + 30min};

// 10,000 schedules of which none is due, with the heartbeat of the engine.
json::object idle(const std::string& folder) {
    subject of{folder, 10'000, [](int i) { return fmt::format("{} 3 * * *", i % 60); }, some_morning};
    const int queries = of.watched.queries;
    const int heartbeats = of.watched.heartbeats;
    const auto cpu = cpu_seconds();
    const auto begin = steady_clock::now();
    constexpr int beats = 4;
    for (int i = 0; i < beats; ++i) {
        of.look();
        of.context.run_for(seconds{5});
    }
    const auto wall = duration<double>(steady_clock::now() - begin).count();
    return {{"schedules", 10'000},
            {"seconds", wall},
            {"percent_of_a_core", 100 * (cpu_seconds() - cpu) / wall},
            {"store_queries_beside_the_heartbeat", of.watched.queries - queries},
            {"heartbeats", of.watched.heartbeats - heartbeats}};
}

// 10,000 that are due in one second: from that second until all executions are durably open.
json::object stampede(const std::string& folder) {
    constexpr int count = 10'000;
    std::vector<double> times;
    std::vector<double> decided;
    subject of{folder, count + 1, [](int i) { return std::string{i < count ? "0 * * * *" : "30 4 1 1 *"}; },
               some_morning};
    for (int i = 0; i < 5; ++i) {
        const auto due = floor<hours>(of.time.exact()) + hours{1};
        of.time.set(due - milliseconds{300});
        of.look();
        const auto before = of.watched.opened;
        of.run_until([&] { return of.watched.opened >= before + count; }, seconds{30});
        times.push_back(duration<double, std::milli>(of.watched.kept_at - due).count());
        decided.push_back(duration<double, std::milli>(of.watched.decided_from - due).count());
        if (of.watched.opened != before + count) times.back() = NAN;
    }
    return {{"schedules", count},
            {"decided_median_ms", quantile(decided, 0.5)},
            {"median_ms", quantile(times, 0.5)},
            {"max_ms", quantile(times, 1)}};
}

// How late the scheduler decides, against a bare timerfd that this thread waits for, alternately.
double raw_timer_lateness_us(milliseconds ahead) {
    const int timer = ::timerfd_create(CLOCK_MONOTONIC, 0);
    const auto due = steady_clock::now() + ahead;
    const auto at = duration_cast<nanoseconds>(due.time_since_epoch()).count();
    const itimerspec once{.it_interval = {}, .it_value = {.tv_sec = at / 1'000'000'000, .tv_nsec = at % 1'000'000'000}};
    ::timerfd_settime(timer, TFD_TIMER_ABSTIME, &once, nullptr);
    std::uint64_t expirations = 0;
    const bool fired = ::read(timer, &expirations, sizeof expirations) == sizeof expirations;
    const auto late = duration<double, std::micro>(steady_clock::now() - due).count();
    ::close(timer);
    return fired ? late : NAN;
}

json::object lateness(const std::string& folder) {
    constexpr int ticks = 1'000;
    constexpr milliseconds ahead{15};
    std::vector<double> ours;
    std::vector<double> raw;
    subject of{folder, 1, [](int) { return std::string{"* * * * *"}; }, some_morning};
    for (int i = 0; i < ticks; ++i) {
        raw.push_back(raw_timer_lateness_us(ahead));
        const auto due = floor<minutes>(of.time.exact()) + minutes{1};
        of.time.set(due - ahead);
        of.look();
        const auto before = of.watched.opened;
        of.run_until([&] { return of.watched.opened > before; }, seconds{5});
        ours.push_back(duration<double, std::micro>(of.watched.decided_from - due).count());
    }
    return {{"ticks", ticks},
            {"ours_p50_us", quantile(ours, 0.5)},
            {"ours_p99_us", quantile(ours, 0.99)},
            {"timerfd_p50_us", quantile(raw, 0.5)},
            {"timerfd_p99_us", quantile(raw, 0.99)},
            {"p99_ratio", quantile(ours, 0.99) / quantile(raw, 0.99)}};
}

}  // namespace
}  // namespace orchestrator

int main(int argc, char** argv) {
    using namespace orchestrator;
    if (argc < 3 || argc > 4) {
        fmt::print(stderr, "usage: schedule_benchmark CALENDARS_FOLDER SCRATCH_FOLDER [PART]\n");
        return 2;
    }
    spdlog::set_level(spdlog::level::warn);
    const std::string folder = argv[2];
    json::object shown;
    const auto measure = [&](std::string_view name, const std::function<json::object()>& run) {
        if (argc == 4 && name != argv[3]) return;
        fmt::print(stderr, "  measuring {}\n", name);
        shown[name] = run();
    };
    measure("next_firing", [&] { return next_firing(argv[1]); });
    measure("idle", [&] { return idle(folder); });
    measure("stampede", [&] { return stampede(folder); });
    measure("lateness", [&] { return lateness(folder); });
    fmt::print("{}\n", json::serialize(shown));
    return 0;
}
