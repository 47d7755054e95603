// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "lib/core/log.hpp"
#include "lib/dialect/environment.hpp"
#include "lib/dialect/extension.hpp"
#include "lib/dialect/shared.hpp"

/// The content of supervisord's configuration as typed and validated values. lib/dialect is the part that the instance
/// and the manager share: the keys, their values and whole program sections.
namespace config {

/// Last: after a reboot only if it was to run before. OnDemand: on a connection to one of its sockets.
enum class AutoStart { Never, Always, Last, OnDemand };
enum class AutoRestart { Never, Unexpected, Always };

/// LogSettings::backups of a log that keeps every rotated file (Supervisor 2's logfile_backups=0).
inline constexpr int kUnlimitedBackups = std::numeric_limits<int>::max();

/// What happens to output while its target is full: the program waits, or the output is discarded.
enum class Backpressure { Block, Drop };

/// Where one output channel of a program goes.
struct LogSettings {
  bool operator==(const LogSettings&) const = default;
  enum class Target { None, Auto, File };
  Target target = Target::Auto;
  std::string path;  ///< for Target::File, as configured: relative names are relative to the cwd at spawn time
  std::int64_t maxBytes = 50 * 1024 * 1024;  ///< rotate at this size; 0: never
  int backups = 10;
  std::int64_t captureMaxBytes = 0;  ///< 0: no capture mode
  bool events = false;               ///< PROCESS_LOG events
  bool syslog = false;
};

struct ProcessConfig {
  std::string name;
  std::string command;
  std::string directory;                 ///< empty: stay
  std::optional<std::string> serverUrl;  ///< SUPERVISOR_SERVER_URL: nullopt is AUTO, empty is "do not set"
  Environment environment;               ///< merged over [supervisord] environment
  LogSettings out;
  LogSettings err;
  std::vector<int> exitCodes{0};
  std::optional<uid_t> uid;
  std::optional<mode_t> umask;
  std::optional<int> oomScoreAdjust;  ///< nullopt: somewhat above that of supervisord
  int priority = 999;
  int startSeconds = 1;
  int startRetries = 3;
  int stopWaitSeconds = 10;
  int stopSignal = 15;
  AutoRestart autoRestart = AutoRestart::Unexpected;
  Backpressure backpressure = Backpressure::Block;
  bool autoStart = true;
  bool stopAsGroup = false;
  bool killAsGroup = false;
  bool redirectStderr = false;
  Shared<Extension> extension;  ///< what Supervisor does not have
  int socket = -1;              ///< standard input: place in GroupConfig::sockets; -1: a pipe

  bool operator==(const ProcessConfig&) const = default;
};

/// A message to log once the log is open.
struct Message {
  logging::Level level;
  std::string text;
  bool routine = false;  ///< a warning for the log only, as in Supervisor: the configuration is correct
};

}  // namespace config
