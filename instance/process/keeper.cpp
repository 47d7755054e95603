// SPDX-License-Identifier: MIT
#include "instance/process/keeper.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <unordered_map>

#include "instance/config/model.hpp"
#include "instance/process/fcgi_listener.hpp"
#include "instance/process/foreign.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"
#include "instance/state/descriptors.hpp"
#include "instance/state/text.hpp"
#include "lib/core/clock.hpp"
#include "lib/core/log.hpp"

namespace process {
namespace {

/// In one piece through the scratch pipe, which has at least so much room.
constexpr std::size_t kMostOfAFlight = 4096 * 16;
/// Between attempts to write a state for which there is no room.
constexpr core::seconds kPause{1};
constexpr std::size_t kKeptRecords = 64 * 1024;  ///< of the room for records

/// A process that a predecessor started, and whose program it had not saved yet.
void endUnknown(const state::Done& done) {
  const Identity identity{done.pid, done.startedAfter, ticksSinceBoot(), ::geteuid()};
  const auto process = openProcess(identity);
  if (process) (void)::syscall(SYS_pidfd_send_signal, process->get(), SIGKILL, nullptr, 0);
}

}  // namespace

Keeper::Keeper(core::EventLoop& loop, Table& table, DescriptorStore& store, std::unique_ptr<state::Journal> journal,
               Scratch scratch, Others others)
    : table_(table),
      store_(store),
      journal_(std::move(journal)),
      scratch_(std::move(scratch)),
      others_(std::move(others)),
      beforePoll_(loop, [this] { commit(); }) {
  table_.subscribe(*this);
}

void Keeper::offer() noexcept {
  store_.keep("journal.scratch.r", scratch_.reader.get());
  store_.keep("journal.scratch.w", scratch_.writer.get());
  store_.keep("state", journal_->fd());
}

void Keeper::handOver(state::Outgoing& descriptors) {
  commit();
  descriptors.add("journal.scratch.r", scratch_.reader.get());
  descriptors.add("journal.scratch.w", scratch_.writer.get());
  descriptors.add("state", journal_->fd());
}

Keeper::~Keeper() { table_.unsubscribe(*this); }

void Keeper::touch(const Process& program) noexcept try {
  if (!whole_) touched_.insert(&program);
} catch (const std::exception&) {
  whole_ = true;
}

void Keeper::forget(const Process& program) noexcept try {
  touched_.erase(&program);
  std::erase_if(inputs_, [&](const Process* waiting) { return waiting == &program; });
  for (const char* const which : {"in", "out", "err"}) drop(program, which);
  if (!whole_) state::appendGone(text_, "program", std::to_string(program.number()));
} catch (const std::exception&) {
  whole_ = true;
}

void Keeper::onGroupAdded(Group& group) {
  if (!whole_) state::append(text_, group.config());
}

void Keeper::onGroupRemoved(Group& group) {
  if (!whole_) state::appendGone(text_, state::headOf(group.config()));
}

/// The records of its programs refer to its own. It happens too rarely for a record of the difference.
void Keeper::onGroupChanged(Group& /*group*/) { whole_ = true; }

/// Whoever takes over would keep running what is to be stopped. What is left of it has to be ended first.
void Keeper::onSupervisorState(SupervisorState supervisorState) {
  if (supervisorState != SupervisorState::Running) journal_->end();
}

void Keeper::appendProgram(const Process& program) {
  state::Outgoing names;
  state::append(text_, program.save(names));
  if (program.config().socket < 0) return;
  state::State sockets;
  program.group().saveSockets(sockets, names);
  for (const auto& socket : sockets.sharedSockets) state::append(text_, socket);
}

void Keeper::rewrite() {
  if (whole_ && core::Clock::now() < notBefore_) return;
  const bool written = journal_->rewrite(others_.all());
  whole_ = !written;
  if (!written) notBefore_ = core::Clock::now() + kPause;
  if (!written && !std::exchange(complained_, true))
    logging::error("there is no room to keep the state of the programs: they do not survive a crash of supervisord");
  if (written && std::exchange(complained_, false)) logging::info("the state of the programs is kept again");
}

void Keeper::commit() noexcept try {
  if (!whole_) {
    for (const Process* const program : touched_) appendProgram(*program);
    whole_ = !others_.changes(text_);
  }
  if (whole_ || journal_->wantsRewrite() || !journal_->append(text_))
    rewrite();
  else
    journal_->commit();
  touched_.clear();
  text_.clear();
  if (text_.capacity() > kKeptRecords) text_ = {};
  releaseDropped();
  if (std::exchange(foundScratch_, false)) emptyScratch();  // how a flight ended is committed now
  sendInputs();
} catch (const std::exception&) {  // out of memory: the journal is that of the last commit, and its doings
  text_.clear();
  whole_ = true;
}

void Keeper::repeat(state::Incoming& incoming) {
  const auto doings = journal_->doings();
  if (doings.empty()) return commit();
  std::unordered_map<std::uint32_t, Process*> programs;
  for (const auto& group : table_.groups())
    for (const auto& program : group->processes()) programs.emplace(program->number(), program.get());
  for (const auto& done : doings) {
    const auto found = programs.find(done.program);
    if (found != programs.end()) {
      repeatOne(*found->second, done, incoming);
    } else if (done.kind == state::Done::Kind::Spawn && done.pid > 1) {
      logging::warn("process {} of a program that is not known any more is ended", done.pid);
      endUnknown(done);
    }
  }
  commit();
}

void Keeper::repeatOne(Process& program, const state::Done& done, state::Incoming& incoming) {
  using Kind = state::Done::Kind;
  switch (done.kind) {
    case Kind::Read:
      return program.repeatRead(done.standardError ? Channel::Stderr : Channel::Stdout, done.bytes, done.log);
    case Kind::Spawn:
      if (done.pid <= 1) return;  // the fork failed, or was not reached
      repeated_ = {done.pid, done.startedAfter, &incoming};
      program.repeatSpawn();
      repeated_.reset();
      return;
    case Kind::Signal: return program.repeatStop();
    case Kind::Flight: {
      int left = 0;
      if (done.sent < 0) ::ioctl(scratch_.reader.get(), FIONREAD, &left);
      const auto sent = done.sent >= 0 ? done.sent : done.length - left;
      return program.repeatInput(static_cast<std::size_t>(std::max<std::int64_t>(sent, 0)));
    }
  }
}

void Keeper::releaseDropped() noexcept {
  for (const auto& name : dropped_) store_.drop(name);
  dropped_.clear();
}

void Keeper::keep(const Process& program, const char* which, int fd) noexcept try {
  auto name = state::pipeName(program.number(), which);
  dropped_.erase(name);
  store_.keep(std::move(name), fd);
} catch (const std::exception&) {
  logging::error("out of memory: a descriptor of {} is not kept for a successor after a crash", program.name());
}

void Keeper::keepAll(const Process& program) {
  state::Outgoing pipes;
  (void)program.save(pipes);
  for (const auto& [name, fd] : pipes.all()) store_.keep(name, fd);
}

void Keeper::drop(const Process& program, const char* which) noexcept try {
  dropped_.insert(state::pipeName(program.number(), which));
} catch (const std::exception&) {
  logging::error("out of memory: a descriptor of {} stays in the store", program.name());
}

ssize_t Keeper::read(const Process& program, Channel channel, int pipe, std::span<char> buffer,
                     const state::LogMark& log, bool urgent, const char*& bytes) noexcept {
  const auto n = journal_->read(pipe, buffer.size(), program.number(), channel == Channel::Stderr, log, bytes);
  if (n >= 0 || errno != ENOBUFS) return n;
  if (!urgent && journal_->hasDoings()) {
    errno = EAGAIN;  // after the commit there is room
    return -1;
  }
  bytes = buffer.data();
  return ::read(pipe, buffer.data(), buffer.size());
}

pid_t* Keeper::willSpawn(const Process& program, std::uint64_t startedAfter) noexcept {
  return journal_->willSpawn(program.number(), startedAfter);
}

void Keeper::willSignal(const Process& program) noexcept { journal_->willSignal(program.number()); }

void Keeper::inputWaits(Process& program) noexcept try {
  touch(program);
  inputs_.insert(&program);
} catch (const std::exception&) {  // it goes with the next input
}

void Keeper::sendInputs() noexcept {
  while (!inputs_.empty()) {
    Process* const program = *inputs_.begin();
    inputs_.erase(inputs_.begin());
    program->sendInput();
  }
}

void Keeper::emptyScratch() const noexcept {
  char rest[4096];
  while (::read(scratch_.reader.get(), rest, sizeof rest) > 0) {
  }
}

/// The bytes that the scratch pipe has when we are killed are those that the program did not get.
ssize_t Keeper::send(const Process& program, int pipe, std::string_view bytes) noexcept {
  touch(program);
  auto flight = journal_->beginFlight(program.number());
  if (!flight) return ::write(pipe, bytes.data(), bytes.size());
  const ssize_t filled = ::write(scratch_.writer.get(), bytes.data(), std::min(bytes.size(), kMostOfAFlight));
  if (filled <= 0) {
    flight.done(0);
    return filled;
  }
  flight.filled(filled);
  ssize_t sent = 0;
  int code = 0;
  while (sent < filled) {
    const ssize_t n = ::splice(scratch_.reader.get(), nullptr, pipe, nullptr, static_cast<std::size_t>(filled - sent),
                               SPLICE_F_NONBLOCK);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      code = errno;
      break;
    }
    sent += n;
  }
  flight.done(sent);
  if (sent < filled) emptyScratch();
  errno = code;
  return sent > 0 ? sent : -1;
}

}  // namespace process
