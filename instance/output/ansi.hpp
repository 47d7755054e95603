// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace output {

/// Takes terminal control sequences ("ESC [" up to and including the first of H f A B C D R s u J K h l p m) out of a
/// stream of bytes. A sequence may be split between chunks. Other escape sequences stay.
class AnsiFilter {
 public:
  [[nodiscard]] std::string strip(std::string_view bytes);
  /// What is held back at the end of the stream: a lone ESC.
  [[nodiscard]] std::string_view rest() noexcept;
  /// Where it is within a sequence, for a successor.
  [[nodiscard]] int save() const noexcept { return static_cast<int>(state_); }
  /// Continues where a predecessor was; false: that is not a place.
  [[nodiscard]] bool restore(int saved) noexcept;

 private:
  enum class State : unsigned char { Text, Escape, Sequence };
  State state_ = State::Text;
};

}  // namespace output
