// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace output {

/// Divides a program's output into text and messages for Supervisor, which are between <!--XSUPERVISOR:BEGIN--> and
/// <!--XSUPERVISOR:END-->. Tokens may be split between reads; bytes are held back only while they may be the beginning
/// of a token.
class CaptureSplitter {
 public:
  struct Receiver {
    virtual void onText(std::string_view bytes, bool captured) = 0;
    virtual void onMessage(std::string_view message) = 0;  ///< the bytes between two tokens
    virtual ~Receiver() = default;
  };

  /// A message longer than `maxBytes` loses its beginning.
  explicit CaptureSplitter(std::int64_t maxBytes) : maxBytes_(static_cast<std::size_t>(maxBytes)) {}

  void feed(std::string_view bytes, Receiver& receiver);
  /// The stream has ended: what was held back, and a message without its end, is text.
  void finish(Receiver& receiver);

  /// For a successor: bytes held back, the message so far, and whether one has begun.
  [[nodiscard]] const std::string& held() const noexcept { return held_; }
  [[nodiscard]] const std::string& message() const noexcept { return message_; }
  [[nodiscard]] bool capturing() const noexcept { return capturing_; }
  /// Continues where a predecessor was.
  void restore(std::string held, std::string message, bool capturing) noexcept {
    held_ = std::move(held);
    message_ = std::move(message);
    capturing_ = capturing;
  }

 private:
  void take(std::string_view bytes, Receiver& receiver);

  std::size_t maxBytes_;
  std::string held_;  ///< may be the beginning of a token
  std::string message_;
  bool capturing_ = false;
};

}  // namespace output
