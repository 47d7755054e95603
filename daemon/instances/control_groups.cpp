// SPDX-License-Identifier: MIT
#include "daemon/instances/control_groups.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "daemon/instances/process_table.hpp"
#include "lib/core/cgroup.hpp"
#include "lib/core/log.hpp"
#include "lib/core/proc_files.hpp"
#include "lib/core/text.hpp"

namespace instances {
namespace {

namespace cgroup = core::cgroup;

/// What an account may make below the group of its instance: one group for each program, and one level below these.
/// Each walk through them reads as many directories and files, for a list twice a second.
constexpr std::size_t kMostBelow = 512;
constexpr const char* kDepthBelow = "2";
/// How often controllers are taken back from an account that passes them on again meanwhile.
constexpr int kReleaseRounds = 20;
/// Until killed processes have left their group, in steps.
constexpr int kEndSteps = 200;
constexpr useconds_t kEndStep = 10'000;
constexpr std::string_view kPrefix = "instance-";

core::UniqueFd openAt(const std::string& directory) { return cgroup::open(directory); }

bool isDelegated(const std::string& directory) {
  const auto group = openAt(directory);
  return group && cgroup::isDelegated(group.get());
}

void takeControllers(int group) {
  for (const auto& controller : core::splitBlanks(cgroup::read(group, "cgroup.subtree_control")))
    cgroup::write(group, "cgroup.subtree_control", '-' + controller);
}

bool passesOn(int group) { return !core::trim(cgroup::read(group, "cgroup.subtree_control")).empty(); }

constexpr std::array kDivision{".", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"};

void give(int group, const char* file, uid_t uid, gid_t gid) {
  if (::fchownat(group, file, uid, gid, AT_SYMLINK_NOFOLLOW) != 0)
    logging::warn("{} of a control group cannot be given to uid {}: {}", file, uid, ::strerrordesc_np(errno));
}

/// Whoever has these divides the group. The files of its limits stay ours.
void giveDivision(int group, uid_t uid, gid_t gid) {
  for (const char* const file : kDivision) give(group, file, uid, gid);
}

/// An account that keeps the manager from being started loses its instance.
void endInstance(int base, const std::string& name) {
  const auto group = cgroup::open(base, name.c_str());
  if (!group || !passesOn(group.get())) return;
  logging::error(
      "{} passes controllers on again and again, which would keep systemd from starting the manager: it is ended",
      name);
  giveDivision(group.get(), 0, 0);
  (void)cgroup::kill(group.get());
  for (int step = 0; step < kEndSteps && cgroup::isPopulated(group.get()) == true; ++step) ::usleep(kEndStep);
  cgroup::removeBelow(group.get());
  // Removed, since the account may have a file of it open. The next manager makes it again.
  if (::unlinkat(base, name.c_str(), AT_REMOVEDIR) != 0) takeControllers(group.get());
}

}  // namespace

void ControlGroups::release() {
  auto own = controlGroupOf(core::proc::kSelf);
  // systemd runs ExecStopPost= of a delegated unit in this group below the unit's own.
  if (own.ends_with("/.control")) own.resize(own.size() - 9);
  const auto directory = "/sys/fs/cgroup" + own;
  if (own.empty() || !isDelegated(directory)) return;
  const auto base = openAt(directory);
  // Those of instances, or of programs where the group is that of a supervisord.
  const auto names = cgroup::namesBelow(base.get());
  for (int round = 0; base && round < kReleaseRounds; ++round) {
    for (const auto& name : names)
      if (const auto group = cgroup::open(base.get(), name.c_str()))
        cgroup::eachFromBelow(group.get(), takeControllers);
    takeControllers(base.get());
    if (!passesOn(base.get())) return;
  }
  for (const auto& name : names)
    if (name.starts_with(kPrefix)) endInstance(base.get(), name);
  takeControllers(base.get());
}

ControlGroups ControlGroups::detect() {
  ControlGroups out;
  if (!openAt("/sys/fs/cgroup")) {
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
  const auto group = openAt(manager);
  if (const int code = group ? cgroup::write(group.get(), "cgroup.procs", "0") : errno) {
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

core::UniqueFd ControlGroups::open(const std::string& instance) const {
  return available() ? openAt(directoryOf(instance)) : core::UniqueFd();
}

/// Passes a controller on to the groups of the instances. Only when a limit asks for it: with controllers passed on,
/// systemd could not put a restarted manager into the unit's group, and each group needs more memory.
std::string ControlGroups::enable(const std::string& controller) {
  const auto base = openAt(mount_ + base_);
  const auto words = core::splitBlanks(cgroup::read(base.get(), "cgroup.subtree_control"));
  if (std::find(words.begin(), words.end(), controller) != words.end()) return {};
  const int code = cgroup::write(base.get(), "cgroup.subtree_control", '+' + controller);
  return code ? fmt::format("the controller '{}' is not available: {}", controller, ::strerrordesc_np(code))
              : std::string();
}

std::string ControlGroups::passOn(const std::vector<std::string>& controllers) {
  if (!available()) return obstacle_;
  std::string error;
  for (const auto& controller : controllers)
    if (auto one = enable(controller); !one.empty()) error = std::move(one);
  return error;
}

std::string ControlGroups::limit(int group, const char* controller, const char* file, const std::string& value) {
  if (auto error = enable(controller); !error.empty()) return error;
  const int code = cgroup::write(group, file, value);
  return code ? fmt::format("{} = {}: {}", file, value, ::strerrordesc_np(code)) : std::string();
}

/// supervisord is in a group of its own: only groups without processes can pass controllers on to those of programs.
/// With groups that its account has made there may be no room for it; then it begins in the group itself.
core::UniqueFd ControlGroups::divide(int group, const GroupOwner& owner) {
  if (owner.uid) {
    cgroup::write(group, "cgroup.max.descendants", std::to_string(kMostBelow));
    cgroup::write(group, "cgroup.max.depth", kDepthBelow);
  }
  ::mkdirat(group, cgroup::kOwnLeaf, 0755);
  auto leaf = cgroup::open(group, cgroup::kOwnLeaf);
  if (!owner.uid) return leaf;
  if (leaf) give(leaf.get(), "cgroup.procs", *owner.uid, owner.gid);
  giveDivision(group, *owner.uid, owner.gid);
  return leaf;
}

ControlGroups::Group ControlGroups::prepare(const std::string& instance, const entries::ControlGroupLimits& limits,
                                            const GroupOwner& owner, bool empty) {
  Group group;
  if (!available()) {
    if (limits.any()) group.error = obstacle_;
    return group;
  }
  const auto directory = directoryOf(instance);
  ::mkdir(directory.c_str(), 0755);
  group.fd = openAt(directory);
  if (!group.fd) {
    group.error = fmt::format("{}: {}", directory, ::strerrordesc_np(errno));
    return group;
  }
  if (empty) cgroup::removeBelow(group.fd.get());
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
      if (auto error = limit(group.fd.get(), one.controller, one.file, one.value); !error.empty())
        group.error = std::move(error);
    } else {
      cgroup::write(group.fd.get(), one.file, one.value);  // an earlier limit ends; without its controller, no file
    }
  }
  // One that runs out of memory loses one process, not all with their supervisord; without the controller, no file.
  cgroup::write(group.fd.get(), "memory.oom.group", "0");
  if (auto leaf = divide(group.fd.get(), owner)) group.fd = std::move(leaf);
  return group;
}

bool ControlGroups::remove(const std::string& instance) const {
  if (!available()) return true;
  if (const auto group = open(instance)) {
    giveDivision(group.get(), ::geteuid(), ::getegid());  // nobody makes others meanwhile
    cgroup::removeBelow(group.get());
  }
  return ::rmdir(directoryOf(instance).c_str()) == 0 || errno == ENOENT;
}

bool ControlGroups::kill(const std::string& instance) const {
  const auto group = open(instance);
  return group && cgroup::kill(group.get()) == 0;
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
  const auto group = open(instance);
  if (!group) return {};
  struct stat facts {};
  const bool accounts = ::fstat(group.get(), &facts) == 0 && facts.st_uid != ::geteuid();
  const auto all = cgroup::members(group.get(), true, accounts ? kMostBelow : cgroup::kMostGroups);
  return {all.begin(), all.end()};
}

std::optional<std::uint64_t> ControlGroups::memory(const std::string& instance) const {
  const auto group = open(instance);
  if (!group) return std::nullopt;
  const auto value = core::parseInteger(core::trim(cgroup::read(group.get(), "memory.current")));
  return value ? std::optional<std::uint64_t>(static_cast<std::uint64_t>(*value)) : std::nullopt;
}

std::optional<std::uint64_t> ControlGroups::cpuMicros(const std::string& instance) const {
  const auto group = open(instance);
  return group ? cgroup::value(group.get(), "cpu.stat", "usage_usec") : std::nullopt;
}

}  // namespace instances
