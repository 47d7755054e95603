// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace core {

/// The processes of the machine at one moment, for many searches: reading /proc for each of a thousand programs that
/// are stopped together would cost a million reads.
class ProcessSnapshot {
 public:
  struct One {
    pid_t pid = 0;
    pid_t parent = 0;
    pid_t group = 0;
    pid_t session = 0;
    uid_t uid = 0;
  };
  /// What the processes are found by. Mark: that of family_mark.hpp, which is read at the first question.
  enum class By { Pid, Parent, Group, Session, Mark };
  using Entry = std::pair<std::uint64_t, std::uint32_t>;  ///< a number, and a place in all()

  /// A process as it is now; nullopt: it is a zombie, or gone.
  [[nodiscard]] static std::optional<One> look(pid_t pid);
  /// Without zombies and this process, the youngest first: those that live shortly are seen before they are replaced.
  [[nodiscard]] static ProcessSnapshot take();
  /// The same of these only, in their order.
  [[nodiscard]] static ProcessSnapshot of(const std::vector<pid_t>& pids);

  [[nodiscard]] const std::vector<One>& all() const noexcept { return all_; }
  /// Those with this number. The first question of its kind sorts all processes by it.
  [[nodiscard]] std::span<const Entry> find(By by, std::uint64_t number) const;

 private:
  [[nodiscard]] std::vector<Entry> sortedBy(By by) const;

  std::vector<One> all_;
  mutable std::array<std::vector<Entry>, 5> sorted_;
};

}  // namespace core
