// A year of schedules in a moment: instances come and go, several believe that they lead, the store fails and loses
// answers, the wall clock is set. Whatever happens, what was started and what was noted as missed are together exactly
// what a preview of the schedules shows, each occurrence once.
//
// SEED=n runs one year again, SIMULATION_RUNS=n runs as many years as you have time for.
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <ranges>
#include <set>

#include "adapters/system/random.h"
#include "adapters/system/zone_files.h"
#include "engine/scheduler.h"
#include "tests/simulation/world/simulated_store.h"
#include "tests/simulation/world/world.h"

namespace orchestrator::simulation {
namespace {

using namespace std::chrono;

constexpr milliseconds heartbeat = minutes{30};
constexpr hours a_year{24 * 366};

std::uint64_t number_from_environment(const char* name, std::uint64_t fallback) {
    const char* text = std::getenv(name);
    return text ? std::stoull(text) : fallback;
}

// A scheduler with a clock, a wire to the store and a heartbeat of its own.
class instance {
  public:
    instance(timeline& line, memory::store& store, store_weather& weather, witness& seen_by, std::string name,
             std::uint64_t seed)
        : time_{line},
          store_{store, time_, weather, seen_by, name, seed},
          random_{seed},
          scheduler_{{.instance_id = std::move(name)},
                     store_,
                     store_,
                     store_,
                     store_,
                     zones_,
                     shown_,
                     trusted_,
                     random_,
                     watch_,
                     [] { return 0; },  // nobody is fenced off: two that lead at once must do no harm either
                     [](execution_id) {}} {
        scheduler_.lead(true);
        asio::co_spawn(context_, scheduler_.run(), asio::detached);
        asio::co_spawn(context_, beat(), asio::detached);
    }
    // As if it were killed.
    ~instance() {
        time_.drop();
        context_.drop();
    }
    std::size_t poll() { return context_.poll(); }
    scheduler& schedules() { return scheduler_; }

  private:
    task<> beat() {
        for (;;) {
            co_await time_.sleep_until(time_.steady_now() + heartbeat);
            co_await trusted_.look();
            co_await scheduler_.look();
        }
    }

    simulated_context context_;
    simulated_clock time_;
    simulated_store store_;
    trusted_time trusted_{time_, store_};
    trusted_clock shown_{time_, trusted_};
    system::random random_;
    system::zone_files zones_;
    store_watch watch_{time_};
    scheduler scheduler_;
};

class year {
  public:
    explicit year(std::uint64_t seed) : random_{seed}, is_fenced_{random_.chance(0.5)} {
        spdlog::set_level(spdlog::level::off);
        for (const auto* code : {"ES", "ES-MD", "ES-CN", "ES-CT"}) {
            std::ifstream file{fmt::format("{}/{}.json", CALENDARS_FOLDER, code)};
            const std::string source{std::istreambuf_iterator<char>{file}, {}};
            at_once(
                store_.put_calendar({.code = code, .name = code, .parent = {}, .source = source, .updated_at = {}}));
        }
        at_once(store_.replace_tenant_groups(
            {{"Europe/Madrid", "ES-MD", 5}, {"Europe/Madrid", "ES-CT", 3}, {"Atlantic/Canary", "ES-CN", 2}}, 0));
        for (int i = 0; i < 10; ++i) add_workflow(i);
    }

    void live() {
        weather_.slowest = milliseconds{40};
        weather_.lost_receipts = 0.02;
        start_instance();
        const auto end = line_.steady_now() + a_year;
        while (line_.steady_now() < end) {
            pass(milliseconds{random_.time(minutes{1} / milliseconds{1}, hours{30} / milliseconds{1})});
            something_happens();
        }
        // Calm, and one that leads: what is open is decided.
        weather_ = {};
        instances_.clear();
        start_instance();
        pass(hours{1});
        // Those that wait for each other's end.
        for (int turns = 0; turns < 300 && !at_once(store_.open_executions()).empty(); ++turns) {
            end_all_executions();
            for (const auto& each : at_once(store_.list_workflows()))
                instances_.front()->schedules().execution_ended(each.id);
            pass(minutes{1});
        }
    }

    void check() {
        for (const auto& each : at_once(store_.list_workflows())) check(each);
    }

  private:
    void add_workflow(int number) {
        workflow made;
        made.id = random_.id<workflow_id>(line_.now());
        made.workflow_name = fmt::format("workflow_{:02}", number);
        made.steps = R"([{"name": "bake", "service": "production", "path": "/bake"}])";
        made.created_at = made.updated_at = line_.now();
        auto& when = made.when;
        const auto any_cron = [&] {
            return std::string{random_.one_of({"0 8 * * *", "30 2 * * *", "0 9 * * 1", "0 9 1 * *", "30 * * * *",
                                               "0 23 * * 0", "15 1-3 * * *", "0 0 * * *", "45 7 L * *"})};
        };
        if (random_.chance(0.15))
            when.ready_by = random_.one_of({"08:00", "02:30"});
        else
            when.cron_expression = any_cron();
        when.timezone = random_.one_of({"Europe/Madrid", "Atlantic/Canary", "America/New_York", "Australia/Lord_Howe"});
        when.zone_mode = random_.one_of({timezone_mode::workflow, timezone_mode::tenant});
        when.calendar = random_.one_of({"ES-MD", "ES-CN"});
        when.clock = {random_.one_of({gap_policy::first_valid, gap_policy::skip}),
                      random_.one_of({fold_policy::first, fold_policy::last, fold_policy::both})};
        when.holidays =
            random_.one_of({holiday_policy::run, holiday_policy::skip, holiday_policy::previous_business_day,
                            holiday_policy::next_business_day, holiday_policy::alternative_cron});
        if (when.holidays == holiday_policy::alternative_cron) when.holiday_cron = any_cron();
        if (random_.chance(0.3)) when.weekend_cron = any_cron();
        when.misfire = random_.one_of({misfire_policy::fire_once, misfire_policy::skip, misfire_policy::fire_all});
        when.misfire_grace = seconds{random_.one_of({60, 3'600, 7 * 86'400})};
        when.overlap = random_.one_of({overlap_policy::allow, overlap_policy::allow, overlap_policy::skip,
                                       is_fenced_ ? overlap_policy::queue : overlap_policy::skip});
        if (random_.chance(0.3)) when.jitter = seconds{random_.between(1, 900)};
        at_once(store_.insert_workflow(std::move(made)));
    }

    void start_instance() {
        const auto name = fmt::format("instance_{}", ++started_);
        instances_.push_back(std::make_unique<instance>(line_, store_, weather_, nobody_, name, random_.seed()));
        if (is_fenced_) one_leads(instances_.size() - 1);
    }

    void one_leads(std::size_t number) {
        for (std::size_t i = 0; i < instances_.size(); ++i) instances_[i]->schedules().lead(i == number);
    }

    void something_happens() {
        const auto pick = random_.between(0, 9);
        if (pick <= 1) {  // killed, and replaced after a while
            if (!instances_.empty())
                instances_.erase(instances_.begin() + random_.between(0, int(instances_.size()) - 1));
            if (random_.chance(0.5)) pass(milliseconds{random_.time(0, hours{60} / milliseconds{1})});
            if (instances_.empty())
                start_instance();
            else if (is_fenced_)
                one_leads(0);
        } else if (pick == 2 && instances_.size() < 3) {
            start_instance();
        } else if (pick <= 5) {  // another one leads, or two, or none for a while
            if (is_fenced_) return one_leads(std::size_t(random_.between(0, int(instances_.size()) - 1)));
            for (auto& each : instances_) each->schedules().lead(random_.chance(0.6));
            if (random_.chance(0.7)) instances_.front()->schedules().lead(true);
        } else if (pick == 6) {
            weather_.fault = random_.one_of({errc::store_full, errc::store_unavailable});
            pass(milliseconds{random_.time(1'000, hours{1} / milliseconds{1})});
            weather_.fault.reset();
        } else if (pick == 7) {
            line_.jump(milliseconds{random_.time(0, hours{4} / milliseconds{1})} - milliseconds{hours{2}});
        } else if (pick == 8) {
            make_up_for_some();
        } else {
            end_all_executions();
        }
    }

    void end_all_executions() {
        for (const auto& each : at_once(store_.open_executions())) {
            at_once(store_.complete_planning(each.id, {.to_end = true}, line_.now()));
            at_once(store_.finish_if_done(each.id, line_.now()));
        }
    }

    // Somebody wants what one workflow missed in the last weeks after all. Nobody hurries to tell the schedulers.
    void make_up_for_some() {
        const auto all = at_once(store_.list_workflows());
        const auto& of = all[std::size_t(random_.between(0, int(all.size()) - 1))];
        std::vector<system_time> missed;
        for (const auto& each : at_once(store_.list_occurrences(of.id, line_.now() - days{20}, line_.now(), 1'000'000)))
            if (each.outcome != occurrence_outcome::started) missed.push_back(each.scheduled_for);
        if (missed.empty()) return;
        for (const auto at : missed) made_up_for_.emplace(of.id, at);
        at_once(store_.insert_backfill({.id = random_.id<backfill_id>(line_.now()),
                                        .workflow = of.id,
                                        .workflow_name = of.workflow_name,
                                        .definition = compile_workflow(of).value().source,
                                        .max_concurrent = int(missed.size()),
                                        .created_at = line_.now()},
                                       missed));
    }

    // Lets time pass, and all happen that happens meanwhile.
    void pass(milliseconds duration) {
        const auto until = line_.steady_now() + duration;
        for (;;) {
            std::size_t done = 0;
            for (auto& each : instances_) done += each->poll();
            latest_ = std::max(latest_, line_.now());
            if (done > 0) continue;
            const auto next = line_.next();
            if (!next || *next > until) break;
            line_.advance(*next);
        }
        line_.advance(until);
        latest_ = std::max(latest_, line_.now());
    }

    static task<result<std::unique_ptr<timetable>>> resolved(timetable_source& from, schedule when,
                                                             schedule_place place) {
        auto times = co_await from.find(std::move(when), std::move(place));
        if (!times) co_return std::unexpected{std::move(times.error())};
        co_return std::make_unique<timetable>(std::move(*times));
    }

    // The preview: every firing after the workflow was made, up to where all is decided.
    std::set<system_time> previewed(const workflow& of, system_time until, std::optional<system_time>& next) {
        timetable_source timetables{zones_, store_};
        std::set<schedule_place> places;
        if (of.when.zone_mode == timezone_mode::workflow)
            places.insert(place_of(of.when));
        else
            for (const auto& group : at_once(store_.list_tenant_groups()))
                places.insert(place_for(of.when, group.timezone, group.calendar));
        std::set<system_time> found;
        for (const auto& place : places) {
            const auto times = at_once(resolved(timetables, of.when, place));
            auto cursor = times->cursor();
            auto each = times->next(floor<seconds>(of.created_at), cursor);
            for (; each && each->at <= until; each = times->next(each->at, cursor)) found.insert(each->at);
            if (each && (!next || each->at < *next)) next = each->at;
        }
        return found;
    }

    // What was missed was missed for a reason that its policy gives.
    static void check_reason(const workflow& of, const decided_occurrence& what) {
        if (what.outcome == occurrence_outcome::overlapped)
            EXPECT_EQ(of.when.overlap, overlap_policy::skip) << of.workflow_name;
        if (what.outcome != occurrence_outcome::missed) return;
        // A ready_by has to be started before, by an hour at most.
        const auto lead = of.when.ready_by.empty() ? hours{0} : hours{1};
        const auto late = what.decided_at - what.scheduled_for + lead;
        const bool justified = what.reason == "skipped"      ? of.when.misfire == misfire_policy::skip
                               : what.reason == "superseded" ? of.when.misfire == misfire_policy::fire_once
                               : what.reason == "capped"     ? of.when.misfire == misfire_policy::fire_all ||
                                                               of.when.overlap == overlap_policy::queue
                                                         : what.reason == "too_old" && late > of.when.misfire_grace;
        EXPECT_TRUE(justified) << of.workflow_name << ' ' << format_time(what.scheduled_for) << " at "
                               << format_time(what.decided_at) << ": " << what.reason;
    }

    void check(const workflow& of) {
        std::set<system_time> started, missed, executions;
        for (const auto& each :
             at_once(store_.list_occurrences(of.id, system_time{}, of.created_at + days{4'000}, 1'000'000))) {
            (each.outcome == occurrence_outcome::started ? started : missed).insert(each.scheduled_for);
            check_reason(of, each);
        }
        execution_query all;
        all.workflow = of.id;
        all.limit = 1'000'000;
        for (const auto& each : at_once(store_.list_executions(all)))
            EXPECT_TRUE(executions.insert(each.scheduled_for.value()).second) << "twice";
        EXPECT_EQ(executions, started) << of.workflow_name;
        for (const auto& [workflow, at] : made_up_for_)
            EXPECT_TRUE(workflow != of.id || started.contains(at)) << of.workflow_name << ' ' << format_time(at);

        std::optional<system_time> next;
        const auto wanted = previewed(of, of.decided_until.value(), next);
        auto decided = started;
        decided.insert(missed.begin(), missed.end());
        EXPECT_EQ(decided.size(), started.size() + missed.size()) << "started and missed";
        std::vector<system_time> differing;
        std::ranges::set_symmetric_difference(decided, wanted, std::back_inserter(differing));
        EXPECT_TRUE(differing.empty()) << of.workflow_name << ' ' << json::serialize(to_json(of.when)) << " at "
                                       << format_time(differing.front())
                                       << (decided.contains(differing.front()) ? " is not previewed"
                                                                               : " is not decided");
        // Nothing that was due is left: the next one may still be within its jitter.
        EXPECT_TRUE(!next || *next + of.when.jitter >= latest_ - hours{2})
            << of.workflow_name << " is decided until " << format_time(*of.decided_until) << " at "
            << format_time(latest_) << ' ' << json::serialize(to_json(of.when));
        // Nothing in a year: a Sunday's schedule, say, whose weekends have another one.
        EXPECT_TRUE(!wanted.empty() || !next) << of.workflow_name;
    }

    draws random_;
    timeline line_;
    memory::store store_;
    store_weather weather_;
    witness nobody_;
    system::zone_files zones_;
    // Only then do schedules queue: two that lead at once, and whose clocks differ, may hold each other's decisions
    // back.
    bool is_fenced_;
    std::vector<std::unique_ptr<instance>> instances_;
    system_time latest_{};  // on the wall
    int started_ = 0;
    std::set<std::pair<workflow_id, system_time>> made_up_for_;
};

TEST(schedule_simulation, in_a_year_each_previewed_instant_is_decided_once) {
    const auto first = number_from_environment("SEED", 0);
    const auto runs = number_from_environment("SIMULATION_RUNS", 1);
    for (auto seed = std::max<std::uint64_t>(first, 1); seed < std::max<std::uint64_t>(first, 1) + runs; ++seed) {
        SCOPED_TRACE(fmt::format("SEED={}", seed));
        year lived{seed};
        lived.live();
        lived.check();
        if (testing::Test::HasFailure()) return;
    }
}

}  // namespace
}  // namespace orchestrator::simulation
