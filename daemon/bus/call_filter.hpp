// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "daemon/bus/call_gate.hpp"

struct sd_bus_message;
struct sd_bus_slot;

namespace sdbus {
class IConnection;
class IProxy;
}  // namespace sdbus

namespace bus {

/// Stands before all objects of a connection and lets the CallGate decide: a call that is refused is answered with
/// LimitsExceeded at once, and a call that reads and wants no reply is dropped.
class CallFilter {
 public:
  CallFilter(sdbus::IConnection& connection, uid_t manager);
  ~CallFilter();
  CallFilter(const CallFilter&) = delete;
  CallFilter& operator=(const CallFilter&) = delete;

  /// A message has been dispatched: if it was a call, its sender pays for it.
  void served();

 private:
  int onMessage(sd_bus_message* message) noexcept;
  int judge(sd_bus_message* message);
  void askFor(const std::string& sender);

  CallGate gate_;
  std::unique_ptr<sdbus::IProxy> bus_;
  sd_bus_slot* slot_ = nullptr;
  std::string sender_;  ///< of the call that is being served; empty: none
  core::Instant began_{};
};

}  // namespace bus
