// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "lib/core/process_family.hpp"
#include "lib/core/unique_fd.hpp"

namespace core {

/// Ends families by SIGKILL, so that none of their members is missed: all are frozen first, until two looks at /proc
/// find nobody new, because what is not frozen can start another one. Families that are to end at about the same time
/// share these looks: each of a thousand would otherwise read about all processes several times.
class FamilyKill {
 public:
  /// Freezes the members that are in `now`, and the leader. If all are in the control group, the kernel ends that
  /// immediately instead. Returns 0, or the errno of one that could not be signalled. run() has to follow.
  int add(const ProcessFamily& family, const ProcessSnapshot& now);
  [[nodiscard]] bool empty() const noexcept { return families_.empty(); }
  /// Freezes the rest, ends all, and forgets them. Returns 0 or an errno, as add(). After an exception it can be called
  /// again.
  int run();

 private:
  struct Doomed {
    ProcessFamily family;
    UniqueFd group;              ///< ours, since the program that it is of may end before run()
    std::vector<pid_t> members;  ///< while run() looks
  };
  static constexpr std::size_t kNone = ~std::size_t{0};

  bool freezeOthers();
  void freeze(pid_t pid, std::size_t place);
  [[nodiscard]] std::size_t placeOf(const ProcessSnapshot::One& one) const;
  [[nodiscard]] std::size_t placeOfMark(const ProcessSnapshot::One& one) const;
  void keep(pid_t pid, std::size_t place);

  std::vector<Doomed> families_;
  // Places in it.
  std::unordered_map<pid_t, std::size_t> byLeader_;
  std::unordered_map<std::uint64_t, std::size_t> byMark_;
  std::unordered_map<pid_t, std::size_t> known_;
};

/// One family alone.
int killFamily(const ProcessFamily& family);

}  // namespace core
