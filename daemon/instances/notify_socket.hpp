// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/core/budget.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/notify.hpp"
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
};
[[nodiscard]] Notice parseNotice(const std::string& message);

/// The socket at which an instance reports its state. Each instance has its own, which only its account can write to,
/// so that no account can fill another's queue. The kernel attests the sender of each message. An instance that sends
/// more than its budget is read later: its queue fills up, and its next messages are refused until there is room.
class NotifySocket {
 public:
  using Callback = std::function<void(pid_t sender, uid_t uid, const std::string& message)>;

  /// Creates and binds `directory`/socket; a running instance watches for that. Creates the directory, owned by root.
  /// `uid` may write to the socket.
  [[nodiscard]] static core::Expected<std::unique_ptr<NotifySocket>> open(core::EventLoop& loop,
                                                                          const std::string& directory, uid_t uid,
                                                                          Callback callback);
  ~NotifySocket();
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Reads what has arrived: the last messages of an instance that has just ended.
  void drain();
  /// Removes the socket's file.
  void remove();

 private:
  NotifySocket(core::EventLoop& loop, core::UniqueFd fd, std::string path, Callback callback);
  bool receive();
  void readSome();

  core::EventLoop& loop_;
  core::UniqueFd fd_;
  std::string path_;
  Callback callback_;
  core::Budget budget_;
  core::IoWatch watch_;
  std::optional<core::Timer> pause_;  ///< made for the first message beyond the budget
};

}  // namespace instances
