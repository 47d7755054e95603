// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/lifecycle/state.hpp"
#include "lib/xmlrpc/value.hpp"

namespace ctl {

using lifecycle::ProcessState;

/// What is known of a program whose health is watched.
struct HealthInfo {
  std::string state;  ///< "healthy", ...; empty: it does not run
  std::int64_t since = 0;
  std::int64_t failures = 0;  ///< in a row
  std::string lastError;
};

/// The result of getProcessInfo for one process.
struct ProcessInfo {
  std::string name;
  std::string group;
  std::string stateName;
  std::string description;
  std::string spawnError;
  std::string stdoutLog;
  std::string stderrLog;
  std::int64_t state = 0;  ///< as it came: a server may have states that we do not know
  std::int64_t pid = 0;
  std::int64_t start = 0;
  std::int64_t stop = 0;
  std::int64_t now = 0;
  std::int64_t exitStatus = 0;
  std::optional<HealthInfo> health;
  /// The members that Supervisor does not have, as they came: those of programs that use a key which it does not have.
  xmlrpc::Struct further;

  /// One of them; nullptr if it is not there.
  [[nodiscard]] const xmlrpc::Value* furtherMember(std::string_view member) const noexcept;
  [[nodiscard]] bool is(ProcessState wanted) const noexcept { return state == static_cast<int>(wanted); }
  /// STOPPED, EXITED, FATAL or UNKNOWN: nothing runs.
  [[nodiscard]] bool isStopped() const noexcept;
  /// BACKOFF, FATAL or UNKNOWN.
  [[nodiscard]] bool isInTrouble() const noexcept;
  [[nodiscard]] bool isUnhealthy() const noexcept { return health && health->state == "unhealthy"; }
  /// "proc" or "group:proc".
  [[nodiscard]] std::string fullName() const;
};

/// One result of a call that acts on many processes.
struct CallReport {
  std::string name;
  std::string group;
  std::string description;
  int status = 0;  ///< a fault code; 80 is success
};

/// Members that are missing or have another type stay empty: an older server that reports less is still usable.
[[nodiscard]] ProcessInfo toProcessInfo(const xmlrpc::Value& value);
[[nodiscard]] std::vector<ProcessInfo> toProcessInfos(const xmlrpc::Value& value);
[[nodiscard]] std::vector<CallReport> toReports(const xmlrpc::Value& value);
[[nodiscard]] std::string textOf(const xmlrpc::Value& value, std::string_view member);
[[nodiscard]] std::int64_t numberOf(const xmlrpc::Value& value, std::string_view member);

}  // namespace ctl
