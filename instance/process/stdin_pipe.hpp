// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "lib/core/event_loop.hpp"
#include "lib/core/unique_fd.hpp"

namespace process {

/// The writing end of a program's standard input: bytes that the pipe does not take immediately wait until it does.
class StdinPipe {
 public:
  enum class WriteResult { Queued, Closed, Full };

  void open(core::UniqueFd pipe) noexcept { pipe_ = std::move(pipe); }
  /// Continues a predecessor's pipe, with what it could not write; `whenBroken` as that of write().
  void restore(core::EventLoop& loop, core::UniqueFd pipe, std::string pending, std::function<void()> whenBroken);
  /// For a successor: the descriptor (-1: its reader is gone), and what the pipe has not taken.
  [[nodiscard]] int descriptor() const noexcept { return pipe_.get(); }
  [[nodiscard]] const std::string& pending() const noexcept { return pending_; }
  /// All of `bytes` or, without memory (std::bad_alloc), nothing is queued. `whenBroken`, of the first call, is called
  /// if the reader closes before it has read what waits; never from inside this call.
  WriteResult write(core::EventLoop& loop, std::string_view bytes, std::function<void()> whenBroken);

 private:
  void watchWith(core::EventLoop& loop, std::function<void()> whenBroken);
  bool put() noexcept;
  void flush(const std::function<void()>& whenBroken);

  core::UniqueFd pipe_;
  std::string pending_;
  std::optional<core::IoWatch> writable_;
};

}  // namespace process
