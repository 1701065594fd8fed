#include "engine/directory_snapshot.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "engine/scoped_count.h"

namespace orchestrator {
namespace {

constexpr milliseconds pause_between_walks{250};
constexpr steady_time end_of_time = steady_time::max() - std::chrono::hours{24};
constexpr std::string_view no_answer = "the tenant service does not answer";

}  // namespace

// A reader of a walk: woken by it, and by the reader's own stop. A walk that all have left ends before its next page.
class directory_snapshot::presence {
  public:
    presence(clock& time, shared_walk of, std::stop_token stop)
        : time_{time}, wake_{time}, walk_{std::move(of)}, on_stop_{std::move(stop), [this] { wake_.notify(); }} {
        walk_->readers.push_back(&wake_);
        walk_->had_readers = true;
    }
    ~presence() {
        std::erase(walk_->readers, &wake_);
        walk_->used_at = time_.steady_now();
    }
    presence(const presence&) = delete;
    presence& operator=(const presence&) = delete;

    task<> wait_until(steady_time until) { return wake_.wait_until(until); }

  private:
    clock& time_;
    wake_signal wake_;
    shared_walk walk_;
    std::stop_callback<std::function<void()>> on_stop_;
};

directory_snapshot::directory_snapshot(options chosen, tenant_directory& directory, clock& time,
                                       std::function<void(task<>)> spawn)
    : options_{chosen}, directory_{directory}, time_{time}, spawn_{std::move(spawn)} {}

// A walk that has received nothing yet is as fresh as its next attempt.
bool directory_snapshot::is_fresh(const walk& of, steady_time not_before) const {
    return !of.has_page && !of.is_over ? true : of.began_at >= not_before;
}

// nullptr: one that is too old is going on.
directory_snapshot::shared_walk directory_snapshot::walk_since(steady_time not_before) {
    const bool can_be_read = current_ && !current_->failure && !current_->stop.stop_requested();
    if (can_be_read && is_fresh(*current_, not_before)) return current_;
    if (current_ && !current_->is_over) return nullptr;
    current_ = std::make_shared<walk>();
    current_->began_at = current_->received_at = current_->used_at = time_.steady_now();
    spawn_(go(current_));
    return current_;
}

task<result<directory_snapshot::outcome>> directory_snapshot::read(
    reader how, std::function<task<result<void>>(std::vector<tenant>)> take) {
    for (;;) {
        if (how.stop.stop_requested()) co_return fail(errc::service_failed, "planning was stopped");
        auto older = current_;
        if (auto fresh = walk_since(how.not_before)) {
            auto followed = co_await follow(fresh, how, take);
            if (!followed) co_return std::unexpected{followed.error()};
            if (*followed) co_return std::move(**followed);
            older = std::move(fresh);
        }
        presence waiting{time_, older, how.stop};
        while (!older->is_over && !how.stop.stop_requested()) {
            if (time_.steady_now() >= how.deadline) co_return fail(errc::service_failed, std::string{no_answer});
            co_await waiting.wait_until(how.deadline);
        }
    }
}

// nullopt: what was being asked when the reader came was answered after all, and is too old for it.
task<result<std::optional<directory_snapshot::outcome>>> directory_snapshot::follow(
    shared_walk of, const reader& how, const std::function<task<result<void>>(std::vector<tenant>)>& take) {
    presence reading{time_, of, how.stop};
    bookmark at;
    for (std::string told;;) {
        if (how.stop.stop_requested()) co_return fail(errc::service_failed, "planning was stopped");
        if (of->has_page && of->began_at < how.not_before) co_return std::nullopt;
        auto page = co_await next_page(*of, how, at);
        if (!page) co_return std::unexpected{page.error()};
        if (!page->empty()) {
            const auto taken = co_await take(std::move(*page));
            if (!taken) co_return std::unexpected{taken.error()};
            continue;
        }
        if (of->failure) co_return std::unexpected{*of->failure};
        if (of->is_over) co_return outcome{.active = of->tenants.active(), .problem = of->problem};
        const auto trouble = trouble_of(*of);
        if (trouble != told && how.on_trouble) {
            told = trouble;
            co_await how.on_trouble(trouble);
            continue;
        }
        const auto now = time_.steady_now();
        if (now >= how.deadline)
            co_return fail(errc::service_failed, trouble.empty() ? std::string{no_answer} : trouble);
        const auto quiet_at = of->received_at + options_.quiet;
        co_await reading.wait_until(now < quiet_at ? std::min(how.deadline, quiet_at) : how.deadline);
    }
}

// Empty: all that is there has been read.
task<result<std::vector<tenant>>> directory_snapshot::next_page(walk& of, const reader& how, bookmark& at) {
    std::vector<tenant> page;
    for (; at.next < of.tenants.size() && page.size() < how.at_once; ++at.next) {
        if (!of.tenants.is_accepted(at.next, how.filter)) continue;
        if (how.is_due) {
            const auto home = of.tenants.home_of(at.next);
            if (at.due_homes.size() <= home) at.due_homes.resize(home + 1);
            if (!at.due_homes[home]) {
                const auto due = co_await how.is_due(of.tenants.at(at.next));
                if (!due) co_return std::unexpected{due.error()};
                at.due_homes[home] = *due;
            }
            if (!*at.due_homes[home]) continue;
        }
        page.push_back(of.tenants.at(at.next));
    }
    co_return page;
}

task<result<std::optional<tenant>>> directory_snapshot::find(reader how, tenant_id id) {
    const bool has_one = current_ && !current_->failure && is_fresh(*current_, how.not_before);
    if (has_one)
        if (const auto known = current_->tenants.find(id)) co_return current_->tenants.at(*known);
    if (lookups_ >= options_.most_lookups) {
        std::optional<tenant> found;
        const auto look = [&](std::vector<tenant> page) -> task<result<void>> {
            found = std::move(page.front());
            co_return result<void>{};
        };
        how.filter = {.tenant_ids = {id}, .tiers = {}};
        const auto read_all = co_await read(how, look);
        if (!read_all) co_return std::unexpected{read_all.error()};
        if (found) co_return found;
    }
    const scoped_count looking{lookups_};
    co_return co_await directory_.find({.deadline = how.deadline, .stop = how.stop, .on_trouble = how.on_trouble}, id);
}

bool directory_snapshot::lacks(const tenant_id& id) const {
    if (!current_ || !current_->is_over || current_->failure || !current_->problem.empty()) return false;
    const auto found = current_->tenants.find(id);
    return !found || !current_->tenants.is_active(*found);
}

task<> directory_snapshot::go(shared_walk of) {
    of->failure = co_await read_pages(*of);
    of->is_over = true;
    of->used_at = time_.steady_now();
    waits_since_ = 0;
    const bool was_left = of->stop.stop_requested();
    const auto& why = of->failure ? of->failure->message : of->problem;
    problem_ends_at_ = of->used_at + options_.problem_kept;
    problem_.report(was_left || why.empty() ? std::nullopt : std::optional{error{errc::service_failed, why, {}}});
    if (!was_left && !why.empty()) spdlog::warn("not all tenants are known: {}", why);
    const bool is_whole = why.empty() && of->tenants.active() > 0;  // only that is worth being kept
    if (!is_whole && current_ == of) current_.reset();
    wake(*of);
}

// An error ends the walk; what was listed until then has been read.
task<std::optional<error>> directory_snapshot::read_pages(walk& of) {
    list_walk walking{options_.bounds, of.tenants};
    tenant_directory::patience how{.deadline = end_of_time, .stop = of.stop.get_token()};
    how.on_trouble = [this, &of](std::string problem) -> task<> {
        of.trouble = std::move(problem);
        problem_.report(of.trouble.empty() ? std::nullopt : std::optional{error{errc::service_failed, of.trouble, {}}});
        wake(of);
        co_return;
    };
    how.on_attempt = [this, &of] {
        if (!of.has_page) of.began_at = time_.steady_now();
        if (of.had_readers && of.readers.empty()) of.stop.request_stop();
    };
    for (;;) {
        waits_since_ = time_.steady_now().time_since_epoch().count();
        const auto page = co_await directory_.page(how, walking.next());
        if (!page) co_return page.error();
        of.has_page = true;
        of.received_at = time_.steady_now();
        const auto went = walking.take(*page);
        wake(of);
        if (went == walk_progress::ended) break;
        if (went == walk_progress::begins_again) {
            spdlog::info("the list of tenants is read once more");
            co_await time_.sleep_until(time_.steady_now() + pause_between_walks, of.stop.get_token());
        }
    }
    of.problem = walking.problem();
    co_return std::nullopt;
}

void directory_snapshot::wake(walk& of) {
    for (auto* reader : of.readers) reader->notify();
}

std::string directory_snapshot::trouble_of(const walk& of) const {
    if (!of.trouble.empty()) return of.trouble;
    const bool is_quiet = time_.steady_now() - of.received_at >= options_.quiet;
    return is_quiet && !of.is_over ? std::string{no_answer} : std::string{};
}

void directory_snapshot::stop() {
    if (current_) current_->stop.request_stop();
}

void directory_snapshot::tidy_up() {
    const auto now = time_.steady_now();
    if (current_ && current_->is_over && current_->readers.empty() && now - current_->used_at >= options_.kept_unused)
        current_.reset();
    if ((!current_ || current_->is_over) && now >= problem_ends_at_) problem_.report(std::nullopt);
}

std::optional<std::string> directory_snapshot::problem() const {
    if (auto told = problem_.now()) return std::move(told->message);
    const auto since = waits_since_.load();
    if (since == 0 || time_.steady_now() - steady_time{steady_time::duration{since}} < options_.quiet) return {};
    return std::string{no_answer};
}

}  // namespace orchestrator
