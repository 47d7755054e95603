// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <list>
#include <tuple>

#include "daemon/entries/attributes.hpp"
#include "daemon/entries/values.hpp"
#include "daemon/instances/fleet.hpp"
#include "daemon/instances/gathering.hpp"
#include "lib/core/files.hpp"
#include "lib/core/log.hpp"
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

/// An edit was checked for as long as the owner let it take: what an administrator wrote meanwhile stays.
std::string changedSince(const Files& before) {
  const auto now = onDisk(before);
  for (const auto& [path, content] : before)
    if (now.at(path) != content) return path + " was changed meanwhile: look at it and try again";
  return {};
}

/// Why the files cannot be written in the place of those that are there.
core::Status mayWrite(const Files& files) {
  for (const auto& [path, content] : files) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode))
      return core::Err{core::Error{path + " is not a regular file: edit what it stands for, and reload", EINVAL}};
  }
  return {};
}

/// Writes or removes the files; a file that is new may hold a password, so nobody else reads it.
core::Status writeFiles(const Files& files) {
  if (auto good = mayWrite(files); !good) return good;
  // All texts are on disk before the first takes its place: a disk that is full changes nothing.
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

}  // namespace

Answer<bool> Fleet::setEnabled(const std::string& name, bool enabled) {
  auto* const runner = find(name);
  if (!runner) return error(ErrorCode::NoSuchInstance, fmt::format("There is no instance '{}'.", name));
  auto& memory = runner->memory();
  if (memory.isEnabled(runner->entry().enabled) == enabled) return false;
  const auto before = std::pair(memory.enabled, memory.enabledBase);
  memory.enabled = enabled;
  memory.enabledBase = runner->entry().enabled;
  if (const auto saved = memory.save(); !saved) {
    std::tie(memory.enabled, memory.enabledBase) = before;  // what is not written does not count
    return error(ErrorCode::OperationFailed, saved.error().text);
  }
  changed(*runner);
  return true;
}

std::optional<ManagerError> Fleet::checkProperties(const Properties& properties) const {
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

/// Why `name` would not be a good entry in `loaded`.
std::optional<std::string> Fleet::trialComplaint(const std::string& name, const entries::Loaded& loaded) const {
  for (const auto& complaint : loaded.refused)
    if (complaint.section == "supervisor:" + name) return complaint.text();
  const bool there =
      std::any_of(loaded.entries.begin(), loaded.entries.end(), [&](const auto& e) { return e.name == name; });
  if (!there) return fmt::format("instance '{}' would not be for this host (scope, when)", name);
  return std::nullopt;
}

/// The files are tried in memory first, and what they ask for is compared with what is on disk; only what is good is
/// written, and then only this one instance is touched.
void Fleet::writeAndApply(const std::string& name, const Files& files, Done done) {
  auto options = loadOptions();
  for (const auto& [path, content] : files) options.overlay.insert_or_assign(path, content);
  auto loaded = entries::load(options);
  if (auto complaint = trialComplaint(name, loaded)) return done(error(ErrorCode::ConfigInvalid, *complaint));
  const auto entry =
      std::find_if(loaded.entries.begin(), loaded.entries.end(), [&](const auto& e) { return e.name == name; });
  trial_.reset(new Runner(context_, *this, *entry));
  const auto apply = [this, name, files, before = onDisk(files), loaded = loaded,
                      finish = std::move(done)](const std::string& objection) {
    gone_.push_back(std::move(trial_));  // it is what calls this
    changes_.schedule();
    if (!objection.empty()) return finish(error(ErrorCode::OperationFailed, objection));
    if (auto other = changedSince(before); !other.empty())
      return finish(error(ErrorCode::OperationFailed, std::move(other)));
    if (const auto written = writeFiles(files); !written)
      return finish(error(ErrorCode::OperationFailed, written.error().text));
    applyWritten(name, loaded, finish);
  };
  // What runs is not stopped for a start that must fail.
  if (decide(see(find(name)), &*entry).deed == Deed::Restart)
    return trial_->check([apply](const CheckResult& result) { apply(result.objection.value_or("")); });
  trial_->deploy(layout::Mode::DryRun,
                 [apply](const layout::Report& report) { apply(core::join(report.errors, "; ")); });
}

void Fleet::applyWritten(const std::string& name, entries::Loaded loaded, Done done) {
  refused_ = loaded.refused;
  warnings_ = loaded.warnings;
  // The outcome is that of the deployment, known when the last share of the gathering goes.
  const auto gather = std::make_shared<Gathering>(*this, [finish = std::move(done), name](auto report) {
    for (const auto& change : report->changes)
      if (const auto problem = change.name == name ? change.problem() : std::nullopt)
        return finish(error(ErrorCode::OperationFailed, *problem));
    finish({});
  });
  for (auto& entry : loaded.entries)
    if (entry.name == name) applyEntry(std::move(entry), gather);
}

/// Whether another entry is about to be written: then `edit` is called when that is done. The next change must see what
/// this one wrote.
bool Fleet::waitsForEdit(std::function<void()> edit) {
  if (!trial_) return false;
  edits_.push_back(std::move(edit));
  return true;
}

void Fleet::create(const std::string& name, const Properties& properties, Done done) {
  if (ending_) return done(error(ErrorCode::ShuttingDown, "The manager is being stopped."));
  if (waitsForEdit([this, name, properties, done] { create(name, properties, done); })) return;
  if (!entries::isInstanceName(name))
    return done(error(ErrorCode::InvalidArgument, fmt::format("'{}' cannot be the name of an instance.", name)));
  if (find(name))
    return done(error(ErrorCode::InstanceExists, fmt::format("There is an instance '{}' already.", name)));
  if (auto wrong = checkProperties(properties)) return done(core::Err{std::move(*wrong)});
  const auto directory = loadOptions().confDir;
  const auto path = fmt::format("{}/{}.conf", directory, name);
  if (core::exists(path)) return done(error(ErrorCode::InstanceExists, fmt::format("{} exists already.", path)));
  if (::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST)
    return done(error(ErrorCode::OperationFailed, core::sysError(directory, errno).value.text));
  writeAndApply(name, {{path, entries::newDropIn(name, properties)}}, std::move(done));
}

void Fleet::setProperties(const std::string& name, const Properties& properties, Done done) {
  with(name, done, [&](Runner& runner) {
    if (waitsForEdit([this, name, properties, done] { setProperties(name, properties, done); })) return;
    if (auto wrong = checkProperties(properties)) return done(core::Err{std::move(*wrong)});
    const auto& path = runner.entry().origin.file;
    const auto text = core::readFile(path, kLargestFile);
    if (!text) return done(error(ErrorCode::OperationFailed, text.error().text));
    const auto edited = entries::editSection(*text, "supervisor:" + name, properties);
    if (!edited)
      return done(error(ErrorCode::OperationFailed,
                        fmt::format("{} has no section [supervisor:{}] any more, or cannot be parsed; run "
                                    "'supervisor-managerd --verify', mend it and reload.",
                                    path, name)));
    writeAndApply(name, {{path, *edited}}, std::move(done));
  });
}

void Fleet::remove(const std::string& name, bool purge, Done done) {
  with(name, done, [&](Runner& runner) {
    if (waitsForEdit([this, name, purge, done] { remove(name, purge, done); })) return;
    const auto& entry = runner.entry();
    if (entry.noRemove)
      return done(error(ErrorCode::InstanceProtected,
                        fmt::format("Instance '{}' is protected (no_remove in {}).", name, entry.origin.file)));
    Files files;
    std::vector<std::pair<std::string, std::string>> sections{{entry.origin.file, "supervisor:" + name}};
    for (const auto& declared : entry.declared) sections.emplace_back(declared.origin.file, declared.sectionName());
    for (const auto& [path, section] : sections) {
      auto known = files.find(path);
      if (known == files.end()) {
        auto text = core::readFile(path, kLargestFile);
        if (!text) return done(error(ErrorCode::OperationFailed, text.error().text));
        known = files.emplace(path, std::move(*text)).first;
      }
      if (auto rest = entries::removeSection(*known->second, section)) {
        known->second = std::move(*rest);
      } else if (section == "supervisor:" + name) {
        return done(error(
            ErrorCode::OperationFailed,
            fmt::format("{} has no section [{}] any more, or cannot be parsed: mend it and reload.", path, section)));
      }
    }
    for (auto& [path, text] : files)
      if (path != options_.config && entries::saysNothing(*text)) text.reset();
    if (const auto written = writeFiles(files); !written)
      return done(error(ErrorCode::OperationFailed, written.error().text));
    const auto gather = std::make_shared<Gathering>(*this, [finish = done, name](auto report) {
      for (const auto& change : report->changes)
        if (change.name == name && !change.report.errors.empty())
          return finish(error(ErrorCode::OperationFailed,
                              fmt::format("Instance '{}' is removed, but {}", name, change.report.errors.front())));
      finish({});
    });
    removeRunner(runner, purge, gather);
  });
}

}  // namespace instances
