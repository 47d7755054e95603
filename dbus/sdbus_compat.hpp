// SPDX-License-Identifier: MIT
#pragma once

#include <sdbus-c++/sdbus-c++.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

/// The one place that knows which major version of sdbus-c++ is built against (1.2 and 2 are meant); the manager and
/// its command line share it.
namespace bus {

#if __has_include(<sdbus-c++/VTableItems.h>)
using ServiceName = sdbus::ServiceName;
using InterfaceName = sdbus::InterfaceName;
using MethodName = sdbus::MethodName;
using MethodError = std::optional<sdbus::Error>;
inline bool failed(const MethodError& error) { return error.has_value(); }
inline sdbus::Error makeError(std::string name, std::string message) {
  return {sdbus::Error::Name{std::move(name)}, std::move(message)};
}
inline bool processOne(sdbus::IConnection& connection) { return connection.processPendingEvent(); }
inline std::uint64_t deadlineMicros(const sdbus::IConnection::PollData& poll) {
  return static_cast<std::uint64_t>(poll.timeout.count());
}
inline auto currentMessage(const sdbus::IObject& object) { return object.getCurrentlyProcessedMessage(); }
struct OpenedCall : sdbus::MethodCall {
  OpenedCall(void* raw, const sdbus::Message& known) : MethodCall(raw, known.*(&OpenedCall::connection_)) {}
};
#else
using ServiceName = std::string;
using InterfaceName = std::string;
using MethodName = std::string;
using MethodError = const sdbus::Error*;
inline bool failed(MethodError error) { return error != nullptr; }
inline sdbus::Error makeError(const std::string& name, const std::string& message) { return {name, message}; }
inline bool processOne(sdbus::IConnection& connection) { return connection.processPendingRequest(); }
inline std::uint64_t deadlineMicros(const sdbus::IConnection::PollData& poll) { return poll.timeout_usec; }
inline const sdbus::Message& currentMessage(const sdbus::IObject& object) {
  return *object.getCurrentlyProcessedMessage();
}
struct OpenedCall : sdbus::MethodCall {
  OpenedCall(void* raw, const sdbus::Message& known) : MethodCall(raw, known.*(&OpenedCall::sdbus_)) {}
};
#endif

inline auto connectTo(const std::string& address) { return sdbus::createSessionBusConnectionWithAddress(address); }

/// The sd_bus_message behind a message, for what sdbus-c++ does not show. Borrowed.
inline void* rawMessage(const sdbus::Message& message) {
  struct Opened : sdbus::Message {
    static void* of(const sdbus::Message& m) { return m.*(&Opened::msg_); }
  };
  return Opened::of(message);
}

/// The other way: a call that sd-bus itself has handed out, which this keeps. `known` is any message of its connection.
inline sdbus::MethodCall callFrom(void* raw, const sdbus::Message& known) { return OpenedCall(raw, known); }

}  // namespace bus
