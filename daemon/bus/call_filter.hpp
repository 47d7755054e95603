// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "daemon/bus/call_gate.hpp"

struct sd_bus_message;
struct sd_bus_slot;

namespace bus {

class RawBus;

/// Sees every call before the objects of a connection do and lets the CallGate decide. A refused call is answered with
/// LimitsExceeded immediately; a call that only reads and wants no reply is dropped.
class CallFilter {
 public:
  CallFilter(const RawBus& bus, uid_t manager);
  ~CallFilter();
  CallFilter(const CallFilter&) = delete;
  CallFilter& operator=(const CallFilter&) = delete;

  /// A message has been dispatched: if it was a call, its time is charged to its sender.
  void served();

 private:
  int onMessage(sd_bus_message* message) noexcept;
  int judge(sd_bus_message* message);
  void askFor(const std::string& sender);

  CallGate gate_;
  const RawBus& bus_;
  sd_bus_slot* slot_ = nullptr;
  std::string sender_;  ///< of the call that is being served; empty: none
  core::Instant began_{};
};

}  // namespace bus
