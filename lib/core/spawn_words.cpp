// SPDX-License-Identifier: MIT
#include "lib/core/spawn_words.hpp"

#include <cerrno>
#include <cstring>

#include "lib/core/resource_limits.hpp"

namespace core {
namespace {

/// The key of the configuration whose value the kernel refused; nullptr: there is none.
const char* keyOf(const SpawnError& error) noexcept {
  switch (error.step) {
    case SpawnStep::Limits: return resourceLimitKey(error.which);
    case SpawnStep::Nice: return "nice";
    case SpawnStep::IoPriority: return "ionice";
    case SpawnStep::Processors: return "cpu_affinity";
    case SpawnStep::Capabilities: return "capabilities";
    case SpawnStep::Namespace: return "private_tmp or read_only_paths";
    case SpawnStep::ReadOnlyPath: return "read_only_paths";
    case SpawnStep::PrivateTmp: return "private_tmp";
    default: return nullptr;
  }
}

/// Why, for those that do not know the system call.
const char* reasonOf(const SpawnError& error) noexcept {
  const bool refused = error.code == EPERM || error.code == EACCES;
  if (error.step == SpawnStep::Processors && error.code == EINVAL) return " (none of these processors can be used)";
  if (error.step == SpawnStep::Capabilities && refused) return " (supervisord does not have all of them)";
  if (error.step == SpawnStep::Limits && refused) return " (a hard limit above that of supervisord needs root)";
  if (error.step == SpawnStep::Namespace) return " (the kernel, or a container, allows no mount namespace)";
  if (error.code == ENOSYS) return " (this needs Linux 5.12)";
  if (error.step == SpawnStep::Nice && refused) return " (a value below that of supervisord needs root)";
  return refused ? " (this needs root)" : "";
}

}  // namespace

void tellFailure(const SpawnSpec& spec, const SpawnError& error, void (*sayTo)(void*, const char*), void* listener) {
  const auto say = [=](const char* piece) { sayTo(listener, piece); };
  const auto step = error.step;
  const char* const key = keyOf(error);
  if (step == SpawnStep::Exec) {
    say("couldn't exec ");
    say(spec.arguments.empty() ? spec.file.c_str() : spec.arguments.front().c_str());
  } else if (step == SpawnStep::Directory) {
    say("couldn't chdir to ");
    say(spec.directory.c_str());
  } else if (step == SpawnStep::Identity) {
    char digits[16];
    char* p = digits + sizeof digits;
    *--p = '\0';
    uid_t uid = spec.identity ? spec.identity->uid : 0;
    do *--p = static_cast<char>('0' + uid % 10);
    while (uid /= 10);
    say("couldn't setuid to ");
    say(p);
    say(": Can't drop privilege as nonroot user");
    return;
  } else if (key != nullptr) {
    say("couldn't set ");
    say(key);
    if (step == SpawnStep::ReadOnlyPath && error.which >= 0) {
      say(" ");
      say(spec.sandbox.readOnly[static_cast<std::size_t>(error.which)].path.c_str());
    }
  } else {
    say("couldn't prepare the child (");
    say(toText(step));
    say(")");
  }
  say(": ");
  const char* name = ::strerrorname_np(error.code);
  say(name ? name : "EUNKNOWN");
  if (key != nullptr) say(reasonOf(error));
}

const char* toText(SpawnStep step) noexcept {
  switch (step) {
    case SpawnStep::Fork: return "fork";
    case SpawnStep::Session: return "session";
    case SpawnStep::Descriptors: return "descriptors";
    case SpawnStep::Limits: return "limits";
    case SpawnStep::Nice: return "nice value";
    case SpawnStep::IoPriority: return "priority of input and output";
    case SpawnStep::Processors: return "choice of processors";
    case SpawnStep::Capabilities: return "capabilities";
    case SpawnStep::Namespace: return "mount namespace";
    case SpawnStep::ReadOnlyPath: return "read-only path";
    case SpawnStep::PrivateTmp: return "private /tmp";
    case SpawnStep::Identity: return "change of user";
    case SpawnStep::Directory: return "change of directory";
    case SpawnStep::Exec: return "exec";
    case SpawnStep::Time: return "time limit before exec";
  }
  return "unknown step";
}

std::string supervisorsWords(const SpawnSpec& spec, const SpawnError& error) {
  std::string text;
  const auto add = [](void* to, const char* piece) { *static_cast<std::string*>(to) += piece; };
  tellFailure(spec, error, add, &text);
  return text;
}

}  // namespace core
