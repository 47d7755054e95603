// SPDX-License-Identifier: MIT
#include "instance/process/channel.hpp"

#include <sys/ioctl.h>

#include <cerrno>

#include "instance/output/auto_log.hpp"
#include "instance/output/syslog.hpp"
#include "instance/process/context.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"

namespace process {

OutputChannel::OutputChannel(Context& context, Process& program, Channel channel)
    : context_(context), program_(program), channel_(channel) {
  const auto& log = settings();
  auto path = log.path;
  if (log.target == config::LogSettings::Target::Auto) {
    auto created = output::createAutoLog(context_.settings.childLogDir, program_.name(), toText(channel),
                                         context_.settings.identifier);
    if (created)
      path = std::move(*created);
    else
      logging::error("{} of {} is not logged: cannot create a log file: {}", toText(channel), program_.fullName(),
                     created.error().text);
  }
  if (log.target != config::LogSettings::Target::None && !path.empty())
    log_.emplace(context_.loop, std::move(path), log.maxBytes, log.backups);
}

OutputChannel::~OutputChannel() = default;

const config::LogSettings& OutputChannel::settings() const noexcept {
  return channel_ == Channel::Stdout ? program_.config().out : program_.config().err;
}

/// Standard output of an event listener belongs to the protocol: it is logged as it is, and nothing else.
bool OutputChannel::speaksProtocol() const noexcept {
  return channel_ == Channel::Stdout && program_.group().config().kind == config::GroupConfig::Kind::EventListener;
}

core::Status OutputChannel::openLog() { return log_ ? log_->open() : core::Status(); }

void OutputChannel::attach(core::UniqueFd pipe) {
  pipe_ = std::move(pipe);
  if (settings().captureMaxBytes > 0 && !speaksProtocol())
    capture_ = std::make_unique<output::CaptureSplitter>(settings().captureMaxBytes);
  watch();
}

void OutputChannel::watch() {
  watch_.emplace(context_.loop, pipe_.get(), core::IoWatch::Read, [this](std::uint32_t) { onReadable(); });
}

/// At level debug a listener's output is logged, and people look there for what it says in one breath ("OKREADY"): wait
/// until it has said all of it. An IoWatch without events would still report a hangup, so it goes meanwhile.
void OutputChannel::onReadable() {
  constexpr core::milliseconds breath{5};
  const Context::Turn turn(context_);
  if (!speaksProtocol() || !logging::enabled(logging::Level::Debug)) {
    readOnce();
    return;
  }
  watch_.reset();
  if (!pause_) {
    pause_ = std::make_unique<core::Timer>(context_.loop, [this] {
      const Context::Turn pauseTurn(context_);
      watch();
      readOnce();
    });
  }
  pause_->armIn(breath);
}

/// Reads and handles what is there, up to the buffer's size. Returns how much that was; at the end of the stream the
/// pipe is closed.
std::size_t OutputChannel::readOnce() {
  const auto buffer = context_.buffer();
  const ssize_t n = ::read(pipe_.get(), buffer.data(), buffer.size());
  if (n > 0) {
    take({buffer.data(), static_cast<std::size_t>(n)});
    return static_cast<std::size_t>(n);
  }
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  logging::debug("fd {} closed, stopped monitoring {} of {}", pipe_.get(), toText(channel_), program_.name());
  watch_.reset();
  pipe_.reset();
  return 0;
}

void OutputChannel::finish() noexcept {
  if (pipe_) {
    int pending = 0;
    ::ioctl(pipe_.get(), FIONREAD, &pending);
    for (auto left = static_cast<std::size_t>(pending); left > 0;) {
      const auto n = readOnce();
      if (n == 0) break;
      left -= std::min(left, n);
    }
  }
  watch_.reset();
  pause_.reset();
  pipe_.reset();
  if (capture_) capture_->finish(*this);
  capture_.reset();
  if (const auto rest = filter_.rest(); !rest.empty() && log_) log_->write(rest);
  if (log_) log_->close();
}

void OutputChannel::take(std::string_view bytes) {
  if (speaksProtocol()) {
    if (logging::enabled(logging::Level::Debug))
      logging::write(logging::Level::Debug, core::pythonRepr(program_.name()) + " stdout output:\n" +
                                                core::pythonBytesRepr(bytes));
    if (log_) log_->write(bytes);
    if (auto* const protocol = program_.protocol()) protocol->onStdout(bytes);
  } else if (capture_) {
    capture_->feed(bytes, *this);
  } else {
    onText(bytes, false);
  }
}

void OutputChannel::onText(std::string_view bytes, bool captured) {
  if (!context_.settings.stripAnsi) return deliver(bytes, captured);
  const auto plain = filter_.strip(bytes);
  if (!plain.empty()) deliver(plain, captured);
}

void OutputChannel::deliver(std::string_view bytes, bool captured) {
  if (!captured) {
    if (log_) log_->write(bytes);
    if (settings().syslog) output::systemLog().sendLines(program_.name() + " ", bytes);
  }
  if (logging::enabled(logging::Level::Debug))
    logging::write(logging::Level::Debug,
                   core::pythonRepr(program_.name()) + ' ' + toText(channel_) + " output:\n" +
                       (core::isUtf8(bytes) ? std::string(bytes) : "Undecodable: " + core::pythonBytesRepr(bytes)));
  if (settings().events) context_.tell([&](Observer& o) { o.onLog(program_, channel_, bytes); });
}

void OutputChannel::onMessage(std::string_view message) {
  logging::debug("{} {} emitted a comm event", core::pythonRepr(program_.name()), toText(channel_));
  context_.tell([&](Observer& o) { o.onCommunication(program_, channel_, message); });
}

}  // namespace process
