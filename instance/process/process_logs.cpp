// SPDX-License-Identifier: MIT
// The logs of a program, for clients.
#include "instance/process/process.hpp"

#include "instance/output/rotating_file.hpp"
#include "instance/process/channel.hpp"

namespace process {

output::RotatingFile* Process::log(Channel which) noexcept {
  OutputChannel* const output = channel(which);
  return output == nullptr ? nullptr : output->log();
}

const std::string& Process::logPath(Channel which) const noexcept {
  static const std::string kNone;
  OutputChannel* const output = channel(which);
  return output == nullptr || output->log() == nullptr ? kNone : output->log()->path();
}

void Process::catchUp(Channel which) noexcept {
  if (OutputChannel* const output = channel(which)) output->catchUp();
}

core::Status Process::clearLogs() {
  for (const auto which : {Channel::Stdout, Channel::Stderr}) catchUp(which);
  for (const auto which : {Channel::Stdout, Channel::Stderr})
    if (auto* const file = log(which))
      if (auto cleared = file->clear(); !cleared) return cleared;
  return {};
}

void Process::reopenLogs() {
  for (const auto which : {Channel::Stdout, Channel::Stderr})
    if (auto* const file = log(which)) file->reopen();
}

}  // namespace process
