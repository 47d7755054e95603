// SPDX-License-Identifier: MIT
#include "lib/core/time_zone.hpp"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "lib/core/text.hpp"
#include "lib/core/unique_fd.hpp"

namespace core {
namespace {

constexpr std::size_t kLongestName = 100;

std::uint64_t exchangesDone = 0;  // of a process with one thread

/// Letters, digits and "_+-" between single slashes: no name has a dot, so none leads elsewhere.
bool isZoneName(std::string_view name) noexcept {
  if (name.empty() || name.size() > kLongestName || name.front() == '/' || name.back() == '/') return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (c == '/' ? name[i + 1] == '/' : !letter && std::strchr("_+-", c) == nullptr) return false;
  }
  return true;
}

/// Whether the file begins as compiled zones do. A device or a FIFO of that name is not waited for.
bool isZoneFile(const std::string& path) noexcept {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  std::array<char, 4> magic{};
  return file && ::read(file.get(), magic.data(), magic.size()) == static_cast<ssize_t>(magic.size()) &&
         std::memcmp(magic.data(), "TZif", magic.size()) == 0;
}

std::int64_t currentOffset(std::int64_t when) noexcept {
  const auto seconds = static_cast<time_t>(when);
  tm local{};
  return ::localtime_r(&seconds, &local) == nullptr ? 0 : local.tm_gmtoff;
}

}  // namespace

Expected<TimeZone> TimeZone::find(std::string_view name, const std::string& directory) {
  if (!isZoneName(name)) return Err{Error{pythonRepr(name) + " is not the name of a time zone, such as Europe/Berlin"}};
  const auto path = directory + "/" + std::string(name);
  if (!isZoneFile(path))
    return Err{Error{"there is no time zone " + pythonRepr(name) + " in " + directory + " (such as Europe/Berlin)"}};
  TimeZone zone;
  zone.name_ = name;
  zone.variable_ = "TZ=:" + path;
  return zone;
}

TimeZone::Exchange::Exchange(const TimeZone& zone) noexcept : exchanged_(!zone.name_.empty()) {
  if (!exchanged_) return;
  entries_[0] = const_cast<char*>(zone.variable_.c_str());
  saved_ = std::exchange(environ, entries_.data());
  ::tzset();
  ++exchangesDone;
}

TimeZone::Exchange::~Exchange() {
  if (!exchanged_) return;
  environ = saved_;
  ::tzset();
}

UtcOffset TimeZone::Exchange::offset() const { return currentOffset; }

std::uint64_t TimeZone::exchanges() noexcept { return exchangesDone; }

std::int64_t TimeZone::offsetAt(std::int64_t when) const noexcept {
  const Exchange exchange(*this);
  return currentOffset(when);
}

std::int64_t firstMoment(std::int64_t local, const UtcOffset& offset) {
  // The moment is within a day of `local` as UTC, and the clocks are changed at most once in these days.
  const auto before = offset(local - kDaySeconds), after = offset(local + kDaySeconds);
  const auto early = local - before;
  if (before == after || offset(early) == before) return early;
  auto late = local - after;
  if (offset(late) == after) return late;
  // Skipped: `late` is before the change, `early` is not.
  auto change = early;
  while (change - late > 1) {
    const auto middle = late + (change - late) / 2;
    (offset(middle) == before ? late : change) = middle;
  }
  return change;
}

}  // namespace core
