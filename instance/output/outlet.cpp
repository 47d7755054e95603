// SPDX-License-Identifier: MIT
#include "instance/output/outlet.hpp"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <functional>
#include <utility>

#include "instance/output/lane.hpp"
#include "instance/output/outlets.hpp"

namespace output {
namespace {

/// The most bytes that are queued, besides one write of any size. Channels stop reading long before; the limit is for
/// programs that are removed while the target is full: what was in their pipes is queued.
constexpr std::size_t kQueueLimit = 8 * 1024 * 1024;
constexpr core::milliseconds kRetryPause{100};
constexpr core::milliseconds kLineGrace{100};

}  // namespace

Outlet::Outlet(Outlets& all)
    : all_(all), retry_(all.loop(), [this] { flush(); }), lines_(all.loop(), [this] { flushOldLines(); }) {}
Outlet::~Outlet() = default;

void Outlet::leave(Lane& lane) noexcept { std::erase(lanes_, &lane); }

void Outlet::put(const std::shared_ptr<Source>& source, std::string_view bytes) noexcept {
  if (bytes.empty()) return;
  if (givenUp_) {
    discarded_ += bytes.size();
    return;
  }
  const std::time_t now = ::time(nullptr);
  if (queue_.empty()) {
    const Sent sent = send(*source, bytes, now);
    bytes.remove_prefix(sent.taken);
    if (sent.error != 0) return source->losses.lost(sent.error, bytes.size());
    if (bytes.empty()) return source->losses.worked();
  }
  enqueue(source, bytes, now);
}

void Outlet::save(std::vector<state::Unsent>& unsent, const Lanes& owned) const {
  for (const auto& parcel : queue_)
    unsent.push_back(
        {path(), parcel.source->losses.name(), parcel.source->prefix, parcel.when, parcel.bytes.substr(parcel.sent)});
  for (const Lane* const lane : lanes_) {
    if (std::binary_search(owned.begin(), owned.end(), lane, std::less<>())) continue;
    if (auto held = lane->unsent(); !held.bytes.empty()) unsent.push_back(std::move(held));
  }
}

void Outlet::restore(const state::Unsent& unsent) {
  if (unsent.bytes.empty()) return;
  enqueue(std::make_shared<Source>(unsent.prefix, unsent.name), unsent.bytes, unsent.when);
}

void Outlet::enqueue(const std::shared_ptr<Source>& source, std::string_view bytes, std::time_t when) noexcept {
  if (queued_ > 0 && queued_ + bytes.size() > kQueueLimit) return source->losses.lost(EAGAIN, bytes.size());
  try {
    if (!queue_.empty() && queue_.back().source == source && queue_.back().when == when)
      queue_.back().bytes.append(bytes);
    else
      queue_.push_back({source, std::string(bytes), when});
  } catch (const std::exception&) {
    return source->losses.lost(ENOMEM, bytes.size());
  }
  queued_ += bytes.size();
  if (!self_) self_ = shared_from_this();
  wait();
}

void Outlet::wait() noexcept {
  if (writable_) return;
  const int fd = descriptor();
  try {
    if (fd >= 0)
      return static_cast<void>(
          writable_.emplace(all_.loop(), fd, core::IoWatch::Write, [this](std::uint32_t) { flush(); }));
  } catch (const std::exception&) {
    writable_.reset();
  }
  retry_.armIn(kRetryPause);
}

/// There is room: sends what is queued, then lets the waiting channels read, until the target is full again.
void Outlet::flush() noexcept {
  const auto self = shared_from_this();
  while (!queue_.empty()) {
    Parcel& parcel = queue_.front();
    const auto rest = std::string_view(parcel.bytes).substr(parcel.sent);
    const Sent sent = send(*parcel.source, rest, parcel.when);
    parcel.sent += sent.taken;
    queued_ -= sent.taken;
    const std::size_t left = rest.size() - sent.taken;
    if (left > 0 && sent.error == 0) return wait();
    const auto source = std::move(parcel.source);
    queue_.pop_front();
    queued_ -= left;
    sent.error != 0 ? source->losses.lost(sent.error, left) : source->losses.worked();
  }
  unwatch();
  retry_.disarm();
  serve();
}

void Outlet::serve() noexcept {
  while (queue_.empty() && !room_.empty()) room_.pop()->onRoom();
  if (!queue_.empty()) return;
  const auto now = core::Clock::now();
  bool unfinished = false;
  for (Lane* const lane : lanes_) unfinished |= lane->restartLine(now);
  if (unfinished) lineBegan();
  const auto last = std::exchange(self_, nullptr);
  all_.settled();
}

/// A lane keeps an unfinished line.
void Outlet::lineBegan() noexcept {
  if (idle() && !lines_.armed()) lines_.armIn(kLineGrace);
}

/// Sends lines that were not finished in time. Not while channels wait: what they have not read may finish the line.
void Outlet::flushOldLines() noexcept {
  const auto self = shared_from_this();
  const auto now = core::Clock::now();
  bool unfinished = false;
  for (std::size_t i = 0; i < lanes_.size() && idle(); ++i) unfinished |= lanes_[i]->flushIfBefore(now - kLineGrace);
  if (unfinished) lineBegan();
}

std::size_t Outlet::giveUp() noexcept {
  const auto self = shared_from_this();
  givenUp_ = true;
  discarded_ += std::exchange(queued_, 0);
  queue_.clear();
  unwatch();
  retry_.disarm();
  serve();
  return std::exchange(discarded_, 0);
}

}  // namespace output
