// SPDX-License-Identifier: MIT
#include "daemon/instances/process_details.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "daemon/instances/process_table.hpp"
#include "lib/core/proc_files.hpp"
#include "lib/core/text.hpp"

namespace instances {
namespace {

constexpr std::size_t kEnvironmentLimit = 256 * 1024;
constexpr std::size_t kArgumentsLimit = 8192;
/// Readers at work at a time. When all of them hang, as many more are started.
constexpr std::size_t kReaders = 16;
/// How long nothing is finished before the readers count as hanging and others are started, and before what is left is
/// given up: longer than a busy machine may take.
constexpr auto kMoment = core::milliseconds(200);
constexpr auto kPatience = core::seconds(1);
/// For all of them together; the task's own limit is longer.
constexpr auto kWholeTime = core::seconds(10);
constexpr auto kTaskLimit = core::seconds(12);

std::string proc(pid_t pid, const char* file) { return "/proc/" + std::to_string(pid) + '/' + file; }

std::optional<std::string> readFile(const std::string& path, std::size_t limit) {
  const core::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  std::string out;
  char buffer[8192];
  ssize_t n = 0;
  while (out.size() < limit && (n = ::read(fd.get(), buffer, sizeof buffer)) > 0)
    out.append(buffer, static_cast<std::size_t>(n));
  if (n < 0) return std::nullopt;
  return out;
}

std::string markOf(pid_t pid) {
  const auto text = readFile(proc(pid, "environ"), kEnvironmentLimit);
  const std::string key = std::string(kMark) + '=';
  for (const auto& item : core::split(text.value_or(""), '\0'))
    if (item.starts_with(key)) return item.substr(key.size());
  return {};
}

std::string identityOf(const struct stat& info) {
  return std::to_string(info.st_dev) + ':' + std::to_string(info.st_ino);
}

std::string argumentsOf(pid_t pid) {
  const auto text = readFile(proc(pid, "cmdline"), kArgumentsLimit);
  return text ? '\n' + core::replaceAll(*text, std::string(1, '\0'), "\n") : std::string();
}

Executable executableOf(pid_t pid) {
  const auto link = proc(pid, "exe");
  char target[PATH_MAX];
  const auto n = ::readlink(link.c_str(), target, sizeof target);
  struct stat info {};
  if (n <= 0 || ::stat(link.c_str(), &info) != 0) return {};
  constexpr std::string_view deleted = " (deleted)";
  std::string_view path(target, static_cast<std::size_t>(n));
  if (path.ends_with(deleted)) path.remove_suffix(deleted.size());
  return {std::string(path), identityOf(info)};
}

/// The work that the readers share. It is never destroyed: a reader that hangs may come back to it.
struct Work {
  std::vector<pid_t> pids;
  std::function<void(pid_t)> read;
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t next = 0;
  std::size_t finished = 0;
};

void* readerMain(void* argument) {
  auto& work = *static_cast<Work*>(argument);
  std::unique_lock lock(work.mutex);
  while (work.next < work.pids.size()) {
    const auto pid = work.pids[work.next++];
    lock.unlock();
    work.read(pid);
    lock.lock();
    ++work.finished;
    work.changed.notify_one();
  }
  return nullptr;
}

void startReaders(Work& work, std::size_t count) {
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  ::pthread_attr_setstacksize(&attributes, 128 * 1024);
  pthread_t thread{};
  for (std::size_t i = 0; i < count; ++i) (void)::pthread_create(&thread, &attributes, readerMain, &work);
  ::pthread_attr_destroy(&attributes);
}

/// Calls `read` for each process, in threads of this process, and returns when all are done or the rest hangs. `read`
/// may be called even afterwards.
void readEach(const std::vector<pid_t>& pids, std::function<void(pid_t)> read) {
  auto& work = *new Work;
  work.pids = pids;
  work.read = std::move(read);
  const auto end = core::Clock::now() + kWholeTime;
  std::unique_lock lock(work.mutex);
  while (work.finished < pids.size() && core::Clock::now() < end) {
    startReaders(work, std::min(kReaders, pids.size() - work.next));
    // Until all is done, or nothing was for a while.
    for (bool moved = true; moved && work.finished < pids.size() && core::Clock::now() < end;) {
      const auto seen = work.finished;
      const bool last = work.next >= pids.size();
      moved = work.changed.wait_for(lock, last ? kPatience : kMoment, [&] { return work.finished > seen; });
      if (!moved && last) return;
    }
  }
}

/// What the readers find. Never destroyed either.
template <class T>
struct Collected {
  std::mutex mutex;
  T found;

  T copy() {
    const std::lock_guard lock(mutex);
    return found;
  }
};

bool hasOpen(pid_t pid, const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(proc(pid, "fd").c_str()), ::closedir);
  char target[PATH_MAX];
  while (const dirent* item = dir ? ::readdir(dir.get()) : nullptr) {
    const auto n = ::readlinkat(::dirfd(dir.get()), item->d_name, target, sizeof target);
    if (n > 0 && std::string_view(target, static_cast<std::size_t>(n)) == path) return true;
  }
  return false;
}

std::string toText(const DetailsOf& details) {
  std::string out;
  for (const auto& [pid, d] : details) {
    out += std::to_string(pid) + '\0' + std::to_string(d.startTime) + '\0' + d.mark + '\0';
    out += d.executable.path + '\0' + d.executable.file + '\0' + d.arguments + '\0';
  }
  return out;
}

DetailsOf detailsFromText(const std::string& text) {
  DetailsOf out;
  const auto fields = core::split(text, '\0');
  for (std::size_t i = 0; i + 6 <= fields.size(); i += 6)
    out[static_cast<pid_t>(std::strtol(fields[i].c_str(), nullptr, 10))] = {
        std::strtoull(fields[i + 1].c_str(), nullptr, 10),
        fields[i + 2],
        {fields[i + 3], fields[i + 4]},
        fields[i + 5]};
  return out;
}

}  // namespace

Executable executableAt(const std::string& path) {
  const core::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  char magic[2] = {};
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0 || ::read(fd.get(), magic, sizeof magic) != 2) return {};
  if (magic[0] == '#' && magic[1] == '!') return {};
  char* const real = ::realpath(path.c_str(), nullptr);
  Executable out{real ? real : path, identityOf(info)};
  std::free(real);
  return out;
}

DetailsOf readDetails(const std::vector<pid_t>& pids) {
  auto& collected = *new Collected<DetailsOf>;
  readEach(pids, [&collected](pid_t pid) {
    ProcessDetails details{core::proc::startTimeOf(pid), markOf(pid), executableOf(pid), argumentsOf(pid)};
    if (details.startTime == 0) return;
    const std::lock_guard lock(collected.mutex);
    collected.found.emplace(pid, std::move(details));
  });
  return collected.copy();
}

std::vector<pid_t> holdersOf(const std::string& path) {
  std::vector<pid_t> pids;
  for (const auto& process : allProcesses()) pids.push_back(process.pid);
  auto& collected = *new Collected<std::vector<pid_t>>;
  readEach(pids, [&collected, path](pid_t pid) {
    if (!hasOpen(pid, path)) return;
    const std::lock_guard lock(collected.mutex);
    collected.found.push_back(pid);
  });
  return collected.copy();
}

core::Task<std::optional<DetailsOf>> readDetailsInHelper(core::EventLoop& loop, core::Reaper& reaper,
                                                         std::vector<pid_t> pids) {
  layout::OwnerTask::Work read = [pids = std::move(pids)] { return toText(readDetails(pids)); };
  const auto text = co_await layout::runAsOwner(loop, reaper, std::nullopt, std::move(read), kTaskLimit);
  if (!text) co_return std::nullopt;
  co_return detailsFromText(*text);
}

}  // namespace instances
