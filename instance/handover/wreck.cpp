// SPDX-License-Identifier: MIT
#include "instance/handover/wreck.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "instance/state/text.hpp"
#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"

namespace handover {
namespace {

constexpr int kFirst = 3;
/// Three pipes for each of 4,096 programs, and some.
constexpr std::int64_t kMost = 3 * 4096 + 64;
constexpr std::string_view kJournal = "state";
constexpr const char* kCountVariable = "LISTEN_FDS";
constexpr const char* kNamesVariable = "LISTEN_FDNAMES";
constexpr const char* kPidVariable = "LISTEN_PID";
constexpr const char* kCrashVariable = "SUPERVISORD_CRASH";

std::string valueOf(const char* variable) {
  const char* const value = ::getenv(variable);
  return value == nullptr ? std::string() : std::string(value);
}

std::vector<std::string> namesOf(const std::string& joined) {
  std::vector<std::string> names;
  std::string_view rest = joined;
  while (true) {
    const auto end = std::min(rest.find(':'), rest.size());
    names.emplace_back(rest.substr(0, end));
    if (end == rest.size()) return names;
    rest.remove_prefix(end + 1);
  }
}

/// How many descriptors there are for this process; 0: none.
std::int64_t countOfDescriptors() {
  const auto pid = valueOf(kPidVariable);
  if (!pid.empty() && core::parseInteger(pid) != std::optional<std::int64_t>(::getpid())) return 0;
  const auto count = core::parseInteger(valueOf(kCountVariable));
  return count && *count > 0 && *count <= kMost ? *count : 0;
}

}  // namespace

bool Wreck::announced() {
  if (countOfDescriptors() == 0) return false;
  const auto names = namesOf(valueOf(kNamesVariable));
  return std::find(names.begin(), names.end(), kJournal) != names.end();
}

Wreck::Wreck() : crash_(core::printable(valueOf(kCrashVariable))) {
  const auto count = static_cast<std::size_t>(countOfDescriptors());
  names_ = namesOf(valueOf(kNamesVariable));
  names_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const int fd = kFirst + static_cast<int>(i);
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0) descriptors.add(names_[i], core::UniqueFd(fd));
  }
  kept_ = descriptors.names();
  std::erase_if(kept_, [](const std::string& name) {
    return !state::isPipeName(name) && name != kJournal && !name.starts_with("journal.");
  });
  for (const char* const variable : {kCountVariable, kNamesVariable, kPidVariable, kCrashVariable})
    ::unsetenv(variable);
}

core::Status Wreck::read(Attempts attempts) {
  auto adopted = state::Journal::adopt(descriptors.take(std::string(kJournal)));
  if (!adopted) return core::Err{std::move(adopted).error()};
  if (attempts == Attempts::Limited && !(*adopted)->attempt())
    return core::Err{core::Error{"several attempts have crashed"}};
  const auto text = (*adopted)->text();
  if (!text) return core::Err{text.error()};
  auto replayed = state::replay(*text);
  if (!replayed) return core::Err{std::move(replayed).error()};
  state = std::move(*replayed);
  journal = std::move(*adopted);
  return {};
}

}  // namespace handover
