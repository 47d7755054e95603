// SPDX-License-Identifier: MIT
#include "lib/terminal/channel.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "lib/core/program.hpp"

namespace terminal {
namespace {

constexpr std::size_t kChunk = 4096;        // PIPE_BUF: a pipe that is ready accepts this much without blocking
constexpr std::size_t kMostHeld = 1 << 16;  // bytes read and not yet written: the guest must wait for a slow reader
constexpr std::size_t kMostLeft = 1 << 20;  // read after the guest's end: its other processes could write endlessly

core::Expected<std::array<core::UniqueFd, 2>> makePipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return core::sysError("cannot make a pipe", errno);
  return std::array{core::UniqueFd(ends[0]), core::UniqueFd(ends[1])};
}

core::UniqueFd another(int fd) { return core::UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 3)); }

bool areSame(int one, int other) {
  struct stat a {
  }, b{};
  return ::fstat(one, &a) == 0 && ::fstat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

std::optional<Filter> filterFor(int ours, Filter::Allows allows, bool raw) {
  if (raw || ::isatty(ours) != 1) return std::nullopt;
  return Filter(allows);
}

core::Status joinInput(Joined& joined, const Streams& streams) {
  if (!streams.input) {
    joined.guests[0].reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!joined.guests[0]) return core::sysError("cannot open /dev/null", errno);
    return {};
  }
  joined.keyboard = joined.screen.ours.valid() && ::isatty(STDIN_FILENO) == 1;
  if (joined.keyboard) {
    joined.guests[0] = another(joined.screen.theirs.get());
    joined.input = Channel::input(STDIN_FILENO, another(joined.screen.ours.get()), true);
    return {};
  }
  auto pipe = makePipe();
  if (!pipe) return core::Err{std::move(pipe).error()};
  joined.guests[0] = std::move((*pipe)[0]);
  joined.input = Channel::input(STDIN_FILENO, std::move((*pipe)[1]), false);
  return {};
}

core::Status joinOutput(Joined& joined, int ours, Channel& channel, bool raw) {
  auto pipe = makePipe();
  if (!pipe) return core::Err{std::move(pipe).error()};
  joined.guests[static_cast<std::size_t>(ours)] = std::move((*pipe)[1]);
  channel = Channel::output(std::move((*pipe)[0]), ours, filterFor(ours, Filter::Allows::Log, raw));
  return {};
}

core::Status joinOutputs(Joined& joined, const Streams& streams) {
  if (joined.screen.ours) {
    joined.guests[1] = another(joined.screen.theirs.get());
    joined.output = Channel::output(another(joined.screen.ours.get()), STDOUT_FILENO,
                                    filterFor(STDOUT_FILENO, Filter::Allows::Screen, false));
  } else if (auto done = joinOutput(joined, STDOUT_FILENO, joined.output, streams.raw); !done) {
    return done;
  }
  // If both go to the same file, use one pipe: through two pipes the order of the lines could change.
  if (areSame(STDOUT_FILENO, STDERR_FILENO)) {
    joined.guests[2] = another(joined.guests[1].get());
    return {};
  }
  return joinOutput(joined, STDERR_FILENO, joined.errors, streams.raw);
}

}  // namespace

Channel Channel::output(core::UniqueFd guest, int ours, std::optional<Filter> filter) {
  Channel made;
  made.kind_ = Kind::Output;
  ::fcntl(guest.get(), F_SETFL, O_NONBLOCK | ::fcntl(guest.get(), F_GETFL));
  made.guest_ = std::move(guest);
  made.ours_ = ours;
  made.filter_ = std::move(filter);
  return made;
}

Channel Channel::input(int ours, core::UniqueFd guest, bool keys) {
  Channel made = output(std::move(guest), ours, std::nullopt);
  made.kind_ = Kind::Input;
  made.keys_ = keys;
  return made;
}

void Channel::watch(std::vector<pollfd>& watched) {
  const auto place = [&watched](int fd, short events) {
    watched.push_back({fd, events, 0});
    return watched.size() - 1;
  };
  const bool reads = kind_ != Kind::None && !ended_ && !broken_ && (keys_ || pending_.size() < kMostHeld);
  readSlot_ = reads ? place(source(), POLLIN) : 0;
  // Also without pending output: when our reader is gone, the guest's output is closed, as if it wrote there directly.
  const bool looks = hasPending() || (kind_ == Kind::Output && !broken_);
  writeSlot_ = looks ? place(sink(), hasPending() ? POLLOUT : 0) : 0;
}

void Channel::move(const std::vector<pollfd>& watched) {
  if (readSlot_ > 0 && watched[readSlot_].revents != 0) static_cast<void>(read());
  const short writable = writeSlot_ > 0 ? watched[writeSlot_].revents : short{0};
  if (writable != 0 && hasPending())
    write();
  else if ((writable & (POLLERR | POLLHUP | POLLNVAL)) != 0)
    broken_ = true;
  // Closing shows the guest the end of its input, after it has received everything, or that its output has no reader.
  if ((kind_ == Kind::Input && ended_ && !keys_ && pending_.empty()) || broken_) guest_.reset();
}

bool Channel::read() {
  std::array<char, kChunk> bytes;
  const ssize_t count = ::read(source(), bytes.data(), bytes.size());
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return false;
  if (count > 0) {
    add({bytes.data(), static_cast<std::size_t>(count)});
    return true;
  }
  ended_ = true;  // also after EIO: all processes have closed the pseudo-terminal
  if (filter_) pending_ += filter_->finish();
  return false;
}

void Channel::add(std::string_view bytes) {
  if (keys_)
    arrived_ += bytes;
  else if (filter_)
    pending_ += filter_->feed(bytes);
  else
    pending_ += bytes;
}

void Channel::pass(std::size_t count, std::size_t dropped) {
  // While the guest does not read, further keys are discarded, so that the stop key still works.
  if (pending_.size() < kMostHeld) pending_.append(arrived_, 0, count);
  arrived_.erase(0, count + dropped);
}

void Channel::write() {
  const std::size_t size = filter_ ? Filter::wholeTokens(pending_, kChunk) : std::min(pending_.size(), kChunk);
  const ssize_t count = ::write(sink(), pending_.data(), size);
  if (count >= 0) {
    pending_.erase(0, static_cast<std::size_t>(count));
  } else if (errno != EINTR && errno != EAGAIN) {
    broken_ = true;
    pending_.clear();
  }
}

void Channel::readRest() {
  if (kind_ != Kind::Output) {
    pending_.clear();
    ended_ = true;
  } else if (!broken_) {
    for (const std::size_t most = pending_.size() + kMostLeft; !ended_ && pending_.size() < most && read();) continue;
    if (!ended_ && filter_) pending_ += filter_->finish();
    ended_ = true;
  }
  guest_.reset();
}

core::Expected<Joined> join(const Streams& streams) {
  core::openStandardDescriptors();
  Joined joined;
  if (streams.screen && ::isatty(STDOUT_FILENO) == 1 && isForeground(STDOUT_FILENO)) {
    auto screen = openLike(STDOUT_FILENO);
    if (!screen) return core::Err{std::move(screen).error()};
    joined.screen = std::move(*screen);
  }
  if (auto done = joinInput(joined, streams); !done) return core::Err{std::move(done).error()};
  if (auto done = joinOutputs(joined, streams); !done) return core::Err{std::move(done).error()};
  joined.screen.theirs.reset();
  return joined;
}

}  // namespace terminal
