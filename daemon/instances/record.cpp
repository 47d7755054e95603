// SPDX-License-Identifier: MIT
#include "daemon/instances/record.hpp"

#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "daemon/instances/keyed_file.hpp"
#include "daemon/instances/process_table.hpp"

namespace instances {

std::optional<Record> Record::read(const std::string& path) {
  const auto file = KeyedFile::read(path);
  if (file.empty() || file.get("boot") != bootId()) return std::nullopt;
  Record out;
  out.wanted = file.get("wanted") == "yes";
  out.stopping = file.get("stopping") == "yes";
  out.pid = static_cast<pid_t>(file.number("pid"));
  out.startTime = static_cast<std::uint64_t>(file.number("start_time"));
  out.uid = static_cast<uid_t>(file.number("uid"));
  out.executable = {file.get("executable"), file.get("executable_file")};
  out.boot = file.get("boot");
  out.restarts = static_cast<std::uint32_t>(file.number("restarts"));
  out.nextRestarts = static_cast<std::uint32_t>(file.number("next_restarts"));
  out.takeovers = static_cast<std::uint32_t>(file.number("takeovers"));
  out.lastCrash = static_cast<std::uint64_t>(file.number("last_crash"));
  if (const auto result = file.get("result"); !result.empty()) out.result = runResultFrom(result);
  out.reason = file.get("reason");
  out.cpuBefore = static_cast<std::uint64_t>(file.number("cpu_before"));
  out.sinceWall = file.number("since_wall");
  out.sinceMonotonic = static_cast<std::uint64_t>(file.number("since_monotonic"));
  return out;
}

core::Status Record::write(const std::string& path) const {
  KeyedFile file;
  file.set("wanted", wanted ? "yes" : "no");
  file.set("stopping", stopping ? "yes" : "no");
  file.set("pid", std::to_string(pid));
  file.set("start_time", std::to_string(startTime));
  file.set("uid", std::to_string(uid));
  file.set("executable", executable.path);
  file.set("executable_file", executable.file);
  file.set("boot", bootId());
  file.set("restarts", std::to_string(restarts));
  file.set("next_restarts", std::to_string(nextRestarts));
  file.set("takeovers", std::to_string(takeovers));
  file.set("last_crash", std::to_string(lastCrash));
  file.set("result", toText(result));
  file.set("reason", reason);
  file.set("cpu_before", std::to_string(cpuBefore));
  file.set("since_wall", std::to_string(sinceWall));
  file.set("since_monotonic", std::to_string(sinceMonotonic));
  return file.writeUntilBoot(path);
}

bool isSame(const Record& record, uid_t uid, const std::string& mark, const SeenProcess& seen) {
  if (record.pid <= 1 || record.uid != uid || !seen.pidfd) return false;
  if (record.startTime == 0 || seen.details.startTime != record.startTime) return false;
  const auto now = lookAt(record.pid);
  if (!now || now->zombie || now->uid != uid) return false;
  const auto& runs = seen.details.executable;
  const auto& was = record.executable;  // empty: nobody could see it then
  if (!was.file.empty() && runs.path != was.path && runs.file != was.file) return false;
  if (seen.details.mark != mark) return false;
  // It has not ended while we looked: what we saw was the process that the descriptor holds.
  return signalTo(seen.pidfd, 0) == 0;
}

bool beganAfter(const Record& record, std::uint64_t startTime) {
  timespec boot{}, monotonic{};
  ::clock_gettime(CLOCK_BOOTTIME, &boot);
  ::clock_gettime(CLOCK_MONOTONIC, &monotonic);
  const auto micros = [](const timespec& t) { return t.tv_sec * 1'000'000LL + t.tv_nsec / 1000; };
  const auto ticks = std::max(::sysconf(_SC_CLK_TCK), 1L);
  // A start is known to the tick that it fell into.
  const auto latest = static_cast<long long>(startTime + 1) * (1'000'000 / ticks);
  // Time in suspension counts as after the record: then the process must be younger than it really has to be.
  return latest > static_cast<long long>(record.sinceMonotonic) + micros(boot) - micros(monotonic);
}

bool looksLike(const Executable& supervisord, const std::string& confFile, uid_t uid, const std::string& mark,
               pid_t pid, const SeenProcess& seen) {
  // What is known already comes first: each instance without a record compares itself with each process that was seen.
  const auto& details = seen.details;
  if (mark.empty() || details.mark != mark || details.startTime == 0 || supervisord.file.empty()) return false;
  if (details.executable.file != supervisord.file && details.executable.path != supervisord.path) return false;
  if (!details.hasArgument(confFile)) return false;
  const auto now = seen.pidfd ? lookAt(pid) : std::nullopt;
  return now && !now->zombie && now->uid == uid && now->session == pid && signalTo(seen.pidfd, 0) == 0;
}

}  // namespace instances
