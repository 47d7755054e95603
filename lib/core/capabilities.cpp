// SPDX-License-Identifier: MIT
#include "lib/core/capabilities.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "lib/core/text.hpp"

namespace core {
namespace {

/// By number.
constexpr auto kNames = std::to_array<std::string_view>({"chown",
                                                         "dac_override",
                                                         "dac_read_search",
                                                         "fowner",
                                                         "fsetid",
                                                         "kill",
                                                         "setgid",
                                                         "setuid",
                                                         "setpcap",
                                                         "linux_immutable",
                                                         "net_bind_service",
                                                         "net_broadcast",
                                                         "net_admin",
                                                         "net_raw",
                                                         "ipc_lock",
                                                         "ipc_owner",
                                                         "sys_module",
                                                         "sys_rawio",
                                                         "sys_chroot",
                                                         "sys_ptrace",
                                                         "sys_pacct",
                                                         "sys_admin",
                                                         "sys_boot",
                                                         "sys_nice",
                                                         "sys_resource",
                                                         "sys_time",
                                                         "sys_tty_config",
                                                         "mknod",
                                                         "lease",
                                                         "audit_write",
                                                         "audit_control",
                                                         "setfcap",
                                                         "mac_override",
                                                         "mac_admin",
                                                         "syslog",
                                                         "wake_alarm",
                                                         "block_suspend",
                                                         "audit_read",
                                                         "perfmon",
                                                         "bpf",
                                                         "checkpoint_restore"});
static_assert(kNames.size() == CAP_LAST_CAP + 1);

constexpr std::uint64_t bit(int capability) noexcept { return std::uint64_t{1} << capability; }

}  // namespace

std::optional<int> capabilityOf(std::string_view name) {
  std::string lower = core::lower(name);
  if (lower.starts_with("cap_")) lower.erase(0, 4);
  const auto at = std::find(kNames.begin(), kNames.end(), lower);
  return at == kNames.end() ? std::nullopt : std::optional(static_cast<int>(at - kNames.begin()));
}

int prepareCapabilities(std::uint64_t set) noexcept {
  // A kernel may know more of them than we have names for.
  for (int i = 0; i < 64; ++i) {
    if ((set & bit(i)) != 0) continue;
    if (::prctl(PR_CAPBSET_DROP, i, 0, 0, 0) != 0) break;  // EINVAL: the last was the one before; EPERM: none can be
  }
  return ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 ? 0 : errno;
}

int becomeCapableOf(std::uint64_t set) noexcept {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const auto low = static_cast<std::uint32_t>(set), high = static_cast<std::uint32_t>(set >> 32);
  // Inheritable too, as the ambient set needs it.
  const __user_cap_data_struct data[2] = {{low, low, low}, {high, high, high}};
  if (::syscall(SYS_capset, &header, data) != 0) return errno;
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return errno;
  for (int i = 0; i < 64; ++i)
    if ((set & bit(i)) != 0 && ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) != 0) return errno;
  return 0;
}

}  // namespace core
