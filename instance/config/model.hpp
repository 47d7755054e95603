// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/core/log.hpp"
#include "lib/dialect/environment.hpp"
#include "lib/dialect/program.hpp"
#include "lib/dialect/scale.hpp"

/// The typed, validated, immutable model of one configuration. Created by load.hpp, read by everything else.
namespace config {

/// The listening socket that the processes of an fcgi-program share.
struct FcgiSocket {
  bool operator==(const FcgiSocket&) const = default;
  std::string url;   ///< "unix:///path" or "tcp://host:port"
  std::string path;  ///< for unix
  std::string host;  ///< for tcp
  int port = 0;
  std::optional<int> backlog;
  std::optional<std::pair<uid_t, gid_t>> owner;
  std::optional<mode_t> mode;
};

/// How a listener's RESULT is interpreted: the built-in equivalents of Python handlers.
enum class ResultHandler { Default, StdinWrite, Stdout };

struct ListenerSettings {
  bool operator==(const ListenerSettings&) const = default;
  int bufferSize = 10;
  std::vector<std::string> events;  ///< upper case, each a known type
  ResultHandler handler = ResultHandler::Default;
  bool details = false;  ///< event_details: exit codes, signals and reasons behind Supervisor's words
};

struct GroupConfig {
  enum class Kind { Programs, EventListener, Fcgi };
  Kind kind = Kind::Programs;
  std::string name;
  int priority = 999;
  std::vector<std::shared_ptr<const ProcessConfig>> processes;  ///< in start order
  std::optional<ListenerSettings> listener;
  std::vector<FcgiSocket> sockets;    ///< of its fcgi-programs: one as Kind::Fcgi, any number as Kind::Programs
  std::vector<ScaledProgram> scales;  ///< in which `supervisorctl scale` has changed the number of processes
};
using GroupPtr = std::shared_ptr<const GroupConfig>;

struct HttpServer {
  bool unixSocket = false;
  std::string section;  ///< for messages: "unix_http_server", "inet_http_server:x"
  std::string place;    ///< for messages: " in section 'unix_http_server' (file: 'F', line N)"
  std::string path;     ///< unix: absolute
  mode_t mode = 0700;
  std::optional<std::pair<uid_t, gid_t>> owner;  ///< (uid_t)-1 / (gid_t)-1: unchanged
  std::string host;                              ///< inet: empty is every address; IPv6 without brackets
  int port = 0;
  std::vector<std::string> allowedHosts;  ///< inet: additional host names for access without a password
  std::optional<std::string> username;
  std::optional<std::string> password;  ///< plain, {SHA}…, {SHA256}…, {SHA512}… or a crypt(3) "$…$" hash
};

struct RpcInterface {
  enum class Factory { Supervisor, Twiddler };
  std::string name;
  Factory factory = Factory::Supervisor;
  std::vector<std::pair<std::string, std::string>> options;  ///< e.g. whitelist
};

/// When supervisord ends by itself.
enum class ExitWhen { Never, AllExited };

/// [supervisord], with the values of the command line applied. Paths are absolute.
struct Daemon {
  std::string logFile;  ///< "syslog" is the system log
  std::int64_t logMaxBytes = 50 * 1024 * 1024;
  int logBackups = 10;
  logging::Level logLevel = logging::Level::Info;
  std::string pidFile;
  std::string stateFile;  ///< what clients have chosen for programs, see process::Choices; empty: see keptIn()
  std::string identifier = "supervisor";
  std::string directory;
  std::string childLogDir;
  std::optional<uid_t> uid;
  mode_t umask = 022;
  int minFds = 1024;
  int minProcs = 200;
  bool noDaemon = false;
  bool silent = false;
  bool noCleanup = false;
  bool stripAnsi = false;
  Backpressure backpressure = Backpressure::Block;  ///< of programs that do not set it
  Environment environment;
  ExitWhen exitWhen = ExitWhen::Never;

  /// The state file, or its default. The daemon can create files where it rotates its log; if that is not a file on a
  /// disk, as in a container, beside the pid file.
  [[nodiscard]] std::string keptIn() const {
    if (!stateFile.empty()) return stateFile;
    return (logFile == "syslog" || logFile.starts_with("/dev/") ? pidFile : logFile) + ".state";
  }
};

/// The keys of [program-defaults], of a group or of a socket, as texts.
struct SectionKeys {
  bool operator==(const SectionKeys&) const = default;
  std::string section;
  std::vector<std::pair<std::string, std::string>> keys;
};

struct Configuration {
  std::string file;  ///< absolute path of the root file
  Daemon daemon;
  std::vector<HttpServer> servers;
  std::vector<RpcInterface> interfaces;
  std::vector<GroupPtr> groups;  ///< sorted by (priority, name)
  /// What programs take that are added at run time.
  std::vector<SectionKeys> defaults;
  std::vector<Message> messages;  ///< critical ones first, then warnings, then information

  /// Messages for whoever edits the files: warnings and errors, except those of normal operation.
  [[nodiscard]] std::vector<std::string_view> warnings() const {
    std::vector<std::string_view> out;
    for (const Message& message : messages)
      if (message.level >= logging::Level::Warn && !message.routine) out.emplace_back(message.text);
    return out;
  }
};

}  // namespace config
