// The coroutine type of the whole project. It runs on an io_context, whose concrete executor spares a type-erased
// call for each resumption (measured: 84k -> 108k HTTP calls/s).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace orchestrator {

namespace asio = boost::asio;

using executor = asio::io_context::executor_type;

template <class T = void>
using task = asio::awaitable<T, executor>;

inline constexpr asio::use_awaitable_t<executor> use_task{};

}  // namespace orchestrator
