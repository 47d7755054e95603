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

/// One direction between a stream of ours and one of the guest's. Never blocks on the guest, and writes to ours only
/// what it takes: ours may be shared with others, so it stays a blocking descriptor.
class Channel {
 public:
  Channel() = default;
  /// What the guest writes, through `filter` if there is one, to our descriptor.
  static Channel output(core::UniqueFd guest, int ours, std::optional<Filter> filter);
  /// What comes from our descriptor, to the guest. `keys`: it stays in arrived() until pass() lets it through.
  static Channel input(int ours, core::UniqueFd guest, bool keys);

  /// Adds what to wait for; move() gets the same list back and does what is possible now.
  void watch(std::vector<pollfd>& watched);
  void move(const std::vector<pollfd>& watched);

  /// Reads what the guest left, as far as it is there and fits, and closes its side.
  void readRest();
  [[nodiscard]] bool hasPending() const noexcept { return !pending_.empty(); }
  [[nodiscard]] bool isBroken() const noexcept { return broken_; }  ///< our side takes nothing any more
  [[nodiscard]] bool hasEnded() const noexcept { return ended_; }   ///< the source has no more

  [[nodiscard]] const std::string& arrived() const noexcept { return arrived_; }
  /// Lets the first `count` bytes of arrived() through and drops the `dropped` after them.
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

/// A guest's standard streams, joined to ours.
struct Joined {
  std::array<core::UniqueFd, 3> guests;  ///< what the guest gets; ours to close once it has started
  PseudoTerminal screen;                 ///< `ours` is invalid without one
  Channel input, output, errors;
  bool keyboard = false;  ///< our standard input is a terminal whose keys the guest's terminal gets

  [[nodiscard]] std::array<Channel*, 3> all() noexcept { return {&input, &output, &errors}; }
};
[[nodiscard]] core::Expected<Joined> join(const Streams& streams);

}  // namespace terminal
