// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "instance/process/attendants.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/unique_fd.hpp"
#include "lib/lifecycle/extended_stop.hpp"
#include "lib/lifecycle/machine.hpp"

namespace process {

/// The other end of sd_notify(3): a socket for each process of a program, whose path is in its NOTIFY_SOCKET.
///
/// A message counts if, as the kernel reports, it comes from the program's own process or, with notify_access=all, from
/// a living process of its process group. Descriptors that come along are closed when the message has been received,
/// which is what BARRIER=1 waits for. After 64 messages in a row the program waits for a tenth of a second.
class Notifications final : public Attendant {
 public:
  /// WATCHDOG=1, or with `failed` WATCHDOG=trigger. Comes in a turn of the context, not from inside a step.
  using WatchdogHook = std::function<void(bool failed)>;

  Notifications(ProcessContext& context, Process& program);
  ~Notifications() override;

  void setWatchdogHook(WatchdogHook hook) { watchdog_ = std::move(hook); }

  core::Status beforeSpawn(LaunchExtras& extras) override;
  void adopt(state::Incoming& incoming) noexcept override;
  void resume() noexcept override;
  void onState(lifecycle::ProcessState to) noexcept override;
  void onReaped() noexcept override;
  void onEnded() noexcept override;
  void describe(std::string& text) const override;
  void save(state::Program& saved, state::Outgoing& outgoing) const override;
  void restore(const state::Program& saved, state::Incoming& incoming) override;

 private:
  struct Message;
  core::Status open(const std::string& path);
  void listen(core::UniqueFd socket);
  void close() noexcept;
  [[nodiscard]] bool receive(Message& message, bool onlyLook = false) const noexcept;
  bool readSome();
  void take(const Message& message);
  [[nodiscard]] bool isIgnored() const noexcept;
  [[nodiscard]] bool accepts(pid_t sender) const noexcept;
  void handle(std::string_view text);
  void handle(std::string_view key, std::string_view value);
  void extend(std::string_view microseconds);
  template <class Member, class Value>
  void change(Member& member, Value&& value);
  void complain(const std::string& what);

  ProcessContext& context_;
  Process& program_;
  core::UniqueFd socket_;
  core::IoWatch watch_;
  core::Timer pause_;
  core::Deferred tell_;  ///< that it is ready, since its socket is lost
  std::string path_;     ///< of the socket
  std::string status_;
  WatchdogHook watchdog_;
  lifecycle::ExtendedStop stop_;
  bool reloading_ = false;
  bool stopping_ = false;
  bool complained_ = false;  ///< of this process, in the log
  bool lost_ = false;        ///< the socket, in the crash of a predecessor
  bool handled_ = false;     ///< the first message in the socket has been handled
  int inARow_ = 0;           ///< messages since the socket was last empty, or had to wait
};

}  // namespace process
