// SPDX-License-Identifier: MIT
#include "instance/events/listener.hpp"

#include "instance/config/model.hpp"
#include "instance/process/process.hpp"
#include "lib/core/log.hpp"

namespace events {

using lifecycle::ProcessState;

Listener::Listener(core::EventLoop& loop, process::Process& program, Pool& pool, Dispatcher& dispatcher)
    : program_(program),
      pool_(pool),
      member_(pool.add(program.name(), *this)),
      dispatcher_(dispatcher),
      timer_(loop, [this] { stopForRestart(); }) {
  program_.setProtocol(this);
}

Listener::~Listener() {
  program_.setProtocol(nullptr);
  pool_.remove(member_);
}

bool Listener::running() const { return program_.state() == ProcessState::Running; }

bool Listener::starting() const { return program_.state() == ProcessState::Starting; }

bool Listener::send(std::string_view bytes) { return program_.writeStdin(bytes).has_value(); }

void Listener::onSpawned() {
  timer_.disarm();
  pool_.spawned(member_);
}

void Listener::onStdout(std::string_view bytes) {
  if (pool_.onOutput(member_, bytes)) scheduleRestart();
  dispatcher_.scheduleDispatch();
}

void Listener::onStdinClosed() {
  pool_.lost(member_);
  dispatcher_.scheduleDispatch();
}

void Listener::onExited() {
  timer_.disarm();
  pool_.lost(member_);
  dispatcher_.scheduleDispatch();
}

const output::Lane* Listener::results() const noexcept {
  return pool_.prints() ? dispatcher_.printer(pool_.policy()) : nullptr;
}

bool Listener::busy() const noexcept {
  if (!running() || member_.state() == ListenerState::Unknown) return false;
  return member_.state() == ListenerState::Busy || pool_.queued() > 0;
}

std::string_view Listener::trouble() const noexcept {
  return member_.state() == ListenerState::Unknown ? "listener UNKNOWN" : "";
}

void Listener::onStateChange(const process::StateChange& change) {
  pool_.touch();
  if (change.to == ProcessState::Running) dispatcher_.scheduleDispatch();
  if (!restarting_ || change.to == ProcessState::Stopping) return;
  if (change.to == ProcessState::Stopped && dispatcher_.mayStart()) program_.start();
  restarting_ = false;  // after start(): if that throws for lack of memory, the change is reported again
}

void Listener::scheduleRestart() {
  pool_.touch();
  if (program_.config().autoRestart == config::AutoRestart::Never || !dispatcher_.mayStart()) return;
  const core::seconds delay = backOff_.next(member_.processed() > 0);
  logging::warn("{}: will be restarted in {} s, since it receives no events in the UNKNOWN state", program_.name(),
                delay.count());
  restartDue_ = core::Clock::now() + delay;
  timer_.arm(restartDue_);
}

void Listener::stopForRestart() {
  pool_.touch();
  const ProcessState now = program_.state();
  if (!dispatcher_.mayStart() || (now != ProcessState::Running && now != ProcessState::Starting)) return;
  restarting_ = true;  // before stop(), which may report STOPPED before it returns
  if (const auto stopped = program_.stop(); !stopped) {
    restarting_ = false;
    logging::error("{}: cannot be stopped for its restart: {}", program_.name(), stopped.error().text);
  }
}

}  // namespace events
