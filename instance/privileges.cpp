// SPDX-License-Identifier: MIT
#include "instance/privileges.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "instance/config/model.hpp"
#include "lib/core/users.hpp"

core::Status mayBecome(const config::Daemon& daemon) {
  const uid_t current = ::geteuid();
  if (!daemon.uid || *daemon.uid == current || current == 0) return {};
  return core::Err{core::Error{"Can't drop privilege as nonroot user", 0}};
}

core::Status dropPrivileges(const config::Daemon& daemon, std::vector<config::Message>& messages) {
  const uid_t current = ::geteuid();
  const auto failure = [](std::string text) { return core::Err{core::Error{std::move(text), 0}}; };
  if (!daemon.uid) {
    if (current == 0)
      messages.push_back(
          {logging::Level::Critical,
           "Supervisor is running as root.  Privileges were not dropped because no user is specified in the config "
           "file.  If you intend to run as root, you can set user=root in the config file to avoid this message."});
    return {};
  }
  const uid_t wanted = *daemon.uid;
  if (wanted != current) {
    if (auto permitted = mayBecome(daemon); !permitted) return permitted;
    const auto account = core::findAccount(wanted);
    if (!account) return failure(fmt::format("Can't find uid {}", wanted));
    if (const int code = core::dropTo(core::identityOf(*account)); code != 0)
      return failure(fmt::format("Could not become user {}: {}", account->name, ::strerrordesc_np(code)));
  }
  messages.push_back({logging::Level::Info, fmt::format("Set uid to user {} succeeded", wanted)});
  return {};
}

namespace {

struct Limit {
  __rlimit_resource_t resource;
  const char* name;
  int minimum;
  const char* what;  ///< of the error text
  const char* setting;
  const char* counted;
};

core::Status raise(const Limit& limit, std::vector<config::Message>& messages) {
  rlimit values{};
  ::getrlimit(limit.resource, &values);
  const auto minimum = static_cast<rlim_t>(limit.minimum < 0 ? 0 : limit.minimum);
  if (values.rlim_cur == RLIM_INFINITY || values.rlim_cur >= minimum) return {};
  const rlim_t allowed = values.rlim_max;
  values.rlim_cur = minimum;
  if (allowed != RLIM_INFINITY && allowed < minimum) values.rlim_max = minimum;  // root may raise it
  if (::setrlimit(limit.resource, &values) != 0)
    return core::Err{core::Error{
        fmt::format("The minimum number of {0} required to run this process is {1} as per the \"{2}\" command-line "
                    "argument or config file setting. The current environment will only allow you to open {3} {4}.  "
                    "Either raise the number of usable {4} in your environment or lower the {2} setting in the "
                    "config file to allow the process to start.",
                    limit.what, minimum, limit.setting, allowed, limit.counted),
        errno}};
  messages.push_back({logging::Level::Info, fmt::format("Increased {} limit to {}", limit.name, minimum)});
  return {};
}

}  // namespace

core::Status raiseLimits(const config::Daemon& daemon, std::vector<config::Message>& messages) {
  auto files = raise({RLIMIT_NOFILE, "RLIMIT_NOFILE", daemon.minFds, "file descriptors", "minfds", "file descriptors"},
                     messages);
  if (!files) return files;
  return raise({RLIMIT_NPROC, "RLIMIT_NPROC", daemon.minProcs, "available processes", "minprocs", "processes"},
               messages);
}

std::optional<rlimit> liftFileLimit() noexcept {
  rlimit before{};
  if (::getrlimit(RLIMIT_NOFILE, &before) != 0 || before.rlim_cur == before.rlim_max) return std::nullopt;
  const rlimit most{before.rlim_max, before.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &most) != 0) return std::nullopt;
  return before;
}
