// SPDX-License-Identifier: MIT
// fg: prints the logs of one process and sends the lines that are typed to its standard input.
#include <poll.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ctl/supervisorctl/command.hpp"
#include "ctl/supervisorctl/log_view.hpp"
#include "ctl/supervisorctl/session.hpp"
#include "lib/core/text.hpp"

namespace ctl {
namespace {

using xmlrpc::FaultCode;

class Foreground {
 public:
  Foreground(Session& session, std::string name) : session_(session), name_(std::move(name)) {}

  Answer<void> run() {
    session_.out.line("==> Press Ctrl-C to exit <==");
    session_.out.flush();
    open("/stdout");
    open("/stderr");
    const Interrupt interrupt;
    for (;;) {
      drain();
      while (auto line = session_.keyboard.takeLine()) {
        auto alive = send(*line);
        if (!alive) return core::Err{std::move(alive).error()};
        if (!*alive) return {};
      }
      watched_.assign({{interrupt.fd(), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}});
      for (const xmlrpc::Stream& stream : streams_) watched_.push_back({stream.fd(), POLLIN, 0});
      if (::poll(watched_.data(), watched_.size(), -1) < 0) continue;
      if (watched_[0].revents != 0) break;
      if (watched_[1].revents != 0 && !session_.keyboard.fill()) break;
    }
    session_.out.endLog();
    session_.out.line("Exiting foreground");
    return {};
  }

 private:
  void open(std::string_view channel) {
    auto stream = openLog(session_, "/logtail/" + name_ + std::string(channel));
    if (stream)
      streams_.push_back(std::move(stream).value());
    else
      printError(stream.error());
  }

  void drain() {
    std::erase_if(streams_, [this](xmlrpc::Stream& stream) {
      auto more = stream.read([this](std::string_view bytes) { session_.out.log(bytes); });
      return !more || !*more;
    });
    session_.out.flush();
  }

  /// Sends a line to the process. Returns false, after a message, if the process does not run any more.
  Answer<bool> send(const std::string& line) {
    auto sent = session_.call("supervisor.sendProcessStdin", {xmlrpc::Value{name_}, xmlrpc::Value{line + '\n'}});
    if (!sent) {
      if (sent.error().kind != Failure::Kind::Fault) return core::Err{std::move(sent).error()};
      session_.out.line(sent.error().isFault(FaultCode::NotRunning) ? "Process got killed"
                                                                    : "ERROR: " + sent.error().value);
      session_.out.line("Exiting foreground");
      return false;
    }
    auto info = session_.call("supervisor.getProcessInfo", {xmlrpc::Value{name_}});
    if (!info) return core::Err{std::move(info).error()};
    if (toProcessInfo(*info).is(ProcessState::Running)) return true;
    session_.out.line("Process got killed");
    session_.out.line("Exiting foreground");
    return false;
  }

  Session& session_;
  std::string name_;
  std::vector<xmlrpc::Stream> streams_;
  std::vector<pollfd> watched_;
};

}  // namespace

Answer<void> runForeground(Session& session, const std::string& argument) {
  auto up = session.isUp();
  if (!up) return core::Err{std::move(up).error()};
  if (!*up) return {};
  const std::vector<std::string> names = core::splitBlanks(argument);
  if (names.empty()) {
    session.refuse("ERROR: no process name supplied");
    printHelp(session, "fg");
    return {};
  }
  if (names.size() > 1) {
    session.refuse("ERROR: too many process names supplied");
    return {};
  }
  auto info = session.call("supervisor.getProcessInfo", {xmlrpc::Value{names.front()}});
  if (!info) {
    if (info.error().kind != Failure::Kind::Fault) return core::Err{std::move(info).error()};
    if (info.error().isFault(FaultCode::BadName))
      session.refuse("ERROR: bad process name supplied");
    else
      session.problem("ERROR: " + info.error().value);
    return {};
  }
  if (!toProcessInfo(*info).is(ProcessState::Running)) {
    session.refuse("ERROR: process not running");
    return {};
  }
  return Foreground(session, names.front()).run();
}

}  // namespace ctl
