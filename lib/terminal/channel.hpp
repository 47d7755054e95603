// SPDX-License-Identifier: MIT
#pragma once

#include <poll.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"
#include "lib/terminal/filter.hpp"
#include "lib/terminal/pseudo_terminal.hpp"
#include "lib/terminal/relay.hpp"

namespace terminal {

/// One direction between one of our streams and one of the guest's. Never blocks on the guest. Our descriptor stays
/// blocking, because other processes may share it, so only as much is written to it as poll() guarantees.
class Channel {
 public:
  Channel() = default;
  /// From the guest to our descriptor, through `filter` if there is one.
  static Channel output(core::UniqueFd guest, int ours, std::optional<Filter> filter);
  /// From our descriptor to the guest. `keys`: the bytes stay in arrived() until pass().
  static Channel input(int ours, core::UniqueFd guest, bool keys);

  /// Adds the descriptors to wait for; move() gets the same list after poll() and reads and writes what is possible.
  void watch(std::vector<pollfd>& watched);
  void move(const std::vector<pollfd>& watched);

  /// After the guest's end: reads its remaining output, up to a limit, and closes its side.
  void readRest();
  [[nodiscard]] bool hasPending() const noexcept { return !pending_.empty(); }
  [[nodiscard]] bool isBroken() const noexcept { return broken_; }  ///< our side cannot be written any more
  [[nodiscard]] bool hasEnded() const noexcept { return ended_; }   ///< the source is at its end

  [[nodiscard]] const std::string& arrived() const noexcept { return arrived_; }
  /// Sends the first `count` bytes of arrived() to the guest and discards the `dropped` bytes after them.
  void pass(std::size_t count, std::size_t dropped);

 private:
  enum class Kind { None, Output, Input };

  [[nodiscard]] int source() const noexcept { return kind_ == Kind::Output ? guest_.get() : ours_; }
  [[nodiscard]] int sink() const noexcept { return kind_ == Kind::Output ? ours_ : guest_.get(); }
  bool read();
  void write();
  void add(std::string_view bytes);

  Kind kind_ = Kind::None;
  core::UniqueFd guest_;
  int ours_ = -1;
  bool keys_ = false;
  std::optional<Filter> filter_;
  std::string arrived_, pending_;
  std::size_t readSlot_ = 0, writeSlot_ = 0;  ///< places in the list of watch(); 0: none
  bool ended_ = false;
  bool broken_ = false;
};

/// A guest's standard streams, connected to ours.
struct Joined {
  std::array<core::UniqueFd, 3> guests;  ///< the guest's descriptors; to be closed here once it has started
  PseudoTerminal screen;                 ///< `ours` is invalid without one
  Channel input, output, errors;
  bool keyboard = false;  ///< our standard input is a terminal, and its keys go to the guest's terminal

  [[nodiscard]] std::array<Channel*, 3> all() noexcept { return {&input, &output, &errors}; }
};
[[nodiscard]] core::Expected<Joined> join(const Streams& streams);

}  // namespace terminal
