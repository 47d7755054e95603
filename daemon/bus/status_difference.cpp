// SPDX-License-Identifier: MIT
#include "daemon/bus/status_difference.hpp"

#include <functional>
#include <type_traits>

namespace bus {
namespace {

using Status = instances::InstanceStatus;

template <class T>
std::uint64_t hashOf(const T& value) {
  if constexpr (std::is_same_v<T, std::map<std::string, std::uint32_t>>) {
    std::uint64_t sum = 0;
    for (const auto& [word, count] : value) sum = sum * 31 + std::hash<std::string>()(word) + count;
    return sum;
  } else {
    return std::hash<T>()(value);
  }
}

template <auto Member>
std::uint64_t hashAt(const Status& status) {
  return hashOf(status.*Member);
}

struct Property {
  const char* name;
  std::uint64_t (*hash)(const Status& status);
};

constexpr std::array<Property, StatusDigest::kProperties> kTracked{{
    {"User", hashAt<&Status::user>},
    {"UID", hashAt<&Status::uid>},
    {"Group", hashAt<&Status::group>},
    {"GID", hashAt<&Status::gid>},
    {"State", hashAt<&Status::state>},
    {"SubState", hashAt<&Status::subState>},
    {"StatusText", hashAt<&Status::reason>},
    {"MainPID", hashAt<&Status::mainPid>},
    {"Enabled", hashAt<&Status::enabled>},
    {"Managed", [](const Status& s) -> std::uint64_t { return s.state != instances::InstanceState::Unmanaged; }},
    {"NoRemove", hashAt<&Status::noRemove>},
    {"WantedState", hashAt<&Status::desired>},
    {"Priority", hashAt<&Status::priority>},
    {"EntryFile", hashAt<&Status::sourceFile>},
    {"ConfigurationFile", hashAt<&Status::confFile>},
    {"IncludeDirectory", hashAt<&Status::includeDir>},
    {"LogsDirectory", hashAt<&Status::logsDir>},
    {"LogFile", hashAt<&Status::logFile>},
    {"PIDDirectory", hashAt<&Status::pidDir>},
    {"SocketsDirectory", hashAt<&Status::socksDir>},
    {"Socket", hashAt<&Status::socket>},
    {"ControlProgram", hashAt<&Status::supervisorctl>},
    {"Endpoint", hashAt<&Status::endpoint>},
    {"StateChangeTimestamp", hashAt<&Status::sinceWallMicros>},
    {"StateChangeTimestampMonotonic", hashAt<&Status::sinceMonotonicMicros>},
    {"NRestarts", hashAt<&Status::restarts>},
    {"NTakeovers", hashAt<&Status::takeovers>},
    {"Result", hashAt<&Status::result>},
    {"NPrograms", hashAt<&Status::programCounts>},
    {"ProgramsByState", hashAt<&Status::programCounts>},
    {"ControlGroup", hashAt<&Status::controlGroup>},
}};
static_assert(kTracked.back().name != nullptr);  // not the function: a sanitizer makes it not constant

}  // namespace

StatusDigest::StatusDigest(const Status& status) {
  for (std::size_t i = 0; i < kProperties; ++i) hashes_[i] = kTracked[i].hash(status);
}

std::vector<std::string> changedProperties(const StatusDigest& was, const StatusDigest& now) {
  std::vector<std::string> changed;
  for (std::size_t i = 0; i < StatusDigest::kProperties; ++i)
    if (was.hashes_[i] != now.hashes_[i]) changed.emplace_back(kTracked[i].name);
  return changed;
}

bool differInProgramsOnly(const StatusDigest& was, const StatusDigest& now) noexcept {
  bool differ = false;
  for (std::size_t i = 0; i < StatusDigest::kProperties; ++i) {
    if (was.hashes_[i] == now.hashes_[i]) continue;
    if (kTracked[i].hash != hashAt<&Status::programCounts>) return false;
    differ = true;
  }
  return differ;
}

}  // namespace bus
