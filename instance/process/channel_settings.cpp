// SPDX-License-Identifier: MIT
// Where the output of a program goes by its settings, and how it goes over to others while the program runs.
#include <sys/ioctl.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "instance/config/model.hpp"
#include "instance/output/auto_log.hpp"
#include "instance/output/lane.hpp"
#include "instance/output/outlets.hpp"
#include "instance/process/channel.hpp"
#include "instance/process/context.hpp"
#include "instance/process/process.hpp"
#include "lib/core/log.hpp"

namespace process {

using Target = config::LogSettings::Target;

const config::LogSettings& OutputChannel::settingsOf(const config::ProcessConfig& config) const noexcept {
  return channel_ == Channel::Stdout ? config.out : config.err;
}

const config::LogSettings& OutputChannel::settings() const noexcept { return settingsOf(program_.config()); }

bool OutputChannel::sendsToSystemLog(const config::LogSettings& wanted) const noexcept {
  return wanted.syslog && !speaksProtocol();
}

/// 0: no capture mode.
std::int64_t OutputChannel::captureLimit(const config::LogSettings& wanted) const noexcept {
  return speaksProtocol() ? 0 : wanted.captureMaxBytes;
}

/// Whether something writes to the log, or is about to.
bool OutputChannel::isInUse() const noexcept { return live_ || pipe_ || lifecycle::isSignallable(program_.state()); }

/// The path of the log that the settings ask for; empty: none. An AUTO file is created.
core::Expected<std::string> OutputChannel::createLog() const {
  const auto& log = settings();
  if (log.target == Target::None) return std::string();
  if (log.target == Target::File) return log.path;
  return output::createAutoLog(context_.settings().childLogDir, program_.name(), toText(channel_),
                               context_.settings().identifier);
}

std::unique_ptr<output::Lane> OutputChannel::makeSystemLog() const {
  return std::make_unique<output::Lane>(
      context_.outlets().systemLog(),
      std::make_shared<output::Source>(program_.name() + " ", "system log for " + program_.fullName()),
      program_.config().backpressure);
}

/// Goes over to the log of the settings, or stays with what it has. The error's code is an errno.
core::Status OutputChannel::moveLog() {
  if (!moves_) return {};
  context_.touch(program_);
  if (auto* const keeper = context_.keeper(); keeper != nullptr && pipe_) keeper->holdReads(program_);
  auto path = createLog();
  if (!path) return core::Err{std::move(path).error()};
  core::Status moved;
  if (path->empty())
    log_.reset();
  else
    moved = useLog(std::move(*path));
  moves_ = !moved;
  return moved;
}

core::Status OutputChannel::useLog(std::string path) {
  if (log_) return log_->moveTo(std::move(path));
  log_.emplace(context_.outlets(), std::move(path), settings().maxBytes, settings().backups,
               program_.config().backpressure);
  auto opened = isInUse() ? log_->open() : core::Status();
  if (!opened) log_.reset();
  return opened;
}

/// With a message if it has to stay with what it has.
void OutputChannel::moveLogOrKeep() noexcept try {
  const auto moved = moveLog();
  if (moved) return;
  logging::error("{} of {} cannot go over to another log: {}; until its next start it {}", toText(channel_),
                 program_.fullName(), moved.error().text, log_ ? "continues in " + log_->path() : "is not logged");
} catch (const std::exception& error) {
  logging::critical("{} of {} stays with its old log: {}", toText(channel_), program_.fullName(), error.what());
}

/// Takes what is in the pipe now, whether there is room for it or not, except for events. Then the pipe is watched.
void OutputChannel::takeAll() noexcept {
  if (!ended_.empty()) readEnded(true);
  int pending = 0;
  if (pipe_) ::ioctl(pipe_.get(), FIONREAD, &pending);
  auto left = static_cast<std::size_t>(pending);
  while (left > 0 && pipe_ && eventRoom() == nullptr) {
    const std::size_t n = readOnce();
    if (n == 0) break;
    left -= std::min(left, n);
  }
  leave();
  late_.reset();
  if (live_ && pipe_ && !(pause_ && pause_->armed())) watch();
}

void OutputChannel::willChange(const config::ProcessConfig& next) noexcept {
  const auto &now = settings(), &wanted = settingsOf(next);
  const auto limit = captureLimit(wanted);
  if (now.target != wanted.target || now.path != wanted.path) moves_ = true;
  if (!moves_ && sendsToSystemLog(wanted) == sendsToSystemLog(now) && limit == captureLimit(now) &&
      next.backpressure == program_.config().backpressure)
    return;
  takeAll();
  if (!capture_ || limit > 0) return;
  // A message that has begun has no end any more: it is output like the rest of it.
  logging::attempt([&] { capture_->finish(*this); });
  capture_.reset();
}

void OutputChannel::settingsChanged() noexcept {
  const auto& now = settings();
  if (log_) log_->setLimits(now.maxBytes, now.backups);
  moveLogOrKeep();
  const auto policy = program_.config().backpressure;
  if (log_) log_->setPolicy(policy);
  try {
    if (!sendsToSystemLog(now))
      systemLog_.reset();
    else if (!systemLog_)
      systemLog_ = makeSystemLog();
    if (systemLog_) systemLog_->setPolicy(policy);
    const auto limit = captureLimit(now);
    if (capture_)
      capture_->setLimit(limit);
    else if (limit > 0)
      capture_ = std::make_unique<output::CaptureSplitter>(limit);
  } catch (const std::exception& error) {
    logging::critical("{} of {} does not go where its new configuration says: {}", toText(channel_),
                      program_.fullName(), error.what());
  }
}

void OutputChannel::reopen() noexcept {
  if (moves_)
    moveLogOrKeep();
  else if (log_)
    log_->reopen();
}

}  // namespace process
