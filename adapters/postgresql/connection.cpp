#include "adapters/postgresql/connection.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "adapters/postgresql/embedded_files.h"
#include "adapters/postgresql/sqlstate.h"
#include "adapters/sql/embedded_sql.h"

namespace orchestrator::postgresql {
namespace {

constexpr std::chrono::milliseconds first_pause{50};
constexpr std::chrono::milliseconds longest_pause{2'000};
// Between two statements of a transaction we only compute: who says nothing for so long is frozen, and what it holds
// (the leader's row, executions, schedules) keeps others waiting.
constexpr std::chrono::milliseconds longest_silence{2'000};

std::string trimmed(const char* message) {
    std::string text{message ? message : ""};
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    std::ranges::replace(text, '\n', ' ');
    return text;
}

}  // namespace

std::int64_t row::integer(int column) const {
    return binary::integer(PQgetvalue(answer_, number_, column), PQgetlength(answer_, number_, column));
}

std::string row::text(int column) const {
    return {PQgetvalue(answer_, number_, column), std::size_t(PQgetlength(answer_, number_, column))};
}

uuid row::id(int column) const {
    uuid value;
    if (PQgetlength(answer_, number_, column) == int(value.bytes.size()))
        std::memcpy(value.bytes.data(), PQgetvalue(answer_, number_, column), value.bytes.size());
    return value;
}

std::optional<system_time> row::optional_time(int column) const {
    if (is_null(column)) return std::nullopt;
    return time(column);
}

local_days row::date(int column) const { return binary::date(integer(column)); }

std::int64_t rows::affected() const {
    const std::string_view text{PQcmdTuples(answer_.get())};
    std::int64_t count = 0;
    std::from_chars(text.data(), text.data() + text.size(), count);
    return count;
}

connection::connection(connection_options chosen) : options_{std::move(chosen)} {}
connection::~connection() { disconnect(); }

void connection::disconnect() {
    if (handle_) PQfinish(handle_);
    handle_ = nullptr;
    prepared_.clear();
}

void connection::refuse_for_now(const std::string& why) {
    throw database_error{errc::store_unavailable, "08001", fmt::format("database: {}", why)};
}

void connection::connect_if_needed() {
    if (handle_) return;
    if (std::chrono::steady_clock::now() < next_attempt_) refuse_for_now(last_refusal_);
    connect();
}

void connection::connect() {
    const auto seconds = std::to_string(std::max<std::int64_t>(options_.connect_timeout.count() / 1'000, 1));
    // What stands before dbname is a default that the URL may change.
    const std::array<std::array<const char*, 2>, 9> settings{{{"application_name", options_.application_name.c_str()},
                                                              {"connect_timeout", seconds.c_str()},
                                                              {"target_session_attrs", "read-write"},
                                                              {"keepalives_idle", "10"},
                                                              {"keepalives_interval", "5"},
                                                              {"keepalives_count", "3"},
                                                              {"tcp_user_timeout", "15000"},
                                                              {"dbname", options_.url.c_str()},
                                                              {"client_encoding", "UTF8"}}};
    std::array<const char*, settings.size() + 1> keywords{};
    std::array<const char*, settings.size() + 1> values{};
    for (std::size_t i = 0; i < settings.size(); ++i) {
        keywords[i] = settings[i][0];
        values[i] = settings[i][1];
    }
    handle_ = PQconnectdbParams(keywords.data(), values.data(), 1);
    if (!handle_ || PQstatus(handle_) != CONNECTION_OK) {
        last_refusal_ = handle_ ? trimmed(PQerrorMessage(handle_)) : "out of memory";
        disconnect();
        pause_ = std::clamp(pause_ * 2, first_pause, longest_pause);
        next_attempt_ = std::chrono::steady_clock::now() + pause_;
        refuse_for_now(last_refusal_);
    }
    const char* encoding = PQparameterStatus(handle_, "server_encoding");
    encoding_ = encoding ? encoding : "";
    PQsetNoticeProcessor(handle_, [](void*, const char*) {}, nullptr);
    PQsetnonblocking(handle_, 1);
    pause_ = {};
    const auto patience = options_.answer_timeout.count() * 9 / 10;
    // The server gives up a little earlier than we do, so that it tells why, and asks soon after a client whose machine
    // has vanished, as its locks stay until then.
    const auto settings_of_session = fmt::format(
        "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}; "
        "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; "
        "SET tcp_user_timeout = 15000; SET jit = off; SET timezone = 'UTC'; "
        "SET default_transaction_isolation = 'read committed'; SET default_transaction_deferrable = off; "
        "SET standard_conforming_strings = on; {}",
        patience, patience, longest_silence.count(),
        options_.plans_by_index ? "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off; "
                                  "SET enable_hashjoin = off; SET enable_mergejoin = off; "
                                  "SET plan_cache_mode = force_generic_plan"
                                : "");
    try {
        execute(settings_of_session);
    } catch (const database_error&) {
        disconnect();  // a session without them would wait for ever
        throw;
    }
}

void connection::raise_lost(std::string_view doing) {
    auto why = handle_ ? trimmed(PQerrorMessage(handle_)) : std::string{};
    disconnect();
    throw database_error{
        errc::store_unavailable, "",
        fmt::format("database: the connection was lost while {}{}{}", doing, why.empty() ? "" : ": ", why)};
}

void connection::raise(const PGresult* answer) {
    const char* state = PQresultErrorField(answer, PG_DIAG_SQLSTATE);
    const char* primary = PQresultErrorField(answer, PG_DIAG_MESSAGE_PRIMARY);
    if (!state) raise_lost("it answered");
    const std::string sqlstate{state};
    auto message = fmt::format("database: {} (SQLSTATE {})", primary ? primary : "", sqlstate);
    if (sqlstate == "53100") message = "database: its disk is full; free some space and the work goes on by itself";
    if (sqlstate == "25006")
        message =
            "database: it takes no writes (a standby, or default_transaction_read_only); the work goes on by "
            "itself when DATABASE_URL reaches one that does";
    if (ends_session(sqlstate)) disconnect();
    throw database_error{meaning_of(sqlstate), sqlstate, message};
}

void connection::wait(bool for_writing, deadline until) {
    pollfd socket{.fd = PQsocket(handle_), .events = short(for_writing ? POLLIN | POLLOUT : POLLIN), .revents = 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    if (left <= 0 || ::poll(&socket, 1, int(std::min<std::int64_t>(left, 60'000))) == 0)
        if (std::chrono::steady_clock::now() >= until) raise_lost("it did not answer in time");
    if (socket.revents & (POLLIN | POLLERR | POLLHUP))
        if (!PQconsumeInput(handle_)) raise_lost("reading its answer");
}

void connection::flush(deadline until) {
    for (;;) {
        const int left = PQflush(handle_);
        if (left == 0) return;
        if (left < 0) raise_lost("sending to it");
        wait(true, until);
    }
}

// nullptr: the answer to one statement is complete.
owned_result connection::next_result(deadline until) {
    while (PQisBusy(handle_)) wait(false, until);
    return owned_result{PQgetResult(handle_)};
}

// All of the answer to what was sent alone.
rows connection::finish_one(deadline until) {
    flush(until);
    owned_result last;
    while (auto answer = next_result(until)) last = std::move(answer);
    if (!last) raise_lost("it answered");
    const auto status = PQresultStatus(last.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) raise(last.get());
    return rows{std::move(last)};
}

void connection::execute(const std::string& sql) {
    connect_if_needed();
    if (!PQsendQuery(handle_, sql.c_str())) raise_lost("sending to it");
    finish_one(answer_deadline());
}

// The name of the statement on the server, which knows it from the first time on.
std::string connection::prepared(std::string_view entity, std::string_view name, const parameters& values,
                                 deadline until) {
    auto statement = fmt::format("{}.{}", entity, name);
    if (prepared_.contains(statement)) return statement;
    const auto sql = sql::query_text(postgresql_files(), entity, name);
    if (!PQsendPrepare(handle_, statement.c_str(), sql.c_str(), values.count(), values.types()))
        raise_lost("sending to it");
    finish_one(until);
    prepared_.insert(statement);
    return statement;
}

rows connection::run(std::string_view entity, std::string_view name, const parameters& values) {
    connect_if_needed();
    const auto until = answer_deadline();
    send(prepared(entity, name, values, until), values);
    return finish_one(until);
}

void connection::send(const std::string& statement, const parameters& values) {
    if (!PQsendQueryPrepared(handle_, statement.c_str(), values.count(), values.values(), values.lengths(),
                             values.formats(), 1))
        raise_lost("sending to it");
}

std::vector<rows> connection::pipeline::run() {
    to_.connect_if_needed();
    const auto until = to_.answer_deadline();
    std::vector<std::string> names;
    for (const auto& each : statements_) names.push_back(to_.prepared(each.entity, each.name, each.values, until));
    if (!PQenterPipelineMode(to_.handle_)) to_.raise_lost("sending to it");
    auto name = names.begin();
    for (const auto& each : statements_) to_.send(*name++, each.values);
    if (!PQpipelineSync(to_.handle_)) to_.raise_lost("sending to it");
    to_.flush(until);
    return receive(until);
}

// The statements' answers, and that of the sync, which is the commit and may fail by itself.
std::vector<rows> connection::pipeline::receive(deadline until) {
    std::vector<rows> answers;
    owned_result failed;
    for (bool synced = false; !synced && PQstatus(to_.handle_) != CONNECTION_BAD;) {
        auto answer = to_.next_result(until);
        if (!answer) continue;  // the end of one statement's answer
        const auto status = PQresultStatus(answer.get());
        synced = status == PGRES_PIPELINE_SYNC;
        if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
            answers.emplace_back(std::move(answer));
        else if (status == PGRES_FATAL_ERROR && !failed)
            failed = std::move(answer);
    }
    const bool is_lost = PQstatus(to_.handle_) == CONNECTION_BAD;
    if (!is_lost) PQexitPipelineMode(to_.handle_);
    if (failed) to_.raise(failed.get());
    if (is_lost) to_.raise_lost("it answered");
    return answers;
}

transaction::~transaction() {
    if (!open_ || !database_.is_connected()) return;
    try {
        database_.execute("ROLLBACK");
    } catch (const database_error&) {
        database_.disconnect();  // which rolls back, too
    }
}

}  // namespace orchestrator::postgresql
