// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace state {

/// Where a log file was before a read: what has been written since can be found behind it.
struct LogMark {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;  ///< 0: there is no regular log file
  std::int64_t size = 0;
};

/// Something that supervisord has done since the last commit, and that a successor has to take into account.
struct Done {
  enum class Kind : std::uint16_t {
    Read = 1,    ///< `bytes` were taken out of a program's pipe
    Spawn = 2,   ///< a process was started; `pid` 0: it was not
    Signal = 3,  ///< the program is being stopped; its signal may have been sent
    Flight = 4,  ///< up to `length` bytes of its pending input were sent
  };
  Kind kind = Kind::Read;
  std::uint32_t program = 0;  ///< its number
  bool standardError = false;
  std::string_view bytes;  ///< in the journal: valid while it is mapped, and until the next commit
  LogMark log;             ///< of the channel, before the read
  pid_t pid = 0;
  std::uint64_t startedAfter = 0;  ///< clock ticks since boot
  std::int64_t length = 0;
  std::int64_t sent = -1;  ///< -1: `length` less what is left in the scratch pipe
};

/// What a crash of supervisord leaves: a memfd that lives on in the manager. It has two parts.
///
/// The *text* has records of the state of the last commit, see text.hpp. Records are appended; they are valid, all at
/// once, from commit() on, which is one store of a word.
///
/// The *doings* have, for each effect since the last commit that cannot be taken back, what it was and how it ended.
/// The kernel writes the outcome itself, within the system call: the number of bytes that a pipe gave (splice's
/// offset) and the pid of a child (CLONE_PARENT_SETTID). So SIGKILL at any instant leaves either "not done" or "done,
/// with this outcome". A commit makes them void, with the same store. A successor repeats the steps since the commit,
/// with these outcomes.
///
/// Only one process writes it; it is read when that one has ended. The size is sealed and mostly a hole: what is not
/// used takes no memory.
class Journal {
 public:
  struct Sizes {
    std::uint32_t doings = 8192;
    std::uint32_t staging = 2 * 1024 * 1024;  ///< bytes that can be read between two commits
    std::uint32_t text = 30 * 1024 * 1024;    ///< twice
  };

  /// An empty journal.
  [[nodiscard]] static core::Expected<std::unique_ptr<Journal>> create(Sizes sizes);
  [[nodiscard]] static core::Expected<std::unique_ptr<Journal>> create() { return create(Sizes{}); }
  /// That of a predecessor, which has ended; its doings stay valid until the next commit, together with new ones.
  /// Fails if it is not a journal, of another layout, damaged or marked as incomplete, and after end().
  [[nodiscard]] static core::Expected<std::unique_ptr<Journal>> adopt(core::UniqueFd memory);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// Counts an attempt to take over. False: three have not come as far as served().
  [[nodiscard]] bool attempt() noexcept;
  void served() noexcept;
  /// All programs are being stopped: there is nothing to take over any more.
  void end() noexcept;

  [[nodiscard]] int fd() const noexcept { return memory_.get(); }

  /// The committed records.
  [[nodiscard]] core::Expected<std::string> text() const;
  /// What was done since the commit, in order.
  [[nodiscard]] std::vector<Done> doings() const;
  [[nodiscard]] bool hasDoings() const noexcept { return count_ > 0; }
  /// More than half of the room for doings or for their bytes is used: it is time for a commit.
  [[nodiscard]] bool crowded() const noexcept;

  /// Adds records that the next commit makes valid. Returns false if there is no room or no memory: then rewrite().
  bool append(std::string_view records) noexcept;
  /// Makes what was appended valid, and the doings void. Does nothing if there is neither.
  void commit() noexcept;
  /// The text has become much longer than the records that count.
  [[nodiscard]] bool wantsRewrite() const noexcept { return length_ > 2 * rewritten_ + kSlack; }
  /// As a commit, with `records` instead of all records before. If there is no room or no memory it returns false, and
  /// marks the journal as incomplete: no successor trusts it before a later rewrite() succeeds.
  bool rewrite(std::string_view records) noexcept;

  /// Reads up to `limit` bytes from a pipe, without blocking; returns what read(2) would, and where the bytes are,
  /// which stay until the next commit. ENOBUFS: there is no room for a record of it, and nothing was read.
  ssize_t read(int pipe, std::size_t limit, std::uint32_t program, bool standardError, const LogMark& log,
               const char*& bytes) noexcept;
  /// To be called before a fork. Returns where the kernel has to write the pid (CLONE_PARENT_SETTID), or nullptr: there
  /// is no room for a record of it.
  [[nodiscard]] pid_t* willSpawn(std::uint32_t program, std::uint64_t startedAfter) noexcept;
  /// To be called before a stop signal is sent.
  void willSignal(std::uint32_t program) noexcept;

  /// A transfer of pending input through the scratch pipe: begin(), fill the scratch pipe, filled(), splice, done().
  class Flight {
   public:
    [[nodiscard]] explicit operator bool() const noexcept { return entry_ != nullptr; }
    void filled(std::int64_t length) noexcept;
    void done(std::int64_t sent) noexcept;

   private:
    friend class Journal;
    struct Entry* entry_ = nullptr;
  };
  /// Without room for a record the flight is false, and nothing may be sent.
  [[nodiscard]] Flight beginFlight(std::uint32_t program) noexcept;

 private:
  struct Layout;
  Journal(core::UniqueFd memory, void* mapping, std::size_t mapped) noexcept;
  [[nodiscard]] struct Layout& layout() const noexcept { return *static_cast<Layout*>(mapping_); }
  [[nodiscard]] struct Entry& entry(std::uint32_t at) const noexcept;
  [[nodiscard]] char* staging() const noexcept;
  [[nodiscard]] off_t textAt(unsigned half) const noexcept;
  [[nodiscard]] std::uint64_t sequence() const noexcept;
  struct Entry* next(Done::Kind kind, std::uint32_t program) noexcept;
  void seal(struct Entry& entry) noexcept;
  void publish(unsigned half, std::size_t length) noexcept;
  [[nodiscard]] bool writeText(unsigned half, std::size_t at, std::string_view text) noexcept;
  [[nodiscard]] core::Status recover();

  /// Below this a rewrite would not save enough.
  static constexpr std::size_t kSlack = 32 * 1024;

  core::UniqueFd memory_;
  void* mapping_;
  std::size_t mapped_;
  std::size_t length_ = 0;     ///< of the text, with what is not committed yet
  std::size_t rewritten_ = 0;  ///< its length after the last rewrite
  std::uint32_t count_ = 0;    ///< doings since the commit
  std::uint32_t backed_ = 0;   ///< doings that there is memory for
  std::uint32_t staged_ = 0;   ///< bytes of them
};

}  // namespace state
