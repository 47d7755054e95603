// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "lib/core/result.hpp"

namespace manager {

/// One edit of an entry file: a draft beside it in the user's editor, put in its place when it changed, and undone
/// unless it is kept.
class EntryEdit {
 public:
  explicit EntryEdit(std::string file);
  ~EntryEdit();
  EntryEdit(const EntryEdit&) = delete;
  EntryEdit& operator=(const EntryEdit&) = delete;

  /// Runs the editor ($VISUAL, $EDITOR, editor). True: the file now holds the new text. False: nothing was changed.
  [[nodiscard]] core::Expected<bool> run();
  /// The old text back in place, the new one in draft().
  void undo();
  /// The new text stays; the draft goes.
  void keep() noexcept;

  [[nodiscard]] const std::string& file() const noexcept { return file_; }
  [[nodiscard]] const std::string& draft() const noexcept { return draft_; }

 private:
  [[nodiscard]] core::Status writeDraft();
  [[nodiscard]] core::Status place(const std::string& text);

  std::string file_;
  std::string draft_;
  std::string before_;
  bool placed_ = false;  ///< the file holds a new text that nobody has kept yet
};

}  // namespace manager
