// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/instances/descriptor_taker.hpp"
#include "lib/core/budget.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/notify.hpp"
#include "lib/core/reaper.hpp"
#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace instances {

/// The content of one message of an instance. Unknown lines are ignored.
struct Notice {
  bool ready = false;
  bool stopping = false;
  bool reloading = false;
  bool wholeTable = false;
  std::vector<core::notify::Program> programs;
  std::string status;
  /// Of the descriptor that comes with it, or that it is about.
  enum class Descriptor { None, Keep, Remove };
  Descriptor descriptor = Descriptor::None;
  std::string descriptorName;            ///< empty: none, or not a good one
  std::vector<std::string> controllers;  ///< that the limits of its programs need, of those that it may ask for
  bool allDescriptors = false;           ///< all that there are have been sent
};
[[nodiscard]] Notice parseNotice(const std::string& message);

/// The socket at which an instance reports its state. Each instance has its own, which only its account can write to,
/// so that no account can fill another's queue. The kernel attests the sender of each message. An instance that sends
/// more than its budget is read later: its queue fills up, and its next messages are refused until there is room.
/// Messages that come with descriptors are received by a helper. While a descriptor holds up the helper, no others are.
class NotifySocket {
 public:
  using Callback = std::function<void(Message message)>;
  /// Whether messages with descriptors can be received now.
  using HasRoom = std::function<bool()>;

  /// Creates and binds `directory`/socket; a running instance watches for that. Creates the directory, owned by root.
  /// `uid` may write to the socket. While `hasRoom`, if there is one, says no, a message that comes with a descriptor
  /// waits, and what was sent after it.
  [[nodiscard]] static core::Expected<std::unique_ptr<NotifySocket>> open(core::EventLoop& loop, core::Reaper& reaper,
                                                                          const std::string& directory, uid_t uid,
                                                                          Callback callback, HasRoom hasRoom = {});
  ~NotifySocket();
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Reads what has arrived, without the loop: the last messages of an instance that has just ended. Messages with
  /// descriptors take a helper for a moment. If that happens again and again, or the helper is held up, they are left
  /// to the loop: an owner can make the manager wait for a second at most, and then a hundredth of the time.
  void drain();
  /// Removes the socket's file.
  void remove();
  /// For the helper of an exec (see holdOverExec): where messages can wait that have descriptors.
  void addTo(std::vector<int>& fds) const;

 private:
  NotifySocket(core::EventLoop& loop, core::Reaper& reaper, core::UniqueFd fd, std::string path, Callback callback,
               HasRoom hasRoom);
  bool receive();
  [[nodiscard]] bool isNext() const;
  bool startTaker();
  void resume();
  void take(Message message, std::uint64_t cost);
  void readSome();
  void pauseFor(core::Duration time);
  [[nodiscard]] bool waitForTaker(core::Instant end);

  core::EventLoop& loop_;
  core::Reaper& reaper_;
  core::UniqueFd fd_;
  std::string path_;
  Callback callback_;
  HasRoom hasRoom_;
  core::Budget budget_;
  core::Budget patience_;  ///< microseconds that drain() may wait for helpers
  core::IoWatch watch_;
  std::optional<core::Timer> pause_;        ///< made for the first message beyond the budget
  std::optional<core::Deferred> resume_;    ///< made for the first message with descriptors
  std::unique_ptr<DescriptorTaker> taker_;  ///< while a helper takes messages with descriptors, or ends
};

}  // namespace instances
