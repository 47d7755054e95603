// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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
  /// How bytes get into the pipe: as write(2).
  using Writer = std::function<ssize_t(int pipe, std::string_view bytes)>;
  /// From now on `writer` sends, and only what waited when sendPending() was called.
  void sendWith(Writer writer) { writer_ = std::make_unique<Writer>(std::move(writer)); }
  /// What waits now is safe, and may be sent.
  void sendPending() noexcept;
  /// A predecessor has sent the first `bytes` of what waits.
  void dropSent(std::size_t bytes) noexcept { pending_.erase(0, bytes); }
  /// For a successor: the descriptor (-1: its reader is gone), and what the pipe has not taken.
  [[nodiscard]] int descriptor() const noexcept { return pipe_.get(); }
  [[nodiscard]] const std::string& pending() const noexcept { return pending_; }
  /// All of `bytes` or, without memory (std::bad_alloc), nothing is queued. `whenBroken`, of the first call, is called
  /// if the reader closes before it has read what waits; never from inside this call.
  WriteResult write(core::EventLoop& loop, std::string_view bytes, std::function<void()> whenBroken);

 private:
  void watchWith(core::EventLoop& loop, std::function<void()> whenBroken);
  bool put() noexcept;
  [[nodiscard]] std::size_t sendable() const noexcept { return writer_ ? safe_ : pending_.size(); }
  [[nodiscard]] bool readerIsGone() const noexcept;
  void flush(const std::function<void()>& whenBroken);

  core::UniqueFd pipe_;
  std::string pending_;
  std::unique_ptr<Writer> writer_;  ///< nullptr: write(2)
  std::size_t safe_ = 0;            ///< with a writer: how much of pending_ may be sent
  std::optional<core::IoWatch> writable_;
};

}  // namespace process
