// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "lib/core/result.hpp"

namespace manager {

/// One edit of an entry file. The user edits a draft in the same directory; if it changed, it replaces the file. The
/// destructor restores the previous text unless keep() was called.
class EntryEdit {
 public:
  explicit EntryEdit(std::string file);
  ~EntryEdit();
  EntryEdit(const EntryEdit&) = delete;
  EntryEdit& operator=(const EntryEdit&) = delete;

  /// Runs the editor ($VISUAL, $EDITOR, editor). True: the file now holds the new text. False: nothing was changed.
  [[nodiscard]] core::Expected<bool> run();
  /// Restores the previous text; the new one stays in draft().
  void undo();
  /// Keeps the new text and removes the draft.
  void keep() noexcept;

  [[nodiscard]] const std::string& file() const noexcept { return file_; }
  [[nodiscard]] const std::string& draft() const noexcept { return draft_; }

 private:
  [[nodiscard]] core::Status writeDraft();
  [[nodiscard]] core::Status place(const std::string& text);

  std::string file_;
  std::string draft_;
  std::string before_;
  bool placed_ = false;  ///< the file has the new text, and keep() has not been called yet
};

}  // namespace manager
