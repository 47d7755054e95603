// SPDX-License-Identifier: MIT
#include "instance/output/activity_log.hpp"

#include <fcntl.h>

#include "instance/output/syslog.hpp"

namespace output {

ActivityLog::ActivityLog(core::EventLoop& loop, const std::string& path, std::int64_t maxBytes, int backups) {
  if (path != "syslog") file_ = std::make_unique<RotatingFile>(loop, path, maxBytes, backups);
}

core::Status ActivityLog::open() { return file_ ? file_->open() : core::Status(); }

void ActivityLog::writeLine(logging::Level, std::string_view line) noexcept {
  if (file_) return file_->write(line);
  if (line.ends_with('\n')) line.remove_suffix(1);
  systemLog().send(line);
}

StdoutEcho::StdoutEcho(core::EventLoop& loop)
    : target_(loop, core::UniqueFd(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)), true) {}

void StdoutEcho::writeLine(logging::Level, std::string_view line) noexcept { target_.write(line); }

}  // namespace output
