// SPDX-License-Identifier: MIT
#include "daemon/bus/call_filter.hpp"

#include <systemd/sd-bus.h>

#include "daemon/bus/raw_bus.hpp"

namespace bus {
namespace {

std::string_view orEmpty(const char* text) noexcept { return text ? text : std::string_view(); }

}  // namespace

CallFilter::CallFilter(const RawBus& bus, uid_t manager) : gate_(manager, core::Clock::now()), bus_(bus) {
  const auto callback = [](sd_bus_message* message, void* self, sd_bus_error*) {
    return static_cast<CallFilter*>(self)->onMessage(message);
  };
  throwIfFailed(sd_bus_add_filter(bus_.get(), &slot_, callback, this), "cannot filter calls");
}

CallFilter::~CallFilter() { sd_bus_slot_unref(slot_); }

/// Returns 1 if the message has been handled, 0 if the objects get it. No exception may cross the C library. A call
/// that cannot be judged is served: a filter without memory must not lock root out.
int CallFilter::onMessage(sd_bus_message* message) noexcept {
  try {
    return judge(message);
  } catch (...) {
    return 0;
  }
}

int CallFilter::judge(sd_bus_message* message) {
  std::uint8_t type = 0;
  const char* const sender = sd_bus_message_get_sender(message);
  if (sd_bus_message_get_type(message, &type) < 0 || type != SD_BUS_MESSAGE_METHOD_CALL || !sender) return 0;
  // Nobody would read the reply of such a call, but building it takes the manager's time.
  const bool wantsReply = sd_bus_message_get_expect_reply(message) > 0;
  if (!wantsReply &&
      isReading(orEmpty(sd_bus_message_get_interface(message)), orEmpty(sd_bus_message_get_member(message))))
    return 1;
  const auto now = core::Clock::now();
  if (gate_.admit(sender, now)) {
    sender_ = sender;
    began_ = now;
    return 0;
  }
  if (wantsReply)
    sd_bus_reply_method_errorf(message, SD_BUS_ERROR_LIMITS_EXCEEDED,
                               "Calls of this account have taken too much of the manager's time; try again later");
  return 1;
}

void CallFilter::served() {
  if (sender_.empty()) return;
  const auto sender = std::exchange(sender_, {});
  const auto now = core::Clock::now();
  if (gate_.charge(sender, now - began_, now)) askFor(sender);
}

void CallFilter::askFor(const std::string& sender) {
  bus_.daemon()
      .callMethodAsync("GetConnectionUnixUser")
      .onInterface("org.freedesktop.DBus")
      .withArguments(sender)
      .uponReplyInvoke([this, sender](MethodError error, std::uint32_t uid) {
        if (!failed(error)) gate_.identify(sender, uid, core::Clock::now());
      });
}

}  // namespace bus
