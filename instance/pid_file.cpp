// SPDX-License-Identifier: MIT
#include "instance/pid_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "lib/core/files.hpp"
#include "lib/core/log.hpp"
#include "lib/core/unique_fd.hpp"

PidFile::~PidFile() {
  if (written_ && ::unlink(path_.c_str()) != 0 && errno != ENOENT)
    logging::critical("could not remove pidfile {}", path_);
}

void PidFile::adopt() {
  const auto text = core::readFile(path_, 32);
  written_ = text && *text == fmt::format("{}\n", ::getpid());
}

void PidFile::write() {
  const auto text = fmt::format("{}\n", ::getpid());
  const core::UniqueFd fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0666));
  written_ = fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (written_)
    logging::info("supervisord started with pid {}", ::getpid());
  else
    logging::critical("could not write pidfile {}", path_);
}
