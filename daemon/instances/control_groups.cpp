// SPDX-License-Identifier: MIT
#include "daemon/instances/control_groups.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "daemon/instances/process_table.hpp"
#include "lib/core/files.hpp"
#include "lib/core/proc_files.hpp"
#include "lib/core/text.hpp"

namespace instances {
namespace {

constexpr long kCgroup2 = 0x63677270;

std::string readGroupFile(const std::string& path) {
  const core::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string out;
  char buffer[4096];
  for (ssize_t n = 0; fd && (n = ::read(fd.get(), buffer, sizeof buffer)) > 0;)
    out.append(buffer, static_cast<std::size_t>(n));
  return out;
}

int writeGroupFile(const std::string& path, const std::string& text) {
  const core::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return fd ? core::writeAll(fd.get(), text) : errno;
}

/// systemd marks the groups that it delegates, in older versions with the first attribute only.
bool isDelegated(const std::string& directory) {
  for (const char* name : {"trusted.delegate", "user.delegate"}) {
    char value[2] = {};
    if (::getxattr(directory.c_str(), name, value, sizeof value) == 1 && value[0] == '1') return true;
  }
  return false;
}

}  // namespace

void ControlGroups::release() {
  auto own = controlGroupOf(core::proc::kSelf);
  // systemd runs ExecStopPost= of a delegated unit in this group below the unit's own.
  if (own.ends_with("/.control")) own.resize(own.size() - 9);
  const auto directory = "/sys/fs/cgroup" + own;
  if (own.empty() || !isDelegated(directory)) return;
  for (const auto& controller : core::splitBlanks(readGroupFile(directory + "/cgroup.subtree_control")))
    writeGroupFile(directory + "/cgroup.subtree_control", '-' + controller);
}

ControlGroups ControlGroups::detect() {
  ControlGroups out;
  struct statfs info {};
  if (::statfs("/sys/fs/cgroup", &info) != 0 || info.f_type != kCgroup2) {
    out.obstacle_ = "this system has no unified cgroup v2 tree";
    return out;
  }
  out.mount_ = "/sys/fs/cgroup";
  auto own = controlGroupOf(core::proc::kSelf);
  // A manager that replaced itself is in its own group already.
  if (own.ends_with("/manager") && isDelegated(out.mount_ + own.substr(0, own.size() - 8))) own.resize(own.size() - 8);
  if (own.empty() || !isDelegated(out.mount_ + own)) {
    out.obstacle_ = "no part of the cgroup tree is delegated to the manager (systemd's Delegate=yes does that)";
    return out;
  }
  const auto manager = out.mount_ + own + "/manager";
  ::mkdir(manager.c_str(), 0755);
  if (const int code = writeGroupFile(manager + "/cgroup.procs", "0")) {
    out.obstacle_ = fmt::format("{} cannot be entered: {}", manager, ::strerrordesc_np(code));
    return out;
  }
  out.base_ = own;
  return out;
}

std::string ControlGroups::directoryOf(const std::string& instance) const {
  return fmt::format("{}{}/instance-{}", mount_, base_, instance);
}

std::string ControlGroups::pathOf(const std::string& instance) const {
  return available() ? fmt::format("{}/instance-{}", base_, instance) : std::string();
}

/// Passes a controller on to the groups of the instances. Only when a limit asks for it: with controllers passed on,
/// systemd could not put a restarted manager into the unit's group.
std::string ControlGroups::enable(const std::string& controller) {
  const auto file = mount_ + base_ + "/cgroup.subtree_control";
  if (const auto words = core::splitBlanks(readGroupFile(file));
      std::find(words.begin(), words.end(), controller) != words.end())
    return {};
  const int code = writeGroupFile(file, '+' + controller);
  return code ? fmt::format("the controller '{}' is not available: {}", controller, ::strerrordesc_np(code))
              : std::string();
}

std::string ControlGroups::limit(const std::string& instance, const char* controller, const char* file,
                                 const std::string& value) {
  if (auto error = enable(controller); !error.empty()) return error;
  const int code = writeGroupFile(directoryOf(instance) + '/' + file, value);
  return code ? fmt::format("{} = {}: {}", file, value, ::strerrordesc_np(code)) : std::string();
}

ControlGroups::Group ControlGroups::prepare(const std::string& instance, const entries::ControlGroupLimits& limits) {
  Group group;
  if (!available()) {
    if (limits.any()) group.error = obstacle_;
    return group;
  }
  const auto directory = directoryOf(instance);
  ::mkdir(directory.c_str(), 0755);
  group.fd.reset(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!group.fd) {
    group.error = fmt::format("{}: {}", directory, ::strerrordesc_np(errno));
    return group;
  }
  const auto text = [](const std::optional<std::uint64_t>& value) { return value ? std::to_string(*value) : "max"; };
  const struct {
    bool set;
    const char* controller;
    const char* file;
    std::string value;
  } all[] = {{limits.memoryMax.has_value(), "memory", "memory.max", text(limits.memoryMax)},
             {limits.memoryHigh.has_value(), "memory", "memory.high", text(limits.memoryHigh)},
             {limits.tasksMax.has_value(), "pids", "pids.max", text(limits.tasksMax)},
             {limits.cpuMax.has_value(), "cpu", "cpu.max", limits.cpuMax.value_or("max")},
             {limits.cpuWeight.has_value(), "cpu", "cpu.weight", std::to_string(limits.cpuWeight.value_or(100))},
             {limits.ioWeight.has_value(), "io", "io.weight", std::to_string(limits.ioWeight.value_or(100))}};
  for (const auto& one : all) {
    if (one.set) {
      if (auto error = limit(instance, one.controller, one.file, one.value); !error.empty())
        group.error = std::move(error);
    } else {
      writeGroupFile(directory + '/' + one.file, one.value);  // an earlier limit ends; without its controller, no file
    }
  }
  // One that runs out of memory loses one process, not all with their supervisord; without the controller, no file.
  writeGroupFile(directory + "/memory.oom.group", "0");
  return group;
}

void ControlGroups::remove(const std::string& instance) const {
  if (available()) ::rmdir(directoryOf(instance).c_str());
}

bool ControlGroups::kill(const std::string& instance) const {
  return available() && writeGroupFile(directoryOf(instance) + "/cgroup.kill", "1") == 0;
}

bool ControlGroups::has(const std::string& instance) const {
  return available() && ::access(directoryOf(instance).c_str(), F_OK) == 0;
}

std::string ControlGroups::instanceAt(const std::string& path) const {
  const auto prefix = base_ + "/instance-";
  if (!available() || !path.starts_with(prefix)) return {};
  return path.substr(prefix.size(), path.find('/', prefix.size()) - prefix.size());
}

std::set<pid_t> ControlGroups::members(const std::string& instance) const {
  std::set<pid_t> out;
  if (!available()) return out;
  for (const auto& word : core::splitBlanks(readGroupFile(directoryOf(instance) + "/cgroup.procs")))
    if (const auto pid = core::parseInteger(word); pid && *pid > 0) out.insert(static_cast<pid_t>(*pid));
  return out;
}

std::optional<std::uint64_t> ControlGroups::memory(const std::string& instance) const {
  if (!available()) return std::nullopt;
  const auto text = readGroupFile(directoryOf(instance) + "/memory.current");
  const auto value = core::parseInteger(core::trim(text));
  return value ? std::optional<std::uint64_t>(static_cast<std::uint64_t>(*value)) : std::nullopt;
}

std::optional<std::uint64_t> ControlGroups::cpuMicros(const std::string& instance) const {
  if (!available()) return std::nullopt;
  const auto words = core::splitBlanks(readGroupFile(directoryOf(instance) + "/cpu.stat"));
  for (std::size_t i = 0; i + 1 < words.size(); i += 2)
    if (words[i] == "usage_usec")
      if (const auto value = core::parseInteger(words[i + 1])) return static_cast<std::uint64_t>(*value);
  return std::nullopt;
}

}  // namespace instances
