// SPDX-License-Identifier: MIT
#include "daemon/instances/entry_editor.hpp"

#include <errno.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <list>
#include <utility>
#include <vector>

#include "daemon/entries/attributes.hpp"
#include "daemon/entries/drop_in.hpp"
#include "daemon/entries/loader.hpp"
#include "daemon/entries/values.hpp"
#include "daemon/instances/failures.hpp"
#include "daemon/instances/fleet.hpp"
#include "daemon/instances/guarded.hpp"
#include "lib/core/files.hpp"
#include "lib/core/text.hpp"

namespace instances {
namespace {

core::Err<ManagerError> error(ErrorCode code, std::string message) {
  return core::Err{ManagerError{code, std::move(message)}};
}

using Files = std::map<std::string, std::optional<std::string>>;

constexpr std::size_t kLargestFile = 4 * 1024 * 1024;

/// The files as they are; nullopt for one that is not there, or cannot be read.
Files onDisk(const Files& files) {
  Files out;
  for (const auto& [path, content] : files) {
    auto text = core::readFile(path, kLargestFile);
    out.emplace(path, text ? std::optional(std::move(*text)) : std::nullopt);
  }
  return out;
}

/// The owner decides how long a check takes. What an administrator wrote meanwhile must not be overwritten.
std::string changedSince(const Files& before) {
  const auto now = onDisk(before);
  for (const auto& [path, content] : before)
    if (now.at(path) != content) return path + " was changed meanwhile: look at it and try again";
  return {};
}

/// Fails if one of the files must not be replaced.
core::Status mayWrite(const Files& files) {
  for (const auto& [path, content] : files) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode))
      return core::Err{
          core::Error{path + " is not a regular file: edit the file that it refers to, and reload", EINVAL}};
  }
  return {};
}

/// Writes or removes the files; a file that is new may hold a password, so nobody else reads it.
core::Status writeFiles(const Files& files) {
  if (auto good = mayWrite(files); !good) return good;
  // All texts are on disk before the first replaces a file: a full disk changes nothing.
  std::list<core::FileDraft> drafts;
  for (const auto& [path, content] : files) {
    if (!content) continue;
    struct stat info {};
    const bool there = ::stat(path.c_str(), &info) == 0;
    auto& draft = drafts.emplace_back(path, there ? info.st_mode & 0777 : 0600);
    if (auto written = draft.write(*content); !written) return written;
    if (there)
      if (auto given = draft.giveTo(info.st_uid, info.st_gid); !given) return given;
  }
  for (auto& draft : drafts)
    if (auto placed = draft.place(); !placed) return placed;
  for (const auto& [path, content] : files)
    if (!content && ::unlink(path.c_str()) != 0 && errno != ENOENT) return core::sysError(path, errno);
  return {};
}

std::optional<ManagerError> mistakeIn(const Properties& properties) {
  for (const auto& [key, value] : properties) {
    if (!entries::findAttribute(key)) {
      const auto near = entries::nearestAttribute(key);
      return ManagerError{ErrorCode::InvalidArgument,
                          fmt::format("'{}' is not an attribute of an instance{}.", key,
                                      near ? fmt::format("; did you mean '{}'?", *near) : "")};
    }
    if (value && !entries::isPlainValue(*value))
      return ManagerError{ErrorCode::InvalidArgument,
                          fmt::format("The value of '{}' cannot be written on one line of a "
                                      "configuration file and read back the same.",
                                      key)};
  }
  return std::nullopt;
}

/// The entry of `name` in what was loaded; or why there is none.
core::Result<entries::Entry, std::string> entryIn(const entries::Loaded& loaded, const std::string& name) {
  for (const auto& complaint : loaded.refused)
    if (complaint.section == "supervisor:" + name) return core::Err{complaint.text()};
  for (const auto& entry : loaded.entries)
    if (entry.name == name) return entry;
  return core::Err{fmt::format("instance '{}' would not be for this host (scope, when)", name)};
}

}  // namespace

OperationResult EntryEditor::mayEdit(const std::string& name) const {
  if (fleet_.ending()) return core::Err{managerEnds()};
  if (fleet_.find(name)) return {};
  return error(ErrorCode::NoSuchInstance, fmt::format("There is no instance '{}'.", name));
}

core::Task<OperationResult> EntryEditor::create(std::string name, Properties properties) {
  auto turn = co_await queue_.enter();
  auto files = created(name, properties);
  if (!files) co_return core::Err{files.error()};
  co_return co_await writeAndApply(std::move(name), std::move(*files), std::move(turn));
}

Answer<EntryEditor::Files> EntryEditor::created(const std::string& name, const Properties& properties) const {
  if (fleet_.ending()) return core::Err{managerEnds()};
  if (!entries::isInstanceName(name))
    return error(ErrorCode::InvalidArgument, fmt::format("'{}' cannot be the name of an instance.", name));
  if (fleet_.find(name))
    return error(ErrorCode::InstanceExists, fmt::format("There is an instance '{}' already.", name));
  if (auto wrong = mistakeIn(properties)) return core::Err{std::move(*wrong)};
  const auto directory = fleet_.loadOptions().confDir;
  const auto path = fmt::format("{}/{}.conf", directory, name);
  if (core::exists(path)) return error(ErrorCode::InstanceExists, fmt::format("{} exists already.", path));
  if (::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST)
    return error(ErrorCode::OperationFailed, core::sysError(directory, errno).value.text);
  return Files{{path, entries::newDropIn(name, properties)}};
}

core::Task<OperationResult> EntryEditor::setProperties(std::string name, Properties properties) {
  // Checked before the wait, so that a mistake is answered immediately, and after it, since the instance may be gone.
  if (auto may = mayEdit(name); !may) co_return may;
  auto turn = co_await queue_.enter();
  if (auto may = mayEdit(name); !may) co_return may;
  auto files = edited(name, properties);
  if (!files) co_return core::Err{files.error()};
  co_return co_await writeAndApply(std::move(name), std::move(*files), std::move(turn));
}

Answer<EntryEditor::Files> EntryEditor::edited(const std::string& name, const Properties& properties) const {
  if (auto wrong = mistakeIn(properties)) return core::Err{std::move(*wrong)};
  const auto& path = fleet_.find(name)->entry().origin.file;
  const auto text = core::readFile(path, kLargestFile);
  if (!text) return error(ErrorCode::OperationFailed, text.error().text);
  auto changed = entries::editSection(*text, "supervisor:" + name, properties);
  if (changed) return Files{{path, std::move(*changed)}};
  return error(ErrorCode::OperationFailed,
               fmt::format("{} has no section [supervisor:{}] any more, or cannot be parsed; run "
                           "'supervisor-managerd --verify', fix it and reload.",
                           path, name));
}

core::Task<OperationResult> EntryEditor::writeAndApply(std::string name, Files files, Turn turn) {
  auto options = fleet_.loadOptions();
  for (const auto& [path, content] : files) options.overlay.insert_or_assign(path, content);
  const auto loaded = entries::load(options);
  auto entry = entryIn(loaded, name);
  if (!entry) co_return error(ErrorCode::ConfigInvalid, entry.error());
  const auto before = onDisk(files);
  auto objection = co_await objectionTo(*entry);
  if (objection.empty()) objection = changedSince(before);
  if (!objection.empty()) co_return error(ErrorCode::OperationFailed, std::move(objection));
  if (const auto written = writeFiles(files); !written)
    co_return error(ErrorCode::OperationFailed, written.error().text);
  turn.reset();
  fleet_.takeComplaints(loaded);
  const auto change = co_await applier_.apply(std::move(*entry));
  auto problem = change.problem();
  if (problem) co_return error(ErrorCode::OperationFailed, std::move(*problem));
  co_return OperationResult();
}

/// What runs is not stopped for a start that must fail; otherwise only files that others made are a reason.
core::Task<std::string> EntryEditor::objectionTo(entries::Entry entry) {
  const auto decision = decide(Fleet::see(fleet_.staying(entry.name)), &entry);
  const Fleet::Trial trial(fleet_, std::move(entry));
  if (decision.deed == Deed::Restart) {
    const auto result = co_await (*trial).check();
    co_return result.objection.value_or("");
  }
  const auto report = co_await (*trial).deploy(layout::Mode::DryRun);
  co_return core::join(report.errors, "; ");
}

core::Task<OperationResult> EntryEditor::remove(std::string name, bool purge) {
  if (auto may = mayEdit(name); !may) co_return may;
  auto turn = co_await queue_.enter();
  if (auto may = mayEdit(name); !may) co_return may;
  const auto files = removed(name);
  if (!files) co_return core::Err{files.error()};
  if (const auto written = writeFiles(*files); !written)
    co_return error(ErrorCode::OperationFailed, written.error().text);
  turn.reset();
  const auto change = co_await applier_.remove(name, purge);
  if (change.report.errors.empty()) co_return OperationResult();
  co_return error(ErrorCode::OperationFailed,
                  fmt::format("Instance '{}' is removed, but {}", name, change.report.errors.front()));
}

/// The files without the sections of the entry and of what is declared for it; nothing where nothing else is left.
Answer<EntryEditor::Files> EntryEditor::removed(const std::string& name) const {
  const auto& entry = fleet_.find(name)->entry();
  if (entry.noRemove)
    return error(ErrorCode::InstanceProtected,
                 fmt::format("Instance '{}' is protected (no_remove in {}).", name, entry.origin.file));
  Files files;
  std::vector<std::pair<std::string, std::string>> sections{{entry.origin.file, "supervisor:" + name}};
  for (const auto& declared : entry.declared) sections.emplace_back(declared.origin.file, declared.sectionName());
  for (const auto& [path, section] : sections) {
    auto known = files.find(path);
    if (known == files.end()) {
      auto text = core::readFile(path, kLargestFile);
      if (!text) return error(ErrorCode::OperationFailed, text.error().text);
      known = files.emplace(path, std::move(*text)).first;
    }
    if (auto rest = entries::removeSection(*known->second, section)) {
      known->second = std::move(*rest);
    } else if (section == "supervisor:" + name) {
      return error(
          ErrorCode::OperationFailed,
          fmt::format("{} has no section [{}] any more, or cannot be parsed: fix it and reload.", path, section));
    }
  }
  for (auto& [path, text] : files)
    if (path != fleet_.options().config && entries::saysNothing(*text)) text.reset();
  return files;
}

}  // namespace instances
