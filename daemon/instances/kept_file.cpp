// SPDX-License-Identifier: MIT
#include "daemon/instances/kept_file.hpp"

#include <algorithm>
#include <utility>

namespace instances {
namespace {

constexpr auto kFirstPause = core::seconds(1);
constexpr core::Duration kLongestPause = core::seconds(60);

}  // namespace

void WriteRetries::add(KeptFile& file) {
  pending_.insert(&file);
  if (timer_.armed()) return;
  pause_ = kFirstPause;
  timer_.armIn(pause_);
}

void WriteRetries::remove(KeptFile& file) {
  pending_.erase(&file);
  if (pending_.empty()) timer_.disarm();
}

void WriteRetries::tryAgain() {
  const auto next = std::min(pause_ * 2, kLongestPause);
  // Armed first: a file that fails again must not begin with the first pause.
  pause_ = next;
  timer_.armIn(pause_);
  const auto files = pending_;
  for (auto* const file : files)
    if (pending_.count(file)) (void)file->write();
}

core::Status KeptFile::write() {
  auto written = write_();
  const auto before = std::exchange(obstacle_, written ? std::string() : written.error().text);
  if (written)
    retries_.remove(*this);
  else
    retries_.add(*this);
  if (before.empty() != obstacle_.empty()) told_(obstacle_);
  return written;
}

void KeptFile::forget() {
  retries_.remove(*this);
  obstacle_.clear();
}

}  // namespace instances
