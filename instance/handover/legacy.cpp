// SPDX-License-Identifier: MIT
#include "instance/handover/legacy.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "instance/config/version.hpp"
#include "instance/handover/image.hpp"
#include "instance/handover/successor.hpp"
#include "instance/state/sealed.hpp"
#include "instance/state/text.hpp"
#include "lib/core/log.hpp"
#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"

namespace handover {
namespace {

/// An environment has a limit for each variable.
constexpr std::size_t kMostReason = 4000;

std::string takeVariable(const char* name) {
  const char* const value = ::getenv(name);
  std::string text = value == nullptr ? "" : value;
  ::unsetenv(name);
  return text;
}

/// An open descriptor behind the standard ones; -1: the text names none.
int descriptorIn(const std::string& text) noexcept {
  const auto number = core::parseInteger(text);
  if (!number || *number <= STDERR_FILENO || *number > INT32_MAX) return -1;
  const auto fd = static_cast<int>(*number);
  return ::fcntl(fd, F_GETFD) < 0 ? -1 : fd;
}

}  // namespace

bool Legacy::announced() noexcept { return ::getenv(kStateVariable) != nullptr; }

Legacy::Legacy(std::vector<std::string> arguments)
    : arguments_(std::move(arguments)),
      document_(takeVariable(kStateVariable)),
      refusal_(takeVariable(kRefusedVariable)),
      file_(descriptorIn(document_)),
      predecessor_(descriptorIn(takeVariable(kPredecessorVariable))) {
  if (predecessor_) (void)::fcntl(predecessor_.get(), F_SETFD, FD_CLOEXEC);  // it does not need itself
  // A program that is executed by descriptor is called like its number.
  if (!refusal_.empty()) (void)::prctl(PR_SET_NAME, "supervisord");
}

core::Status Legacy::read() {
  if (!file_)
    return core::Err{core::Error{fmt::format(
        "{} is '{}', which is not an open descriptor: the variable is only for a supervisord that upgrades itself",
        kStateVariable, document_)}};
  const auto text = state::readSealed(file_.get());
  if (!text) return core::Err{text.error()};
  auto decoded = state::decode(*text);
  if (!decoded) return core::Err{std::move(decoded).error()};
  state = std::move(*decoded);
  if (state.daemon.pid != ::getpid())
    return core::Err{core::Error{
        fmt::format("the state is that of process {}, and this is process {}", state.daemon.pid, ::getpid())}};
  return takeDescriptors();
}

/// With a predecessor to give the process back to, the descriptors are duplicates: what this program closes after a
/// failure stays open for the other. Without one there is no way back, and no room in the table is needed.
core::Status Legacy::takeDescriptors() {
  std::set<int> seen;
  for (const auto& [name, fd] : state.descriptors) {
    const bool usable = fd > STDERR_FILENO && ::fcntl(fd, F_GETFD) >= 0 && seen.insert(fd).second;
    if (!usable) return core::sysError(fmt::format("cannot take over descriptor {} ({})", fd, name), EBADF);
    core::UniqueFd taken(predecessor_ ? ::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : fd);
    if (!taken) return core::sysError(fmt::format("cannot take over descriptor {} ({})", fd, name), errno);
    if (predecessor_)
      originals_.push_back(fd);
    else
      (void)::fcntl(fd, F_SETFD, FD_CLOEXEC);
    descriptors.add(name, std::move(taken));
  }
  return {};
}

std::optional<std::string> Legacy::refused() const {
  if (refusal_.empty()) return std::nullopt;
  return fmt::format("the new program {} refuses: {}", installedProgram(), core::printable(refusal_));
}

void Legacy::accept() {
  const auto kept =
      std::count_if(state.programs.begin(), state.programs.end(), [](const auto& p) { return p.pid != 0; });
  if (const auto why = refused())
    logging::error("cannot upgrade supervisord, the old program continues: {}", *why);
  else
    logging::info("supervisord upgraded from {} to {}, {} program{} kept", core::printable(state.daemon.version),
                  config::packageVersion, kept, kept == 1 ? "" : "s");
  for (const int fd : originals_) ::close(fd);
  originals_.clear();
  file_.reset();
  predecessor_.reset();
}

void Legacy::clear() noexcept {
  state = {};
  descriptors = {};
}

core::Error Legacy::giveBack(const std::string& why) {
  if (!predecessor_) return {why};
  Image image(arguments_);
  image.set(kStateVariable, document_);
  image.set(kRefusedVariable, why.substr(0, kMostReason));
  ::execveat(predecessor_.get(), "", image.arguments(), image.environment(), AT_EMPTY_PATH);
  return core::sysError("cannot execute the older program again", errno).value;
}

}  // namespace handover
