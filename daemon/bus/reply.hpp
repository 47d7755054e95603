// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <utility>

#include "daemon/bus/call_limits.hpp"
#include "daemon/bus/errors.hpp"
#include "dbus/sdbus_compat.hpp"

namespace bus {

/// The reply of a method call that may be sent later, exactly once. It keeps the connection open: an unanswered call
/// may outlive the objects of the bus. A caller or a bus that is gone is no failure of the work.
template <class... R>
class Reply {
 public:
  Reply(std::shared_ptr<sdbus::IConnection> connection, sdbus::Result<R...>&& result)
      : connection_(std::move(connection)), result_(std::move(result)) {}

  /// Who gave the work up without a word, such as an instance that is gone, leaves no caller waiting.
  ~Reply() {
    if (!answered_)
      fail({"org.freedesktop.DBus.Error.Failed", "This was given up: the instance is gone, or the manager ends."});
  }
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;

  /// The place among the waiting calls that this one takes.
  void hold(std::shared_ptr<CallLimits::Ticket> ticket) { ticket_ = std::move(ticket); }

  void send(const R&... results) noexcept {
    answered_ = true;
    try {
      result_.returnResults(results...);
    } catch (const sdbus::Error& error) {
      return fail({"org.freedesktop.DBus.Error.Failed", "The reply cannot be sent: " + error.getMessage()});
    }
    ticket_.reset();
  }
  void fail(const CallError& error) noexcept {
    answered_ = true;
    try {
      result_.returnError(makeError(error.name, error.message));
    } catch (const sdbus::Error&) {
    }
    ticket_.reset();
  }

 private:
  std::shared_ptr<sdbus::IConnection> connection_;  // first: the message in result_ needs it to the end
  sdbus::Result<R...> result_;
  std::shared_ptr<CallLimits::Ticket> ticket_;
  bool answered_ = false;
};

}  // namespace bus
