// SPDX-License-Identifier: MIT
#include "instance/process/choices.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "lib/core/files.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"

namespace process {
namespace {

/// More than the names of 100,000 programs.
constexpr std::size_t kLargestFile = 16 * 1024 * 1024;
constexpr std::string_view kDisabled = "disabled", kDown = "down";
constexpr std::string_view kHead =
    "# Written by supervisord. \"disabled NAME\": by supervisorctl disable. \"down NAME\": it has autostart=last, and "
    "did not run.\n";

/// Whether a line of the file can hold the name.
bool fits(std::string_view program) {
  return !program.empty() && core::trim(program) == program &&
         std::none_of(program.begin(), program.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; });
}

}  // namespace

Choices::Choices(std::string file) : file_(std::move(file)) {
  if (auto done = read(); !done) logging::error("the state file: {}; no program counts as disabled", done.error().text);
}

core::Status Choices::read() {
  unread_ = false;
  if (file_.empty()) return {};
  const auto text = core::readFile(file_, kLargestFile);
  if (!text) {
    if (text.error().code == ENOENT) return {};
    unread_ = true;
    return core::Err{text.error()};
  }
  int number = 0;
  for (const auto& line : core::split(*text, '\n')) {
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    const auto blank = std::min(line.find(' '), line.size());
    const auto word = line.substr(0, blank);
    const auto name = core::trim(std::string_view(line).substr(blank));
    if (!fits(name) || (word != kDisabled && word != kDown))
      logging::warn("line {} of the state file {} is neither \"disabled NAME\" nor \"down NAME\": ignored", number,
                    file_);
    else
      marks_.of(word == kDisabled ? Mark::Disabled : Mark::Down).emplace(name);
  }
  return {};
}

bool Choices::has(Mark mark, std::string_view program) const {
  const auto& names = mark == Mark::Disabled ? marks_.disabled : marks_.down;
  return names.find(program) != names.end();
}

core::Status Choices::set(Mark mark, const std::vector<std::string>& programs, bool on) {
  if (programs.empty()) return {};
  if (unread_)
    if (auto done = read(); !done) return done;
  Marks next = marks_;
  auto& names = next.of(mark);
  for (const auto& program : programs) {
    if (on && !fits(program))
      return core::Err{core::Error{"the name " + core::pythonRepr(program) + " cannot be kept in the state file"}};
    if (on)
      names.insert(program);
    else
      names.erase(program);
  }
  if (next == marks_) return {};
  if (auto done = write(next); !done) return done;
  marks_ = std::move(next);
  return {};
}

core::Status Choices::write(const Marks& marks) const {
  if (file_.empty()) return {};
  if (marks == Marks()) {
    if (::unlink(file_.c_str()) == 0 || errno == ENOENT) return {};
    return core::Err{core::Error{"cannot remove " + file_ + ": " + std::strerror(errno), errno}};
  }
  std::string text(kHead);
  for (const auto& [word, names] : {std::pair(kDisabled, &marks.disabled), std::pair(kDown, &marks.down)})
    for (const auto& name : *names) text += std::string(word) + " " + name + "\n";
  return core::writeFileAtomically(file_, text, 0644);
}

}  // namespace process
