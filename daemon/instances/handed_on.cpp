// SPDX-License-Identifier: MIT
#include "daemon/instances/handed_on.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/instances/exit_link.hpp"
#include "daemon/instances/launch.hpp"
#include "daemon/instances/service_store.hpp"
#include "lib/core/files.hpp"
#include "lib/core/log.hpp"
#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"

namespace instances {
namespace {

constexpr const char* kVariable = "SUPERVISOR_MANAGERD_KEPT";
constexpr std::string_view kHead = "supervisor-managerd-kept 1";
/// Descriptors of the manager itself: some for each instance, its helpers and clients.
constexpr rlim_t kOwn = 65'536;
/// The first descriptor of sd_listen_fds(3).
constexpr int kFirstListened = 3;

void setCloseOnExec(int fd, bool on) { ::fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0); }

void setCloseOnExec(const DescriptorStores& stores, bool on) {
  for (const auto& instance : stores.instances())
    for (const auto& [name, fd] : stores.find(instance)->list()) setCloseOnExec(fd, on);
}

std::string take(const char* variable) {
  const char* const value = ::getenv(variable);
  std::string text = value ? value : "";
  ::unsetenv(variable);
  return text;
}

/// A number that is the descriptor of an open file, and not one of the standard ones.
std::optional<int> openDescriptor(std::string_view text) {
  const auto number = core::parseInteger(text);
  if (!number || *number < kFirstListened || *number > INT32_MAX) return std::nullopt;
  const int fd = static_cast<int>(*number);
  return ::fcntl(fd, F_GETFD) >= 0 ? std::optional(fd) : std::nullopt;
}

/// All of a file in memory of a fixed size.
std::string contentOf(int fd) {
  const auto size = ::lseek(fd, 0, SEEK_END);
  std::string text(size > 0 ? static_cast<std::size_t>(size) : 0, '\0');
  const auto n = text.empty() ? 0 : ::pread(fd, text.data(), text.size(), 0);
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

/// Keeps `fd`, which came from an earlier program and may be kept, as far as that is certain.
bool keepAgain(DescriptorStores& stores, const std::string& instance, std::string_view name, int fd) {
  auto kind = kindOf(fd);
  if (isOwnName(name)) kind = ExitLink::isEnd(fd) ? DescriptorKind::Pipe : DescriptorKind::Refused;
  if (instance.empty() || !isDescriptorName(name) || kind == DescriptorKind::Refused) return false;
  setCloseOnExec(fd, true);
  (void)stores.of(instance).keep(name, core::UniqueFd(fd), kind);
  return true;
}

std::vector<std::string_view> words(std::string_view line, std::size_t most) {
  std::vector<std::string_view> out;
  while (out.size() + 1 < most) {
    const auto end = line.find(' ');
    if (end == std::string_view::npos) break;
    out.push_back(line.substr(0, end));
    line.remove_prefix(end + 1);
  }
  out.push_back(line);
  return out;
}

std::optional<rlimit> limitFrom(std::string_view soft, std::string_view hard) {
  const auto low = core::parseInteger(soft), high = core::parseInteger(hard);
  if (!low || !high || *low < 1 || *high < *low) return std::nullopt;
  return rlimit{static_cast<rlim_t>(*low), static_cast<rlim_t>(*high)};
}

/// One line of the memfd; false if it is not understood.
bool takeLine(DescriptorStores& stores, std::string_view line, HandedOn& out) {
  if (line.starts_with("limit ")) {
    const auto parts = words(line, 3);
    out.fileLimit = parts.size() == 3 ? limitFrom(parts[1], parts[2]) : std::nullopt;
    return out.fileLimit.has_value();
  }
  if (line.starts_with("service ")) return out.atService.insert(std::string(line.substr(8))).second;
  const auto parts = words(line, 4);
  if (parts.size() != 4 || parts[0] != "kept") return false;
  const auto fd = openDescriptor(parts[1]);
  return fd && keepAgain(stores, std::string(parts[2]), parts[3], *fd);
}

void takeExec(DescriptorStores& stores, HandedOn& out) {
  const auto value = take(kVariable);
  if (value.empty()) return;
  const auto number = openDescriptor(value);
  const core::UniqueFd file(number && kindOf(*number) == DescriptorKind::Memory ? *number : -1);
  const auto text = file ? contentOf(file.get()) : std::string();
  const auto lines = core::split(text, '\n');
  // The text ends with "end\n": one that was cut has another last line.
  if (lines.size() < 3 || lines.front() != kHead || lines[lines.size() - 2] != "end")
    return logging::error(
        "{} does not name a list of descriptors that this program understands: what an earlier program of the manager "
        "kept for the instances is lost",
        kVariable);
  for (std::size_t i = 1; i + 2 < lines.size(); ++i)
    if (!takeLine(stores, lines[i], out))
      logging::error("what an earlier program of the manager kept is not understood, and lost: {}",
                     core::printable(core::toUtf8(lines[i])));
}

/// sd_listen_fds(3): what systemd's store has for this unit.
void takeListened(DescriptorStores& stores, HandedOn& out) {
  const auto count = core::parseInteger(take("LISTEN_FDS"));
  const auto pid = core::parseInteger(take("LISTEN_PID"));
  const auto names = core::split(take("LISTEN_FDNAMES"), ':');
  if (!count || *count < 1 || !pid || *pid != ::getpid()) return;
  for (int i = 0; i < *count && i < static_cast<int>(names.size()); ++i) {
    const auto& name = names[static_cast<std::size_t>(i)];
    const auto [instance, descriptor] = fromServiceName(name);
    const int fd = kFirstListened + i;
    setCloseOnExec(fd, true);
    out.atService.insert(name);
    if (!keepAgain(stores, instance, descriptor, fd))
      logging::warn("systemd kept a descriptor that is not known, '{}': it is not used",
                    core::printable(core::toUtf8(name)));
  }
}

std::string listOf(const DescriptorStores& stores, const HandedOn& what) {
  auto text = std::string(kHead) + "\n";
  if (what.fileLimit) text += fmt::format("limit {} {}\n", what.fileLimit->rlim_cur, what.fileLimit->rlim_max);
  for (const auto& instance : stores.instances())
    for (const auto& [name, fd] : stores.find(instance)->list())
      text += fmt::format("kept {} {} {}\n", fd, instance, name);
  for (const auto& name : what.atService) text += fmt::format("service {}\n", name);
  return text + "end\n";
}

}  // namespace

core::Expected<core::UniqueFd> handOn(const DescriptorStores& stores, const HandedOn& what) {
  core::UniqueFd file(::memfd_create("kept", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file || core::writeAll(file.get(), listOf(stores, what)) != 0 ||
      ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
    return core::sysError("a list of the kept descriptors", errno);
  setCloseOnExec(stores, false);
  setCloseOnExec(file.get(), false);
  ::setenv(kVariable, std::to_string(file.get()).c_str(), 1);
  return file;
}

void takeBack(const DescriptorStores& stores) {
  setCloseOnExec(stores, true);
  ::unsetenv(kVariable);
}

HandedOn takeHandedOn(DescriptorStores& stores) {
  HandedOn out;
  takeExec(stores, out);
  takeListened(stores, out);
  return out;
}

rlimit makeRoom(DescriptorStores& stores, const std::optional<rlimit>& before) {
  rlimit own{};
  if (::getrlimit(RLIMIT_NOFILE, &own) != 0) return before.value_or(rlimit{1024, 1024});
  const auto children = before.value_or(own);
  DescriptorLimits limits;
  const rlim_t wanted = limits.total + kOwn;
  for (const auto& more : {rlimit{std::max(wanted, own.rlim_cur), std::max(wanted, own.rlim_max)},
                           rlimit{own.rlim_max, own.rlim_max}}) {  // the second needs no privileges
    if (own.rlim_cur >= wanted || ::setrlimit(RLIMIT_NOFILE, &more) != 0) continue;
    own = more;
    break;
  }
  if (own.rlim_cur < wanted) {
    limits.total = static_cast<std::size_t>(own.rlim_cur / 2);
    logging::info("the limit of open files is {}: descriptors of {} programs are kept at most", own.rlim_cur,
                  limits.total / 3);
  }
  stores.setLimits(limits);
  return children;
}

}  // namespace instances
