// SPDX-License-Identifier: MIT
#include "instance/background.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "instance/config/model.hpp"
#include "lib/core/log.hpp"

namespace {

/// 0 when the child has reported that it runs, or the status it ended with instead.
int outcomeOf(pid_t child, int reader) {
  char byte = 0;
  ssize_t n = 0;
  while ((n = ::read(reader, &byte, 1)) < 0 && errno == EINTR) {
  }
  if (n == 1) return 0;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace

std::optional<int> Background::fork() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) == 0) {
    core::UniqueFd reader(ends[0]);
    report_.reset(ends[1]);
    const pid_t child = ::fork();
    if (child == 0) return std::nullopt;
    report_.reset();
    if (child > 0) return outcomeOf(child, reader.get());
  }
  std::fprintf(stderr, "Error: cannot go into the background: %s\n", ::strerrordesc_np(errno));
  return 2;
}

void Background::detach(const config::Daemon& daemon) {
  logging::info("daemonizing the supervisord process");
  if (!daemon.directory.empty()) {
    if (::chdir(daemon.directory.c_str()) == 0)
      logging::info("set current directory: '{}'", daemon.directory);
    else
      logging::critical("can't chdir into '{}': {}", daemon.directory, ::strerrordesc_np(errno));
  }
  if (const core::UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC)); null)
    for (int fd = 0; fd <= 2; ++fd) ::dup2(null.get(), fd);
  ::setsid();
  ::umask(daemon.umask);
}

void Background::release() {
  (void)!::write(report_.get(), "r", 1);
  report_.reset();
}
