// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/editor.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "ctl/supervisor-manager/external.hpp"
#include "lib/core/files.hpp"

namespace manager {

namespace {

constexpr std::size_t kLimit = 1U << 20;

std::string editorCommand() {
  for (const char* name : {"VISUAL", "EDITOR"})
    if (const char* value = std::getenv(name); value && *value) return value;
  return "editor";
}

}  // namespace

// The name does not end in ".conf": a reload in the meantime does not read the draft.
EntryEdit::EntryEdit(std::string file) : file_(std::move(file)), draft_(file_ + ".draft") {}

EntryEdit::~EntryEdit() {
  if (placed_) undo();
}

core::Status EntryEdit::writeDraft() { return core::writeFileAtomically(draft_, before_, 0600); }

core::Status EntryEdit::place(const std::string& text) {
  struct stat now {};
  if (::stat(file_.c_str(), &now) != 0) return core::sysError("cannot edit " + file_, errno);
  return core::writeFileAtomically(file_, text, now.st_mode & 07777);
}

core::Expected<bool> EntryEdit::run() {
  auto old = core::readFile(file_, kLimit);
  if (!old) return core::Err{old.error()};
  before_ = std::move(*old);
  if (const auto written = writeDraft(); !written) return core::Err{written.error()};
  // Through a shell, as other programs run EDITOR: its value may have options ("code --wait").
  if (std::system((editorCommand() + " " + shellQuoted(draft_)).c_str()) != 0) {
    ::unlink(draft_.c_str());
    return core::Err{core::Error{fmt::format("the editor '{}' failed; {} is unchanged", editorCommand(), file_)}};
  }
  auto text = core::readFile(draft_, kLimit);
  if (!text) return core::Err{text.error()};
  if (*text == before_) {
    ::unlink(draft_.c_str());
    return false;
  }
  if (const auto done = place(*text); !done) return core::Err{done.error()};
  placed_ = true;
  return true;
}

void EntryEdit::undo() {
  placed_ = false;
  (void)place(before_).has_value();
}

void EntryEdit::keep() noexcept {
  placed_ = false;
  ::unlink(draft_.c_str());
}

}  // namespace manager
