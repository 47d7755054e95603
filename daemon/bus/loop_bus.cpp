// SPDX-License-Identifier: MIT
#include "daemon/bus/loop_bus.hpp"

#include <poll.h>
#include <systemd/sd-bus-protocol.h>

#include <new>

#include "dbus/sdbus_compat.hpp"

namespace bus {

namespace {

/// A caller that floods the bus must not keep the loop from its timers, children and the watchdog.
constexpr int kMessagesPerTurn = 32;

}  // namespace

LoopBus::LoopBus(core::EventLoop& loop, sdbus::IConnection& connection, Lost lost, std::function<void()> served)
    : connection_(connection), lost_(std::move(lost)), served_(std::move(served)), timer_(loop, [this] { process(); }) {
  io_ = std::make_unique<core::IoWatch>(loop, connection_.getEventLoopPollData().fd, core::IoWatch::Read,
                                        [this](std::uint32_t) { process(); });
  renewal_ = std::make_unique<core::BeforePoll>(loop, [this] { renew(); });
}

void LoopBus::renew() {
  try {
    const auto poll = connection_.getEventLoopPollData();
    std::uint32_t events = core::IoWatch::None;
    if (poll.events & POLLIN) events |= core::IoWatch::Read;
    if (poll.events & POLLOUT) events |= core::IoWatch::Write;
    io_->setEvents(events);
    const auto deadline = deadlineMicros(poll);
    if (deadline == UINT64_MAX)
      timer_.disarm();
    else
      timer_.arm(core::Instant(core::microseconds(static_cast<std::int64_t>(deadline))));
  } catch (const sdbus::Error& error) {
    failed(error);
  }
}

void LoopBus::process() {
  try {
    // The rest is served in the next turn: renew() then gets a deadline that has passed.
    for (int i = 0; i < kMessagesPerTurn && io_; ++i) {
      ++turn_;
      if (!processOne(connection_)) break;
      served_();
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
  lost_(why);
}

}  // namespace bus
