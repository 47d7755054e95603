// SPDX-License-Identifier: MIT
#include "instance/process/memory_guard.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "instance/config/model.hpp"
#include "instance/process/context.hpp"
#include "instance/process/process.hpp"
#include "lib/core/log.hpp"
#include "lib/core/proc_files.hpp"
#include "lib/core/text.hpp"

namespace process {
namespace {

constexpr std::size_t kMostProcesses = 4096;
constexpr std::size_t kMostThreads = 8192;  ///< of all of them: a program must not keep us busy by what it starts

struct DirectoryCloser {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

/// Adds the children that one thread has. The file can be longer than the buffer: the rest is left out.
void addChildren(pid_t pid, const char* thread, std::vector<pid_t>& out) {
  std::array<char, 16384> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
  const auto file = std::string("task/") + thread + "/children";
  const auto text = core::proc::read(pid, file.c_str(), buffer.data(), buffer.size());
  if (text.size() == buffer.size()) return;
  for (const auto& word : core::splitBlanks(text))
    if (out.size() < kMostProcesses) out.push_back(core::proc::number<pid_t>(word));
}

/// Adds the children of a process: the kernel lists them by the thread that made them.
void addChildren(pid_t pid, std::size_t& threads, std::vector<pid_t>& out) {
  const std::unique_ptr<DIR, DirectoryCloser> tasks(::opendir(fmt::format("/proc/{}/task", pid).c_str()));
  if (!tasks) return;
  while (const auto* const entry = threads < kMostThreads ? ::readdir(tasks.get()) : nullptr) {
    if (entry->d_name[0] == '.') continue;
    ++threads;
    addChildren(pid, entry->d_name, out);
  }
}

struct Pages {
  std::uint64_t resident = 0;
  std::uint64_t shared = 0;
};

Pages pagesOf(pid_t pid) {
  std::array<char, 128> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
  const auto words = core::splitBlanks(core::proc::read(pid, "statm", buffer.data(), buffer.size()));
  if (words.size() < 3) return {};
  return {core::proc::number<std::uint64_t>(words[1]), core::proc::number<std::uint64_t>(words[2])};
}

std::string sizeText(std::uint64_t bytes) { return fmt::format("{} MB", (bytes + (1U << 19U)) >> 20U); }

}  // namespace

std::uint64_t treeMemory(pid_t pid) {
  std::vector<pid_t> pids{pid};
  std::uint64_t own = 0;
  std::uint64_t shared = 0;
  std::size_t threads = 0;
  for (std::size_t i = 0; i < pids.size(); ++i) {  // addChildren() appends
    const auto pages = pagesOf(pids[i]);
    own += pages.resident - std::min(pages.shared, pages.resident);
    shared = std::max(shared, pages.shared);
    if (pages.resident > 0) addChildren(pids[i], threads, pids);
  }
  return (own + shared) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

MemoryGuard::MemoryGuard(ProcessContext& context, Process& program)
    : context_(context),
      program_(program),
      timer_(
          context.loop(), [this] { look(); }, core::milliseconds(250)) {
  onReconfigured();  // it may run already
}

void MemoryGuard::onState(lifecycle::ProcessState to) noexcept {
  if (to == lifecycle::ProcessState::Running)
    timer_.armIn(program_.config().extension->health.memoryInterval);
  else
    timer_.disarm();
}

/// The program may be RUNNING for a while, but its pid is that of nobody, or of another process.
void MemoryGuard::onReaped() noexcept { timer_.disarm(); }

void MemoryGuard::onReconfigured() {
  if (program_.pid() != 0 && !program_.isGone()) onState(program_.state());
}

void MemoryGuard::restore(const state::Program& saved, state::Incoming& /*incoming*/) {
  gone_ = saved.remains.has_value() || (saved.around && saved.around->ended);
}

void MemoryGuard::resume() noexcept {
  if (!std::exchange(gone_, false)) onState(program_.state());
}

void MemoryGuard::look() {
  const auto& settings = program_.config().extension->health;
  const ProcessContext::Turn turn(context_);
  timer_.armIn(settings.memoryInterval);
  const auto used = treeMemory(program_.pid());
  if (used <= static_cast<std::uint64_t>(settings.memoryLimit)) return;
  const auto why = fmt::format("{} of memory, more than memory_restart ({})", sizeText(used),
                               sizeText(static_cast<std::uint64_t>(settings.memoryLimit)));
  logging::attempt([&] { logging::warn("memory: {} has {}; it is restarted", program_.fullName(), why); });
  program_.recycle(why, true);
}

}  // namespace process
