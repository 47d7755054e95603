// SPDX-License-Identifier: MIT
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/core/users.hpp"

/// What the administrator declares: conf.d as typed, validated values. No I/O but reading files and accounts.
namespace entries {

/// Where something was written, for messages and for editing it.
struct Origin {
  std::string file;
  int line = 0;
};

/// The file of each section of an entry: "supervisor:NAME", "supervisor_program:NAME", ... -> path.
using Places = std::map<std::string, std::string>;

/// What a deployment does to the daemon of an instance (attribute `state`). Current leaves it as it is, which is
/// stopped when the instance is new.
enum class WantedState { Started, Stopped, Current };
[[nodiscard]] const char* toText(WantedState state) noexcept;
[[nodiscard]] std::optional<WantedState> wantedStateFrom(const std::string& text) noexcept;

/// The management web interface of an instance (attributes http_server.*).
struct HttpServer {
  std::string endpoint = "127.0.0.1:9001";
  std::string username;      ///< empty without a password
  std::string password;      ///< empty: open interface; "{SHA}..." or another hash is stored as it is
  std::string allowedHosts;  ///< without a password, further names that it answers to: "a.example.org,b.example.org"
};

/// Limits of the instance's control group. Unset: no limit. Amounts in bytes.
struct ControlGroupLimits {
  std::optional<std::uint64_t> memoryMax;
  std::optional<std::uint64_t> memoryHigh;
  std::optional<std::uint64_t> tasksMax;
  std::optional<std::uint64_t> cpuWeight;  ///< 1 to 10000
  std::optional<std::uint64_t> ioWeight;   ///< 1 to 10000
  std::optional<std::string> cpuMax;       ///< as the kernel reads it: "QUOTA PERIOD" in microseconds
  [[nodiscard]] bool any() const noexcept {
    return memoryMax || memoryHigh || tasksMax || cpuWeight || ioWeight || cpuMax;
  }
  bool operator==(const ControlGroupLimits&) const = default;
};

/// How the process of an instance is set up before it starts.
struct Execution {
  std::vector<std::pair<std::string, std::string>> environment;
  std::optional<mode_t> umask;
  std::optional<int> nice;
  std::optional<int> oomScoreAdjust;
  std::vector<std::pair<int, rlim_t>> limits;  ///< RLIMIT_* and its value, soft and hard alike
  bool noNewPrivileges = false;
  std::vector<std::string> supplementaryGroups;  ///< beside those of the account
  std::string directory;                         ///< empty: "/"
};

/// A program or group that the administrator declares for an instance. `keys` are those of Supervisor's
/// [program:x] or [group:x], in the order written.
struct Declared {
  enum class Kind { Program, Group };
  Kind kind = Kind::Program;
  std::string name;
  std::string supervisor;
  std::vector<std::pair<std::string, std::string>> keys;
  Origin origin;
  std::map<std::string, int> lines = {};  ///< of each key as written, in origin.file
  /// The file in the include directory: "NAME_prg.ini" or "NAME_grp.ini".
  [[nodiscard]] std::string fileName() const { return name + (kind == Kind::Program ? "_prg.ini" : "_grp.ini"); }
  /// As the administrator writes it: "supervisor_program:NAME".
  [[nodiscard]] std::string sectionName() const {
    return (kind == Kind::Program ? "supervisor_program:" : "supervisor_group:") + name;
  }
};

/// One instance. All paths are absolute and complete: the root prefix is part of them.
struct Entry {
  std::string name;
  Origin origin;

  core::Account owner;  ///< the account of `user`
  std::string group;
  core::Identity identity;  ///< what the instance runs as: owner, group and all supplementary groups

  bool enabled = true;
  bool managed = true;
  bool noRemove = false;
  bool adoptFiles = false;  ///< files that others made may be replaced (attribute adopt_files)
  WantedState state = WantedState::Started;
  int priority = 999;  ///< lower starts first and stops last

  std::string confFile;
  std::string confTemplate;       ///< conf_file_src without its scheme; empty: the built-in template
  bool confVerbatim = false;      ///< conf_file_src is a file:// to be taken as it is, not a template
  std::string logLevel = "info";  ///< of its activity log
  std::string logsDir;
  std::string pidDir;
  std::string socksDir;
  std::string includeDir;
  std::string supervisorctl;

  std::optional<HttpServer> http;
  ControlGroupLimits limits;
  Execution execution;
  std::vector<Declared> declared;
  /// Names of declared programs and groups that were refused: what an earlier, good declaration made stays.
  std::vector<std::string> refusedDeclared;
  /// Places of those among them that stood in a file which cannot be read, and of which nothing more is known.
  Places unread;
  /// Every attribute as it was written, in order: what a change is compared with.
  std::vector<std::pair<std::string, std::string>> written;

  /// Those of the entry itself and of what is declared for it.
  [[nodiscard]] Places places() const;
  [[nodiscard]] std::string socketPath() const { return socksDir + "/supervisor.sock"; }
  [[nodiscard]] std::string pidFile() const { return pidDir + "/supervisord.pid"; }
  [[nodiscard]] std::string logFile() const { return logsDir + "/supervisord.log"; }
};

/// Something wrong with an entry (it is refused alone) or doubtful (a warning).
struct Complaint {
  std::string file;
  int line = 0;
  std::string section;
  std::string key;  ///< empty: the section as a whole
  std::string reason;
  /// "FILE:LINE: [SECTION] KEY: REASON".
  [[nodiscard]] std::string text() const;
};

}  // namespace entries
