// SPDX-License-Identifier: MIT
#include "instance/process/file_readiness.hpp"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "instance/config/model.hpp"
#include "instance/process/context.hpp"
#include "instance/process/process.hpp"
#include "lib/core/files.hpp"
#include "lib/core/log.hpp"

namespace process {
namespace {

std::string pathFor(const config::ProcessConfig& config) {
  const auto base = config.directory.empty() ? core::currentDirectory() : config.directory;
  return core::absolutePath(config.extension->readiness.place, base);
}

std::string nearestDirectory(const std::string& path) {
  auto directory = core::directoryOf(path);
  while (directory.size() > 1 && !core::isDirectory(directory)) directory = core::directoryOf(directory);
  return directory;
}

}  // namespace

FileReadiness::FileReadiness(ProcessContext& context, Process& program)
    : Readiness(context, program),
      path_(pathFor(program.config())),
      watch_(context.loop(), [this](std::uint32_t) { onEvents(); }) {}

FileReadiness::Mark FileReadiness::markOf(const std::string& path) noexcept {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return {};
  return {about.st_dev, about.st_ino, about.st_ctim.tv_sec * std::int64_t{1'000'000'000} + about.st_ctim.tv_nsec};
}

core::Status FileReadiness::beforeSpawn(LaunchExtras& /*extras*/) {
  before_ = markOf(path_);
  return openWatch();
}

/// The file may be that of the process already: then the mark is the predecessor's last one.
void FileReadiness::adopt(state::Incoming& /*incoming*/) noexcept try {
  if (auto opened = openWatch(); !opened) logging::error("{}: {}", program_.name(), opened.error().text);
} catch (const std::exception&) {
  logging::error("{}: out of memory: {} is not watched", program_.name(), path_);
}

/// A file that has changed since the start is that of the process. Times of files are those of the kernel's last tick.
void FileReadiness::beginLate() {
  using std::chrono::nanoseconds;
  constexpr core::milliseconds kTick{10};
  const nanoseconds started =
      std::chrono::system_clock::now().time_since_epoch() - (core::Clock::now() - program_.startedWhen());
  before_ = markOf(path_);
  if (before_.changed >= (started - kTick).count()) before_ = {};
  if (auto opened = openWatch(); !opened) return logging::error("{}: {}", program_.name(), opened.error().text);
  onSpawned();
  look();
}

core::Status FileReadiness::openWatch() {
  inotify_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify_)
    return core::Err{core::Error{fmt::format("couldn't watch for {}: {}", path_, ::strerrorname_np(errno))}};
  watchDirectory();
  return {};
}

/// Until the watch is on the directory that is nearest when it is set.
void FileReadiness::watchDirectory() {
  constexpr int kMostAttempts = 16;
  for (int i = 0; i < kMostAttempts; ++i) {
    auto directory = nearestDirectory(path_);
    if (directory == watched_) return;
    if (watchNumber_ >= 0) ::inotify_rm_watch(inotify_.get(), watchNumber_);
    watchNumber_ = ::inotify_add_watch(
        inotify_.get(), directory.c_str(),
        IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
    watched_ = watchNumber_ >= 0 ? std::move(directory) : std::string();
    if (watchNumber_ >= 0 || errno == ENOENT) continue;
    return logging::error("{}: cannot watch the directory of {}: {}", program_.name(), path_, ::strerrordesc_np(errno));
  }
}

void FileReadiness::onSpawned() noexcept {
  if (inotify_) watch_.start(inotify_.get(), core::IoWatch::Read);
}

/// Which events there were does not matter: the file is looked at.
void FileReadiness::onEvents() {
  alignas(inotify_event) std::array<char, 4096> events;
  const auto size = ::read(inotify_.get(), events.data(), events.size());
  for (ssize_t at = 0; at < size;) {
    const auto* const event = reinterpret_cast<const inotify_event*>(events.data() + at);
    const bool gone = (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0;
    if (gone && event->wd == watchNumber_) watched_.clear();
    at += static_cast<ssize_t>(sizeof *event + event->len);
  }
  watchDirectory();
  look();
}

void FileReadiness::look() {
  const auto now = markOf(path_);
  if (now == Mark() || now == before_) return;
  meet();
  stop();
}

void FileReadiness::stop() noexcept {
  watch_.stop();
  inotify_.reset();
  watchNumber_ = -1;
  watched_.clear();
}

void FileReadiness::saveSigns(state::Readiness& saved, state::Outgoing& /*outgoing*/) const {
  saved.device = before_.device;
  saved.inode = before_.inode;
  saved.changed = before_.changed;
}

void FileReadiness::restoreSigns(const state::Readiness& saved, state::Incoming& /*incoming*/) {
  before_ = {saved.device, saved.inode, saved.changed};
  if (auto opened = openWatch(); !opened) return logging::error("{}: {}", program_.name(), opened.error().text);
  onSpawned();
}

}  // namespace process
