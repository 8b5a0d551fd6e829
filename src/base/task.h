#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace ferrite {

using Executor = boost::asio::any_io_executor;

/// A coroutine on one of the worker pools. It may block for the database (milliseconds); for
/// anything else it `co_await`s. Parameters are taken by value: a reference or a view may be gone
/// when the coroutine goes on.
template <typename T = void>
using Task = boost::asio::awaitable<T, Executor>;

}  // namespace ferrite
