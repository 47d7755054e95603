// SPDX-License-Identifier: MIT
#include "instance/output/activity_log.hpp"

#include "instance/config/model.hpp"
#include "instance/output/lane.hpp"
#include "instance/output/open_target.hpp"
#include "instance/output/outlets.hpp"
#include "instance/output/rotating_file.hpp"

namespace output {
namespace {

std::shared_ptr<Source> ourselves(const char* target) { return std::make_shared<Source>("", target); }

}  // namespace

ActivityLog::ActivityLog(Outlets& outlets, const std::string& path, std::int64_t maxBytes, int backups) {
  constexpr auto policy = config::Backpressure::Drop;
  if (path == "syslog")
    systemLog_ = std::make_unique<Lane>(outlets.systemLog(), ourselves("system log"), policy);
  else
    file_ = std::make_unique<RotatingFile>(outlets, path, maxBytes, backups, policy);
}

ActivityLog::~ActivityLog() = default;

core::Status ActivityLog::open() { return file_ ? file_->open() : core::Status(); }

void ActivityLog::writeLine(logging::Level, std::string_view line) noexcept {
  file_ ? file_->write(line) : systemLog_->write(line);
}

std::unique_ptr<Lane> standardOutput(Outlets& outlets, config::Backpressure policy) {
  auto target = openTarget("/proc/self/fd/1");
  if (!target) return nullptr;
  return std::make_unique<Lane>(outlets.stream(std::move(*target)), ourselves("standard output"), policy);
}

StdoutEcho::StdoutEcho(Outlets& outlets) : lane_(standardOutput(outlets, config::Backpressure::Drop)) {}

StdoutEcho::~StdoutEcho() = default;

void StdoutEcho::writeLine(logging::Level, std::string_view line) noexcept {
  if (lane_) lane_->write(line);
}

}  // namespace output
