// SPDX-License-Identifier: MIT
#include "instance/process/file_watch.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

#include "instance/config/model.hpp"
#include "instance/process/context.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/state/state.hpp"
#include "lib/core/fnv.hpp"
#include "lib/core/log.hpp"
#include "lib/core/terminal_text.hpp"

namespace process {
namespace {

using lifecycle::ProcessState;

/// How long a program that has ended keeps its watches: a restart needs them again.
constexpr core::seconds kKeepWatches{10};
/// More paths are not counted.
constexpr std::size_t kMostCounted = 100;

std::string_view directoryPart(std::string_view path) noexcept { return path.substr(0, path.rfind('/')); }
std::string_view namePart(std::string_view path) noexcept { return path.substr(path.rfind('/') + 1); }

/// Whether it is the name of the log, or of one that was rotated.
bool isNameOfLog(std::string_view name, std::string_view log) noexcept {
  if (!name.starts_with(log)) return false;
  name.remove_prefix(log.size());
  return name.empty() || (name[0] == '.' && name.find_first_not_of("0123456789", 1) == std::string_view::npos);
}

/// Without symbolic links; empty if there is none.
std::string physical(const std::string& directory) {
  const std::unique_ptr<char, decltype(&::free)> path(::realpath(directory.c_str(), nullptr), &::free);
  return path ? std::string(path.get()) : std::string();
}

bool isThisLog(const std::string& log, std::string_view path) {
  if (log.empty() || !isNameOfLog(namePart(path), namePart(log))) return false;
  const std::string directory(log.find('/') == std::string::npos ? "." : directoryPart(log));
  return physical(directory.empty() ? "/" : directory) == (path.rfind('/') == 0 ? "/" : directoryPart(path));
}

}  // namespace

FileWatch::FileWatch(ProcessContext& context, Process& program)
    : context_(context), program_(program), timer_(context.loop(), [this] { due(); }) {
  if (counts()) attach();
}

const config::Watching& FileWatch::settings() const noexcept { return program_.config().extension->watching; }

bool FileWatch::watchesAsConfigured() const noexcept {
  return attached_ && paths_ == settings().paths && ignored_ == settings().ignored;
}

void FileWatch::attach() {
  if (watchesAsConfigured()) return;
  std::vector<PathWatcher::Watch> watches;
  auto paths = settings().paths;
  auto ignored = settings().ignored;
  attached_ = true;
  for (const auto& path : paths)
    if (const auto done = context_.pathWatcher().watch(path, ignored, *this, watches); !done)
      logging::warn("watch: {}: cannot watch {}: {}; a restart of it tries again", program_.fullName(),
                    core::printable(path), done.error().text);
  attached_ = watches.size() == paths.size();
  watches_.swap(watches);
  paths_ = std::move(paths);
  ignored_ = std::move(ignored);
  if (attached_) compare();
}

/// What was replaced or written while nobody watched has changed.
void FileWatch::compare() {
  const auto compareWith = [this](const Marks& marks, std::string (PathWatcher::Watch::*present)() const) {
    for (const auto& [path, mark] : marks) {
      const auto at = std::find(paths_.begin(), paths_.end(), path);
      if (at == paths_.end()) continue;
      const auto& watch = watches_[static_cast<std::size_t>(at - paths_.begin())];
      if ((watch.*present)() != mark) changed(path);
    }
  };
  compareWith(std::exchange(seen_, {}), &PathWatcher::Watch::mark);
  compareWith(std::exchange(contents_, {}), &PathWatcher::Watch::content);
}

/// It is watched before the program reads its files.
core::Status FileWatch::beforeSpawn(LaunchExtras& /*extras*/) {
  attach();
  return {};
}

void FileWatch::adopt(state::Incoming& /*incoming*/) noexcept { timer_.armIn({}); }

void FileWatch::onSpawned() noexcept {
  pace_.began(core::Clock::now());
  takeAsKnown();
}

/// What has changed until now the new process has found changed.
void FileWatch::takeAsKnown() noexcept {
  if (!watches_.empty()) context_.pathWatcher().catchUp();
  forget();
}

void FileWatch::forget() noexcept {
  if (!quiet_.pending()) return;
  context_.touch(program_);
  quiet_.clear();
  known_.clear();
  timer_.disarm();
}

void FileWatch::onState(ProcessState to) noexcept {
  switch (to) {
    case ProcessState::Stopped:
    case ProcessState::Exited: forget(); return timer_.armIn(kKeepWatches);
    case ProcessState::Backoff:
    case ProcessState::Fatal: return takeAsKnown();  // what it changed itself before it failed does not start it again
    case ProcessState::Starting: return timer_.disarm();
    case ProcessState::Running:
      if (const auto when = dueAt()) timer_.arm(*when);
      return;
    default: return;
  }
}

void FileWatch::onReconfigured() {
  pace_.reset();
  if (counts()) attach();
  if (!watches_.empty()) timer_.armIn({});
}

void FileWatch::resume() noexcept {
  if (counts()) timer_.armIn({});
}

/// nullopt: nothing has changed.
std::optional<core::Instant> FileWatch::dueAt() const noexcept {
  const auto when = quiet_.due(settings().delay);
  return when ? std::optional(std::max(*when, pace_.earliest())) : std::nullopt;
}

/// Whether a change has a consequence, now or later.
bool FileWatch::counts() const noexcept {
  switch (program_.state()) {
    case ProcessState::Stopped:
    case ProcessState::Exited:
    case ProcessState::Unknown: return false;
    default: return context_.supervisorState() == SupervisorState::Running;
  }
}

/// Logs of programs never count, those of others neither: they may be in a watched directory.
bool FileWatch::isLog(std::string_view path) const {
  for (const auto& group : context_.groups())
    for (const auto& program : group->processes())
      if (isThisLog(program->logPath(Channel::Stdout), path) || isThisLog(program->logPath(Channel::Stderr), path))
        return true;
  return false;
}

void FileWatch::changed(std::string_view path) noexcept {
  if (!counts()) return;
  try {
    if (known_.size() < kMostCounted) {
      core::Fnv1a digest;
      digest.add(path);
      const bool isNew = std::find(known_.begin(), known_.end(), digest.value()) == known_.end();
      if (isNew && isLog(path)) return;
      if (isNew) known_.push_back(digest.value());
      last_ = path;
    }
  } catch (const std::exception&) {  // out of memory: the change counts, and is not named
  }
  const auto now = core::Clock::now();
  if (!quiet_.pending()) {
    context_.touch(program_);
    pace_.changed(now);
    logging::attempt([&] { logging::debug("watch: {}: {} has changed", program_.fullName(), core::printable(path)); });
  }
  quiet_.changed(now);
  if (!timer_.armed()) timer_.arm(*dueAt());
}

void FileWatch::due() {
  const ProcessContext::Turn turn(context_);
  if (!counts()) {
    watches_.clear();
    attached_ = false;
    return;
  }
  attach();
  const auto when = dueAt();
  if (!when) return;
  if (core::Clock::now() < *when) return timer_.arm(*when);
  answer();
}

void FileWatch::answer() {
  using Action = config::Watching::Action;
  const auto state = program_.state();
  if (state == ProcessState::Backoff || state == ProcessState::Fatal) {
    if (program_.mayStartUnasked()) report("it is started");
    program_.startUnasked();
    return answered();
  }
  if (state != ProcessState::Running) return;  // until it is
  if (settings().action == Action::Reload && context_.reloads().find(program_) != nullptr)
    return timer_.armIn(settings().delay);                                    // the command may have read the old files
  if (settings().action == Action::Restart && program_.startIsForbidden()) {  // it would not come back
    report("it is not restarted outside of its run_window");
    return forget();
  }
  switch (settings().action) {
    case Action::Restart: report("it is restarted (watch_action)"); break;
    case Action::Reload: report("it is reloaded (watch_action)"); break;
    case Action::Signal: report("it gets a signal (watch_action)"); break;
  }
  switch (settings().action) {
    case Action::Restart: program_.recycle({}, true); break;
    case Action::Reload: program_.reload([](const core::Status&) {}); break;
    case Action::Signal: (void)program_.signal(settings().signal); break;
  }
  answered();  // not before: without memory for it, it is tried again
}

void FileWatch::answered() noexcept {
  if (pace_.answered(core::Clock::now())) reportEcho();
  forget();
}

/// Whoever reads it is to find out which file the program writes.
void FileWatch::reportEcho() const noexcept {
  using Action = config::Watching::Action;
  const auto action = settings().action;
  const auto* const done = action == Action::Restart  ? "restarted"
                           : action == Action::Reload ? "reloaded"
                                                      : "sent a signal";
  logging::attempt([&] {
    logging::warn(
        "watch: {}: it was {} {} times in a row because something changed within {} seconds after that, last {}. If it "
        "writes there itself, add a pattern for the name to watch_ignore, or watch other paths. Until a change comes "
        "later, there is a pause of up to {} seconds before each",
        program_.fullName(), done, lifecycle::EchoPace::kMany, lifecycle::EchoPace::kSoon.count(),
        core::printable(last_), lifecycle::EchoPace::kLongestPause.count());
  });
}

void FileWatch::report(const char* consequence) const noexcept {
  logging::attempt([&] {
    const auto others = known_.size() <= 1 ? 0 : known_.size() - 1;
    const auto more =
        others == 0 ? "" : fmt::format(" and {}{} more", known_.size() < kMostCounted ? "" : "at least ", others);
    logging::info("watch: {}: {}{} {} changed; {}", program_.fullName(), core::printable(last_), more,
                  others == 0 ? "has" : "have", consequence);
  });
}

void FileWatch::save(state::Program& saved, state::Outgoing& /*outgoing*/) const {
  auto& watch = saved.watch.emplace();
  watch.changed = quiet_.pending();
  if (watch.changed) watch.path = last_;
  watch.seen = seen_;
  watch.contents = contents_;
  if (!attached_ || !seen_.empty()) return;
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    watch.seen.emplace_back(paths_[i], watches_[i].mark());
    if (auto content = watches_[i].content(); !content.empty())
      watch.contents.emplace_back(paths_[i], std::move(content));
  }
}

void FileWatch::restore(const state::Program& saved, state::Incoming& /*incoming*/) {
  if (!saved.watch) return;
  seen_ = saved.watch->seen;
  contents_ = saved.watch->contents;
  if (!saved.watch->changed) return;
  last_ = saved.watch->path;
  quiet_.changed(core::Clock::now());
}

}  // namespace process
