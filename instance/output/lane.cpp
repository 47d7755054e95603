// SPDX-License-Identifier: MIT
#include "instance/output/lane.hpp"

#include <limits.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <exception>
#include <utility>

#include "instance/config/model.hpp"

namespace output {
namespace {

constexpr std::size_t kBacklogLimit = 64 * 1024;
/// Up to this size it is cheaper to join an unfinished line and what follows than to send them one by one.
constexpr std::size_t kJoinLimit = 8 * 1024;

/// How many bytes of `bytes` are whole lines.
std::size_t wholeLines(std::string_view bytes) noexcept {
  const auto end = bytes.rfind('\n');
  return end == std::string_view::npos ? 0 : end + 1;
}

}  // namespace

Lane::Lane(std::shared_ptr<Outlet> outlet, std::shared_ptr<Source> source, config::Backpressure policy)
    : outlet_(std::move(outlet)), source_(std::move(source)), policy_(policy) {
  outlet_->join(*this);
}

Lane::~Lane() {
  flush();
  outlet_->put(source_, backlog_);
  outlet_->leave(*this);
}

Outlet* Lane::fullOutlet() const noexcept {
  return policy_ == config::Backpressure::Block && outlet_->full() ? outlet_.get() : nullptr;
}

void Lane::write(std::string_view bytes) noexcept {
  const bool keeps = outlet_->keepsLines();
  const std::size_t whole = keeps ? wholeLines(bytes) : bytes.size();
  if (whole > 0) {
    std::size_t done = 0;
    if (!line_.empty()) {
      done = keeps && whole > kJoinLimit ? bytes.find('\n') + 1 : std::min(whole, kJoinLimit);
      hold(bytes.substr(0, done));
      flush();
    }
    pass(bytes.substr(done, whole - done));
  }
  if (whole == bytes.size()) return;
  hold(bytes.substr(whole));
  if (line_.size() > PIPE_BUF) return flush();
  outlet_->lineBegan();
}

void Lane::hold(std::string_view bytes) noexcept {
  try {
    if (line_.empty()) since_ = core::Clock::now();
    line_.append(bytes);
  } catch (const std::exception&) {  // no memory to keep the line: it goes out in pieces
    flush();
    pass(bytes);
  }
}

void Lane::flush() noexcept {
  pass(line_);
  line_.clear();
}

void Lane::pass(std::string_view bytes) noexcept {
  if (bytes.empty()) return;
  if (policy_ == config::Backpressure::Block || (outlet_->idle() && backlog_.empty()))
    return outlet_->put(source_, bytes);
  const std::size_t room = kBacklogLimit - std::min(kBacklogLimit, backlog_.size());
  const std::size_t kept = bytes.size() <= room ? bytes.size() : wholeLines(bytes.substr(0, room));
  try {
    backlog_.append(bytes.substr(0, kept));
    bytes.remove_prefix(kept);
  } catch (const std::exception&) {  // then all of it is lost
  }
  outlet_->await(*this);
  if (!bytes.empty()) source_->losses.lost(EAGAIN, bytes.size());
}

void Lane::onRoom() noexcept { outlet_->put(source_, std::exchange(backlog_, {})); }

state::Lane Lane::save() const {
  state::Lane saved;
  saved.line = line_;
  saved.backlog = backlog_;
  if (source_->losses.troubled()) saved.lost = source_->losses.bytes();
  saved.lostForRoom = saved.lost && source_->losses.full();
  return saved;
}

void Lane::restore(const state::Lane& saved) {
  if (saved.lost) source_->losses.restore(*saved.lost, saved.lostForRoom);
  hold(saved.line);
  if (!line_.empty()) outlet_->lineBegan();
  if (saved.backlog.empty()) return;
  if (outlet_->idle()) return outlet_->put(source_, saved.backlog);
  backlog_ = saved.backlog;
  outlet_->await(*this);
}

state::Unsent Lane::unsent() const {
  return {outlet_->path(), source_->losses.name(), source_->prefix, std::time(nullptr), backlog_ + line_};
}

/// The target was full: the time of an unfinished line starts again. Returns whether there is one.
bool Lane::restartLine(core::Instant now) noexcept {
  since_ = now;
  return !line_.empty();
}

/// Hands on an unfinished line that is older than `limit`. Returns whether there is one left.
bool Lane::flushIfBefore(core::Instant limit) noexcept {
  if (!line_.empty() && since_ <= limit) flush();
  return !line_.empty();
}

}  // namespace output
