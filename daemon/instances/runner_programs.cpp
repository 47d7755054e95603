// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <string>
#include <utility>

#include "daemon/instances/failures.hpp"
#include "daemon/instances/launch.hpp"
#include "daemon/instances/program_control.hpp"
#include "daemon/instances/runner.hpp"
#include "lib/core/log.hpp"

/// What an instance reports of itself and its programs, and what is asked of it about them.
namespace instances {
namespace {

core::Err<ManagerError> noSuchProgram(const std::string& instance, const std::string& program) {
  return core::Err{
      ManagerError{ErrorCode::NoSuchProgram, fmt::format("Instance '{}' has no program '{}'.", instance, program)}};
}

}  // namespace

bool Runner::openNotify() {
  if (notify_) return true;
  auto socket = NotifySocket::open(
      context_.loop, context_.reaper, context_.notifyPath(entry_.name), runsAs_,
      [this](Message message) { onMessage(std::move(message)); },
      [this] { return !context_.stores.find(entry_.name) || !store().isJammed(); });
  if (!socket) {
    log().warn("instance '{}': no notify socket: {}", entry_.name, socket.error().text);
    return false;
  }
  notify_ = std::move(*socket);
  return true;
}

void Runner::onMessage(Message message) {
  // Only the main process speaks for the instance; a program of it that found the socket does not.
  if (message.sender != pid_ || pid_ == 0 || message.uid != runsAs_) {
    if (message.descriptor) store().close(std::move(message.descriptor), message.kind);
    return;
  }
  if (launch_) launch_->check();  // what speaks has reached its program
  const auto notice = parseNotice(message.text);
  keepDescriptor(notice, std::move(message));
  if (notice.ready) {
    announcedEnd_ = false;
    forgetPrinted(errors_);  // it is not about a later end
    machine_.ready(core::Clock::now());
  }
  if (notice.stopping) announcedEnd_ = true;
  if (!notice.status.empty()) statusText_ = notice.status;
  programs_.apply(notice, [this](const ProgramStatus& program) { listener_.programChanged(*this, program); });
  onTable(notice);
  if (!notice.controllers.empty())
    if (const auto error = context_.groups.passOn(notice.controllers);
        !error.empty() && !std::exchange(toldControllers_, true))
      log().warn("instance '{}': programs with limits cannot be started: {}", entry_.name, error);
  afterStep();
}

/// Keeps the descriptor of a message, or removes what it names.
void Runner::keepDescriptor(const Notice& notice, Message message) {
  if (message.refused) {
    if (!std::exchange(toldRefused_, true))
      log().warn(
          "instance '{}': its supervisord (pid {}) sent a descriptor that is not kept: only pipes, and memfds of a "
          "sealed size, are",
          entry_.name, pid_);
    return;
  }
  if (isOwnName(notice.descriptorName)) {  // of the manager's own: an instance cannot replace it
    if (message.descriptor) store().close(std::move(message.descriptor), message.kind);
    return;
  }
  if (message.descriptor) {
    if (notice.descriptor != Notice::Descriptor::Keep || notice.descriptorName.empty())
      return store().close(std::move(message.descriptor), message.kind);
    if (store().keep(notice.descriptorName, std::move(message.descriptor), message.kind) ==
            DescriptorStore::Kept::Full &&
        !std::exchange(toldFull_, true))
      log().warn(
          "instance '{}': more descriptors than the manager keeps; a part of its programs would not survive a "
          "crash of its supervisord",
          entry_.name);
  } else if (notice.descriptor == Notice::Descriptor::Remove) {
    store().remove(notice.descriptorName);
  }
  if (notice.allDescriptors) store().confirmed();
}

core::Task<OperationResult> Runner::control(std::string program, ProgramVerb verb) {
  if (machine_.phase() != Machine::Phase::Running) co_return notRunning(entry_.name);
  if (!isPlainName(program))
    co_return failure(ErrorCode::InvalidArgument, fmt::format("'{}' is not the name of a program.", program));
  const auto answer = co_await instances::controlProgram(context_, entry_, program, verb);
  switch (answer.outcome) {
    case ProgramAnswer::Outcome::Succeeded: break;
    case ProgramAnswer::Outcome::NoSuchProgram: co_return noSuchProgram(entry_.name, program);
    case ProgramAnswer::Outcome::Failed: co_return failure(ErrorCode::OperationFailed, answer.text);
    case ProgramAnswer::Outcome::Unreachable:
      co_return failure(ErrorCode::OperationFailed,
                        fmt::format("Instance '{}' cannot be asked: {}", entry_.name, answer.text));
  }
  co_return OperationResult();
}

core::Task<OperationResult> Runner::update() {
  if (machine_.phase() != Machine::Phase::Running) co_return OperationResult();
  const auto answer = co_await instances::updatePrograms(context_, entry_);
  if (answer.ok()) co_return OperationResult();
  co_return failure(ErrorCode::OperationFailed, fmt::format("Instance '{}': update: {}", entry_.name, answer.text));
}

/// The owner's supervisord is asked, and not sent a signal: one that is too old for an upgrade would end by it.
core::Task<OperationResult> Runner::upgradeNow() {
  if (auto error = unmanaged()) co_return core::Err{std::move(*error)};
  if (machine_.phase() != Machine::Phase::Running) co_return notRunning(entry_.name);
  const auto answer = co_await upgradeSupervisord(context_, entry_);
  if (answer.ok()) {
    log().info("instance '{}' was upgraded in place (pid {})", entry_.name, pid_);
    co_return OperationResult();
  }
  log().warn("instance '{}' was not upgraded: {}", entry_.name, answer.text);
  co_return failure(ErrorCode::OperationFailed,
                    fmt::format("Instance '{}' was not upgraded: {}", entry_.name, answer.text));
}

core::Task<Answer<std::string>> Runner::tail(std::string program) {
  if (machine_.phase() != Machine::Phase::Running) co_return core::Err{notRunning(entry_.name).error()};
  if (!isPlainName(program) || !programs_.contains(program)) co_return noSuchProgram(entry_.name, program);
  auto text = co_await tailProgram(context_, entry_, program);
  if (!text)
    co_return core::Err{
        ManagerError{ErrorCode::Timeout, fmt::format("Instance '{}' does not answer in time.", entry_.name)}};
  co_return std::move(*text);
}

}  // namespace instances
