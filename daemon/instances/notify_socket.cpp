// SPDX-License-Identifier: MIT
#include "daemon/instances/notify_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"
#include "lib/lifecycle/state.hpp"

namespace instances {
namespace {

constexpr std::size_t kMessageLimit = 256 * 1024;
/// Messages read in one turn of the loop: a chatty instance waits for the others.
constexpr int kBatch = 16;
/// Programs accepted from one message.
constexpr std::size_t kProgramLimit = 10000;
/// Bytes that an instance may send in one burst, and per second. A thousand programs that start take some 100 KB.
constexpr std::uint64_t kBudget = 1024 * 1024;
constexpr std::uint64_t kBudgetPerSecond = 256 * 1024;
/// Each message counts as this many bytes more: a flood of empty messages costs processor time, too.
constexpr std::uint64_t kMessageCost = 1024;
/// A message about a descriptor costs less: an instance that starts sends three for each of its programs.
constexpr std::uint64_t kDescriptorCost = 128;
/// A refused descriptor costs a helper, and no instance sends one by mistake.
constexpr std::uint64_t kRefusedCost = 16 * 1024;
constexpr std::size_t kDescriptorMessageLimit = 512;
/// Microseconds that the loop may wait for helpers, and per second.
constexpr std::uint64_t kDrainBudget = 500'000;
constexpr std::uint64_t kDrainPerSecond = 10'000;
/// The longest wait of them in one go.
constexpr auto kDrainTime = core::milliseconds(500);
constexpr auto kHelperAgain = core::milliseconds(100);

/// The pid that comes with another state has ended: it may be anybody's by now.
bool isAlive(const std::string& state) { return state == "STARTING" || state == "RUNNING" || state == "STOPPING"; }

/// What a message costs beyond its bytes. `text` is one that came without descriptors.
std::uint64_t costOf(std::string_view text) {
  const bool removal = text.size() <= kDescriptorMessageLimit && text.starts_with(core::notify::kRemoveDescriptor);
  return removal ? kDescriptorCost : kMessageCost;
}

bool isState(const std::string& state) { return state == core::notify::kRemoved || lifecycle::stateFromText(state); }

/// A controller that an instance may ask for: those of the limits of programs.
bool isForPrograms(std::string_view controller) noexcept {
  return controller == "memory" || controller == "cpu" || controller == "pids";
}

}  // namespace

Notice parseNotice(const std::string& message) {
  Notice notice;
  const std::string programKey = std::string(core::notify::kProgramKey) + '=';
  const std::string descriptionKey = std::string(core::notify::kDescriptionKey) + '=';
  const std::string controllersKey = std::string(core::notify::kControllersKey) + '=';
  bool afterProgram = false;  // the line before was a program's, and was accepted
  for (const auto& line : core::split(message, '\n')) {
    if (line == core::notify::kReady) notice.ready = true;
    if (line == core::notify::kStopping) notice.stopping = true;
    if (line == core::notify::kReloading) notice.reloading = true;
    if (line == core::notify::kWholeTable) notice.wholeTable = true;
    if (line == core::notify::kKeepDescriptor) notice.descriptor = Notice::Descriptor::Keep;
    if (line == core::notify::kRemoveDescriptor) notice.descriptor = Notice::Descriptor::Remove;
    if (line == core::notify::kAllDescriptors) notice.allDescriptors = true;
    if (line.starts_with(core::notify::kDescriptorNameKey)) {
      const auto name = std::string_view(line).substr(core::notify::kDescriptorNameKey.size());
      notice.descriptorName = isDescriptorName(name) ? name : std::string_view();
    }
    if (line.starts_with(controllersKey))
      for (const auto& word : core::splitBlanks(line.substr(controllersKey.size())))
        if (isForPrograms(word) && notice.controllers.size() < 3) notice.controllers.push_back(word);
    if (line.starts_with("STATUS=")) notice.status = core::printable(core::toUtf8(line.substr(7, 200)));
    if (std::exchange(afterProgram, false) && line.starts_with(descriptionKey))
      notice.programs.back().description =
          core::printable(core::toUtf8(line.substr(descriptionKey.size(), core::notify::kDescriptionLimit)));
    if (!line.starts_with(programKey) || notice.programs.size() >= kProgramLimit) continue;
    auto program = core::notify::parseProgram(std::string_view(line).substr(programKey.size()));
    if (!program || program->name.size() > 256 || !isState(program->state)) continue;
    program->name = core::printable(core::toUtf8(program->name));
    if (!isAlive(program->state)) program->pid = 0;
    notice.programs.push_back(std::move(*program));
    afterProgram = true;
  }
  return notice;
}

core::Expected<std::unique_ptr<NotifySocket>> NotifySocket::open(core::EventLoop& loop, core::Reaper& reaper,
                                                                 const std::string& directory, uid_t uid,
                                                                 Callback callback, HasRoom hasRoom) {
  const auto path = directory + "/socket";
  const auto temporary = path + ".new";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (temporary.size() >= sizeof address.sun_path) return core::sysError(path, ENAMETOOLONG);
  std::memcpy(address.sun_path, temporary.c_str(), temporary.size());
  if (::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST) return core::sysError(directory, errno);
  ::unlink(temporary.c_str());
  core::UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  const int size = 1024 * 1024;
  if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) return core::sysError(path, errno);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  // Renamed when it is complete: an instance that sees the path can send to it.
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(temporary.c_str(), 0600) != 0 ||
      (uid != ::geteuid() && ::chown(temporary.c_str(), uid, static_cast<gid_t>(-1)) != 0) ||
      ::rename(temporary.c_str(), path.c_str()) != 0)
    return core::sysError(path, errno);
  return std::unique_ptr<NotifySocket>(
      new NotifySocket(loop, reaper, std::move(fd), path, std::move(callback), std::move(hasRoom)));
}

NotifySocket::NotifySocket(core::EventLoop& loop, core::Reaper& reaper, core::UniqueFd fd, std::string path,
                           Callback callback, HasRoom hasRoom)
    : loop_(loop),
      reaper_(reaper),
      fd_(std::move(fd)),
      path_(std::move(path)),
      callback_(std::move(callback)),
      hasRoom_(std::move(hasRoom)),
      budget_(kBudget, kBudgetPerSecond, core::Clock::now()),
      patience_(kDrainBudget, kDrainPerSecond, core::Clock::now()),
      watch_(loop, fd_.get(), core::IoWatch::Read, [this](auto) { readSome(); }) {}

NotifySocket::~NotifySocket() {
  if (!taker_ && !isNext()) return;
  // With the sockets goes what waits there, which can have descriptors that are slow to close.
  std::size_t held = 0;
  watch_.stop();
  SlowCloser closer(loop_, reaper_, held);
  if (taker_) closer.close(taker_->stop());
  taker_.reset();
  closer.close(std::move(fd_));
}

void NotifySocket::addTo(std::vector<int>& fds) const {
  fds.push_back(fd_.get());
  if (taker_) fds.push_back(taker_->answers());
}

void NotifySocket::readSome() {
  for (int i = 0; i < kBatch && !budget_.isEmpty(core::Clock::now()) && receive(); ++i) {
  }
  if (taker_) return watch_.setEvents(core::IoWatch::None);  // it reads, or is waited for
  if (budget_.isEmpty(core::Clock::now())) pauseFor(budget_.wait(core::Clock::now()));
}

void NotifySocket::pauseFor(core::Duration time) {
  if (!pause_)
    pause_.emplace(
        loop_,
        [this] {
          if (!taker_) watch_.setEvents(core::IoWatch::Read);
        },
        core::milliseconds(10));
  watch_.setEvents(core::IoWatch::None);
  pause_->armIn(time);
}

void NotifySocket::remove() {
  ::unlink(path_.c_str());
  ::rmdir(path_.substr(0, path_.rfind('/')).c_str());
}

void NotifySocket::drain() {
  const auto end = core::Clock::now() + kDrainTime;
  for (int i = 0; i < 1000 && (receive() || waitForTaker(end)); ++i) {
  }
}

/// For drain(): whether there may be more to read now. An owner can hold up a helper at the end of each copy.
bool NotifySocket::waitForTaker(core::Instant end) {
  const auto start = core::Clock::now();
  if (!taker_ || patience_.isEmpty(start)) return false;
  bool more = taker_->finish(end - start);
  if (!more && !taker_->isReading() && isNext() && core::Clock::now() < end) {
    ::usleep(1000);  // the helper has handed on everything and ends; the next one takes what is left
    more = true;
  }
  const auto now = core::Clock::now();
  patience_.spend(static_cast<std::uint64_t>(std::chrono::duration_cast<core::microseconds>(now - start).count()), now);
  return more;
}

/// Whether there is a message.
bool NotifySocket::isNext() const {
  char none = 0;
  return peek(fd_.get(), &none, 0).any;
}

/// Gives one message to the callback; false if there is none, or the next one cannot be received now.
bool NotifySocket::receive() {
  // One thread, one message at a time. Without initialization: pages that no message has filled take no memory.
  static const auto kBuffer = std::make_unique_for_overwrite<char[]>(kMessageLimit);
  if (taker_ && taker_->isReading()) return false;
  const auto next = peek(fd_.get(), kBuffer.get(), kMessageLimit);
  if (!next.any) return false;
  if (next.descriptors) return startTaker();
  char none = 0;
  (void)::recv(fd_.get(), &none, 0, MSG_DONTWAIT);  // nobody else reads: it is the same message, which goes now
  const std::string_view text(kBuffer.get(), next.size);
  // A message that was cut could end in the first part of a program's name.
  if (next.whole) {
    take({next.sender, next.uid, std::string(text)}, costOf(text));
  } else {
    budget_.spend(next.size + kMessageCost, core::Clock::now());
  }
  return true;
}

void NotifySocket::take(Message message, std::uint64_t cost) {
  budget_.spend(message.text.size() + cost, core::Clock::now());
  callback_(std::move(message));
}

/// The next message comes with descriptors: a helper takes it, if what it hands on has room. Always false, since
/// nothing is received here.
bool NotifySocket::startTaker() {
  if (taker_ && !taker_->isGone()) return false;
  if (hasRoom_ && !hasRoom_()) {
    pauseFor(kHelperAgain);
    return false;
  }
  if (!resume_) resume_.emplace(loop_, [this] { resume(); });
  const auto each = [this](Message message) {
    const auto cost = message.refused ? kRefusedCost : kDescriptorCost;
    take(std::move(message), cost);
  };
  taker_ = DescriptorTaker::start(loop_, reaper_, fd_.get(), each, [this] { resume_->schedule(); });
  if (!taker_) pauseFor(kHelperAgain);
  return false;
}

/// The helper is gone.
void NotifySocket::resume() {
  if (taker_ && !taker_->isGone()) return;  // another one has begun meanwhile
  taker_.reset();
  if (!pause_ || !pause_->armed()) watch_.setEvents(core::IoWatch::Read);
}

}  // namespace instances
