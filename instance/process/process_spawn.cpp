// SPDX-License-Identifier: MIT
// How a program gets its process.
#include "instance/process/process.hpp"

#include <cstring>
#include <exception>
#include <utility>

#include "instance/config/model.hpp"
#include "instance/process/attend.hpp"
#include "instance/process/channel.hpp"
#include "instance/process/commands_around.hpp"
#include "instance/process/context.hpp"
#include "instance/process/fcgi_listener.hpp"
#include "instance/process/group.hpp"
#include "instance/process/launch.hpp"
#include "instance/process/stdin_pipe.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"
#include "lib/dialect/shell_hint.hpp"

namespace process {
namespace {

/// A program's use of its group's socket, which is given back if the program does not start.
class SharedSocket {
 public:
  explicit SharedSocket(FcgiListener* listener) noexcept : listener_(listener) {}
  SharedSocket(const SharedSocket&) = delete;
  SharedSocket& operator=(const SharedSocket&) = delete;
  ~SharedSocket() {
    if (held_) listener_->release();
  }
  /// The descriptor; -1 if the program shares none.
  [[nodiscard]] core::Expected<int> acquire() {
    if (listener_ == nullptr) return -1;
    auto socket = listener_->acquire();
    held_ = socket.has_value();
    return socket;
  }
  void keep() noexcept { held_ = false; }

 private:
  FcgiListener* listener_;
  bool held_ = false;
};

}  // namespace

using lifecycle::ProcessState;
namespace input = lifecycle::input;

void Process::spawn() noexcept {
  if (auto* const keeper = context_.keeper())
    if (const auto done = keeper->takeRepeated()) return adopt(*done);
  if (auto* const around = commands(); around != nullptr && around->prepare()) {
    startedAt_ = core::wallSeconds();
    return step(input::Preparing{});
  }
  spawnNow();
}

void Process::spawnNow() noexcept {
  startedAt_ = core::wallSeconds();
  startedTicks_ = ticksSinceBoot();
  killed_ = false;
  core::Result<pid_t, std::string> pid = core::Err{std::string("out of memory")};
  try {
    context_.reservePid(*this);
    pid = tryToSpawn();
  } catch (const std::exception&) {  // of memory: there is no process
    endRun();
  }
  context_.assignPid(pid ? *pid : 0);
  if (!pid) {
    logging::info("spawnerr: {}", pid.error());
    if (auto* const around = commands(); around != nullptr && around->finishFailed(pid.error())) return;
    return step(input::SpawnFailed{std::move(pid).error()});
  }
  pid_ = *pid;
  startedWithin_ = static_cast<std::uint32_t>(ticksSinceBoot() - startedTicks_);
  logging::attempt([&] { logging::info("spawned: {} with pid {}", core::pythonRepr(name()), pid_); });
  if (doomed_) logging::info("spawnerr: {}", *doomed_);
  if (protocol_ != nullptr) protocol_->onSpawned();
  step(input::Spawned{});
  attend([](Attendant& one) { one.onSpawned(); });
}

/// Ends what belongs to one process: it has ended, or could not be started.
void Process::endRun() noexcept {
  out_->finish(pid_);
  if (err_) err_->finish(pid_);
  inputClosed();
  stdin_.reset();
  if (pid_ != 0) attend([](Attendant& one) { one.onReaped(); });
  attend([](Attendant& one) { one.onEnded(); });
}

core::Result<pid_t, std::string> Process::tryToSpawn() {
  auto command = resolveCommand(*config_);
  if (!command) {
    const auto hint = config::shellHint(config_->command);
    return core::Err{command.error().text + (hint ? "; " + *hint : "")};
  }
  for (const auto which : {Channel::Stdout, Channel::Stderr}) {
    if (OutputChannel* const output = channel(which)) {
      if (const auto opened = output->prepare(); !opened) {
        const int code = opened.error().code;
        endRun();
        if (code == EMFILE) return core::Err{"too many open files to spawn " + core::pythonRepr(name())};
        return core::Err{fmt::format("unknown error making dispatchers for {}: {}: {} log {}", core::pythonRepr(name()),
                                     ::strerrorname_np(code), which == Channel::Stdout ? "stdout" : "stderr",
                                     opened.error().text)};
      }
    }
  }
  // All memory is allocated before the fork: a process that could not be taken note of would run unsupervised.
  auto input = makeInput();
  auto failure = std::make_unique<std::string>();
  LaunchExtras extras;
  if (stopsTree()) extras.markedFrom = startedTicks_;
  std::string refusal;
  attend([&](Attendant& one) {
    if (auto prepared = one.beforeSpawn(extras); !prepared && refusal.empty()) refusal = prepared.error().text;
  });
  if (!refusal.empty()) {
    endRun();
    return core::Err{std::move(refusal)};
  }
  auto* const listener = group_.socketFor(*config_);
  if (listener != nullptr) group_.recover(*listener);
  SharedSocket shared(listener);
  const auto socket = shared.acquire();
  const auto keep = [this](const Launched& pipes) { return keepPipes(pipes); };
  auto launched = socket ? launch(*config_, std::move(*command),
                                  {context_.environment(), context_.settings(), group_.name(), keep, &extras}, *socket,
                                  {out_->unreadPipe(), err_ ? err_->unreadPipe() : -1})
                         : core::Err{socket.error().text};
  if (!launched) {
    endRun();
    return core::Err{std::move(launched).error()};
  }
  shared.keep();
  out_->attach(std::move(launched->out));
  if (err_) err_->attach(std::move(launched->err));
  if (launched->in) {
    input->open(std::move(launched->in));
    stdin_ = std::move(input);
  }
  if (!launched->failure.empty()) {
    *failure = std::move(launched->failure);
    doomed_ = std::move(failure);
  }
  return launched->pid;
}

std::function<void()> Process::whenStdinBreaks() {
  return [this] {
    const ProcessContext::Turn turn(context_);
    inputClosed();
    if (protocol_ != nullptr) protocol_->onStdinClosed();
  };
}

}  // namespace process
