// One connection to PostgreSQL and its prepared statements. Used from one thread at a time.
//
// Connects when it is first needed, and again after it was lost, with growing pauses. Every answer has a deadline, so
// that a server that hangs is left instead of waited for. Faults are thrown as database_error and turned into a result
// at the edge of the adapter.
#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/postgresql/parameters.h"
#include "domain/error.h"

namespace orchestrator::postgresql {

class database_error : public std::runtime_error {
  public:
    database_error(errc what, std::string sqlstate, const std::string& message)
        : std::runtime_error{message}, what_{what}, sqlstate_{std::move(sqlstate)} {}
    [[nodiscard]] errc code() const { return what_; }
    // Five characters; empty: the connection was lost, and whether the statement took effect is not known.
    [[nodiscard]] const std::string& sqlstate() const { return sqlstate_; }
    [[nodiscard]] bool is_constraint() const { return sqlstate_.starts_with("23"); }
    // Another transaction was in the way (a deadlock, or it was quicker with the same key), or ours fell silent for too
    // long: the same may be tried again.
    [[nodiscard]] bool is_conflict() const {
        return sqlstate_.starts_with("40") || sqlstate_ == "23505" || sqlstate_ == "25P03";
    }

  private:
    errc what_;
    std::string sqlstate_;
};

// A row of an answer. Columns from 0; refers to its `rows`.
class row {
  public:
    row(const PGresult* answer, int number) : answer_{answer}, number_{number} {}

    [[nodiscard]] bool is_null(int column) const { return PQgetisnull(answer_, number_, column) != 0; }
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] bool boolean(int column) const { return integer(column) != 0; }
    [[nodiscard]] std::string text(int column) const;
    [[nodiscard]] uuid id(int column) const;
    [[nodiscard]] system_time time(int column) const { return binary::time(integer(column)); }
    [[nodiscard]] std::optional<system_time> optional_time(int column) const;
    [[nodiscard]] local_days date(int column) const;

  private:
    const PGresult* answer_;
    int number_;
};

struct result_clearer {
    void operator()(PGresult* answer) const { PQclear(answer); }
};
using owned_result = std::unique_ptr<PGresult, result_clearer>;

class rows {
  public:
    explicit rows(owned_result answer) : answer_{std::move(answer)} {}

    class iterator {
      public:
        iterator(const PGresult* answer, int number) : answer_{answer}, number_{number} {}
        row operator*() const { return {answer_, number_}; }
        iterator& operator++() {
            ++number_;
            return *this;
        }
        bool operator==(const iterator&) const = default;

      private:
        const PGresult* answer_;
        int number_;
    };
    [[nodiscard]] iterator begin() const { return {answer_.get(), 0}; }
    [[nodiscard]] iterator end() const { return {answer_.get(), size()}; }
    [[nodiscard]] int size() const { return PQntuples(answer_.get()); }
    [[nodiscard]] bool empty() const { return size() == 0; }
    [[nodiscard]] row front() const { return {answer_.get(), 0}; }
    // Rows that the statement wrote.
    [[nodiscard]] std::int64_t affected() const;

  private:
    owned_result answer_;
};

struct connection_options {
    std::string url;  // postgresql://…; several hosts: the one that takes writes is used
    std::string application_name = "orchestrator";
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds answer_timeout{15'000};
    // Plans use indexes and nested loops whatever the statistics say: a plan that is made once, while a table is empty,
    // must not read all of it a million rows later. For connections all of whose statements have their index.
    bool plans_by_index = false;
};

class connection {
    using deadline = std::chrono::steady_clock::time_point;

  public:
    explicit connection(connection_options chosen);
    ~connection();
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    // The named block of queries/<entity>.sql, prepared once on each connection.
    template <class... Values>
    rows query(std::string_view entity, std::string_view name, const Values&... values) {
        return run(entity, name, parameters{values...});
    }
    rows run(std::string_view entity, std::string_view name, const parameters&);
    // SQL without parameters; several statements are one transaction.
    void execute(const std::string& sql);

    // Several statements in one round trip and one transaction.
    class pipeline {
      public:
        explicit pipeline(connection& to) : to_{to} {}
        template <class... Values>
        void add(std::string_view entity, std::string_view name, const Values&... values) {
            statements_.emplace_back(entity, name, values...);
        }
        [[nodiscard]] std::size_t size() const { return statements_.size(); }
        // The answers in order, after the commit. Throws the first error; then nothing of it was kept, unless the
        // connection was lost.
        std::vector<rows> run();

      private:
        struct statement {
            template <class... Values>
            statement(std::string_view in, std::string_view named, const Values&... bound)
                : entity{in}, name{named}, values{bound...} {}
            std::string_view entity;
            std::string_view name;
            parameters values;
        };
        std::vector<rows> receive(deadline until);

        connection& to_;
        std::deque<statement> statements_;
    };

    [[nodiscard]] bool is_connected() const { return handle_ != nullptr; }
    void connect_if_needed();
    // Of the database's texts: "UTF8". Of the last session.
    [[nodiscard]] const std::string& encoding() const { return encoding_; }
    void disconnect();

  private:
    void connect();
    [[noreturn]] void refuse_for_now(const std::string& why);
    [[noreturn]] void raise_lost(std::string_view doing);
    [[noreturn]] void raise(const PGresult*);
    std::string prepared(std::string_view entity, std::string_view name, const parameters&, deadline);
    void send(const std::string& statement, const parameters&);
    void flush(deadline);
    void wait(bool for_writing, deadline);
    owned_result next_result(deadline);
    rows finish_one(deadline);
    [[nodiscard]] deadline answer_deadline() const {
        return std::chrono::steady_clock::now() + options_.answer_timeout;
    }

    connection_options options_;
    PGconn* handle_ = nullptr;
    std::set<std::string, std::less<>> prepared_;
    std::chrono::milliseconds pause_{0};
    deadline next_attempt_{};
    std::string encoding_;
    std::string last_refusal_;
};

// BEGIN … COMMIT; rolls back unless committed.
class transaction {
  public:
    explicit transaction(connection& database, const char* begin = "BEGIN") : database_{database} {
        database_.execute(begin);
    }
    ~transaction();
    transaction(const transaction&) = delete;
    transaction& operator=(const transaction&) = delete;
    void commit() {
        database_.execute("COMMIT");
        open_ = false;
    }

  private:
    connection& database_;
    bool open_ = true;
};

}  // namespace orchestrator::postgresql
