// SPDX-License-Identifier: MIT
// version, shutdown, reload, upgrade, open: the commands about the server as a whole.
#include <string>

#include "ctl/supervisorctl/command.hpp"
#include "ctl/supervisorctl/failure_text.hpp"
#include "ctl/supervisorctl/rights.hpp"
#include "ctl/supervisorctl/session.hpp"
#include "lib/core/text.hpp"

namespace ctl {
namespace {

using xmlrpc::FaultCode;

/// Prints an error if there are arguments, and returns whether there are.
bool refusesArguments(Session& session, std::string_view name, const std::string& argument) {
  if (argument.empty()) return false;
  session.refuse("Error: " + std::string(name) + " accepts no arguments");
  printHelp(session, name);
  return true;
}

/// What a FAILED says after its name.
std::string reasonOf(const Failure& failure) {
  constexpr std::string_view name = "FAILED: ";
  return failure.text.starts_with(name) ? failure.text.substr(name.size()) : failure.text;
}

/// Asks the user. In scripts, which cannot answer, the answer is yes, as in Supervisor.
Answer<bool> confirm(Session& session, std::string_view question) {
  if (!session.settings.interactive) return true;
  session.out.flush();
  std::string answer;
  switch (session.keyboard.readLine(question, answer)) {
    case ReadResult::Line: return answer.starts_with('y') || answer.starts_with('Y');
    case ReadResult::End: return core::Err{raised("EOFError", "EOF when reading a line")};
    case ReadResult::Interrupted: break;
  }
  return core::Err{interrupted()};
}

}  // namespace

Answer<void> runVersion(Session& session, const std::string& argument) {
  if (refusesArguments(session, "version", argument)) return {};
  auto up = session.isUp();
  if (!up) return core::Err{std::move(up).error()};
  if (!*up) return {};
  auto version = session.call("supervisor.getSupervisorVersion");
  if (!version) return core::Err{std::move(version).error()};
  if (const std::string* text = version->string()) session.out.line(*text);
  return {};
}

Answer<void> runShutdown(Session& session, const std::string& argument) {
  if (refusesArguments(session, "shutdown", argument)) return {};
  auto sure = confirm(session, "Really shut the remote supervisord process down y/N? ");
  if (!sure) return core::Err{std::move(sure).error()};
  if (!*sure) return {};
  auto answer = session.call("supervisor.shutdown");
  if (answer) {
    session.out.line("Shut down");
    return {};
  }
  const Failure& failure = answer.error();
  if (failure.isFault(FaultCode::ShutdownState))
    session.problem(shutdownLine("already shutting down", session.settings));
  else if (failure.kind == Failure::Kind::Refused)
    session.refuse("ERROR: " + session.settings.serverUrl + " refused connection (already shut down?)");
  else if (failure.kind == Failure::Kind::NoFile)
    session.refuse("ERROR: " + session.settings.serverUrl + " no such file (already shut down?)");
  else
    return core::Err{std::move(answer).error()};
  return {};
}

Answer<void> runReload(Session& session, const std::string& argument) {
  if (refusesArguments(session, "reload", argument)) return {};
  auto sure = confirm(session, "Really restart the remote supervisord process y/N? ");
  if (!sure) return core::Err{std::move(sure).error()};
  if (!*sure) return {};
  auto answer = session.call("supervisor.restart");
  if (answer)
    session.out.line("Restarted supervisord");
  else if (answer.error().isFault(FaultCode::ShutdownState))
    session.refuse(shutdownLine("already shutting down", session.settings));
  else
    return core::Err{std::move(answer).error()};
  return {};
}

Answer<void> runUpgrade(Session& session, const std::string& argument) {
  const bool wait = argument == "--wait";
  if (!wait && !argument.empty()) {
    session.refuse("Error: upgrade accepts only --wait");
    printHelp(session, "upgrade");
    return {};
  }
  auto answer = session.call("supervisor.upgrade", {xmlrpc::Value{wait}});
  if (answer)
    session.out.line(wait ? "Upgraded supervisord" : "Upgrading supervisord");
  else if (answer.error().isFault(FaultCode::ShutdownState))
    session.refuse(shutdownLine("shutting down", session.settings));
  else if (answer.error().isFault(FaultCode::Failed))
    session.refuse("ERROR: " + reasonOf(answer.error()) + ": supervisord continues as it was");
  else if (answer.error().isFault(FaultCode::UnknownMethod))
    session.refuse("ERROR: this supervisord cannot upgrade itself. Restart it instead");
  else
    return core::Err{std::move(answer).error()};
  return {};
}

Answer<void> runOpen(Session& session, const std::string& argument) {
  const std::size_t colon = argument.find(':');
  const std::string scheme = core::lower(argument.substr(0, colon == std::string::npos ? 0 : colon));
  if (scheme != "http" && scheme != "unix") {
    session.refuse("ERROR: url must be http:// or unix://");
    return {};
  }
  if (!session.settings.trust && leadsToOthers(argument)) {
    session.refuse(
        "ERROR: another account controls the path of this socket. Leave this shell and give the url with -s");
    return {};
  }
  session.connectTo(argument);
  // `open` succeeds, as in Supervisor, whatever the status of the processes is.
  const int before = session.exitStatus;
  Answer<void> done = runStatus(session, "");
  session.exitStatus = before;
  return done;
}

}  // namespace ctl
