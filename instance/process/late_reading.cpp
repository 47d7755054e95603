// SPDX-License-Identifier: MIT
#include "instance/process/late_reading.hpp"

#include <fcntl.h>

#include <algorithm>

namespace process {
namespace {

constexpr core::microseconds kFirstLateness{500};
constexpr core::microseconds kLongestLateness{4000};
/// Below this the programs write so much that the reads are large without a pause.
constexpr core::microseconds kShortestLateness{60};
/// Read in one turn of the loop; then clients and other programs have theirs.
constexpr std::size_t kMostOfATurn = 1024 * 1024;
/// 4 MiB, a sixteenth of what the kernel lets an owner have by default.
constexpr int kMostEnlarged = 16;
constexpr int kRatherFull = 50;  // percent
constexpr int kRatherEmpty = 12;
/// What the kernel gives a pipe.
constexpr int kOrdinaryPipe = 64 * 1024;

}  // namespace

LateReading::LateReading(core::EventLoop& loop) : timer_(loop, [this] { turn(); }), pause_(kFirstLateness) {}

void LateReading::join(output::RoomQueue::Waiter& reader) noexcept {
  coming_.join(reader);
  if (!timer_.armed()) timer_.armIn(pause_);
}

void LateReading::turn() noexcept {
  taken_ = 0;
  if (due_.empty()) {  // a new round
    fullest_ = 0;
    while (auto* const reader = coming_.pop()) due_.join(*reader);
  }
  while (taken_ < kMostOfATurn) {
    auto* const reader = due_.pop();
    if (reader == nullptr) break;
    reader->onRoom();
  }
  if (!due_.empty()) return timer_.armIn(core::Duration::zero());
  adaptPause();
  if (coming_.empty()) {
    timer_.disarm();
    pause_ = kFirstLateness;
  } else {
    timer_.armIn(pause_);
  }
}

void LateReading::adaptPause() noexcept {
  if (fullest_ >= kRatherFull) {
    pause_ /= 2;
    if (pause_ < kShortestLateness) pause_ = core::microseconds::zero();
  } else if (fullest_ < kRatherEmpty) {
    pause_ = std::clamp(pause_ * 2, kShortestLateness, kLongestLateness);
  }
}

LateReading::Pipe::Pipe(LateReading& all, int fd) noexcept : all_(all), fd_(fd) {
  const int capacity = ::fcntl(fd, F_GETPIPE_SZ);
  original_ = capacity_ = static_cast<std::size_t>(std::max(capacity, 4096));
  if (capacity_ < kLargePipe) return;
  original_ = kOrdinaryPipe;  // a predecessor has enlarged it
  ++all_.enlarged_;
}

void LateReading::shrink(int pipe) noexcept {
  if (::fcntl(pipe, F_GETPIPE_SZ) == static_cast<int>(kLargePipe)) ::fcntl(pipe, F_SETPIPE_SZ, kOrdinaryPipe);
}

/// If the pipe holds more than its former size, it stays as it is.
LateReading::Pipe::~Pipe() {
  if (capacity_ == original_) return;
  ::fcntl(fd_, F_SETPIPE_SZ, static_cast<int>(original_));
  --all_.enlarged_;
}

void LateReading::Pipe::took(std::size_t bytes, bool mayGrow) noexcept {
  all_.taken_ += bytes;
  const int filled = static_cast<int>(std::min(bytes, capacity_) * 100 / capacity_);
  const bool grows = filled >= kRatherFull && mayGrow && !denied_ && capacity_ < kLargePipe;
  if (grows && all_.enlarged_ < kMostEnlarged && grow()) return;
  all_.fullest_ = std::max(all_.fullest_, filled);
}

/// If it fails, a shorter pause has to do.
bool LateReading::Pipe::grow() noexcept {
  denied_ = ::fcntl(fd_, F_SETPIPE_SZ, static_cast<int>(kLargePipe)) < 0;
  if (denied_) return false;
  capacity_ = kLargePipe;
  ++all_.enlarged_;
  return true;
}

}  // namespace process
