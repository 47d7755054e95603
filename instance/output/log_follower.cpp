// SPDX-License-Identifier: MIT
#include "instance/output/log_follower.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace output {
namespace {

core::UniqueFd openForReading(const std::string& path) {
  return core::UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

}  // namespace

core::Status LogFollower::open(std::int64_t back) {
  fd_ = openForReading(path_);
  struct stat facts {};
  if (!fd_ || ::fstat(fd_.get(), &facts) != 0) return core::sysError(path_, errno);
  if (!S_ISREG(facts.st_mode)) return core::Err{core::Error{path_ + ": not a regular file", 0}};
  offset_ = std::max<std::int64_t>(0, facts.st_size - back);
  return {};
}

std::string LogFollower::read(std::size_t limit) {
  std::string bytes(limit, '\0');
  for (;;) {
    struct stat facts {};
    if (::fstat(fd_.get(), &facts) == 0 && facts.st_size < offset_) restart();
    const ssize_t n = ::pread(fd_.get(), bytes.data(), bytes.size(), offset_);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0 && follow()) continue;
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(0, n)));
    offset_ += static_cast<std::int64_t>(bytes.size());
    return bytes;
  }
}

/// Continues with the file that the path now names, if it is another one.
bool LogFollower::follow() {
  auto next = openForReading(path_);
  struct stat mine {
  }, named{};
  if (!next || ::fstat(next.get(), &named) != 0 || ::fstat(fd_.get(), &mine) != 0) return false;
  if (!S_ISREG(named.st_mode) || (mine.st_dev == named.st_dev && mine.st_ino == named.st_ino)) return false;
  fd_ = std::move(next);
  restart();
  return true;
}

void LogFollower::restart() noexcept {
  offset_ = 0;
  begun_ = true;
}

}  // namespace output
