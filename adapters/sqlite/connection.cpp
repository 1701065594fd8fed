#include "adapters/sqlite/connection.h"

#include <fmt/format.h>

#include <cstring>

#include "adapters/sql/embedded_sql.h"
#include "adapters/sqlite/embedded_files.h"
#include "adapters/sqlite/result_code.h"

namespace orchestrator::sqlite {
namespace {

constexpr int busy_timeout_ms = 10'000;

[[noreturn]] void raise(sqlite3* handle, int code, std::string_view doing) {
    const auto what = meaning_of(code);
    const char* reason = handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
    std::string message = fmt::format("database: {} while {}", reason, doing);
    if (what == errc::store_full)
        message = "database: the disk is full; free some space and the work goes on by itself";
    if (what == errc::store_read_only)
        message = "database: it is read-only; make the file and its folder writable and the work goes on by itself";
    throw database_error{what, code, message};
}

void check(sqlite3_stmt* prepared, int code) {
    if (code != SQLITE_OK) raise(sqlite3_db_handle(prepared), code, "binding a parameter");
}

// Each connection stays on one thread, and nobody asks how much memory is used: two locks less for each allocation.
void configure_library_once() {
    static const bool done = [] {
        sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
        return true;
    }();
    static_cast<void>(done);
}

}  // namespace

statement::~statement() {
    sqlite3_reset(prepared_);
    sqlite3_clear_bindings(prepared_);
}

statement& statement::bind(int index, std::int64_t value) {
    check(prepared_, sqlite3_bind_int64(prepared_, index, value));
    return *this;
}

statement& statement::bind(int index, double value) {
    check(prepared_, sqlite3_bind_double(prepared_, index, value));
    return *this;
}

statement& statement::bind(int index, std::string_view text) {
    check(prepared_, sqlite3_bind_text64(prepared_, index, text.data() ? text.data() : "", text.size(), SQLITE_STATIC,
                                         SQLITE_UTF8));
    return *this;
}

statement& statement::bind(int index, const uuid& id) {
    check(prepared_, sqlite3_bind_blob(prepared_, index, id.bytes.data(), int(id.bytes.size()), SQLITE_STATIC));
    return *this;
}

statement& statement::bind_null(int index) {
    check(prepared_, sqlite3_bind_null(prepared_, index));
    return *this;
}

bool statement::step() {
    const int code = sqlite3_step(prepared_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    raise(sqlite3_db_handle(prepared_), sqlite3_extended_errcode(sqlite3_db_handle(prepared_)), "running a statement");
}

std::string statement::text(int column) const {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(prepared_, column));
    return data ? std::string{data, std::size_t(sqlite3_column_bytes(prepared_, column))} : std::string{};
}

uuid statement::id(int column) const {
    uuid value;
    const void* data = sqlite3_column_blob(prepared_, column);
    if (data && sqlite3_column_bytes(prepared_, column) == int(value.bytes.size()))
        std::memcpy(value.bytes.data(), data, value.bytes.size());
    return value;
}

std::optional<system_time> statement::optional_time(int column) const {
    if (is_null(column)) return std::nullopt;
    return time(column);
}

connection::connection(const std::string& path, mode how) {
    configure_library_once();
    const int flags = how == mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    const int code = sqlite3_open_v2(path.c_str(), &handle_, flags | SQLITE_OPEN_NOMUTEX, nullptr);
    if (code != SQLITE_OK) {
        const std::string reason = handle_ ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
        sqlite3_close(handle_);
        throw database_error{meaning_of(code), code, fmt::format("database {}: {}", path, reason)};
    }
    sqlite3_extended_result_codes(handle_, 1);
    sqlite3_busy_timeout(handle_, busy_timeout_ms);
}

connection::~connection() {
    once_.reset();
    queries_.clear();
    sqlite3_close(handle_);
}

void connection::execute(const std::string& sql) {
    const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) raise(handle_, sqlite3_extended_errcode(handle_), "running \"" + sql.substr(0, 60) + "\"");
}

connection::prepared connection::prepare(const std::string& sql) {
    sqlite3_stmt* made = nullptr;
    const int code =
        sqlite3_prepare_v3(handle_, sql.c_str(), int(sql.size()), SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    if (code != SQLITE_OK) raise(handle_, sqlite3_extended_errcode(handle_), "preparing \"" + sql.substr(0, 60) + "\"");
    return prepared{made};
}

statement connection::query(std::string_view entity, std::string_view name) {
    auto& found = queries_[{entity.data(), name.data()}];
    if (!found) found = prepare(sql::query_text(sqlite_files(), entity, name));
    return statement{found.get()};
}

statement connection::prepare_once(const std::string& sql) {
    once_ = prepare(sql);
    return statement{once_.get()};
}

transaction::transaction(connection& database) : database_{database} { database_.execute("BEGIN IMMEDIATE"); }

transaction::~transaction() {
    if (!open_) return;
    try {
        database_.execute("ROLLBACK");
    } catch (const database_error&) {
        // A full disk rolls back by itself, and then there is nothing left to roll back.
    }
}

void transaction::commit() {
    database_.execute("COMMIT");
    open_ = false;
}

}  // namespace orchestrator::sqlite
