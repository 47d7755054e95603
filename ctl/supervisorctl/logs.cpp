// SPDX-License-Identifier: MIT
// tail, maintail, clear: the commands about logs.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ctl/supervisorctl/command.hpp"
#include "ctl/supervisorctl/log_view.hpp"
#include "ctl/supervisorctl/names.hpp"
#include "ctl/supervisorctl/selection.hpp"
#include "ctl/supervisorctl/session.hpp"
#include "lib/core/text.hpp"

namespace ctl {
namespace {

using xmlrpc::FaultCode;

constexpr std::int64_t kTailBytes = 1600;
constexpr std::string_view kFollowNotice = "==> Press Ctrl-C to exit <==";

bool isChannel(const std::string& word) { return word == "stdout" || word == "stderr"; }

/// Follows logs. Ctrl-C is the normal end; the line of the terminal that has "^C" is finished.
Answer<void> follow(Session& session, const std::vector<LogSource>& sources) {
  session.out.line(kFollowNotice);
  if (!followLogs(session, sources)) session.out.line("");
  return {};
}

/// Prints the end of a log, or a message with `name` why it cannot be read.
Answer<void> printEnd(Session& session, std::string_view method, const xmlrpc::Array& params, const std::string& name) {
  auto answer = session.call(method, params);
  if (answer) {
    if (answer->string()) session.out.log(*answer->string());
    session.out.endLog();
    session.out.line("");
    return {};
  }
  const Failure& failure = answer.error();
  if (failure.isFault(FaultCode::NoFile))
    session.refuse(name + ": ERROR (no log file)");
  else if (failure.isFault(FaultCode::Failed))
    session.refuse(name + ": ERROR (unknown error reading log)");
  else if (failure.isFault(FaultCode::BadName) && name != "supervisord")
    session.refuse(name + ": ERROR (no such process name)");
  else
    return core::Err{std::move(answer).error()};
  return {};
}

/// `tail -f` of several programs, groups or patterns.
Answer<void> followMany(Session& session, const std::vector<std::string>& names, const std::string& channel) {
  auto infos = session.allProcesses();
  if (!infos) return core::Err{std::move(infos).error()};
  const Selection selection = select(*infos, names);
  for (const std::string& problem : selection.problems) session.refuse(problem);
  std::vector<LogSource> sources;
  for (const ProcessInfo& info : selection.found)
    sources.push_back({info.fullName(), "/logtail/" + info.fullName() + '/' + channel});
  if (sources.empty()) return {};
  return follow(session, sources);
}

Answer<void> tailFollow(Session& session, std::vector<std::string> words) {
  std::string channel = "stdout";
  if (words.size() > 1 && isChannel(core::lower(words.back()))) {
    channel = core::lower(words.back());
    words.pop_back();
  }
  const bool group = !splitName(words.front()).process.has_value();
  if (words.size() > 1 || group || isPattern(words.front())) return followMany(session, words, channel);
  return follow(session, {{words.front(), "/logtail/" + words.front() + '/' + channel}});
}

Answer<void> tailWords(Session& session, const std::string& option, const std::vector<std::string>& words) {
  if (words.empty()) {
    session.refuse("Error: tail requires process name");
    return {};
  }
  if (option == "-f") return tailFollow(session, words);
  const std::string channel = words.size() == 1 ? "stdout" : core::lower(words.back());
  if (!isChannel(channel)) {
    session.refuse("Error: bad channel " + core::pythonRepr(channel));
    return {};
  }
  const auto bytes = option.empty() ? kTailBytes : core::parseInteger(option.substr(1));
  if (!bytes) {
    session.refuse("Error: bad argument " + option);
    return {};
  }
  return printEnd(session, channel == "stdout" ? "supervisor.readProcessStdoutLog" : "supervisor.readProcessStderrLog",
                  {xmlrpc::Value{words.front()}, xmlrpc::Value{-*bytes}, xmlrpc::Value{std::int64_t{0}}},
                  words.front());
}

void reportClear(Session& session, const std::string& name, int code) {
  session.out.line(name +
                   (code == static_cast<int>(FaultCode::BadName) ? ": ERROR (no such process)" : ": ERROR (failed)"));
  session.exitStatus = ExitStatus::Generic;
}

/// Prints the result of clearing one log. A code that Supervisor's client does not know is a failure of the command.
Answer<void> reportCleared(Session& session, const std::string& name, int code) {
  switch (static_cast<FaultCode>(code)) {
    case FaultCode::Success: session.out.line(name + ": cleared"); return {};
    case FaultCode::BadName:
    case FaultCode::Failed: reportClear(session, name, code); return {};
    default: return core::Err{raised("ValueError", "Unknown result code " + std::to_string(code) + " for " + name)};
  }
}

Answer<void> clearAll(Session& session) {
  auto results = session.call("supervisor.clearAllProcessLogs");
  if (!results) return core::Err{std::move(results).error()};
  for (const CallReport& report : toReports(*results))
    if (Answer<void> done = reportCleared(session, joinName(report.group, report.name), report.status); !done)
      return done;
  return {};
}

}  // namespace

Answer<void> runTail(Session& session, const std::string& argument) {
  auto up = session.isUp();
  if (!up) return core::Err{std::move(up).error()};
  if (!*up) return {};
  std::vector<std::string> words = core::splitBlanks(argument);
  const bool following = !words.empty() && words.front() == "-f";
  if (words.empty() || (words.size() > 3 && !following)) {
    session.refuse(words.empty() ? "Error: too few arguments" : "Error: too many arguments");
    printHelp(session, "tail");
    return {};
  }
  std::string option;
  if (words.front().starts_with('-')) {
    option = words.front();
    words.erase(words.begin());
  }
  return tailWords(session, option, words);
}

Answer<void> runMaintail(Session& session, const std::string& argument) {
  auto up = session.isUp();
  if (!up) return core::Err{std::move(up).error()};
  if (!*up) return {};
  const std::vector<std::string> words = core::splitBlanks(argument);
  if (words.size() > 1) {
    session.refuse("Error: too many arguments");
    printHelp(session, "maintail");
    return {};
  }
  std::optional<std::int64_t> bytes = kTailBytes;
  if (!words.empty()) {
    if (words.front() == "-f") return follow(session, {{"supervisord", "/mainlogtail"}});
    bytes = words.front().starts_with('-') ? core::parseInteger(words.front().substr(1)) : std::nullopt;
  }
  if (!bytes) {
    session.refuse("Error: bad argument " + words.front());
    return {};
  }
  return printEnd(session, "supervisor.readLog", {xmlrpc::Value{-*bytes}, xmlrpc::Value{std::int64_t{0}}},
                  "supervisord");
}

Answer<void> runClear(Session& session, const std::string& argument) {
  auto up = session.isUp();
  if (!up) return core::Err{std::move(up).error()};
  if (!*up) return {};
  const std::vector<std::string> words = core::splitBlanks(argument);
  if (words.empty()) {
    session.refuse("Error: clear requires a process name");
    printHelp(session, "clear");
    return {};
  }
  for (const std::string& word : words)
    if (word == "all") return clearAll(session);
  auto names = expandPatterns(session, words);
  if (!names) return core::Err{std::move(names).error()};
  for (const std::string& text : *names) {
    const ProcessName name = splitName(text);
    // As in Supervisor, "group:*" is sent like a name. The server does not know it, and the message has "None".
    const std::string shown = joinName(name.group, name.process.value_or("None"));
    auto answer = session.call("supervisor.clearProcessLogs", {xmlrpc::Value{text}});
    if (!answer && answer.error().kind != Failure::Kind::Fault) return core::Err{std::move(answer).error()};
    const int code = answer ? static_cast<int>(FaultCode::Success) : answer.error().code;
    if (Answer<void> done = reportCleared(session, shown, code); !done) return done;
  }
  return {};
}

}  // namespace ctl
