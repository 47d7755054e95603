// SPDX-License-Identifier: MIT
#include "daemon/instances/owner_command.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include <optional>
#include <utility>

#include "daemon/instances/launch.hpp"
#include "lib/core/files.hpp"

namespace instances {

OwnerCommand::OwnerCommand(InstanceContext& context, core::SpawnSpec spec, core::UniqueFd input, core::Duration limit,
                           Done done)
    : reaper_(context.reaper),
      done_(std::move(done)),
      output_(makeErrorFile()),
      timer_(context.loop,
             [this, limit] {
               const auto seconds = std::chrono::duration_cast<core::seconds>(limit).count();
               finish(-1, fmt::format("{} did not answer within {} seconds", program_, seconds));
             }),
      failed_(context.loop, [this] { finish(-1, failure_); }) {
  program_ = core::directoryOf(spec.file).empty() ? spec.file : spec.file.substr(spec.file.rfind('/') + 1);
  const core::UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  spec.descriptors = {{input ? input.get() : null.get(), 0}, {output_.get(), 1}, {output_.get(), 2}};
  context.limitFiles(spec);
  auto child = core::beginSpawn(spec);
  if (!child) {
    fail(child.error());
    return;
  }
  pid_ = child->pid;
  const auto reported = [this](const core::SpawnReport& report) {
    const auto launch = std::move(launch_);  // it calls this
    if (!report.error) return;
    reaper_.forget(std::exchange(pid_, -1));
    fail(*report.error);
  };
  launch_ = std::make_unique<core::SpawnWatch>(context.loop, std::move(*child), reported);
  reaper_.watch(pid_, [this](int status) {
    if (launch_) launch_->check();  // its report comes before its end
    if (pid_ < 0) return;
    reaped_ = true;  // without memory for the rest this is called again
    if (WIFEXITED(status)) return finish(WEXITSTATUS(status), {});
    finish(-1, fmt::format("{} was killed by signal {}", program_, WTERMSIG(status)));
  });
  timer_.armIn(limit);
}

void OwnerCommand::fail(const core::SpawnError& error) {
  failure_ = fmt::format("{} cannot be run: {}: {}", program_, core::toText(error.step), ::strerrordesc_np(error.code));
  failed_.schedule();
}

OwnerCommand::~OwnerCommand() { letGo(); }

/// Nobody waits for it any more.
void OwnerCommand::letGo() {
  if (pid_ <= 0) return;
  if (!reaped_) ::kill(pid_, SIGKILL);
  reaper_.forget(std::exchange(pid_, -1));
}

void OwnerCommand::finish(int status, std::string failure) {
  if (!done_) return timer_.disarm();
  End end{status, std::move(failure), printedText(output_)};  // first: there may be no memory for it
  timer_.disarm();
  auto done = std::move(done_);
  letGo();
  done(std::move(end));  // may destroy this
}

core::Task<OwnerCommand::End> runProgramAsOwner(InstanceContext& context, core::SpawnSpec spec, core::UniqueFd input,
                                                core::Duration limit) {
  std::optional<OwnerCommand> command;
  co_return co_await core::completes<OwnerCommand::End>([&](OwnerCommand::Done done) {
    command.emplace(context, std::move(spec), std::move(input), limit, std::move(done));
  });
}

}  // namespace instances
