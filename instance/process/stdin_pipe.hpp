// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "lib/core/event_loop.hpp"
#include "lib/core/unique_fd.hpp"

namespace process {

/// The writing end of a program's standard input: bytes that the pipe does not take at once wait for it.
class StdinPipe {
 public:
  enum class Outcome { Queued, Closed, Full };

  explicit StdinPipe(core::UniqueFd pipe) : pipe_(std::move(pipe)) {}
  /// All of `bytes` or nothing is queued. `whenBroken` is called if the reader closes before it has read what waits;
  /// never from inside this call.
  Outcome write(core::EventLoop& loop, std::string_view bytes, std::function<void()> whenBroken);

 private:
  bool put();
  void flush(const std::function<void()>& whenBroken);

  core::UniqueFd pipe_;
  std::string pending_;
  std::optional<core::IoWatch> writable_;
};

}  // namespace process
