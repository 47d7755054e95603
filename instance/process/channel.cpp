// SPDX-License-Identifier: MIT
#include "instance/process/channel.hpp"

#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>

#include "instance/config/model.hpp"
#include "instance/output/auto_log.hpp"
#include "instance/output/lane.hpp"
#include "instance/output/outlets.hpp"
#include "instance/process/context.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "lib/core/log.hpp"

namespace process {

OutputChannel::OutputChannel(ProcessContext& context, Process& program, Channel channel, const state::Channel* saved)
    : context_(context), program_(program), channel_(channel) {
  const auto& log = settings();
  auto path = log.path;
  if (log.target == config::LogSettings::Target::Auto && saved != nullptr) {
    path = saved->logPath;
  } else if (log.target == config::LogSettings::Target::Auto) {
    auto created = output::createAutoLog(context_.settings().childLogDir, program_.name(), toText(channel),
                                         context_.settings().identifier);
    if (created)
      path = std::move(*created);
    else
      logging::error("{} of {} is not logged: cannot create a log file: {}", toText(channel), program_.fullName(),
                     created.error().text);
  }
  if (log.target != config::LogSettings::Target::None && !path.empty())
    log_.emplace(context_.outlets(), std::move(path), log.maxBytes, log.backups, program_.config().backpressure);
  if (log.syslog && !speaksProtocol())
    systemLog_ = std::make_unique<output::Lane>(
        context_.outlets().systemLog(),
        std::make_shared<output::Source>(program_.name() + " ", "system log for " + program_.fullName()),
        program_.config().backpressure);
}

OutputChannel::~OutputChannel() = default;

void OutputChannel::settingsChanged() noexcept {
  if (log_) log_->setLimits(settings().maxBytes, settings().backups);
}

const config::LogSettings& OutputChannel::settings() const noexcept {
  return channel_ == Channel::Stdout ? program_.config().out : program_.config().err;
}

/// Standard output of an event listener carries the protocol: it is logged unchanged, without capture mode, filter,
/// system log or PROCESS_LOG events.
bool OutputChannel::speaksProtocol() const noexcept {
  return channel_ == Channel::Stdout && program_.group().config().kind == config::GroupConfig::Kind::EventListener;
}

/// All that a process needs but its log.
void OutputChannel::allocate() {
  if (!watch_) watch_.emplace(context_.loop(), [this](std::uint32_t) { onReadable(); });
  ended_.reserve(ended_.size() + 1);
  if (settings().captureMaxBytes > 0 && !speaksProtocol() && !capture_)
    capture_ = std::make_unique<output::CaptureSplitter>(settings().captureMaxBytes);
}

core::Status OutputChannel::prepare() {
  allocate();
  return log_ ? log_->open() : core::Status();
}

void OutputChannel::attach(core::UniqueFd pipe) noexcept {
  live_ = true;
  if (pipe) {
    retire();
    late_.reset();
    pipe_ = std::move(pipe);
  }
  context_.touch(program_);
  if (!waiting()) watch();
}

void OutputChannel::watch() noexcept { watch_->start(pipe_.get(), core::IoWatch::Read); }

/// The lanes of targets that can be full; nullptr where there is none. The last output of a listener is read even if
/// there is no room: its protocol ends with its process.
std::array<const output::Lane*, 3> OutputChannel::lanes() const noexcept {
  const auto* const protocol = speaksProtocol() && !ending_ ? program_.protocol() : nullptr;
  return {log_ ? log_->lane() : nullptr, systemLog_.get(), protocol != nullptr ? protocol->results() : nullptr};
}

/// The queue to wait in, if an observer of the output has no room for it; else nullptr.
output::RoomQueue* OutputChannel::eventRoom() const noexcept {
  output::RoomQueue* room = nullptr;
  if (settings().events && !speaksProtocol())
    context_.tell([&](Observer& o) { room = room != nullptr ? room : o.logRoom(channel_); });
  return room;
}

bool OutputChannel::await(output::RoomQueue::Waiter& waiter) const noexcept {
  for (const auto* const lane : lanes()) {
    output::Outlet* const full = lane != nullptr ? lane->fullOutlet() : nullptr;
    if (full == nullptr) continue;
    full->await(waiter);
    return true;
  }
  auto* const room = eventRoom();
  if (room != nullptr) room->join(waiter);
  return room != nullptr;
}

/// If a target is full, stops reading and waits for its room. The watch goes: without events it would still report a
/// hangup, again and again.
bool OutputChannel::awaitRoom() noexcept {
  if (!await(*this)) return false;
  if (watch_) watch_->stop();
  return true;
}

void OutputChannel::onRoom() noexcept {
  std::optional<ProcessContext::Turn> turn;
  try {
    turn.emplace(context_);
  } catch (const std::exception&) {
    return context_.awaitMemory(*this);
  }
  if (awaitRoom()) return;
  if (!ended_.empty())
    readEnded(false);
  else if (late_)
    readLate();
  else
    readOnce();
  if (pipe_ && !waiting() && !watch_->active()) watch();
}

/// Whether the program's other channel goes to the same file.
bool OutputChannel::sharesLog() const noexcept {
  const auto other = channel_ == Channel::Stdout ? Channel::Stderr : Channel::Stdout;
  return log_ && log_->path() == program_.logPath(other);
}

/// Whether the sizes and times of our reads leave no trace. A log that rotates exceeds its limit by up to one read, as
/// Supervisor's do: only in a small one that makes a difference. In the one file of both channels an error has to
/// follow what was written before it.
bool OutputChannel::mayReadLate() const noexcept {
  constexpr std::int64_t kSmallLog = 1024 * 1024 - 1;
  if (log_ && (log_->lane() != nullptr || log_->rotatesWithin(kSmallLog) || sharesLog())) return false;
  return !systemLog_ && !capture_ && !settings().events && !speaksProtocol() &&
         !logging::enabled(logging::Level::Debug);
}

/// Reads what is there. If that was one of many small pieces, the next are left to come together.
void OutputChannel::readInTime() {
  const std::size_t n = readOnce();
  if (n == 0 || !watch_->active() || !mayReadLate() || !flow_.add(n, core::Clock::now)) return;
  if (!late_) late_ = context_.readLate(pipe_.get());
  if (!late_) return;
  watch_->stop();
  late_->join(*this);
}

/// Its turn to read late. If nothing has come since the last one, the pipe is watched again.
void OutputChannel::readLate() noexcept {
  constexpr std::int64_t kRatherSmallLog = 16 * 1024 * 1024 - 1;
  const std::size_t n = readOnce();
  if (n > 0 && !waiting() && mayReadLate()) {
    late_->took(n, !log_ || !log_->rotatesWithin(kRatherSmallLog));
    late_->join(*this);
  } else {
    late_.reset();
  }
}

/// Takes what is in a pipe that is read late before its turn, and waits for the next one. Without the memory for that
/// it stays as it is.
void OutputChannel::catchUp() noexcept try {
  if (!late_ || !waiting()) return;
  const ProcessContext::Turn turn(context_);
  leave();
  readOnce();
  if (late_ && !waiting()) late_->join(*this);
} catch (const std::exception&) {
}

/// Reads the pipe, but at level debug the pipe of a listener only after a pause of 5 ms. There its output is logged,
/// and a listener writes its result and the next READY in two steps ("RESULT 2\nOK", "READY\n"). Read as soon as the
/// first one arrives, they would be two entries, or cut anywhere; Supervisor's users look for one with "OKREADY". 5 ms
/// are more than a listener needs between the two, and delay no event noticeably. The watch is stopped meanwhile: even
/// without events it would report a hangup over and over.
void OutputChannel::onReadable() {
  constexpr core::milliseconds kResultAndReady{5};
  if (auto* const keeper = context_.keeper()) keeper->settle();
  const ProcessContext::Turn turn(context_);
  if (awaitRoom()) return;
  if (!speaksProtocol() || !logging::enabled(logging::Level::Debug)) {
    readInTime();
    return;
  }
  if (!pause_) {
    pause_ = std::make_unique<core::Timer>(context_.loop(), [this] {
      const ProcessContext::Turn pauseTurn(context_);
      if (awaitRoom()) return;
      watch();
      readOnce();
    });
  }
  watch_->stop();
  pause_->armIn(kResultAndReady);
}

/// Reads and handles what is there, up to 128 KiB as Supervisor does, more if the pipe was enlarged; or to the end of
/// what an ended process wrote. Returns how much that was; at the end of the stream the pipe is closed.
std::size_t OutputChannel::readOnce() noexcept {
  constexpr std::size_t kUsual = 128 * 1024;
  auto buffer = context_.buffer();
  if (!late_) buffer = buffer.first(kUsual);
  if (!ended_.empty()) buffer = buffer.first(std::min(buffer.size(), ended_.front().left));
  const char* bytes = buffer.data();
  const ssize_t n = readPipe(buffer, bytes);
  if (n > 0) {
    take({bytes, static_cast<std::size_t>(n)});
    awaitRoom();
    return static_cast<std::size_t>(n);
  }
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  logging::debug("fd {} closed, stopped monitoring {} of {}", pipe_.get(), toText(channel_), program_.name());
  closePipe();
  return 0;
}

/// Reads what ended processes left, until a target is full or, with `all`, whether there is room or not.
void OutputChannel::readEnded(bool all) noexcept {
  while (!ended_.empty()) {
    if (ended_.front().left > 0) {
      if (!all && awaitRoom()) return;
      const std::size_t n = readOnce();
      ended_.front().left = n > 0 ? ended_.front().left - n : 0;
    }
    if (ended_.front().left > 0) continue;
    endRun();
    ended_.erase(ended_.begin());
  }
  if (!live_) close();
}

/// Notes that what is in the pipe now is the rest of process `pid`.
void OutputChannel::leaveUnread(pid_t pid) noexcept {
  int pending = 0;
  if (pipe_) ::ioctl(pipe_.get(), FIONREAD, &pending);
  auto left = static_cast<std::size_t>(pending);
  for (const auto& earlier : ended_) left -= std::min(left, earlier.left);
  if (left > 0 || ended_.empty()) ended_.push_back({pid, left});
}

void OutputChannel::finish(pid_t pid) noexcept {
  context_.touch(program_);
  if (live_) leaveUnread(pid);
  live_ = false;
  pause_.reset();
  if (watch_) watch_->stop();
  ending_ = true;
  readEnded(false);
  ending_ = false;
}

void OutputChannel::retire() noexcept {
  readEnded(true);
  leave();
}

/// All of an ended process has been read.
void OutputChannel::endRun() noexcept {
  logging::attempt([&] {
    if (capture_) capture_->finish(*this);
  });
  if (const auto rest = filter_.rest(); !rest.empty() && log_) log_->write(rest);
  if (log_) log_->flush();
  if (systemLog_) systemLog_->flush();
}

void OutputChannel::close() noexcept {
  leave();
  closePipe();
  if (log_) log_->close();
}

void OutputChannel::closePipe() noexcept {
  if (watch_) watch_->stop();
  late_.reset();
  if (!pipe_) return;
  context_.touch(program_);
  if (auto* const keeper = context_.keeper()) keeper->drop(program_, channel_ == Channel::Stdout ? "out" : "err");
  pipe_.reset();
}

/// The process whose output is being read.
pid_t OutputChannel::writer() const noexcept { return ended_.empty() ? program_.pid() : ended_.front().pid; }

}  // namespace process
