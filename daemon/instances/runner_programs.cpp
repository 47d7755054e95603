// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <string>
#include <utility>

#include "daemon/instances/failures.hpp"
#include "daemon/instances/runner.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"

/// What an instance reports of itself and its programs.
namespace instances {
namespace {

/// How long an owner's processes may take over the end of a log.
constexpr auto kLogPatience = core::seconds(5);

}  // namespace

bool Runner::openNotify() {
  if (notify_) return true;
  auto socket = NotifySocket::open(
      context_.loop, context_.notifyPath(entry_.name), runsAs_,
      [this](pid_t sender, uid_t from, const std::string& message) { onMessage(sender, from, message); });
  if (!socket) {
    log().warn("instance '{}': no notify socket: {}", entry_.name, socket.error().text);
    return false;
  }
  notify_ = std::move(*socket);
  return true;
}

void Runner::onMessage(pid_t sender, uid_t uid, const std::string& message) {
  // Only the main process speaks for the instance; a program of it that found the socket does not.
  if (sender != pid_ || pid_ == 0 || uid != runsAs_) return;
  if (launch_) launch_->check();  // what speaks has reached its program
  const auto notice = parseNotice(message);
  if (notice.ready) {
    announcedEnd_ = false;
    machine_.ready(core::Clock::now());
  }
  if (notice.stopping) announcedEnd_ = true;
  if (!notice.status.empty()) statusText_ = notice.status;
  programsTold_ = programsTold_ || notice.wholeTable;
  if (notice.wholeTable) {
    std::map<std::string, ProgramStatus> old;
    old.swap(programs_);
    for (const auto& program : notice.programs) {
      if (const auto before = old.find(program.name); before != old.end()) programs_.insert(old.extract(before));
      setProgram(program);
    }
    countPrograms();
    for (const auto& [name, program] : old)
      listener_.programChanged(*this, {name, std::string(core::notify::kRemoved), 0, {}});
  } else {
    for (const auto& program : notice.programs) setProgram(program);
  }
  afterStep();
}

void Runner::setProgram(const core::notify::Program& program) {
  constexpr std::size_t limit = 10000;
  const auto known = programs_.find(program.name);
  if (program.state == core::notify::kRemoved) {
    if (known == programs_.end()) return;
    count(known->second.state, -1);
    programs_.erase(known);
  } else {
    ProgramStatus status{program.name, program.state, program.pid, program.description};
    if (known != programs_.end()) {
      if (known->second.state == status.state && known->second.pid == status.pid &&
          known->second.description == status.description)
        return;
      count(known->second.state, -1);
      known->second = status;
    } else {
      if (programs_.size() >= limit) return;
      programs_.emplace(status.name, status);
    }
    count(status.state, 1);
  }
  listener_.programChanged(*this, {program.name, program.state, program.pid, program.description});
}

void Runner::count(const std::string& state, int change) {
  auto& number = programCounts_[state];
  number = static_cast<std::uint32_t>(static_cast<int>(number) + change);
  if (number == 0) programCounts_.erase(state);
}

void Runner::countPrograms() {
  programCounts_.clear();
  for (const auto& [name, program] : programs_) ++programCounts_[program.state];
}

void Runner::forgetPrograms() {
  programs_.clear();
  programCounts_.clear();
  programsTold_ = false;
}

void Runner::programLog(const std::string& program, TextDone done) {
  if (machine_.phase() != Machine::Phase::Running) return done(core::Err{notRunning(entry_.name).error()});
  if (!isPlainName(program) || !programs_.count(program))
    return done(core::Err{ManagerError{ErrorCode::NoSuchProgram,
                                       fmt::format("Instance '{}' has no program '{}'.", entry_.name, program)}});
  readProgramLog(program, true, core::Clock::now() + kLogPatience, std::move(done));
}

/// What a program says when it dies is on its standard error; where there is none, or nothing, its output will do.
void Runner::readProgramLog(const std::string& program, bool standardError, core::Instant end, TextDone done) {
  constexpr std::size_t most = 4096;
  runCtl({"tail", fmt::format("-{}", most), program, standardError ? "stderr" : "stdout"},
         [this, program, standardError, end, finish = std::move(done)](bool ok, const std::string& output) {
           if (core::Clock::now() >= end)
             return finish(core::Err{
                 ManagerError{ErrorCode::Timeout, fmt::format("Instance '{}' does not answer in time.", entry_.name)}});
           if (standardError && (!ok || core::trim(output).empty())) return readProgramLog(program, false, end, finish);
           finish(ok ? output : std::string());
         },
         {end - core::Clock::now(), most});
}

}  // namespace instances
