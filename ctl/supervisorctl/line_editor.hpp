// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ctl {

enum class ReadResult;

/// A line editor with history and completion on libedit, for a person at a terminal. The library is loaded when the
/// first editor is made: a one-shot command starts without it.
class LineEditor {
 public:
  /// Candidates for the last word of the text up to the cursor.
  using Completer = std::function<std::vector<std::string>(std::string_view line)>;

  /// nullptr: libedit is not installed.
  [[nodiscard]] static std::unique_ptr<LineEditor> make(std::string prompt, Completer completer);
  virtual ~LineEditor() = default;

  /// Lets a person edit a line; it comes without its end.
  [[nodiscard]] virtual ReadResult readLine(std::string& line) = 0;
  /// Adds a line that the arrow keys bring back.
  virtual void remember(const std::string& line) = 0;
};

}  // namespace ctl
