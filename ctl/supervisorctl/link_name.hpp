// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

namespace ctl {

/// The instance that a link names.
struct LinkedInstance {
  std::string name;
  std::string configFile;
};

/// Finds the instance of `supervisorctl_NAME`, without the manager and without reading a privileged file.
///
/// The chain of symbolic links from `invokedPath` to the program is followed:
///
///     /usr/bin/supervisorctl_web -> /var/lib/supervisor-manager/links/supervisorctl_web -> /usr/bin/supervisorctl
///     /opt/tech2/supervisorctl   -> /var/lib/supervisor-manager/links/supervisorctl_tech2 -> /usr/bin/supervisorctl
///
/// * The first name `supervisorctl_NAME` in it (that of the link called, or of a link it leads to) gives NAME.
/// * A symbolic link `supervisord_NAME.conf` beside such a link leads to the configuration file; the manager keeps one
///   in the directory `links` of its state directory, which everybody may read.
/// * Without one the file is /etc/supervisord_NAME.conf.
///
/// nullopt: the chain has no such name; this is a plain supervisorctl. Environment variables are not used: a command
/// that root runs through such a link must not take its paths from the caller.
[[nodiscard]] std::optional<LinkedInstance> linkedInstance(const std::string& invokedPath);

/// The path of the program as it was called: `argv0` itself if it has a slash, else its place in PATH.
[[nodiscard]] std::string invokedPath(const std::string& argv0);

}  // namespace ctl
