// SPDX-License-Identifier: MIT
// How an output channel goes over to another supervisord, after an upgrade or a crash.
#include <fcntl.h>

#include <utility>

#include "instance/config/model.hpp"
#include "instance/output/lane.hpp"
#include "instance/process/channel.hpp"
#include "instance/process/context.hpp"
#include "instance/process/process.hpp"
#include "instance/state/descriptors.hpp"
#include "lib/core/log.hpp"

namespace process {

state::Channel OutputChannel::save(state::Outgoing& outgoing) const {
  state::Channel saved;
  saved.pipe =
      outgoing.add(state::pipeName(program_.number(), channel_ == Channel::Stdout ? "out" : "err"), pipe_.get());
  if (log_ && settings().target == config::LogSettings::Target::Auto) saved.logPath = log_->path();
  saved.live = live_;
  saved.left.reserve(ended_.size());
  for (const auto& ended : ended_) saved.left.push_back({ended.pid, ended.left});
  saved.escape = filter_.save();
  if (capture_) {
    saved.captureHeld = capture_->held();
    saved.captured = capture_->message();
    saved.capturing = capture_->capturing();
  }
  if (log_ && log_->isOpen()) {
    saved.logOpen = true;
    saved.rotateAt = log_->rotateAt();
    saved.log = log_->save();
  }
  if (systemLog_) saved.systemLog = systemLog_->save();
  return saved;
}

void OutputChannel::addLanes(output::Lanes& lanes) const {
  if (log_ && log_->lane() != nullptr) lanes.push_back(log_->lane());
  if (systemLog_) lanes.push_back(systemLog_.get());
}

core::Status OutputChannel::restore(const state::Channel& saved, state::Incoming& incoming) {
  if (!filter_.restore(saved.escape))
    return core::Err{core::Error{fmt::format("{}: the saved state has no such place in a control sequence: {}",
                                             program_.fullName(), saved.escape)}};
  if (systemLog_) systemLog_->restore(saved.systemLog);
  if (log_ && saved.logOpen) log_->restore(incoming.take(saved.logFile), saved.rotateAt, saved.log);
  live_ = saved.live;
  pipe_ = incoming.take(saved.pipe);
  if (!saved.pipe.empty() && !pipe_)
    logging::error("{} of {}: its pipe was not handed over; what it writes is lost", toText(channel_),
                   program_.fullName());
  if (!live_ && !pipe_ && saved.left.empty()) return {};
  allocate();
  if (capture_) capture_->restore(saved.captureHeld, saved.captured, saved.capturing);
  ended_.reserve(saved.left.size() + 1);
  for (const auto& left : saved.left) ended_.push_back({left.pid, pipe_ ? left.bytes : 0});
  if (!pipe_) return {};
  ::fcntl(pipe_.get(), F_SETFL, ::fcntl(pipe_.get(), F_GETFL) | O_NONBLOCK);
  LateReading::shrink(pipe_.get());
  if (ended_.empty()) watch();
  return {};
}

void OutputChannel::resume() noexcept {
  if (!ended_.empty()) onRoom();
}

/// As read(2). With a keeper the bytes stay in its journal until the commit.
ssize_t OutputChannel::readPipe(std::span<char> buffer, const char*& bytes) noexcept {
  auto* const keeper = context_.keeper();
  if (keeper == nullptr) return ::read(pipe_.get(), buffer.data(), buffer.size());
  touchIfStateful();
  const auto mark = log_ ? log_->mark(sharesLog()) : state::LogMark{};
  return keeper->read(program_, channel_, pipe_.get(), buffer, mark, !ended_.empty(), bytes);
}

/// Output changes what save() has, unless it only goes to a file.
void OutputChannel::touchIfStateful() noexcept {
  const bool plain = !capture_ && !systemLog_ && !context_.settings().stripAnsi && ended_.empty() &&
                     (!log_ || log_->lane() == nullptr);
  if (!plain) context_.touch(program_);
}

void OutputChannel::repeatRead(std::string_view bytes, const state::LogMark& before) noexcept {
  touchIfStateful();
  if (log_) log_->repeatFrom(before);
  while (!bytes.empty()) {
    const auto part = ended_.empty() ? bytes.size() : std::min(bytes.size(), ended_.front().left);
    if (part > 0) take(bytes.substr(0, part));
    bytes.remove_prefix(part);
    if (ended_.empty()) continue;
    ended_.front().left -= part;
    if (ended_.front().left > 0) break;
    endRun();
    ended_.erase(ended_.begin());
  }
  if (log_) log_->repeatFrom(std::nullopt);
}

}  // namespace process
