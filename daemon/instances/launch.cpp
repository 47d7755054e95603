// SPDX-License-Identifier: MIT
#include "daemon/instances/launch.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "daemon/entries/environment.hpp"
#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"

namespace instances {
namespace {

/// Bytes of standard error that are kept, and the last of them that become part of a message.
constexpr off_t kErrorFileSize = 64 * 1024;
constexpr std::size_t kErrorTextLimit = 500;
/// The kernel takes 128 KiB for one variable. The names of 12,288 pipes ("p1234.out") need less.
constexpr std::size_t kNamesLimit = 127 * 1024;
constexpr int kFirstKept = 3;  // as systemd has it

}  // namespace

core::SpawnSpec launchSpec(const entries::Entry& entry, const LaunchOptions& options) {
  core::SpawnSpec spec;
  spec.file = options.supervisord;
  spec.arguments = {options.supervisord, "-n", "-c", entry.confFile};
  spec.environment = entries::ownerEnvironment(entry);
  if (!options.notifySocket.empty()) spec.environment.push_back("NOTIFY_SOCKET=" + options.notifySocket);
  spec.environment.push_back(std::string(entries::kMark) + '=' + options.mark);
  if (options.privileged) spec.identity = entry.identity;
  const auto& how = entry.execution;
  spec.directory = how.directory.empty() ? "/" : how.directory;
  spec.umask = how.umask.value_or(022);
  // No terminal's signals reach it, and a manager without a record recognizes it as the leader of a session.
  spec.newSession = true;
  for (const auto& [resource, value] : how.limits) spec.limits.emplace_back(resource, rlimit{value, value});
  spec.nice = how.nice;
  spec.oomScoreAdjust = how.oomScoreAdjust;
  spec.noNewPrivileges = how.noNewPrivileges;
  return spec;
}

std::size_t addKept(core::SpawnSpec& spec, const std::vector<std::pair<std::string, int>>& kept,
                    const std::string& crash) {
  std::string names;
  int count = 0;
  std::size_t left = 0;
  const auto add = [&](const std::string& name, int fd) {
    if (names.size() + 1 + name.size() > kNamesLimit) {
      ++left;
      return;
    }
    names += (names.empty() ? "" : ":") + name;
    spec.descriptors.emplace_back(fd, kFirstKept + count++);
  };
  const auto isFirst = [](const std::string& name) { return name == kJournalName || name == kExitsName; };
  for (const auto& [name, fd] : kept)
    if (isFirst(name)) add(name, fd);
  for (const auto& [name, fd] : kept)
    if (!isFirst(name)) add(name, fd);
  spec.environment.push_back("LISTEN_FDS=" + std::to_string(count));
  spec.environment.push_back("LISTEN_FDNAMES=" + names);
  spec.environment.push_back("SUPERVISORD_CRASH=" + crash);
  return left;
}

core::UniqueFd makeErrorFile() {
  core::UniqueFd file(::memfd_create("stderr", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  // Sealed: the owner gets the descriptor, and could otherwise let the file grow until memory runs out.
  if (!file || ::ftruncate(file.get(), kErrorFileSize) != 0 ||
      ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0)
    file.reset(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  return file;
}

void forgetPrinted(const core::UniqueFd& file) noexcept {
  if (file) ::lseek(file.get(), 0, SEEK_SET);
}

std::string printedText(const core::UniqueFd& file) {
  // The descriptors of parent and child share one offset: it is how much was written.
  const auto size = file ? std::clamp<off_t>(::lseek(file.get(), 0, SEEK_CUR), 0, kErrorFileSize) : 0;
  std::string text(static_cast<std::size_t>(size), '\0');
  const auto n = size ? ::pread(file.get(), text.data(), text.size(), 0) : 0;
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

std::string errorText(const core::UniqueFd& file) { return oneLine(printedText(file)); }

std::string oneLine(std::string text) {
  // The end of the text: programs print the cause of their end last.
  if (text.size() > kErrorTextLimit) text.erase(0, text.size() - kErrorTextLimit);
  for (char& c : text)
    if (c == '\n' || c == '\t') c = ' ';
  return core::printable(core::toUtf8(core::trim(text)));
}

}  // namespace instances
