// SPDX-License-Identifier: MIT
// Where the output of a program goes: through capture and filter into its log, the system log and to the observers.
#include <signal.h>

#include <exception>
#include <new>

#include "instance/config/model.hpp"
#include "instance/output/lane.hpp"
#include "instance/process/channel.hpp"
#include "instance/process/context.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"

namespace process {

/// Logs are written first and need no memory: if a later step fails, the output is in the log all the same.
void OutputChannel::take(std::string_view bytes) noexcept {
  try {
    handle(bytes);
  } catch (const std::exception& error) {
    logging::critical("{} bytes of {} of {} were not handled in full: {}", bytes.size(), toText(channel_),
                      program_.name(), error.what());
    // A protocol that misses bytes never recovers. Killing the listener gives its event to the one that replaces it.
    if (speaksProtocol() && live_ && ended_.empty()) program_.killNow();
  }
}

void OutputChannel::add(std::string_view bytes) noexcept {
  context_.touch(program_);
  try {
    onText(bytes, false);
  } catch (const std::exception& error) {
    logging::critical("{} bytes of a command of {} were not handled in full: {}", bytes.size(), program_.name(),
                      error.what());
  }
}

void OutputChannel::takeListeners(std::string_view bytes) {
  if (log_) log_->write(bytes);
  if (logging::enabled(logging::Level::Debug))
    logging::attempt([&] {
      logging::write(logging::Level::Debug,
                     core::pythonRepr(program_.name()) + " stdout output:\n" + core::pythonBytesRepr(bytes));
    });
  if (!ofCurrent()) return;
  program_.onOutput(channel_, bytes);
  if (auto* const protocol = program_.protocol()) protocol->onStdout(bytes);
}

/// Whether what is being read was written by the process that runs, or has just ended.
bool OutputChannel::ofCurrent() const noexcept { return ended_.empty() || (ending_ && ended_.size() == 1); }

void OutputChannel::handle(std::string_view bytes) {
  if (speaksProtocol()) {
    takeListeners(bytes);
  } else if (capture_) {
    capture_->feed(bytes, *this);
  } else {
    onText(bytes, false);
  }
}

void OutputChannel::onText(std::string_view bytes, bool captured) {
  if (!context_.settings().stripAnsi) return deliver(bytes, captured);
  std::string plain;
  try {
    plain = filter_.strip(bytes);
  } catch (const std::bad_alloc&) {  // colours in the log are better than a gap
    return deliver(bytes, captured);
  }
  if (!plain.empty()) deliver(plain, captured);
}

void OutputChannel::deliver(std::string_view bytes, bool captured) {
  if (!captured) {
    if (log_) log_->write(bytes);
    if (systemLog_) systemLog_->write(bytes);
    if (ofCurrent()) program_.onOutput(channel_, bytes);
  }
  if (logging::enabled(logging::Level::Debug))
    logging::attempt([&] {
      logging::write(logging::Level::Debug,
                     core::pythonRepr(program_.name()) + ' ' + toText(channel_) + " output:\n" +
                         (core::isUtf8(bytes) ? std::string(bytes) : "Undecodable: " + core::pythonBytesRepr(bytes)));
    });
  if (settings().events) context_.tell([&](Observer& o) { o.onLog(program_, channel_, writer(), bytes); });
}

void OutputChannel::onMessage(std::string_view message) {
  logging::debug("{} {} emitted a comm event", core::pythonRepr(program_.name()), toText(channel_));
  context_.tell([&](Observer& o) { o.onCommunication(program_, channel_, writer(), message); });
}

}  // namespace process
