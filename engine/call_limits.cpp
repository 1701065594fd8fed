#include "engine/call_limits.h"

#include <fmt/format.h>

#include <boost/intrusive/list.hpp>

#include <algorithm>

namespace orchestrator {
namespace {

constexpr milliseconds look_while_somebody_waits{250};
constexpr milliseconds look_while_busy{1'000};
constexpr milliseconds longest_sleep{60'000};
// After this process ran out of descriptors, ports or memory: calls that end give some back.
constexpr milliseconds shortage_pause{250};
constexpr std::chrono::seconds recent_span{10};

}  // namespace

// Lives in the frame of the coroutine that waits.
struct call_limits::waiter
    : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    waiter(permit& held_, const terms& how, std::uint64_t number_)
        : held{held_},
          number{number_},
          deadline{how.deadline},
          urgency{how.urgency},
          may_be_surplus{how.may_be_surplus} {}

    permit& held;
    std::uint64_t number;  // in the order of arrival
    steady_time deadline;
    call_urgency urgency;
    bool may_be_surplus;
    std::optional<refusal> refused;
    std::move_only_function<void()> resume;
};

struct call_limits::lane {
    using queue = boost::intrusive::list<waiter, boost::intrusive::constant_time_size<false>>;

    lane(std::string name_, service_gate gate_) : name{std::move(name_)}, gate{std::move(gate_)} {}

    [[nodiscard]] queue& line(bool is_retry) { return is_retry ? retries : first_attempts; }
    [[nodiscard]] bool is_awaited() const { return !first_attempts.empty() || !retries.empty(); }
    // Whose front came first; the other one may go on where that one may not.
    [[nodiscard]] bool are_retries_first() const {
        return !retries.empty() && (first_attempts.empty() || retries.front().number < first_attempts.front().number);
    }

    std::string name;
    service_gate gate;
    queue first_attempts;
    queue retries;  // a line of their own: their budget may be used up while first attempts go on
    int held = 0;   // permits: who waits, who is called, and whose accepted job goes on
    int waiting = 0;
    steady_time first_deadline = steady_time::max();  // of those who wait, or earlier
    bool was_closed = false;                          // to who claims; told when it opens
    std::string reason;                               // of the operator
};

call_limits::permit::permit(call_limits& owner, int service) : owner_{&owner}, service_{service} {
    ++owner.held_;
    ++owner.lanes_[std::size_t(service)]->held;
}

call_limits::permit::~permit() {
    if (owner_) owner_->leave(*this);
}

void call_limits::permit::yield_place() { owner_->give_back(*this); }

task<std::expected<void, call_limits::refusal>> call_limits::permit::regain(terms how) {
    how.may_be_surplus = false;
    return owner_->wait(*this, std::move(how));
}

call_limits::call_limits(limits most, clock& time, random_source& random, std::function<shared_pool()> runs,
                         std::function<void()> on_open)
    : most_{most}, time_{time}, random_{random}, runs_{std::move(runs)}, on_open_{std::move(on_open)}, wake_{time} {}

call_limits::~call_limits() = default;

// Who waits holds itself through its resumption: it is let go.
void call_limits::abandon() {
    abandoned_ = true;
    for (const auto& lane : lanes_)
        for (auto* line : {&lane->first_attempts, &lane->retries})
            while (!line->empty()) {
                auto& self = line->front();
                line->pop_front();
                const auto let_go = std::exchange(self.resume, nullptr);
            }
}

int call_limits::service_index(const std::string& name) {
    const auto [found, added] = indices_.try_emplace(name, static_cast<int>(lanes_.size()));
    if (added) {
        lanes_.push_back(std::make_unique<lane>(name, service_gate{{.most = most_.each_service,
                                                                    .adaptive = most_.adaptive,
                                                                    .seed = random_.next(),
                                                                    .beat = time_.steady_at(system_time{})}}));
        apply_to(*lanes_.back());
    }
    return found->second;
}

task<std::expected<call_limits::permit, call_limits::refusal>> call_limits::acquire(int service, terms how) {
    permit held{*this, service};
    const auto placed = co_await wait(held, std::move(how));
    if (!placed) co_return std::unexpected{placed.error()};
    co_return std::move(held);
}

task<std::expected<void, call_limits::refusal>> call_limits::wait(permit& held, terms how) {
    auto& lane = *lanes_[std::size_t(held.service_)];
    const auto now = time_.steady_now();
    if (how.stop.stop_requested() || (stopped_ && how.may_be_surplus)) co_return std::unexpected{refusal::stopped};
    if (now >= how.deadline) co_return std::unexpected{refusal::deadline};
    if (lane.line(how.is_retry).empty() && may_start(lane, how.is_retry, now)) {
        place(held, how.is_retry, now);
        co_return std::expected<void, refusal>{};
    }
    if (how.may_be_surplus && runs_ && !may_wait(lane.held - 1, runs_())) co_return std::unexpected{refusal::surplus};

    waiter self{held, how, ++arrivals_};
    lane.line(how.is_retry).push_back(self);
    ++lane.waiting;
    lane.first_deadline = std::min(lane.first_deadline, how.deadline);
    first_deadline_ = std::min(first_deadline_, how.deadline);
    const auto stop_waiting = [&] { send_away(self, refusal::stopped); };
    const std::stop_callback on_stop{how.stop, stop_waiting};
    wake_by(std::min(how.deadline, now + look_while_somebody_waits));
    co_await suspend([&self](std::move_only_function<void()> resume) { self.resume = std::move(resume); });
    --lane.waiting;
    if (self.refused) co_return std::unexpected{*self.refused};
    co_return std::expected<void, refusal>{};
}

bool call_limits::may_start(const lane& at, bool is_retry, steady_time now) const {
    const shared_pool places{most_.total, in_flight_};
    return places.free() > 0 && now >= short_until_ && at.gate.may_start(is_retry, now) &&
           orchestrator::may_start(at.gate.in_flight(), places, at.gate.is_answering(now));
}

void call_limits::place(permit& held, bool is_retry, steady_time now) {
    ++in_flight_;
    held.is_placed_ = true;
    held.report_ = {};
    held.ticket_ = lanes_[std::size_t(held.service_)]->gate.start(is_retry, now);
    wake_by(now + look_while_busy);
}

void call_limits::wake_by(steady_time at) {
    if (at < wakes_at_) wake_.notify();
}

void call_limits::give_back(permit& held) {
    if (!std::exchange(held.is_placed_, false)) return;
    const auto now = time_.steady_now();
    --in_flight_;
    lanes_[std::size_t(held.service_)]->gate.end(held.ticket_, held.report_, now, random_.uniform());
    if (held.report_.end == call_end::exhausted) short_until_ = now + shortage_pause;
    if (!abandoned_) start_waiting(now);
}

void call_limits::leave(permit& held) {
    give_back(held);
    auto& lane = *lanes_[std::size_t(held.service_)];
    --lane.held;
    --held_;
    if (abandoned_) return;
    if (lane.was_closed) tell_of_opening(lane, time_.steady_now());
    if (stopped_ && held_ == 0) wake_.notify();
}

// Starts all that may start, each service in turn.
void call_limits::start_waiting(steady_time now) {
    for (std::size_t looked = 0; looked < lanes_.size() && in_flight_ < most_.total;) {
        auto& next = *lanes_[next_lane_++ % lanes_.size()];
        looked = start_next(next, now) ? 0 : looked + 1;
    }
}

bool call_limits::start_next(lane& at, steady_time now) {
    const bool retries_first = at.are_retries_first();
    for (const bool is_retry : {retries_first, !retries_first}) {
        auto& line = at.line(is_retry);
        if (line.empty() || !may_start(at, is_retry, now)) continue;
        auto& next = first_of(at, is_retry, now);
        next.unlink();
        place(next.held, is_retry, now);
        next.resume();
        return true;
    }
    return false;
}

// Whose turn it is: who came first, unless some will not be called before their deadline if all keep their turn.
call_limits::waiter& call_limits::first_of(lane& at, bool is_retry, steady_time now) {
    auto& line = at.line(is_retry);
    const auto recent = at.gate.breaker().recent(now);
    const auto all_called_at = now + time_to_call(at.waiting, recent.all - recent.failed, recent_span);
    if (at.first_deadline >= all_called_at) return line.front();
    at.first_deadline = steady_time::max();
    for (const auto* each_line : {&at.first_attempts, &at.retries})
        for (const auto& each : *each_line) at.first_deadline = std::min(at.first_deadline, each.deadline);
    auto* first = &line.front();
    for (auto& each : line) {
        if (each.deadline >= all_called_at) continue;
        if (first->deadline >= all_called_at || goes_before(each.urgency, first->urgency)) first = &each;
    }
    return *first;
}

void call_limits::send_away(waiter& waiting, refusal why) {
    if (!waiting.is_linked() || abandoned_) return;  // it has its place already
    waiting.unlink();
    waiting.refused = why;
    if (waiting.resume) waiting.resume();
}

template <class Visit>
void call_limits::each_waiter(Visit visit) {
    for (const auto& lane : lanes_)
        for (auto* line : {&lane->first_attempts, &lane->retries})
            for (auto each = line->begin(); each != line->end();) visit(*each++);
}

void call_limits::end_overdue(steady_time now) {
    if (now < first_deadline_) return;
    first_deadline_ = steady_time::max();
    each_waiter([&](waiter& waiting) {
        if (waiting.deadline <= now)
            send_away(waiting, refusal::deadline);
        else
            first_deadline_ = std::min(first_deadline_, waiting.deadline);
    });
}

void call_limits::stop() {
    stopped_ = true;
    each_waiter([&](waiter& waiting) {
        if (waiting.may_be_surplus) send_away(waiting, refusal::stopped);
    });
    wake_.notify();
}

task<> call_limits::run() {
    while (!stopped_ || held_ > 0) {
        const auto now = time_.steady_now();
        end_overdue(now);
        start_waiting(now);
        for (const auto& lane : lanes_)
            if (lane->was_closed) tell_of_opening(*lane, now);
        publish(now);
        wakes_at_ = next_event(now);
        co_await wake_.wait_until(wakes_at_);
    }
}

steady_time call_limits::next_event(steady_time now) const {
    auto next = now + longest_sleep;
    for (const auto& lane : lanes_) {
        const auto& breaker = lane->gate.breaker();
        const bool is_in_change =
            lane->held > 0 || lane->was_closed || breaker.open_since() || breaker.recent(now).all > 0;
        if (is_in_change) next = std::min(next, now + look_while_busy);
        if (lane->is_awaited()) next = std::min(next, now + look_while_somebody_waits);
        if (!lane->is_awaited() && !lane->was_closed) continue;
        const auto change = lane->gate.next_change(lane->first_attempts.empty(), now);
        if (change && *change > now) next = std::min(next, *change);
    }
    return std::min(next, std::max(first_deadline_, now));
}

void call_limits::apply(std::vector<service_setting> settings) {
    settings_ = std::move(settings);
    for (const auto& lane : lanes_) apply_to(*lane);
    wake_.notify();
}

void call_limits::apply_to(lane& at) const {
    const auto found = std::ranges::find(settings_, at.name, &service_setting::service);
    const bool is_set = found != settings_.end();
    at.gate.set_most(is_set ? found->max_calls : std::nullopt);
    const auto left = is_set && found->paused_until ? *found->paused_until - time_.now() : milliseconds{0};
    at.gate.pause_until(left > milliseconds{0} ? std::optional{time_.steady_now() + left} : std::nullopt);
    at.reason = is_set ? found->reason : "";
}

// Runs that may be claimed for it.
int call_limits::room(const lane& at, steady_time now) const {
    if (at.gate.is_shut(now) || now < short_until_) return 0;
    return runs_ ? claim_room(at.held, runs_()) : most_.total;
}

call_limits::claim_terms call_limits::what_to_claim() {
    const auto now = time_.steady_now();
    claim_terms terms{.most = runs_ ? claim_room(0, runs_()) : most_.total, .closed_services = {}};
    for (const auto& lane : lanes_) {
        const int left = room(*lane, now);
        lane->was_closed = left == 0;
        if (left == 0)
            terms.closed_services.push_back(lane->name);
        else
            terms.most = std::min(terms.most, left);
    }
    return terms;
}

void call_limits::tell_of_opening(lane& at, steady_time now) {
    if (room(at, now) == 0) return;
    at.was_closed = false;
    if (on_open_) on_open_();
}

std::string call_limits::describe(int service) const {
    const auto& lane = *lanes_[std::size_t(service)];
    const auto problem = problem_of(lane.gate, lane.reason, time_.steady_now());
    if (!problem.empty()) return fmt::format("{} {}", lane.name, problem);
    return fmt::format("{} takes {} calls at a time", lane.name, lane.gate.limit());
}

void call_limits::publish(steady_time now) {
    std::vector<service_view> fresh;
    for (const auto& lane : lanes_) {
        auto seen = view_of(lane->gate, lane->reason, now, time_.now());
        seen.name = lane->name;
        seen.waiting = lane->waiting;
        seen.retries_waiting = int(lane->retries.size());
        seen.held = lane->held;
        seen.is_closed = room(*lane, now) == 0;
        fresh.push_back(std::move(seen));
    }
    const std::scoped_lock lock{guard_};
    views_ = std::move(fresh);
}

std::vector<service_view> call_limits::services() const {
    const std::scoped_lock lock{guard_};
    return views_;
}

}  // namespace orchestrator
