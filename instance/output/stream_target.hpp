// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "lib/core/event_loop.hpp"
#include "lib/core/unique_fd.hpp"

namespace output {

/// Writes to a terminal, pipe, FIFO, socket or device without ever blocking: what it does not take now waits in a
/// buffer of at most 64 KiB, and what does not fit there is lost.
class StreamTarget {
 public:
  /// `shared`: the open file description belongs to others too, so it must not be made non-blocking.
  StreamTarget(core::EventLoop& loop, core::UniqueFd fd, bool shared);

  /// Returns how many bytes were lost, now or since the last call; error() says why.
  std::size_t write(std::string_view bytes) noexcept;
  [[nodiscard]] int error() const noexcept { return error_; }

 private:
  std::size_t put(std::string_view bytes) noexcept;
  bool wait() noexcept;
  void flush() noexcept;

  core::EventLoop& loop_;
  core::UniqueFd fd_;
  std::string pending_;
  std::optional<core::IoWatch> writable_;
  std::size_t lost_ = 0;
  int error_ = 0;
  bool shared_;
};

}  // namespace output
