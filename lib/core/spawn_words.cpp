// SPDX-License-Identifier: MIT
#include "lib/core/spawn_words.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
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
  // The files of /proc that describe the namespace then belong to root.
  if (error.step == SpawnStep::Namespace && error.code == EACCES)
    return " (a supervisord that root started with another user cannot do this: start it as that user)";
  if (error.step == SpawnStep::Namespace) return " (the kernel, or a container, allows no mount namespace)";
  if (error.code == ENOSYS) return " (this needs Linux 5.12)";
  if (error.step == SpawnStep::Nice && refused) return " (a value below that of supervisord needs root)";
  return refused ? " (this needs root)" : "";
}

/// Calls `say` with a limit as text.
template <class Say>
void sayLimit(rlim_t limit, const Say& say) noexcept {
  if (limit == RLIM_INFINITY) return say("unlimited");
  char digits[24];
  *std::to_chars(digits, digits + sizeof digits - 1, limit).ptr = '\0';
  say(digits);
}

/// " (the hard limit 4096 is above that of supervisord, 1024, which needs root)"
template <class Say>
void explainLimit(const SpawnSpec& spec, int resource, const Say& say) noexcept {
  rlimit own{};
  const auto wanted =
      std::find_if(spec.limits.begin(), spec.limits.end(), [&](const auto& one) { return one.first == resource; });
  if (wanted == spec.limits.end() || ::getrlimit(static_cast<__rlimit_resource_t>(resource), &own) != 0) return;
  say(" (the hard limit ");
  sayLimit(wanted->second.rlim_max, say);
  if (wanted->second.rlim_max <= own.rlim_max) return say(" is above what the kernel allows)");
  say(" is above that of supervisord, ");
  sayLimit(own.rlim_max, say);
  say(", which needs root, in a container also CAP_SYS_RESOURCE)");
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
  if (step == SpawnStep::Limits && error.code == EPERM)
    explainLimit(spec, error.which, say);
  else if (step == SpawnStep::Directory && error.code == ENOENT && spec.sandbox.privateTmp)
    say(" (private_tmp: nothing is in its /tmp and /var/tmp)");
  else if (key != nullptr)
    say(reasonOf(error));
}

const char* toText(SpawnStep step) noexcept {
  switch (step) {
    case SpawnStep::Fork: return "fork";
    case SpawnStep::ControlGroup: return "control group";
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
