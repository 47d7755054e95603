// SPDX-License-Identifier: MIT
#include "instance/process/private_directory.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <fmt/core.h>

namespace process {
namespace {

/// The best place first. The path of a socket has at most 107 bytes.
std::vector<std::string> places() {
  std::vector<std::string> out;
  const auto add = [&](const char* place) {
    constexpr std::size_t kLongest = 64;
    if (place != nullptr && place[0] == '/' && ::strlen(place) <= kLongest) out.emplace_back(place);
  };
  // Programs of other accounts, which only root starts, could not enter root's XDG_RUNTIME_DIR.
  add(::geteuid() == 0 ? "/run" : std::getenv("XDG_RUNTIME_DIR"));
  add(std::getenv("TMPDIR"));
  add("/tmp");
  return out;
}

/// Whether it is still ours. In /tmp it may have been cleaned away, and made again by another account.
bool isOurs(const std::string& path) noexcept {
  struct stat facts {};
  return ::lstat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode) && facts.st_uid == ::geteuid() &&
         (facts.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

}  // namespace

PrivateDirectory::~PrivateDirectory() {
  if (!path_.empty()) ::rmdir(path_.c_str());
}

core::Expected<std::string> PrivateDirectory::path() {
  if (!path_.empty() && isOurs(path_)) return path_;
  std::string trouble;
  for (const auto& place : places()) {
    auto made = place + "/supervisord-XXXXXX";
    if (::mkdtemp(made.data()) != nullptr && ::chmod(made.c_str(), 0711) == 0) return path_ = std::move(made);
    trouble = fmt::format("cannot make a directory in {}: {}", place, ::strerrordesc_np(errno));
  }
  return core::Err{core::Error{std::move(trouble)}};
}

void PrivateDirectory::adopt(std::string_view path) {
  if (path_.empty()) path_ = path;
}

}  // namespace process
