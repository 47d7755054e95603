// SPDX-License-Identifier: MIT
#include "instance/handover/state_check.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/core.h>

#include "lib/core/spawn.hpp"
#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"

namespace handover {
namespace {

/// The test takes some milliseconds; a machine that swaps may need longer.
constexpr core::seconds kLimit{10};
/// What is kept of its output: an error is one line.
constexpr std::size_t kMostOutput = 1000;

core::SpawnSpec specOf(const std::string& program, int null, int output, int document) {
  core::SpawnSpec spec;
  spec.file = program;
  spec.arguments = {program, "--check-state", "3"};
  for (char** variable = environ; *variable != nullptr; ++variable) spec.environment.emplace_back(*variable);
  spec.descriptors = {{null, 0}, {output, 1}, {output, 2}, {document, 3}};
  return spec;
}

std::string howItEnded(int waitStatus) {
  if (WIFSIGNALED(waitStatus)) return fmt::format("it was ended by signal {}", WTERMSIG(waitStatus));
  return fmt::format("it ended with exit status {}", WEXITSTATUS(waitStatus));
}

}  // namespace

StateCheck::StateCheck(core::EventLoop& loop, core::Reaper& reaper, Done done)
    : loop_(loop),
      reaper_(reaper),
      done_(std::move(done)),
      watch_(loop, [this](std::uint32_t) { readOutput(); }),
      limit_(loop, [this] { kill(fmt::format("it did not answer within {} seconds", kLimit.count())); }) {}

StateCheck::~StateCheck() {
  watch_.stop();
  if (pid_ == 0) return;
  reaper_.forget(pid_);
  ::kill(pid_, SIGKILL);
}

core::Status StateCheck::start(const std::string& program, int document) {
  const core::UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  int ends[2];
  if (!null || ::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return core::sysError("cannot make a pipe", errno);
  pipe_.reset(ends[0]);
  const core::UniqueFd output(ends[1]);
  watch_.start(pipe_.get(), core::IoWatch::Read);
  const auto spec = specOf(program, null.get(), output.get(), document);
  auto spawned = core::beginSpawn(spec);
  if (!spawned) return core::Err{core::Error{core::supervisorsWords(spec, spawned.error()), spawned.error().code}};
  pid_ = spawned->pid;
  reaper_.watch(pid_, [this](int status) { ended(status); });
  limit_.armIn(kLimit);
  start_ = std::make_unique<core::SpawnWatch>(loop_, std::move(*spawned), [this, program](const auto& report) {
    if (report.error) trouble_ = fmt::format("it cannot be executed: {}", ::strerrordesc_np(report.error->code));
  });
  return {};
}

void StateCheck::readOutput() {
  char buffer[1024];
  for (;;) {
    const auto n = ::read(pipe_.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) watch_.stop();
    if (n <= 0) return;
    output_.append(buffer, std::min(static_cast<std::size_t>(n), kMostOutput - std::min(kMostOutput, output_.size())));
  }
}

void StateCheck::ended(int waitStatus) {
  pid_ = 0;
  limit_.disarm();
  start_->check();  // what it has reported comes before its end
  readOutput();
  const auto done = std::move(done_);
  const bool succeeded = trouble_.empty() && WIFEXITED(waitStatus) && WEXITSTATUS(waitStatus) == 0;
  if (succeeded && output_.find(kStateUnderstood) != std::string::npos) return done({});
  if (succeeded) trouble_ = "it does not test a state: it is not a supervisord";
  auto text = !trouble_.empty() ? trouble_ : howItEnded(waitStatus);
  if (const auto said = core::trim(output_); !said.empty()) text += fmt::format(": {}", core::printable(said));
  done(core::Err{core::Error{std::move(text)}});
}

void StateCheck::kill(std::string why) {
  trouble_ = std::move(why);
  ::kill(pid_, SIGKILL);
}

}  // namespace handover
