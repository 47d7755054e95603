// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ctl {

enum class ReadResult;

/// A line editor with history and completion, for a user at a terminal. It uses libedit, which is loaded by the first
/// make(): a single command starts faster without it.
class LineEditor {
 public:
  /// Candidates for the last word of the text up to the cursor.
  using Completer = std::function<std::vector<std::string>(std::string_view line)>;

  /// nullptr: libedit is not installed.
  [[nodiscard]] static std::unique_ptr<LineEditor> make(std::string prompt, Completer completer);
  virtual ~LineEditor() = default;

  /// Lets the user edit a line; the result does not have a line end.
  [[nodiscard]] virtual ReadResult readLine(std::string& line) = 0;
  /// Adds a line to the history of the arrow keys.
  virtual void remember(const std::string& line) = 0;
};

}  // namespace ctl
