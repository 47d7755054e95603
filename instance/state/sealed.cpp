// SPDX-License-Identifier: MIT
#include "instance/state/sealed.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "lib/core/files.hpp"

namespace state {
namespace {

constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

core::Err<core::Error> tooLarge(std::size_t size) {
  return core::Err{core::Error{"the state of supervisord is too large: it has " + std::to_string(size) +
                                   " bytes, and the limit is " + std::to_string(kLargestDocument),
                               EFBIG}};
}

}  // namespace

core::Expected<core::UniqueFd> writeSealed(std::string_view document) {
  if (document.size() > kLargestDocument) return tooLarge(document.size());
  core::UniqueFd file(::memfd_create("supervisord-state", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) return core::sysError("cannot create a memory file for the state", errno);
  if (const int error = core::writeAll(file.get(), document))
    return core::sysError("cannot write the state to a memory file", error);
  if (::fcntl(file.get(), F_ADD_SEALS, kSeals) != 0)
    return core::sysError("cannot seal the memory file of the state", errno);
  return file;
}

core::Expected<std::string> readSealed(int fd) {
  const std::string name = "descriptor " + std::to_string(fd);
  // Other files have no seals: the kernel knows that without asking their file system, which could block.
  const int seals = ::fcntl(fd, F_GET_SEALS);
  if (seals < 0) return core::sysError(name + " is not a memory file with a state", errno);
  if ((seals & kSeals) != kSeals)
    return core::Err{core::Error{name + " has no state: it is a memory file that is not sealed", EPERM}};
  struct stat info {};
  if (::fstat(fd, &info) != 0) return core::sysError("cannot read " + name, errno);
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size > kLargestDocument) return tooLarge(size);
  std::string text(size, '\0');
  for (std::size_t done = 0; done < size;) {
    const auto n = ::pread(fd, text.data() + done, size - done, static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return core::sysError("cannot read the state from " + name, n < 0 ? errno : EIO);
    done += static_cast<std::size_t>(n);
  }
  return text;
}

}  // namespace state
