// SPDX-License-Identifier: MIT
#include "instance/process/given_group.hpp"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <unordered_set>
#include <utility>
#include <vector>

#include "lib/core/cgroup.hpp"
#include "lib/core/proc_files.hpp"

namespace process {
namespace {

namespace cgroup = core::cgroup;

/// Where systemd runs, all groups belong to it that it has not delegated.
constexpr const char* kSystemd = "/run/systemd/system";
/// Rounds of moving what is in the group: what is moved may have started others meanwhile.
constexpr int kMostRounds = 10;

std::string statusOf(pid_t pid, std::string_view key) {
  char buffer[4096];
  return std::string(core::proc::field(core::proc::read(pid, "status", buffer, sizeof buffer), key));
}

/// We and what descends from us, of `pids`.
std::vector<pid_t> ownOf(std::vector<pid_t> pids) {
  std::unordered_set<pid_t> own{::getpid()};
  std::vector<std::pair<pid_t, pid_t>> parents;
  for (const pid_t pid : pids) parents.emplace_back(pid, core::proc::number<pid_t>(statusOf(pid, "\nPPid:")));
  for (bool more = true; more;) {
    more = false;
    for (const auto& [pid, parent] : parents) more = (own.count(parent) > 0 && own.insert(pid).second) || more;
  }
  std::erase_if(pids, [&](pid_t pid) { return own.count(pid) == 0; });
  return pids;
}

}  // namespace

bool GivenGroup::hasManager() noexcept { return ::getenv("SUPERVISOR_MANAGER_INSTANCE") != nullptr; }

/// We are in the group "supervisord" below it, where the manager starts us, or an earlier program of ours has moved.
bool GivenGroup::findAbove(const std::string& directory, const std::string& path) {
  const auto leaf = std::string("/") + cgroup::kOwnLeaf;
  if (!path.ends_with(leaf) || !directory.ends_with(leaf)) return false;
  auto parent = cgroup::open(directory.substr(0, directory.size() - leaf.size()));
  if (!parent || !cgroup::mayDivide(parent.get())) return false;
  ours_ = true;
  ownsAll_ = hasManager() || cgroup::isDelegated(parent.get());
  path_ = path.substr(0, path.size() - leaf.size());
  directory_ = std::move(parent);
  return true;
}

core::Status GivenGroup::find() {
  if (directory_) return {};
  auto place = cgroup::ownPlace();
  if (!place) return core::Err{place.error()};
  if (findAbove(place->directory, place->path)) return {};
  auto own = cgroup::open(place->directory);
  if (!own) {
    const int code = errno;
    return core::Err{core::Error{fmt::format("control group {}: {}", place->path, ::strerrordesc_np(code)), code}};
  }
  const bool delegated = cgroup::isDelegated(own.get());
  const bool container = place->path == "/";
  if (!cgroup::mayDivide(own.get()) || (!delegated && !container && ::access(kSystemd, F_OK) == 0))
    return core::Err{core::Error{
        fmt::format("supervisord may not make groups in its control group {}; {}", place->path, kAdvice), EACCES}};
  divided_ = cgroup::isSystemsRoot(own.get());
  ours_ = ownsAll_ = !divided_ && (container || delegated || hasManager());
  path_ = std::move(place->path);
  directory_ = std::move(own);
  return {};
}

core::Status GivenGroup::divide() {
  if (divided_) return {};
  if (::mkdirat(directory_.get(), cgroup::kOwnLeaf, 0755) != 0 && errno != EEXIST) {
    const int code = errno;
    return core::Err{core::Error{
        fmt::format("no group can be made in control group {}: {}; {}", path_, ::strerrordesc_np(code), kAdvice),
        code}};
  }
  const auto leaf = cgroup::open(directory_.get(), cgroup::kOwnLeaf);
  std::vector<pid_t> all;
  for (int round = 0; round < kMostRounds; ++round) {
    all = cgroup::members(directory_.get(), false);
    bool moved = false;
    for (const pid_t pid : ownsAll_ ? all : ownOf(all))
      moved = (leaf && cgroup::write(leaf.get(), "cgroup.procs", std::to_string(pid)) == 0) || moved;
    if (!moved) break;
  }
  if (!all.empty())
    return core::Err{
        core::Error{fmt::format("control group {} has processes that supervisord cannot move, such as pid {} ({}); {}",
                                path_, all.front(), statusOf(all.front(), "Name:"), kAdvice),
                    EBUSY}};
  divided_ = true;
  return {};
}

}  // namespace process
