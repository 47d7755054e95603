// SPDX-License-Identifier: MIT
#include "lib/dialect/mistakes.hpp"

#include <algorithm>
#include <vector>

#include "lib/core/text.hpp"

namespace config {
namespace {

using enum SectionKind;

/// A text without a pointer: a table of them has no relocations, so that all programs share its pages.
template <std::size_t Most>
class Text {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): a text is written as one
  constexpr Text(std::string_view text) { std::copy(text.begin(), text.end(), bytes_); }
  // NOLINTNEXTLINE(google-explicit-constructor)
  constexpr Text(const char* text) : Text(std::string_view(text)) {}
  [[nodiscard]] constexpr std::string_view view() const { return bytes_; }

 private:
  char bytes_[Most + 1] = {};
};

/// Spellings found in files and questions of users that are too different from the right ones for an edit distance.
/// Compared without '_' and '-'.
struct Spelling {
  SectionKind kind;  ///< Program means all three kinds of programs
  Text<31> written;
  Text<95> advice;
};
constexpr std::string_view kLogBackups = "did you mean 'stdout_logfile_backups'?";
constexpr std::string_view kLogSize = "did you mean 'stdout_logfile_maxbytes'?";
constexpr std::string_view kWorkingDirectory = "did you mean 'directory'?";
constexpr std::string_view kStopWait = "did you mean 'stopwaitsecs'?";
constexpr std::string_view kNoDaemon = "did you mean 'nodaemon' (with the opposite value)?";
constexpr std::string_view kPortHost = "did you mean 'port'? It takes HOST:PORT";
constexpr Spelling kSpellings[] = {
    {Supervisord, "logfilebackupcount", "did you mean 'logfile_backups'?"},
    {Supervisord, "backupcount", "did you mean 'logfile_backups'?"},
    {Supervisord, "logfilesize", "did you mean 'logfile_maxbytes'?"},
    {Supervisord, "logfilemaxsize", "did you mean 'logfile_maxbytes'?"},
    {Supervisord, "log", "did you mean 'logfile'?"},
    {Supervisord, "pid", "did you mean 'pidfile'?"},
    {Supervisord, "daemon", kNoDaemon},
    {Supervisord, "daemonize", kNoDaemon},
    {Supervisord, "foreground", "did you mean 'nodaemon'?"},
    {Supervisord, "cwd", kWorkingDirectory},
    {Supervisord, "chdir", kWorkingDirectory},
    {Supervisord, "workingdirectory", kWorkingDirectory},
    {Supervisord, "env", "did you mean 'environment'?"},
    {Program, "stdoutlogfilebackupcount", kLogBackups},
    {Program, "logfilebackupcount", kLogBackups},
    {Program, "stdoutbackups", kLogBackups},
    {Program, "stderrlogfilebackupcount", "did you mean 'stderr_logfile_backups'?"},
    {Program, "stderrbackups", "did you mean 'stderr_logfile_backups'?"},
    {Program, "stdoutmaxbytes", kLogSize},
    {Program, "stdoutlogmaxbytes", kLogSize},
    {Program, "stdoutlogfilesize", kLogSize},
    {Program, "stdoutlogfilemaxsize", kLogSize},
    {Program, "stderrmaxbytes", "did you mean 'stderr_logfile_maxbytes'?"},
    {Program, "stderrlogmaxbytes", "did you mean 'stderr_logfile_maxbytes'?"},
    {Program, "stderrlogfilesize", "did you mean 'stderr_logfile_maxbytes'?"},
    {Program, "stderrlogfilemaxsize", "did you mean 'stderr_logfile_maxbytes'?"},
    {Program, "stdout", "did you mean 'stdout_logfile'?"},
    {Program, "stdoutfile", "did you mean 'stdout_logfile'?"},
    {Program, "stdoutlog", "did you mean 'stdout_logfile'?"},
    {Program, "stderr", "did you mean 'stderr_logfile'?"},
    {Program, "stderrfile", "did you mean 'stderr_logfile'?"},
    {Program, "stderrlog", "did you mean 'stderr_logfile'?"},
    {Program, "redirectstdout", "did you mean 'redirect_stderr'? It sends standard error where standard output goes"},
    {Program, "stderrredirect", "did you mean 'redirect_stderr'?"},
    {Program, "redirect", "did you mean 'redirect_stderr'?"},
    {Program, "killgroup", "did you mean 'killasgroup'?"},
    {Program, "stopgroup", "did you mean 'stopasgroup'?"},
    {Program, "stopsecs", kStopWait},
    {Program, "stopwait", kStopWait},
    {Program, "stoptimeout", kStopWait},
    {Program, "stoptime", kStopWait},
    {Program, "killsignal", "did you mean 'stopsignal'?"},
    {Program, "startwaitsecs", "did you mean 'startsecs'?"},
    {Program, "startwait", "did you mean 'startsecs'?"},
    {Program, "starttime", "did you mean 'startsecs'?"},
    {Program, "startretry", "did you mean 'startretries'?"},
    {Program, "retries", "did you mean 'startretries'?"},
    {Program, "maxretries", "did you mean 'startretries'?"},
    {Program, "restart", "did you mean 'autorestart'?"},
    {Program, "cmd", "did you mean 'command'?"},
    {Program, "exec", "did you mean 'command'?"},
    {Program, "cwd", kWorkingDirectory},
    {Program, "chdir", kWorkingDirectory},
    {Program, "workdir", kWorkingDirectory},
    {Program, "workingdir", kWorkingDirectory},
    {Program, "workingdirectory", kWorkingDirectory},
    {Program, "env", "did you mean 'environment'?"},
    {Program, "envs", "did you mean 'environment'?"},
    {Program, "instances", "did you mean 'numprocs'?"},
    {Program, "username", "did you mean 'user'?"},
    {Program, "group", "a program has the groups of its 'user'; programs are grouped by [group:x]"},
    {UnixServer, "socket", "did you mean 'file'?"},
    {UnixServer, "path", "did you mean 'file'?"},
    {UnixServer, "mode", "did you mean 'chmod'?"},
    {UnixServer, "sockchmod", "did you mean 'chmod'?"},
    {UnixServer, "owner", "did you mean 'chown'?"},
    {UnixServer, "sockchown", "did you mean 'chown'?"},
    {UnixServer, "group", "did you mean 'chgrp'?"},
    {UnixServer, "user", "did you mean 'username' (to log in) or 'chown' (of the socket)?"},
    {UnixServer, "httpusername", "did you mean 'username'?"},
    {UnixServer, "httppassword", "did you mean 'password'?"},
    {InetServer, "host", kPortHost},
    {InetServer, "address", kPortHost},
    {InetServer, "bind", kPortHost},
    {InetServer, "listen", kPortHost},
    {InetServer, "user", "did you mean 'username'?"},
    {InetServer, "httpusername", "did you mean 'username'?"},
    {InetServer, "httppassword", "did you mean 'password'?"},
    {Supervisorctl, "url", "did you mean 'serverurl'?"},
    {Supervisorctl, "server", "did you mean 'serverurl'?"},
    {Supervisorctl, "socket", "did you mean 'serverurl'?"},
    {Supervisorctl, "user", "did you mean 'username'?"},
    {Socket, "listen", "did you mean 'socket'?"},
    {Socket, "listenstream", "did you mean 'socket'?"},
    {Socket, "address", "did you mean 'socket'?"},
    {Socket, "backlog", "did you mean 'socket_backlog'?"},
    {Socket, "owner", "did you mean 'socket_owner'?"},
    {Socket, "mode", "did you mean 'socket_mode'?"},
    {Group, "processes", "did you mean 'programs'?"},
    {Group, "members", "did you mean 'programs'?"},
    {Include, "include", "did you mean 'files'?"},
    {Include, "path", "did you mean 'files'?"},
};

bool takesProgramKeys(SectionKind kind) { return isProgram(kind) || kind == ProgramDefaults || kind == Group; }

std::string withoutJoiners(std::string_view key) {
  std::string out;
  for (const char c : key)
    if (c != '_' && c != '-') out += c;
  return out;
}

const Key* findKey(SectionKind kind, std::string_view name) {
  for (const Key& key : keysOf(kind))
    if (key.name == name) return &key;
  return nullptr;
}

std::string meant(std::string_view key) { return "did you mean '" + std::string(key) + "'?"; }

std::optional<std::string> adviceOnSpelling(SectionKind kind, std::string_view key) {
  const std::string plain = withoutJoiners(key);
  for (const Key& known : keysOf(kind))
    if (!known.successor && withoutJoiners(known.name) == plain) return meant(known.name);
  for (const Spelling& spelling : kSpellings)
    if (spelling.written.view() == plain &&
        (spelling.kind == kind || (spelling.kind == Program && takesProgramKeys(kind))))
      return std::string(spelling.advice.view());
  return std::nullopt;
}

/// "it belongs in [a] or [b]", for a key of other kinds of sections.
std::optional<std::string> adviceOnPlace(std::string_view key) {
  struct Place {
    SectionKind kind;
    std::string_view shown;
  };
  constexpr Place places[] = {{Supervisord, "[supervisord]"},
                              {Program, "[program:x]"},
                              {FcgiProgram, "[fcgi-program:x]"},
                              {EventListener, "[eventlistener:x]"},
                              {Group, "[group:x]"},
                              {UnixServer, "[unix_http_server]"},
                              {InetServer, "[inet_http_server]"},
                              {Supervisorctl, "[supervisorctl]"},
                              {Include, "[include]"}};
  std::vector<std::string> found;
  bool program = false;  // a key of [program:x] is also one of other sections: name only the first
  for (const Place& place : places) {
    const Key* known = findKey(place.kind, key);
    if (!known || known->successor || (program && takesProgramKeys(place.kind))) continue;
    program = program || place.kind == Program;
    found.emplace_back(place.shown);
  }
  if (found.empty()) return std::nullopt;
  return "it has no effect here; it belongs in " + core::join(found, " or ");
}

}  // namespace

std::optional<std::string> adviceOnKey(SectionKind kind, std::string_view key) {
  if (auto spelling = adviceOnSpelling(kind, key)) return spelling;
  if (const auto near = nearestKey(kind, key)) return meant(*near);
  return adviceOnPlace(key);
}

std::optional<std::string> swallowedLine(SectionKind kind, const core::IniEntry& entry) {
  if (entry.value.find('\n') == std::string::npos) return std::nullopt;
  const auto lines = core::split(entry.value, '\n');
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto line = core::trim(lines[i]);
    const bool isHead = line.starts_with('[') && line.ends_with(']');
    if (isHead && kindOf(line.substr(1, line.size() - 2)) != Foreign) return std::string(line);
    const auto delimiter = line.find_first_of("=:");
    if (delimiter == std::string_view::npos || !findKey(kind, core::trim(line.substr(0, delimiter)))) continue;
    // If the list continues ("A=1,"), the line is a variable, whatever its name is.
    if (entry.key != "environment" || !core::trim(lines[i - 1]).ends_with(',')) return std::string(line);
  }
  return std::nullopt;
}

}  // namespace config
