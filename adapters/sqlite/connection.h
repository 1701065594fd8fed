// One SQLite connection and its prepared statements. Used from one thread at a time.
// Faults of the database are thrown as database_error and turned into a result at the edge of the adapter.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "domain/error.h"
#include "domain/identifiers.h"
#include "domain/time.h"

namespace orchestrator::sqlite {

class database_error : public std::runtime_error {
  public:
    database_error(errc what, int code, const std::string& message)
        : std::runtime_error{message}, what_{what}, code_{code} {}
    [[nodiscard]] errc code() const { return what_; }
    [[nodiscard]] bool is_constraint() const { return (code_ & 0xff) == SQLITE_CONSTRAINT; }

  private:
    errc what_;
    int code_;  // extended SQLite result code
};

// A prepared statement in use: parameters from 1, columns from 0. Resets itself at the end.
class statement {
  public:
    explicit statement(sqlite3_stmt* prepared) : prepared_{prepared} {}
    statement(const statement&) = delete;
    statement& operator=(const statement&) = delete;
    ~statement();

    // Bound without copying: what is bound must live until the statement ends.
    statement& bind(int index, std::int64_t value);
    statement& bind(int index, int value) { return bind(index, std::int64_t{value}); }
    statement& bind(int index, double value);
    statement& bind(int index, bool value) { return bind(index, std::int64_t{value}); }
    statement& bind(int index, std::string_view text);
    statement& bind(int index, const uuid& id);
    statement& bind(int index, uuid&& id) = delete;  // it is gone before it is read
    statement& bind(int index, system_time at) { return bind(index, std::int64_t{at.time_since_epoch().count()}); }
    statement& bind_null(int index);
    template <class Tag>
    statement& bind(int index, const basic_id<Tag>& id) {
        return bind(index, id.value);
    }
    template <class T>
    statement& bind(int index, const std::optional<T>& value) {
        return value ? bind(index, *value) : bind_null(index);
    }
    // An empty text as NULL.
    statement& bind_or_null(int index, std::string_view text) {
        return text.empty() ? bind_null(index) : bind(index, text);
    }

    // True: there is a row. False: done.
    bool step();
    void run() {
        while (step()) {
        }
    }

    [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(prepared_, column); }
    [[nodiscard]] double real(int column) const { return sqlite3_column_double(prepared_, column); }
    [[nodiscard]] bool boolean(int column) const { return integer(column) != 0; }
    [[nodiscard]] bool is_null(int column) const { return sqlite3_column_type(prepared_, column) == SQLITE_NULL; }
    [[nodiscard]] std::string text(int column) const;
    [[nodiscard]] uuid id(int column) const;
    [[nodiscard]] system_time time(int column) const { return system_time{milliseconds{integer(column)}}; }
    [[nodiscard]] std::optional<system_time> optional_time(int column) const;

  private:
    sqlite3_stmt* prepared_;
};

class connection {
  public:
    enum class mode { read_write, read_only };

    // Throws database_error: store_corrupt when it is no database, store_unavailable when it cannot be opened.
    connection(const std::string& path, mode);
    ~connection();
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    void execute(const std::string& sql);
    // The named block of queries/<entity>.sql, prepared once.
    [[nodiscard]] statement query(std::string_view entity, std::string_view name);
    [[nodiscard]] statement prepare_once(const std::string& sql);
    [[nodiscard]] std::int64_t changes() const { return sqlite3_changes64(handle_); }
    [[nodiscard]] std::int64_t last_rowid() const { return sqlite3_last_insert_rowid(handle_); }

  private:
    struct finalizer {
        void operator()(sqlite3_stmt* prepared) const { sqlite3_finalize(prepared); }
    };
    using prepared = std::unique_ptr<sqlite3_stmt, finalizer>;

    prepared prepare(const std::string& sql);

    sqlite3* handle_ = nullptr;
    // By the addresses of the literals that name a query: no string is built on the hot path.
    std::map<std::pair<const char*, const char*>, prepared> queries_;
    prepared once_;
};

// BEGIN IMMEDIATE … COMMIT; rolls back unless committed.
class transaction {
  public:
    explicit transaction(connection& database);
    ~transaction();
    transaction(const transaction&) = delete;
    transaction& operator=(const transaction&) = delete;
    void commit();

  private:
    connection& database_;
    bool open_ = true;
};

}  // namespace orchestrator::sqlite
