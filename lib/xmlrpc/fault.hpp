// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace core {
template <class T>
struct WhenDropped;
}

namespace xmlrpc {

/// The answer of a call that failed.
struct Fault {
  int code = 0;
  std::string text;
  bool operator==(const Fault&) const = default;
};

/// Supervisor's numbers. `Success` is only used in the results of group calls.
enum class FaultCode : int {
  UnknownMethod = 1,
  IncorrectParameters = 2,
  BadArguments = 3,
  SignatureUnsupported = 4,
  ShutdownState = 6,
  BadName = 10,
  BadSignal = 11,
  NoFile = 20,
  NotExecutable = 21,
  Failed = 30,
  AbnormalTermination = 40,
  SpawnError = 50,
  AlreadyStarted = 60,
  NotRunning = 70,
  Success = 80,
  AlreadyAdded = 90,
  StillRunning = 91,
  CantReread = 92,
};

/// "BAD_NAME"; "UNKNOWN" for any other number.
[[nodiscard]] std::string_view faultName(FaultCode code) noexcept;
/// A fault whose text is "NAME", or "NAME: extra".
[[nodiscard]] Fault makeFault(FaultCode code, std::optional<std::string_view> extra = std::nullopt);

}  // namespace xmlrpc

/// The outcome of a call that nobody can complete any more (see core::Completion): FAILED.
template <>
struct core::WhenDropped<xmlrpc::Fault> {
  static xmlrpc::Fault value();
};
