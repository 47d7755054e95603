// SPDX-License-Identifier: MIT
#include "instance/process/credentials.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "instance/config/model.hpp"
#include "instance/process/context.hpp"
#include "instance/process/process.hpp"
#include "instance/process/rights.hpp"
#include "lib/core/files.hpp"
#include "lib/core/log.hpp"
#include "lib/core/unique_fd.hpp"

namespace process {
namespace {

/// As systemd's.
constexpr std::size_t kLargestSecret = 1024 * 1024;
constexpr const char* kName = "/supervisor-credentials.";

core::Err<core::Error> refuse(const std::string& what, int code) {
  return core::Err{core::Error{fmt::format("{}: {}", what, ::strerrordesc_np(code)), code}};
}

/// Whether the files there are in memory, so that a secret does not get to a disk except by swapping.
bool isInMemory(const char* directory) noexcept {
  struct statfs facts {};
  return directory != nullptr && *directory == '/' && ::access(directory, W_OK | X_OK) == 0 &&
         ::statfs(directory, &facts) == 0 && facts.f_type == TMPFS_MAGIC;
}

/// Where to make the directories: root has a place that nobody else can write to.
std::string placeForSecrets(const std::string& childLogDir) {
  const char* const choices[] = {::geteuid() == 0 ? "/run" : ::getenv("XDG_RUNTIME_DIR"), "/dev/shm"};
  for (const char* const choice : choices)
    if (isInMemory(choice)) return choice;
  return childLogDir;
}

/// Makes one file in `directory`, which the child's account alone can read.
core::Status place(int directory, const config::Credential& credential, const core::Identity* owner) {
  const auto secret = core::readFile(credential.path, kLargestSecret);
  if (!secret)
    return core::Err{core::Error{"couldn't read credential " + credential.name + ": " + secret.error().text}};
  const core::UniqueFd file(
      ::openat(directory, credential.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400));
  int code = file ? core::writeAll(file.get(), *secret) : errno;
  if (code == 0 && owner != nullptr && ::fchown(file.get(), owner->uid, owner->gid) != 0) code = errno;
  if (code != 0) return refuse("couldn't write credential " + credential.name, code);
  return {};
}

/// The child's group may pass through the directory, where supervisord has another account; nobody may write to it.
int hand(int directory, const core::Identity* owner) noexcept {
  if (owner != nullptr && ::fchown(directory, static_cast<uid_t>(-1), owner->gid) != 0) return errno;
  return ::fchmod(directory, owner != nullptr ? 0550 : 0500) == 0 ? 0 : errno;
}

core::Status fill(const std::string& path, const config::ProcessConfig& config) {
  auto identity = identityFor(config);
  if (!identity) return core::Err{core::Error{std::move(identity).error()}};
  const core::Identity* const owner = *identity ? &**identity : nullptr;
  const core::UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) return refuse("couldn't open " + path, errno);
  for (const auto& credential : config.extension->surroundings.credentials)
    if (auto placed = place(directory.get(), credential, owner); !placed) return placed;
  if (const int code = hand(directory.get(), owner)) return refuse("couldn't prepare " + path, code);
  return {};
}

/// Removes a directory and the files in it. Returns 0 or an errno.
int removeDirectory(const char* path) noexcept {
  core::UniqueFd fd(::open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return errno == ENOENT ? 0 : errno;
  (void)::fchmod(fd.get(), 0700);
  if (const std::unique_ptr<DIR, int (*)(DIR*)> list(::fdopendir(fd.get()), ::closedir); list) {
    const int number = fd.release();
    while (const dirent* const entry = ::readdir(list.get()))
      if (::strcmp(entry->d_name, ".") != 0 && ::strcmp(entry->d_name, "..") != 0)
        (void)::unlinkat(number, entry->d_name, 0);
  }
  return ::rmdir(path) == 0 ? 0 : errno;
}

}  // namespace

core::Status Credentials::beforeSpawn(LaunchExtras& extras) {
  onEnded();
  context_.touch(program_);
  directory_ = placeForSecrets(context_.settings().childLogDir) + kName + "XXXXXX";
  if (::mkdtemp(directory_.data()) == nullptr) {
    const int code = errno;
    return refuse("couldn't make the directory " + std::exchange(directory_, {}), code);
  }
  if (auto seen = checkVisible(program_.config(), "its credentials", directory_); !seen) return seen;
  extras.environment.emplace_back("CREDENTIALS_DIRECTORY", directory_);
  return fill(directory_, program_.config());
}

void Credentials::onEnded() noexcept {
  if (directory_.empty()) return;
  context_.touch(program_);
  if (const int code = removeDirectory(directory_.c_str()))
    logging::attempt([&] {
      logging::error("{}: the directory {} of its credentials could not be removed: {}; remove it by hand",
                     program_.fullName(), directory_, ::strerrordesc_np(code));
    });
  directory_.clear();
}

void Credentials::save(state::Program& saved, state::Outgoing& /*outgoing*/) const { saved.credentials = directory_; }

/// What would be removed later must be what beforeSpawn() makes.
void Credentials::restore(const state::Program& saved, state::Incoming& /*incoming*/) {
  const auto slash = saved.credentials.rfind('/');
  if (slash != std::string::npos && std::string_view(saved.credentials).substr(slash).starts_with(kName))
    directory_ = saved.credentials;
}

}  // namespace process
