// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "instance/process/descriptor_store.hpp"
#include "instance/process/observer.hpp"
#include "instance/state/journal.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/unique_fd.hpp"

namespace state {
class Incoming;
class Outgoing;
}  // namespace state

namespace process {

class Table;

/// A pipe that standard input goes through, so that a successor can see how much of it a program got.
struct Scratch {
  core::UniqueFd reader;
  core::UniqueFd writer;
};

/// A start that a predecessor made before it was killed.
struct RepeatedSpawn {
  pid_t pid = 0;
  std::uint64_t startedAfter = 0;
  state::Incoming* incoming = nullptr;  ///< has the pipes
};

/// Keeps what a successor needs after a crash: the descriptors of the programs in a store, their states in a journal.
/// Exists only if there is a store.
///
/// The journal is committed between two turns of the loop, when nothing is halfway. Until then it has what cannot be
/// taken back (state::Done). Input of programs is sent after the commit that has it.
class Keeper final : private Observer {
 public:
  /// Records of what is not a program.
  struct Others {
    std::function<bool(std::string& out)> changes;  ///< since the last call; false: all() is needed
    std::function<std::string()> all;               ///< a whole text for the journal; changes() starts from here
  };
  /// `store` and `table` must outlive this. The first commit writes the whole text.
  Keeper(core::EventLoop& loop, Table& table, DescriptorStore& store, std::unique_ptr<state::Journal> journal,
         Scratch scratch, Others others);
  ~Keeper() override;
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  /// Gives the journal to the store: from now on there is something for a successor. After the first commit.
  void offer() noexcept;
  /// supervisord serves: a takeover has succeeded.
  void served() noexcept { journal_->served(); }
  /// For an upgrade: commits, and hands the journal over, with its pipes. The store has it already, and what it has is
  /// right at every moment.
  void handOver(state::Outgoing& descriptors);
  /// The next commit has a record of `program`.
  void touch(const Process& program) noexcept;
  /// `program` is about to be destroyed.
  void forget(const Process& program) noexcept;
  /// Makes the state of now what a successor finds. To be called from the loop, outside of any change.
  void commit() noexcept;
  /// Commits if there is not much room left until the next turn.
  void settle() noexcept {
    if (journal_->crowded()) commit();
  }

  /// For a successor, after the restore: does again what the predecessor had done since its last commit, and commits.
  void repeat(state::Incoming& incoming);
  /// While a start is being repeated, once: that start.
  [[nodiscard]] std::optional<RepeatedSpawn> takeRepeated() noexcept { return std::exchange(repeated_, std::nullopt); }

  /// A descriptor of a program, to be kept until drop(), which goes with the next commit.
  void keep(const Process& program, const char* which, int fd) noexcept;
  void drop(const Process& program, const char* which) noexcept;
  /// All that the program has now.
  void keepAll(const Process& program);

  /// As read(2) from the pipe of a channel, with the bytes in the journal, or in `buffer` if that has no room and
  /// `urgent` (else EAGAIN).
  ssize_t read(const Process& program, Channel channel, int pipe, std::span<char> buffer, const state::LogMark& log,
               bool urgent, const char*& bytes) noexcept;
  /// Before the fork: where the kernel has to write the pid.
  [[nodiscard]] pid_t* willSpawn(const Process& program, std::uint64_t startedAfter) noexcept;
  /// Before the stop signal of a program is sent.
  void willSignal(const Process& program) noexcept;
  /// Process::sendInput() is to be called after the next commit.
  void inputWaits(Process& program) noexcept;
  /// As write(2), of input that the last commit has.
  ssize_t send(const Process& program, int pipe, std::string_view bytes) noexcept;

 private:
  void onGroupAdded(Group& group) override;
  void onGroupRemoved(Group& group) override;
  void onGroupChanged(Group& group) override;
  void onSupervisorState(SupervisorState supervisorState) override;
  void rewrite();
  void repeatOne(Process& program, const state::Done& done, state::Incoming& incoming);
  void appendProgram(const Process& program);
  void releaseDropped() noexcept;
  void sendInputs() noexcept;
  void emptyScratch() const noexcept;

  Table& table_;
  DescriptorStore& store_;
  std::unique_ptr<state::Journal> journal_;
  Scratch scratch_;
  Others others_;
  std::unordered_set<const Process*> touched_;
  std::unordered_set<Process*> inputs_;
  std::unordered_set<std::string> dropped_;
  std::string text_;   ///< records for the next commit, besides those of touched_
  bool whole_ = true;  ///< the next commit has to write everything
  bool complained_ = false;
  bool foundScratch_ = true;   ///< it may have what a predecessor left
  core::Instant notBefore_{};  ///< the next attempt to write everything, after one that failed
  std::optional<RepeatedSpawn> repeated_;
  core::BeforePoll beforePoll_;
};

}  // namespace process
