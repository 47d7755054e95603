// SPDX-License-Identifier: MIT
#include "lib/core/family_mark.hpp"

#include <sys/resource.h>

#include <algorithm>

#include "lib/core/proc_files.hpp"

namespace core::family_mark {

bool put(std::uint64_t mark) noexcept {
  const rlimit limit{mark, mark};
  return ::setrlimit(RLIMIT_LOCKS, &limit) == 0;
}

std::uint64_t get(pid_t pid) noexcept {
  char buffer[4096];  // 17 lines of 80 bytes
  // The hard limit is the second of two columns: the soft one can be raised again.
  auto columns = proc::field(proc::read(pid, "limits", buffer, sizeof buffer), "\nMax file locks");
  columns.remove_prefix(std::min(columns.find(' '), columns.size()));
  columns.remove_prefix(std::min(columns.find_first_not_of(' '), columns.size()));
  return proc::number<std::uint64_t>(columns);
}

}  // namespace core::family_mark
