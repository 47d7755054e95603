// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>

#include "daemon/instances/descriptor_store.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/reaper.hpp"
#include "lib/core/unique_fd.hpp"

namespace instances {

/// One message of an instance, with its sender as the kernel attests it.
struct Message {
  pid_t sender = 0;
  uid_t uid = 0;
  std::string text;
  core::UniqueFd descriptor{};  ///< a pipe or memfd that came with it
  DescriptorKind kind = DescriptorKind::Refused;
  bool refused = false;  ///< it came with something else, which is closed
};

/// Receives, in a helper, the messages at a socket that come with descriptors. A descriptor of an owner can hold up
/// whoever closes it, or refuses to receive it, for ever: a file of a file system that does not answer, or a pipe in
/// the middle of a write. So the manager gets only what it may keep, and the helper hands it on before it closes the
/// rest.
class DescriptorTaker {
 public:
  using Each = std::function<void(Message message)>;

  /// Starts a helper that reads from `socket` (and nobody else does, as long as isReading()) until there is a message
  /// without descriptors, or none for a moment. Null if there can be no helper now. `each` gets every message. `ended`
  /// is called once from the loop when the helper is gone; both may not destroy the taker. The socket must outlive it.
  [[nodiscard]] static std::unique_ptr<DescriptorTaker> start(core::EventLoop& loop, core::Reaper& reaper, int socket,
                                                              Each each, std::function<void()> ended);
  ~DescriptorTaker();
  [[nodiscard]] bool isReading() const noexcept { return reading_; }
  /// Waits, at most `limit`, until it reads no more; false if it did not before.
  bool finish(core::Duration limit);
  /// Where the helper hands on messages; there can be some with descriptors.
  [[nodiscard]] int answers() const noexcept { return answers_.get(); }
  /// Before the end of one that still reads: returns that socket, which can be slow to close.
  [[nodiscard]] core::UniqueFd stop() noexcept;
  /// Whether the helper is gone; if so, `ended` is not called any more.
  [[nodiscard]] bool isGone();

 private:
  DescriptorTaker(core::EventLoop& loop, core::Reaper& reaper, core::UniqueFd answers, pid_t helper, Each each,
                  std::function<void()> ended);
  bool readOne();
  void readAll();

  core::Reaper& reaper_;
  core::UniqueFd answers_;
  pid_t helper_;
  Each each_;
  std::function<void()> ended_;
  bool reading_ = true;
  core::IoWatch watch_;
};

/// What is known of the next message at a socket.
struct Peeked {
  bool any = false;          ///< there is a message
  bool descriptors = false;  ///< it comes with some
  bool whole = false;        ///< its text fits, and its sender is known
  std::size_t size = 0;      ///< of its text
  pid_t sender = 0;
  uid_t uid = 0;
};
/// Looks at the next message at `socket`, a socket with SO_PASSCRED, and writes its text to `buffer`. The message stays
/// there: nothing is received that would have to be closed.
[[nodiscard]] Peeked peek(int socket, char* buffer, std::size_t room) noexcept;

}  // namespace instances
