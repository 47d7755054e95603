// SPDX-License-Identifier: MIT
#include "instance/state/journal.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace state {

/// One of the doings, as it is in memory.
struct Entry {
  std::atomic<std::uint64_t> stamp;  ///< it counts if this is the number of the commit that follows; written last
  std::uint16_t kind;
  std::uint16_t standardError;
  std::uint32_t program;
  pid_t pid;  ///< written by the kernel
  std::uint32_t begin;
  loff_t end;  ///< written by the kernel: an offset in the memfd. Of a flight: the bytes that were sent
  std::uint64_t device;
  std::uint64_t inode;
  std::int64_t size;      ///< of the log. Of a flight: the bytes in the scratch pipe
  std::uint64_t started;  ///< clock ticks
};
static_assert(sizeof(Entry) == 64 && std::atomic<std::uint64_t>::is_always_lock_free);

/// The first page. A change of it, or of Entry, needs another kMagic.
struct Journal::Layout {
  std::uint64_t magic;
  Sizes sizes;
  std::uint32_t incomplete;
  std::uint32_t attempts;  ///< to take over, since the last served()
  std::uint32_t ending;
  /// Of the last commit: its number, which half has the text, and how long that is. One word, so that a commit is one
  /// store.
  std::atomic<std::uint64_t> committed;
};

namespace {

constexpr std::uint32_t kMostAttempts = 3;
constexpr std::uint64_t kMagic = 0x31746174732d6d73;  // "sm-stat1"
constexpr std::size_t kPage = 4096;
constexpr unsigned kLengthBits = 26;
constexpr unsigned kHalfBit = kLengthBits;
constexpr unsigned kSequenceShift = kLengthBits + 1;
constexpr std::uint32_t kMostDoings = 64 * 1024;
constexpr std::uint32_t kMostText = (1U << kLengthBits) - 1;

std::size_t pages(std::size_t bytes) noexcept { return (bytes + kPage - 1) / kPage * kPage; }
std::size_t stagingAt(const Journal::Sizes& sizes) noexcept { return kPage + pages(sizes.doings * sizeof(Entry)); }
std::size_t mappedSize(const Journal::Sizes& sizes) noexcept { return stagingAt(sizes) + pages(sizes.staging); }
std::size_t wholeSize(const Journal::Sizes& sizes) noexcept { return mappedSize(sizes) + 2 * pages(sizes.text); }

bool sensible(const Journal::Sizes& sizes) noexcept {
  return sizes.doings > 0 && sizes.doings <= kMostDoings && sizes.staging > 0 && sizes.staging <= kMostText &&
         sizes.text > 0 && sizes.text <= kMostText;
}

std::size_t lengthIn(std::uint64_t word) noexcept { return word & kMostText; }
unsigned halfIn(std::uint64_t word) noexcept { return (word >> kHalfBit) & 1; }

/// pwrite() and not a store: without memory it fails, and a store to a hole would be ended by SIGBUS.
bool writeAt(int fd, off_t at, const char* bytes, std::size_t size) noexcept {
  while (size > 0) {
    const ssize_t n = ::pwrite(fd, bytes, size, at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n;
    size -= static_cast<std::size_t>(n);
    at += n;
  }
  return true;
}

core::Err<core::Error> unusable(const char* why) {
  return core::Err{core::Error{std::string("the state of the last supervisord cannot be used: ") + why, 0}};
}

constexpr int kSizeSeals = F_SEAL_GROW | F_SEAL_SHRINK;

}  // namespace

Journal::Journal(core::UniqueFd memory, void* mapping, std::size_t mapped) noexcept
    : memory_(std::move(memory)), mapping_(mapping), mapped_(mapped) {}

Journal::~Journal() { ::munmap(mapping_, mapped_); }

core::Expected<std::unique_ptr<Journal>> Journal::create(Sizes sizes) {
  constexpr const char* kWhat = "cannot make the memory that keeps the state";
  core::UniqueFd memory(::memfd_create("supervisord-state", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory || ::ftruncate(memory.get(), static_cast<off_t>(wholeSize(sizes))) != 0 ||
      ::fcntl(memory.get(), F_ADD_SEALS, kSizeSeals | F_SEAL_SEAL) != 0)
    return core::sysError(kWhat, errno);
  const char nothing[kPage] = {};
  if (!writeAt(memory.get(), 0, nothing, sizeof nothing)) return core::sysError(kWhat, errno);
  void* const mapping = ::mmap(nullptr, mappedSize(sizes), PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
  if (mapping == MAP_FAILED) return core::sysError(kWhat, errno);
  std::unique_ptr<Journal> journal(new Journal(std::move(memory), mapping, mappedSize(sizes)));
  auto& layout = journal->layout();
  layout.sizes = sizes;
  layout.incomplete = 1;  // until there is a text
  layout.committed.store(std::uint64_t{1} << kSequenceShift);
  layout.magic = kMagic;
  return journal;
}

core::Expected<std::unique_ptr<Journal>> Journal::adopt(core::UniqueFd memory) {
  struct stat facts {};
  if (::fcntl(memory.get(), F_GET_SEALS) != (kSizeSeals | F_SEAL_SEAL) || ::fstat(memory.get(), &facts) != 0)
    return unusable("it is not a memory of fixed size");
  alignas(Layout) char head[sizeof(Layout)];
  if (::pread(memory.get(), head, sizeof head, 0) != static_cast<ssize_t>(sizeof head)) return unusable("it is short");
  const auto& layout = *reinterpret_cast<const Layout*>(head);
  if (layout.magic != kMagic) return unusable("it is of another version");
  if (!sensible(layout.sizes) || static_cast<std::size_t>(facts.st_size) != wholeSize(layout.sizes))
    return unusable("its sizes are wrong");
  if (layout.incomplete != 0) return unusable("it is not complete");
  if (layout.ending != 0) return unusable("it was stopping all programs");
  const auto size = mappedSize(layout.sizes);
  void* const mapping = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
  if (mapping == MAP_FAILED) return core::sysError("cannot map the state of the last supervisord", errno);
  std::unique_ptr<Journal> journal(new Journal(std::move(memory), mapping, size));
  if (auto recovered = journal->recover(); !recovered) return core::Err{std::move(recovered).error()};
  return journal;
}

/// Finds the end of what the predecessor has done, so that it continues there.
core::Status Journal::recover() {
  const auto& sizes = layout().sizes;
  length_ = lengthIn(layout().committed.load());
  if (length_ > sizes.text) return unusable("the length of its text is wrong");
  rewritten_ = 0;
  const auto first = static_cast<loff_t>(stagingAt(sizes));
  for (; count_ < sizes.doings; ++count_) {
    const Entry& one = entry(count_);
    if (one.stamp.load() != sequence()) break;
    if (one.kind != static_cast<std::uint16_t>(Done::Kind::Read)) continue;
    if (one.begin != staged_ || one.end < first + one.begin || one.end > first + sizes.staging)
      return unusable("what was read is not where it should be");
    staged_ = static_cast<std::uint32_t>(one.end - first);
  }
  backed_ = static_cast<std::uint32_t>(pages(count_ * sizeof(Entry)) / sizeof(Entry));
  return {};
}

Entry& Journal::entry(std::uint32_t at) const noexcept {
  return reinterpret_cast<Entry*>(static_cast<char*>(mapping_) + kPage)[at];
}
char* Journal::staging() const noexcept { return static_cast<char*>(mapping_) + stagingAt(layout().sizes); }
off_t Journal::textAt(unsigned half) const noexcept {
  const auto& sizes = layout().sizes;
  return static_cast<off_t>(mappedSize(sizes) + half * pages(sizes.text));
}
std::uint64_t Journal::sequence() const noexcept { return layout().committed.load() >> kSequenceShift; }

bool Journal::attempt() noexcept { return ++layout().attempts <= kMostAttempts; }
void Journal::served() noexcept { layout().attempts = 0; }
void Journal::end() noexcept { layout().ending = 1; }

core::Expected<std::string> Journal::text() const {
  const auto word = layout().committed.load();
  std::string text(lengthIn(word), '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n =
        ::pread(memory_.get(), text.data() + done, text.size() - done, textAt(halfIn(word)) + static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return core::sysError("cannot read the state of the last supervisord", errno);
    done += static_cast<std::size_t>(n);
  }
  return text;
}

std::vector<Done> Journal::doings() const {
  std::vector<Done> all;
  const auto first = static_cast<loff_t>(stagingAt(layout().sizes));
  for (std::uint32_t at = 0; at < count_; ++at) {
    const Entry& one = entry(at);
    Done done;
    done.kind = static_cast<Done::Kind>(one.kind);
    done.program = one.program;
    done.standardError = one.standardError != 0;
    done.pid = one.pid;
    done.startedAfter = one.started;
    if (done.kind == Done::Kind::Read) {
      done.bytes = {staging() + one.begin, static_cast<std::size_t>(one.end - first) - one.begin};
      done.log = {one.device, one.inode, one.size};
      if (done.bytes.empty()) continue;
    } else if (done.kind == Done::Kind::Flight) {
      done.length = one.size;
      done.sent = one.end;
    }
    all.push_back(done);
  }
  return all;
}

bool Journal::crowded() const noexcept {
  return count_ > layout().sizes.doings / 2 || staged_ > layout().sizes.staging / 2;
}

bool Journal::writeText(unsigned half, std::size_t at, std::string_view text) noexcept {
  return text.size() <= layout().sizes.text - at &&
         writeAt(memory_.get(), textAt(half) + static_cast<off_t>(at), text.data(), text.size());
}

bool Journal::append(std::string_view records) noexcept {
  if (layout().incomplete != 0 || !writeText(halfIn(layout().committed.load()), length_, records)) return false;
  length_ += records.size();
  return true;
}

void Journal::commit() noexcept {
  const auto word = layout().committed.load(std::memory_order_relaxed);
  if (count_ == 0 && length_ == lengthIn(word)) return;
  publish(halfIn(word), length_);
}

void Journal::publish(unsigned half, std::size_t length) noexcept {
  layout().committed.store((sequence() + 1) << kSequenceShift | std::uint64_t{half} << kHalfBit | length);
  length_ = length;
  count_ = 0;
  staged_ = 0;
}

bool Journal::rewrite(std::string_view records) noexcept {
  const unsigned old = halfIn(layout().committed.load());
  const auto oldLength = lengthIn(layout().committed.load());
  if (!writeText(old ^ 1, 0, records)) {
    layout().incomplete = 1;
    return false;
  }
  publish(old ^ 1, records.size());
  layout().incomplete = 0;
  rewritten_ = records.size();
  if (oldLength > 0)
    ::fallocate(memory_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, textAt(old),
                static_cast<off_t>(pages(layout().sizes.text)));
  return true;
}

/// The next entry, not valid yet; nullptr without room or memory.
Entry* Journal::next(Done::Kind kind, std::uint32_t program) noexcept {
  if (count_ == layout().sizes.doings) return nullptr;
  if (count_ == backed_) {
    const char nothing[kPage] = {};
    if (!writeAt(memory_.get(), static_cast<off_t>(kPage + count_ * sizeof(Entry)), nothing, sizeof nothing))
      return nullptr;
    backed_ += static_cast<std::uint32_t>(kPage / sizeof(Entry));
  }
  Entry& one = entry(count_);
  one.stamp.store(0, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  one.kind = static_cast<std::uint16_t>(kind);
  one.standardError = 0;
  one.program = program;
  one.pid = 0;
  one.begin = 0;
  one.end = 0;
  one.device = one.inode = 0;
  one.size = 0;
  one.started = 0;
  return &one;
}

/// From here on the entry counts.
void Journal::seal(Entry& one) noexcept {
  one.stamp.store(sequence(), std::memory_order_release);
  ++count_;
}

ssize_t Journal::read(int pipe, std::size_t limit, std::uint32_t program, bool standardError, const LogMark& log,
                      const char*& bytes) noexcept {
  const std::size_t room = layout().sizes.staging - staged_;
  Entry* const one = room > 0 ? next(Done::Kind::Read, program) : nullptr;
  if (one == nullptr) {
    errno = ENOBUFS;
    return -1;
  }
  const auto at = static_cast<loff_t>(stagingAt(layout().sizes) + staged_);
  one->standardError = standardError ? 1 : 0;
  one->begin = staged_;
  one->end = at;
  one->device = log.device;
  one->inode = log.inode;
  one->size = log.size;
  seal(*one);
  bytes = staging() + staged_;
  ssize_t n = 0;
  do n = ::splice(pipe, nullptr, memory_.get(), &one->end, std::min(limit, room), SPLICE_F_NONBLOCK);
  while (n < 0 && errno == EINTR);
  if (n > 0) {
    staged_ += static_cast<std::uint32_t>(n);
  } else {
    const int code = errno;
    one->stamp.store(0);
    --count_;
    errno = code == ENOSPC || code == ENOMEM ? ENOBUFS : code;
  }
  return n;
}

pid_t* Journal::willSpawn(std::uint32_t program, std::uint64_t startedAfter) noexcept {
  Entry* const one = next(Done::Kind::Spawn, program);
  if (one == nullptr) return nullptr;
  one->started = startedAfter;
  seal(*one);
  return &one->pid;
}

void Journal::willSignal(std::uint32_t program) noexcept {
  if (Entry* const one = next(Done::Kind::Signal, program)) seal(*one);
}

Journal::Flight Journal::beginFlight(std::uint32_t program) noexcept {
  Flight flight;
  if (Entry* const one = next(Done::Kind::Flight, program)) {
    one->end = -1;
    seal(*one);
    flight.entry_ = one;
  }
  return flight;
}

void Journal::Flight::filled(std::int64_t length) noexcept {
  entry_->size = length;
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

void Journal::Flight::done(std::int64_t sent) noexcept {
  entry_->end = sent;
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

}  // namespace state
