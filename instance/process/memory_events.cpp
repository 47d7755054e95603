// SPDX-License-Identifier: MIT
#include "instance/process/memory_events.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <optional>
#include <string_view>
#include <utility>

#include "lib/core/cgroup.hpp"
#include "lib/core/text.hpp"
#include "lib/core/unique_fd.hpp"

namespace process {
namespace {

/// Others that were killed in the same moment are reaped within this time. A later end has another reason.
constexpr core::seconds kTogether{1};

/// The beginning of a small file; empty if it cannot be read.
std::string readSmall(const std::string& path) {
  char buffer[4096];
  const core::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const ssize_t n = fd ? ::read(fd.get(), buffer, sizeof buffer) : -1;
  return n > 0 ? std::string(buffer, static_cast<std::size_t>(n)) : std::string();
}

std::uint64_t numberOf(std::string_view text) {
  const auto value = core::parseInteger(core::trim(text));
  return value && *value > 0 ? static_cast<std::uint64_t>(*value) : 0;
}

}  // namespace

MemoryEvents::MemoryEvents(std::string root, std::string own)
    : root_(std::move(root)), own_(std::move(own)), told_(killed()) {}

/// Our group below the mount point, with the groups of programs; in a container without a view of its own it is the
/// mount point itself.
std::string MemoryEvents::directory() const {
  std::string path;
  for (const auto& line : core::split(readSmall(own_), '\n'))
    if (line.starts_with("0::/")) path = line.substr(line.size() == 4 ? 4 : 3);
  const auto counts = [this](const std::string& at) {
    return ::access((root_ + at + "/memory.events").c_str(), R_OK) == 0;
  };
  const std::string leaf = std::string("/") + core::cgroup::kOwnLeaf;
  if (path.ends_with(leaf))  // the group above has ours and those of programs
    if (auto above = path.substr(0, path.size() - leaf.size()); counts(above)) return above;
  return counts(path) ? path : std::string();
}

std::uint64_t MemoryEvents::killed() const {
  constexpr std::string_view key = "oom_kill ";
  for (const auto& line : core::split(readSmall(root_ + directory() + "/memory.events"), '\n'))
    if (line.starts_with(key)) return numberOf(std::string_view(line).substr(key.size()));
  return 0;
}

/// The nearest limit that our group is under.
std::string MemoryEvents::limit() const {
  for (std::string path = directory();; path.resize(path.rfind('/'))) {
    if (const auto bytes = numberOf(readSmall(root_ + path + "/memory.max")); bytes > 0)
      return fmt::format("control group {} has a limit of {} MB (memory.max)", path.empty() ? "/" : path, bytes >> 20);
    if (path.empty()) return "no limit is set, the host ran out";
  }
}

std::string MemoryEvents::takeKill() {
  const auto count = killed();
  const auto now = core::Clock::now();
  if (count > told_) {
    spare_ = count - std::exchange(told_, count) - 1;
    spareAt_ = now;
    return limit();
  }
  if (spare_ == 0 || now - spareAt_ > kTogether) return {};
  --spare_;
  return limit();
}

}  // namespace process
