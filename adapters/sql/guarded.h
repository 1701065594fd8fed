// The edge of an adapter: what database work throws becomes an error.
#pragma once

#include <fmt/format.h>

#include <exception>
#include <new>
#include <type_traits>

#include "domain/error.h"

namespace orchestrator::sql {

// `Fault`: the adapter's own exception, which has code() and what().
template <class Fault, class Work>
auto guarded(Work& work) {
    using value = std::invoke_result_t<Work&>;
    constexpr bool is_result = requires(value v) { v.error(); };
    using answer = std::conditional_t<is_result, value, result<value>>;
    using failed = std::conditional_t<std::is_void_v<value>, result<void>, answer>;
    try {
        if constexpr (std::is_void_v<value>) {
            work();
            return result<void>{};
        } else {
            return answer{work()};
        }
    } catch (const Fault& fault) {
        return failed{fail(fault.code(), fault.what())};
    } catch (const std::bad_alloc&) {
        return failed{fail(errc::store_unavailable, "database: there is no memory for it")};
    } catch (const std::exception& fault) {
        return failed{fail(errc::unreadable, fmt::format("database: a row cannot be read: {}", fault.what()))};
    }
}

// Whatever the work returns, what it wrote stays only if it returned no error.
template <class Transaction, class Connection, class Work>
auto in_transaction(Connection& database, Work& work) {
    Transaction whole{database};
    if constexpr (std::is_void_v<std::invoke_result_t<Work&, Connection&>>) {
        work(database);
        whole.commit();
    } else {
        auto answer = work(database);
        constexpr bool is_result = requires { answer.error(); };
        if constexpr (is_result) {
            if (answer) whole.commit();
        } else {
            whole.commit();
        }
        return answer;
    }
}

}  // namespace orchestrator::sql
