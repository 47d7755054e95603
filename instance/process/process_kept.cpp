// SPDX-License-Identifier: MIT
// What a program does for a successor after a crash, and as that successor.
#include <fcntl.h>

#include <utility>

#include "instance/config/model.hpp"
#include "instance/process/attend.hpp"
#include "instance/process/channel.hpp"
#include "instance/process/commands_around.hpp"
#include "instance/process/context.hpp"
#include "instance/process/fcgi_listener.hpp"
#include "instance/process/foreign.hpp"
#include "instance/process/group.hpp"
#include "instance/process/launch.hpp"
#include "instance/process/process.hpp"
#include "instance/process/remains.hpp"
#include "instance/process/stdin_pipe.hpp"
#include "instance/state/descriptors.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"

namespace process {

using lifecycle::ProcessState;
namespace input = lifecycle::input;

std::unique_ptr<StdinPipe> Process::makeInput() {
  auto made = std::make_unique<StdinPipe>();
  if (context_.keeper() != nullptr)
    made->sendWith([this](int pipe, std::string_view bytes) { return context_.keeper()->send(*this, pipe, bytes); });
  return made;
}

void Process::beKept() {
  auto& keeper = *context_.keeper();
  keeper.keepAll(*this);
  if (!stdin_) return;
  stdin_->sendWith([this](int pipe, std::string_view bytes) { return context_.keeper()->send(*this, pipe, bytes); });
  if (!stdin_->pending().empty()) keeper.inputWaits(*this);
}

void Process::inputClosed() noexcept {
  context_.touch(*this);
  if (auto* const keeper = context_.keeper(); keeper != nullptr && stdin_) keeper->drop(*this, "in");
}

void Process::sendInput() noexcept {
  if (stdin_) stdin_->sendPending();
}

/// Before the fork: a successor must find the pipes of every process that exists.
pid_t* Process::keepPipes(const Launched& pipes) noexcept {
  auto* const keeper = context_.keeper();
  if (keeper == nullptr) return nullptr;
  if (pipes.in) keeper->keep(*this, "in", pipes.in.get());
  if (pipes.out) keeper->keep(*this, "out", pipes.out.get());
  if (pipes.err) keeper->keep(*this, "err", pipes.err.get());
  return keeper->willSpawn(*this, startedTicks_);
}

void Process::repeatRead(Channel which, std::string_view bytes, const state::LogMark& log) noexcept {
  const ProcessContext::Turn turn(context_);
  if (auto* const output = channel(which)) output->repeatRead(bytes, log);
}

void Process::repeatInput(std::size_t bytes) noexcept {
  context_.touch(*this);
  if (stdin_) stdin_->dropSent(bytes);
}

void Process::repeatStop() {
  if (!isGone() && (state() == ProcessState::Starting || state() == ProcessState::Running)) beginStop();
}

/// The predecessor started it because of a deadline, or because somebody asked for it.
void Process::repeatSpawn() {
  const ProcessContext::Turn turn(context_);
  if (pid_ != 0) return;
  if (machine_.preparing()) {
    if (auto* const around = commands()) around->forget();
    if (const auto done = context_.keeper()->takeRepeated()) adopt(*done);
    return;
  }
  if (machine_.nextStart(rules())) step(input::Deadline{});
  if (pid_ == 0) step(input::Start{});
}

/// In place of a fork: continues with the process and the pipes of the predecessor.
void Process::adopt(const RepeatedSpawn& spawned) noexcept {
  startedAt_ = core::wallSeconds();
  startedTicks_ = spawned.startedAfter;
  startedWithin_ = static_cast<std::uint32_t>(ticksSinceBoot() - startedTicks_);
  killed_ = false;
  core::Status adopted = core::Err{core::Error{"out of memory"}};
  try {
    for (const auto which : {Channel::Stdout, Channel::Stderr}) {
      auto* const output = channel(which);
      if (output == nullptr) continue;
      if (auto opened = output->prepare(); !opened) logging::error("{}: {}", fullName(), opened.error().text);
      auto pipe = spawned.incoming->take(state::pipeName(number_, which == Channel::Stdout ? "out" : "err"));
      if (pipe) ::fcntl(pipe.get(), F_SETFL, ::fcntl(pipe.get(), F_GETFL) | O_NONBLOCK);
      if (pipe || output->unreadPipe() >= 0) output->attach(std::move(pipe));
    }
    if (auto pipe = spawned.incoming->take(state::pipeName(number_, "in"))) {
      stdin_ = makeInput();
      stdin_->open(std::move(pipe));
    }
    attend([&](Attendant& one) { one.adopt(*spawned.incoming); });
    pid_ = spawned.pid;
    context_.reservePid(*this);
    context_.assignPid(pid_);
    context_.keeper()->keepAll(*this);
    adopted = isOurChild(pid_) ? core::Status() : watchForeign();
  } catch (const std::exception&) {
  }
  if (!adopted) {
    context_.forgetPid(std::exchange(pid_, 0));
    endRun();
    return step(input::SpawnFailed{std::move(adopted).error().text});
  }
  if (auto* const socket = group_.socketFor(*config_)) socket->addUser();
  logging::attempt([&] { logging::info("spawned: {} with pid {}", core::pythonRepr(name()), pid_); });
  if (protocol_ != nullptr) protocol_->onSpawned();
  step(input::Spawned{});
  attend([](Attendant& one) { one.onSpawned(); });
}

}  // namespace process
