// SPDX-License-Identifier: MIT
#include "instance/output/rotating_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <utility>

#include "instance/config/model.hpp"
#include "instance/output/lane.hpp"
#include "instance/output/log_feed.hpp"
#include "instance/output/open_target.hpp"
#include "instance/output/outlets.hpp"
#include "lib/core/log.hpp"

namespace output {
namespace {

/// How often a log that is being written checks whether its path still names its file.
constexpr core::seconds kCheckInterval{1};

/// Failures that may end by themselves: a program is started in spite of them.
bool passes(int code) noexcept { return code == ENOSPC || code == EDQUOT || code == EIO || code == ENFILE; }

}  // namespace

RotatingFile::RotatingFile(Outlets& outlets, std::string path, std::int64_t maxBytes, int backups,
                           config::Backpressure policy)
    : outlets_(outlets),
      path_(std::move(path)),
      maxBytes_(maxBytes),
      backups_(backups),
      rotateAt_(maxBytes),
      policy_(policy) {}
RotatingFile::RotatingFile(Outlets& outlets, std::string path, std::int64_t maxBytes, int backups)
    : RotatingFile(outlets, std::move(path), maxBytes, backups, config::Backpressure::Block) {}
RotatingFile::~RotatingFile() = default;

void RotatingFile::setLimits(std::int64_t maxBytes, int backups) noexcept {
  if (maxBytes != maxBytes_) rotateAt_ = maxBytes;
  maxBytes_ = maxBytes;
  backups_ = backups;
}

/// Goes over to what the path leads to now, or stays with what it has. Memory that runs out is a failure like others.
core::Status RotatingFile::acquire(bool truncate) noexcept {
  try {
    return change(truncate);
  } catch (const std::exception&) {
    return core::Err{core::Error{"out of memory", ENOMEM}};
  }
}

core::Status RotatingFile::change(bool truncate) {
  auto target = openTarget(path_, truncate);
  if (!target) return core::Err{std::move(target).error()};
  std::unique_ptr<Lane> lane;
  if (!target->regular() || target->shared) {
    struct stat facts = target->facts;
    lane = std::make_unique<Lane>(outlets_.stream(std::move(*target)), source(), policy_);
    target->facts = facts;
  }
  fd_.reset();
  size_ = target->facts.st_size;
  device_ = target->facts.st_dev;
  inode_ = target->facts.st_ino;
  rotateAt_ = maxBytes_;
  if (!lane) fd_ = std::move(target->fd);
  lane_ = std::move(lane);
  return {};
}

core::Status RotatingFile::open() {
  if (open_) return {};
  auto opened = acquire(false);
  if (!opened && !passes(opened.error().code)) return opened;
  open_ = true;
  checked_ = core::Clock::now();
  if (!opened) fail(opened.error().code, 0);
  return {};
}

void RotatingFile::close() noexcept {
  open_ = false;
  fd_.reset();
  lane_.reset();
}

/// Takes over a descriptor that appends to a regular file.
bool RotatingFile::adopt(core::UniqueFd file) noexcept {
  struct stat facts {};
  if (!file || ::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) return false;
  fd_ = std::move(file);
  size_ = facts.st_size;
  device_ = facts.st_dev;
  inode_ = facts.st_ino;
  return true;
}

void RotatingFile::restore(core::UniqueFd file, std::int64_t rotateAt, const state::Lane& saved) {
  if (saved.lost) source()->losses.restore(*saved.lost, saved.lostForRoom);
  if (!adopt(std::move(file)))
    if (const auto opened = acquire(false); !opened) fail(opened.error().code, 0);
  if (rotateAt > 0) rotateAt_ = rotateAt;
  open_ = true;
  if (lane_)
    lane_->restore({saved.line, saved.backlog, {}, false});
  else if (const auto held = saved.backlog + saved.line; !held.empty())
    write(held);  // it was a pipe or the like, and is a file by now
}

state::Lane RotatingFile::save() const {
  state::Lane saved = lane_ ? lane_->save() : state::Lane();
  if (source_ && source_->losses.troubled()) saved.lost = lost();
  saved.lostForRoom = saved.lost && source_->losses.full();
  return saved;
}

void RotatingFile::write(std::string_view bytes) noexcept {
  if (!open_ || bytes.empty()) return;
  if (const auto now = core::Clock::now(); now - checked_ >= kCheckInterval) check(now);
  if (lane_) {
    lane_->write(bytes);
  } else if (fd_) {
    if (repeat_) bytes.remove_prefix(alreadyWritten(bytes));
    writeFile(bytes);
  } else {
    fail(0, bytes.size());
  }
  notice_.notify();
}

void RotatingFile::flush() noexcept {
  if (lane_) lane_->flush();
}

void RotatingFile::writeFile(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(errno, bytes.size());
    bytes.remove_prefix(static_cast<std::size_t>(n));
    size_ += n;
  }
  if (source_) source_->losses.worked();
  if (maxBytes_ > 0 && size_ >= rotateAt_) rotateIfDue();
}

state::LogMark RotatingFile::mark(bool shared) const noexcept {
  if (!fd_) return {};
  struct stat facts {};
  const bool known = !shared || ::fstat(fd_.get(), &facts) != 0;
  return {device_, inode_, known ? size_ : facts.st_size};
}

void RotatingFile::repeatFrom(const std::optional<state::LogMark>& before) noexcept try {
  repeat_ = before ? std::make_unique<state::LogMark>(*before) : nullptr;
} catch (const std::exception&) {  // no memory: better twice than not at all
  repeat_.reset();
}

/// How much of `bytes` a predecessor has written before it was killed: what is at the mark now. If it rotated the log
/// after that, the first backup has it.
std::size_t RotatingFile::alreadyWritten(std::string_view bytes) noexcept try {
  const auto& mark = *repeat_;
  if (mark.inode == 0) return 0;
  core::UniqueFd file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat facts {};
  const auto isIt = [&] {
    return file && ::fstat(file.get(), &facts) == 0 && facts.st_dev == mark.device && facts.st_ino == mark.inode;
  };
  if (!isIt()) file.reset(::open((path_ + ".1").c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!isIt()) return 0;
  std::string there(bytes.size(), '\0');
  const auto n = ::pread(file.get(), there.data(), there.size(), mark.size);
  const auto size = static_cast<std::size_t>(std::max<ssize_t>(n, 0));
  if (!bytes.starts_with(std::string_view(there).substr(0, size))) return 0;
  repeat_->size += static_cast<std::int64_t>(bytes.size());
  return size;
} catch (const std::exception&) {  // no memory to compare: better twice than not at all
  return 0;
}

bool RotatingFile::isCurrent() const noexcept {
  struct stat named {};
  return ::stat(path_.c_str(), &named) == 0 && named.st_dev == device_ && named.st_ino == inode_;
}

/// Finds out what others did to the file: at most once a second, and only while it is written.
void RotatingFile::check(core::Instant now) noexcept {
  checked_ = now;
  if (lane_) return;
  struct stat facts {};
  if (fd_ && ::fstat(fd_.get(), &facts) == 0) size_ = facts.st_size;
  if (fd_ && isCurrent()) return;
  const auto opened = acquire(false);
  if (opened) return;
  // A file that was renamed still takes our bytes; in one that was removed they would be lost without a message.
  if (fd_ && facts.st_nlink == 0) fd_.reset();
  if (!fd_) fail(opened.error().code, 0);
}

/// Renames the log to PATH.1, and each backup to the next number, up to the first free one or the last that is kept.
/// Does not try all numbers: very many may be kept, and most do not exist. On failure errno has the reason.
bool RotatingFile::moveToBackups() noexcept try {
  const auto numbered = [this](int n) { return path_ + "." + std::to_string(n); };
  int last = 1;
  while (last < backups_ && ::access(numbered(last).c_str(), F_OK) == 0) ++last;
  for (int i = last - 1; i >= 1; --i) ::rename(numbered(i).c_str(), numbered(i + 1).c_str());
  return ::rename(path_.c_str(), numbered(1).c_str()) == 0;
} catch (const std::exception&) {  // no memory for the names; it is tried again later
  errno = ENOMEM;
  return false;
}

/// Rotates if the file is really that large: it may have been truncated, or replaced by another writer's rotation.
void RotatingFile::rotateIfDue() noexcept {
  struct stat facts {};
  if (::fstat(fd_.get(), &facts) == 0) size_ = facts.st_size;
  if (size_ < rotateAt_) return;
  if (!isCurrent()) return check(core::Clock::now());
  const bool moved = backups_ <= 0 || moveToBackups();
  const int code = moved ? 0 : errno;
  const auto opened = moved ? acquire(true) : core::Status();
  if (moved && opened) return;
  rotateAt_ = size_ + maxBytes_;  // continues in the same file, and tries again after as many bytes
  logging::error("log file {}: cannot rotate it: {}", path_,
                 moved ? opened.error().text.c_str() : ::strerrordesc_np(code));
}

void RotatingFile::reopen() noexcept {
  if (!open_) return;
  const auto opened = acquire(false);
  checked_ = core::Clock::now();
  if (opened) return;
  close();
  open_ = true;
  fail(opened.error().code, 0);
}

core::Status RotatingFile::clear() {
  struct stat named {};
  if (::lstat(path_.c_str(), &named) == 0) {
    if (S_ISREG(named.st_mode) && ::unlink(path_.c_str()) != 0) return core::sysError(path_, errno);
    // A link is the administrator's, its target may be anything: only what is plainly a file is emptied.
    if (S_ISLNK(named.st_mode) && descriptorOf(path_) < 0 && ::stat(path_.c_str(), &named) == 0 &&
        S_ISREG(named.st_mode) && ::truncate(path_.c_str(), 0) != 0)
      return core::sysError(path_, errno);
  }
  if (open_ && !lane_) reopen();
  notice_.notify();
  return {};
}

std::shared_ptr<LogFeed> RotatingFile::feed() {
  auto feed = feed_.lock();
  if (feed) return feed;
  feed = std::make_shared<LogFeed>(outlets_.loop(), path_, notice_);
  if (!feed->open()) return nullptr;
  feed_ = feed;
  return feed;
}

std::shared_ptr<LogFeed> RotatingFile::resumeFeed(core::UniqueFd file, std::int64_t first, std::int64_t last) {
  auto feed = std::make_shared<LogFeed>(outlets_.loop(), path_, notice_);
  feed->resume(std::move(file), first, last);
  feed_ = feed;
  return feed;
}

std::uint64_t RotatingFile::lost() const noexcept { return untold_ + (source_ ? source_->losses.bytes() : 0); }

const std::shared_ptr<Source>& RotatingFile::source() {
  if (!source_) source_ = std::make_shared<Source>("", "log file " + path_);
  return source_;
}

void RotatingFile::fail(int code, std::size_t lost) noexcept {
  try {
    source()->losses.lost(code, lost + std::exchange(untold_, 0));
  } catch (const std::exception&) {
    untold_ += lost;
  }
}

}  // namespace output
