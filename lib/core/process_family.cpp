// SPDX-License-Identifier: MIT
#include "lib/core/process_family.hpp"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "lib/core/proc_files.hpp"
#include "lib/core/unique_fd.hpp"

namespace core {
namespace {

/// The most of an environment that is searched.
constexpr std::size_t kMostEnvironment = 256UL * 1024;
/// The most rounds of freezing: each finds only what was started during the one before.
constexpr int kMostRounds = 40;
/// Rounds in a row that found nobody new: one may have missed a process that was replaced at that moment.
constexpr int kQuietRounds = 2;

struct Facts {
  pid_t pid = 0;
  pid_t parent = 0;
  uid_t uid = 0;
};

/// False: it is a zombie, or gone.
bool readFacts(pid_t pid, Facts& facts) {
  std::array<char, 4096> buffer;
  const auto status = proc::read(pid, "status", buffer.data(), buffer.size());
  const auto state = proc::field(status, "\nState:");
  if (state.empty() || state.front() == 'Z' || state.front() == 'X') return false;
  facts = {pid, proc::number<pid_t>(proc::field(status, "\nPPid:")),
           proc::number<uid_t>(proc::field(status, "\nUid:"))};
  return true;
}

/// Whether the pid of a leader that has ended is that of another process by now. It may not be reaped yet.
bool isAnother(pid_t leader) {
  Facts facts;
  return readFacts(leader, facts);
}

class Search {
 public:
  explicit Search(const ProcessFamily& family) : family_(family), usable_(!family.ended || !isAnother(family.leader)) {}

  /// Freezes each member immediately when it is found.
  void freeze() { freezes_ = true; }

  /// The youngest first: those that live shortly are seen before they are replaced by another one.
  [[nodiscard]] std::vector<pid_t> run() {
    const pid_t self = ::getpid();
    const auto all = proc::allPids();
    for (auto at = all.rbegin(); at != all.rend(); ++at) {
      Facts facts;
      if (*at == self || *at <= 1 || !readFacts(*at, facts)) continue;
      if (belongs(facts))
        add(*at);
      else if (family_.tree)
        others_.push_back(facts);
    }
    addDescendants();
    return std::move(found_);
  }

 private:
  /// Numbers of a leader that has been reaped mean nothing once another process has its pid.
  [[nodiscard]] bool belongs(const Facts& facts) {
    if (usable_ && (facts.pid == family_.leader || ::getsid(facts.pid) == family_.leader ||
                    ::getpgid(facts.pid) == family_.leader))
      return true;
    return family_.tree && facts.uid == ::geteuid() && isMarked(facts.pid);
  }
  [[nodiscard]] bool isMarked(pid_t pid) {
    if (family_.mark.empty()) return false;
    environment_.resize(kMostEnvironment);
    const auto all = proc::read(pid, "environ", environment_.data() + 1, environment_.size() - 1);
    if (all.empty()) return false;
    environment_[0] = '\0';
    const std::string_view text(environment_.data(), all.size() + 1);
    const auto at = text.find(wanted_);
    if (at == std::string_view::npos) return false;
    const auto end = at + wanted_.size();
    return end == text.size() || text[end] == '\0';
  }
  void add(pid_t pid) {
    found_.push_back(pid);
    known_.insert(pid);
    if (freezes_) freeze(pid);
  }
  /// The process of the descriptor is the one of the facts if it still runs after they have been read again.
  void freeze(pid_t pid) {
    const UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    Facts facts;
    if (fd && readFacts(pid, facts) && (belongs(facts) || known_.count(facts.parent) > 0))
      (void)::syscall(SYS_pidfd_send_signal, fd.get(), SIGSTOP, nullptr, 0);
  }
  void addDescendants() {
    for (bool more = true; more;) {
      more = false;
      std::erase_if(others_, [&](const Facts& facts) {
        if (known_.count(facts.parent) == 0) return false;
        add(facts.pid);
        return more = true;
      });
    }
  }

  const ProcessFamily& family_;
  bool usable_;
  bool freezes_ = false;
  std::string wanted_ = std::string(1, '\0') + family_.mark;
  std::string environment_;
  std::vector<pid_t> found_;
  std::unordered_set<pid_t> known_;
  std::vector<Facts> others_;
};

}  // namespace

std::vector<pid_t> listFamily(const ProcessFamily& family) { return Search(family).run(); }

/// Each is held by a descriptor before a second search confirms that the pid is still that of a member.
int signalFamily(const ProcessFamily& family, int signo) {
  std::vector<std::pair<pid_t, UniqueFd>> held;
  int failed = 0;
  for (const pid_t pid : listFamily(family)) {
    UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!fd && errno != ESRCH) failed = errno;
    if (fd) held.emplace_back(pid, std::move(fd));
  }
  auto still = listFamily(family);
  std::sort(still.begin(), still.end());
  for (const auto& [pid, fd] : held) {
    if (!std::binary_search(still.begin(), still.end(), pid)) continue;
    if (::syscall(SYS_pidfd_send_signal, fd.get(), signo, nullptr, 0) != 0 && errno != ESRCH) failed = errno;
  }
  return failed;
}

int killFamily(const ProcessFamily& family) {
  std::unordered_set<pid_t> frozen;
  for (int round = 0, quiet = 0; round < kMostRounds && quiet < kQuietRounds; ++round) {
    Search search(family);
    search.freeze();
    bool more = false;
    for (const pid_t pid : search.run()) more |= frozen.insert(pid).second;
    quiet = more ? 0 : quiet + 1;
  }
  return signalFamily(family, SIGKILL);
}

}  // namespace core
