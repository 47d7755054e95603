// SPDX-License-Identifier: MIT
#include "daemon/bus/loop_bus.hpp"

#include <poll.h>
#include <systemd/sd-bus-protocol.h>

#include <new>
#include <utility>

#include "daemon/bus/raw_bus.hpp"
#include "dbus/sdbus_compat.hpp"

namespace bus {

namespace {

/// A caller that floods the bus must not keep the loop from its timers, children and the watchdog.
constexpr int kMessagesPerTurn = 32;
/// The D-Bus daemon reads what is sent within so long, or answers a question within the same time again. One that does
/// not holds too much of what the manager has sent for programs that do not read, or read little.
constexpr auto kPatience = core::seconds(5);

}  // namespace

LoopBus::LoopBus(core::EventLoop& loop, sdbus::IConnection& connection, const RawBus& rawBus, Events events)
    : connection_(connection),
      rawBus_(rawBus),
      events_(std::move(events)),
      timer_(loop, [this] { process(); }),
      patience_(
          loop, [this] { onUnread(); }, core::milliseconds(10)) {
  io_ = std::make_unique<core::IoWatch>(loop, connection_.getEventLoopPollData().fd, core::IoWatch::Read,
                                        [this](std::uint32_t) { process(); });
  renewal_ = std::make_unique<core::BeforePoll>(loop, [this] { renew(); });
}

void LoopBus::renew() {
  try {
    const auto poll = connection_.getEventLoopPollData();
    const bool serves = rawBus_.takesReplies();
    std::uint32_t events = core::IoWatch::None;
    if (serves && poll.events & POLLIN) events |= core::IoWatch::Read;
    if (poll.events & POLLOUT) events |= core::IoWatch::Write;
    io_->setEvents(events);
    watchUnread();
    const auto deadline = serves ? deadlineMicros(poll) : UINT64_MAX;
    if (deadline == UINT64_MAX)
      timer_.disarm();
    else
      timer_.arm(core::Instant(core::microseconds(static_cast<std::int64_t>(deadline))));
  } catch (const sdbus::Error& error) {
    failed(error);
  }
}

void LoopBus::watchUnread() {
  if (rawBus_.isAllRead()) {
    patience_.disarm();
    asked_ = false;
  } else if (!patience_.armed()) {
    patience_.armIn(kPatience);
  }
}

/// A busy manager may have sent something new whenever it looks. The answer to a question proves that the daemon has
/// read all that was sent before.
void LoopBus::onUnread() {
  if (rawBus_.isAllRead()) return;
  if (asked_) return events_.blocked();
  asked_ = true;
  rawBus_.daemon()
      .callMethodAsync("Ping")
      .onInterface("org.freedesktop.DBus.Peer")
      .uponReplyInvoke([this](MethodError) {
        asked_ = false;
        patience_.disarm();
      });
}

void LoopBus::process() {
  try {
    // The rest is served in the next turn: renew() then gets a deadline that has passed. What waits in the queue is
    // sent before a message is dispatched.
    for (int i = 0; i < kMessagesPerTurn && io_ && (i == 0 || rawBus_.takesReplies()); ++i) {
      ++turn_;
      if (!processOne(connection_)) break;
      events_.served();
    }
  } catch (const sdbus::Error& error) {
    failed(error);
  }
}

/// Lack of memory does not end the connection: the loop handles bad_alloc and tries again.
void LoopBus::failed(const sdbus::Error& error) {
  if (error.getName() == SD_BUS_ERROR_NO_MEMORY) throw std::bad_alloc();
  connectionFailed(error.getMessage());
}

void LoopBus::connectionFailed(const std::string& why) {
  if (!io_) return;
  io_.reset();
  renewal_.reset();
  timer_.disarm();
  patience_.disarm();
  events_.lost(why);
}

}  // namespace bus
