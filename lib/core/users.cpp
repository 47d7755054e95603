// SPDX-License-Identifier: MIT
#include "lib/core/users.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace core {
namespace {

/// Calls one of the get*_r functions with a buffer that grows until the record fits.
template <class Record, class Call>
std::optional<Record> lookUp(Call call, std::vector<char>& buffer) {
  buffer.resize(1024);
  for (;;) {
    Record record{};
    Record* found = nullptr;
    const int r = call(&record, buffer.data(), buffer.size(), &found);
    if (r == ERANGE) {
      buffer.resize(buffer.size() * 2);
      continue;
    }
    if (r != 0 || !found) return std::nullopt;
    return record;
  }
}

std::optional<Account> toAccount(const std::optional<passwd>& p) {
  if (!p) return std::nullopt;
  return Account{p->pw_name, p->pw_uid, p->pw_gid, p->pw_dir ? p->pw_dir : "", p->pw_shell ? p->pw_shell : ""};
}

}  // namespace

std::optional<Account> findAccount(const std::string& name) {
  std::vector<char> buffer;
  return toAccount(lookUp<passwd>(
      [&](auto* r, auto* b, auto n, auto** f) { return ::getpwnam_r(name.c_str(), r, b, n, f); }, buffer));
}

std::optional<Account> findAccount(uid_t uid) {
  std::vector<char> buffer;
  return toAccount(
      lookUp<passwd>([&](auto* r, auto* b, auto n, auto** f) { return ::getpwuid_r(uid, r, b, n, f); }, buffer));
}

std::optional<gid_t> findGroup(const std::string& name) {
  std::vector<char> buffer;
  const auto g =
      lookUp<group>([&](auto* r, auto* b, auto n, auto** f) { return ::getgrnam_r(name.c_str(), r, b, n, f); }, buffer);
  if (!g) return std::nullopt;
  return g->gr_gid;
}

std::optional<std::string> groupName(gid_t gid) {
  std::vector<char> buffer;
  const auto g =
      lookUp<group>([&](auto* r, auto* b, auto n, auto** f) { return ::getgrgid_r(gid, r, b, n, f); }, buffer);
  if (!g) return std::nullopt;
  return std::string(g->gr_name);
}

Identity identityOf(const Account& account, std::optional<gid_t> gid) {
  Identity identity{account.uid, gid.value_or(account.gid), {}};
  int count = 32;
  identity.groups.resize(static_cast<std::size_t>(count));
  while (::getgrouplist(account.name.c_str(), identity.gid, identity.groups.data(), &count) < 0)
    identity.groups.resize(static_cast<std::size_t>(count));
  identity.groups.resize(static_cast<std::size_t>(count));
  return identity;
}

int dropTo(const Identity& identity) noexcept {
  // Groups first: after the change of uid there is no right to change them.
  // Raw system calls: glibc's wrappers signal every thread, which must not happen in a child that shares memory.
  if (::syscall(SYS_setgroups, identity.groups.size(), identity.groups.data()) != 0) return errno;
  if (::syscall(SYS_setresgid, identity.gid, identity.gid, identity.gid) != 0) return errno;
  if (::syscall(SYS_setresuid, identity.uid, identity.uid, identity.uid) != 0) return errno;
  uid_t real = 0, effective = 0, saved = 0;
  if (::getresuid(&real, &effective, &saved) != 0) return errno;
  if (real != identity.uid || effective != identity.uid || saved != identity.uid) return EPERM;
  gid_t rgid = 0, egid = 0, sgid = 0;
  if (::getresgid(&rgid, &egid, &sgid) != 0) return errno;
  if (rgid != identity.gid || egid != identity.gid || sgid != identity.gid) return EPERM;
  return 0;
}

}  // namespace core
