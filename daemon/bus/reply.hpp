// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "daemon/bus/errors.hpp"
#include "dbus/sdbus_compat.hpp"
#include "lib/core/task.hpp"

namespace bus {

namespace detail {

template <class... R>
struct Returned {
  using Type = std::tuple<R...>;
};
template <>
struct Returned<> {
  using Type = void;
};
template <class R>
struct Returned<R> {
  using Type = R;
};

}  // namespace detail

/// The values of a D-Bus reply as one C++ type: void, the only value, or a tuple.
template <class... R>
using Returned = typename detail::Returned<R...>::Type;

/// The reply of a method call. As a core::Completion it is sent exactly once, and a call that nobody completes is
/// answered with an error. It keeps the connection open: an unanswered call may outlive the objects of the bus.
template <class... R>
class Reply final : public core::Receiver<CallResult<Returned<R...>>> {
 public:
  using Outcome = CallResult<Returned<R...>>;

  Reply(std::shared_ptr<sdbus::IConnection> connection, sdbus::Result<R...>&& result)
      : connection_(std::move(connection)), result_(std::move(result)) {}

  /// Throws std::bad_alloc if there is no memory even for an error.
  void complete(Outcome outcome) override {
    if (!outcome) return fail(outcome.error());
    try {
      send(outcome);
    } catch (const std::exception& error) {
      // The bus does not take these values, or they need more memory than there is: an error is smaller.
      fail({kFailed, std::string("The reply cannot be sent: ") + error.what()});
    }
  }
  void drop() noexcept override {
    // Called from a destructor: without memory for the error, the caller waits for its own timeout.
    try {
      fail(core::WhenDropped<CallError>::value());
    } catch (const std::exception&) {
    }
  }

 private:
  void send(const Outcome& outcome) {
    if constexpr (sizeof...(R) == 0)
      result_.returnResults();
    else if constexpr (sizeof...(R) == 1)
      result_.returnResults(*outcome);
    else
      std::apply([this](const R&... values) { result_.returnResults(values...); }, *outcome);
  }
  void fail(const CallError& error) {
    try {
      result_.returnError(makeError(error.name, error.message));
    } catch (const sdbus::Error&) {
      // The caller or the bus has gone: the work was done all the same. LoopBus notices a lost bus.
    }
  }

  std::shared_ptr<sdbus::IConnection> connection_;  // first: the message in result_ needs it until it is destroyed
  sdbus::Result<R...> result_;
};

/// Sends what it is completed with as the reply of the call that `result` answers.
template <class... R>
[[nodiscard]] core::Completion<CallResult<Returned<R...>>> replyTo(std::shared_ptr<sdbus::IConnection> connection,
                                                                   sdbus::Result<R...>&& result) {
  return core::Completion<CallResult<Returned<R...>>>(
      std::make_unique<Reply<R...>>(std::move(connection), std::move(result)));
}

/// What `task` returns; an exception becomes an error for the caller.
template <class T>
core::Task<CallResult<T>> withoutExceptions(core::Task<CallResult<T>> task) {
  try {
    co_return co_await task;
  } catch (const core::Dropped&) {
    co_return core::Err{core::WhenDropped<CallError>::value()};
  } catch (const std::exception& error) {
    co_return core::Err{internalError(error)};
  }
}

/// Answers a call with what its method returns.
template <class T>
core::Task<> answer(core::Task<CallResult<T>> method, core::Completion<CallResult<T>> reply) {
  auto guarded = withoutExceptions(std::move(method));
  auto result = co_await guarded;
  reply(std::move(result));
}

}  // namespace bus
