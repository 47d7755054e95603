// SPDX-License-Identifier: MIT
#include "instance/output/log_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "lib/core/unique_fd.hpp"

namespace output {
namespace {

using Bytes = core::Result<std::string, ReadError>;

core::Err<ReadError> failure(ReadError::Kind kind, std::string text) {
  return core::Err{ReadError{kind, std::move(text)}};
}

}  // namespace

core::UniqueFd openLog(const std::string& path, std::int64_t& size) {
  core::UniqueFd fd(path.empty() ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat facts {};
  if (!fd || ::fstat(fd.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) return core::UniqueFd();
  size = facts.st_size;
  return fd;
}

Bytes readAt(int fd, std::int64_t offset, std::int64_t length) {
  if (length > kMostRead) return failure(ReadError::Kind::TooLarge, std::to_string(length));
  std::string bytes(static_cast<std::size_t>(length), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::pread(fd, bytes.data() + done, bytes.size() - done, offset + static_cast<std::int64_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure(ReadError::Kind::Failed, ::strerrordesc_np(errno));
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  bytes.resize(done);
  return bytes;
}

Bytes readLog(const std::string& path, std::int64_t offset, std::int64_t length) {
  std::int64_t size = 0;
  const auto fd = openLog(path, size);
  if (!fd) return failure(ReadError::Kind::NoFile, path);
  if (length < 0 || (offset < 0 && length != 0)) return failure(ReadError::Kind::BadArguments, "");
  if (offset < 0) offset = offset < -size ? 0 : size + offset;
  offset = std::min(offset, size);
  const auto available = size - offset;
  return readAt(fd.get(), offset, length == 0 ? available : std::min(length, available));
}

Tail tailLog(const std::string& path, std::int64_t offset, std::int64_t length) {
  Tail tail;
  const auto fd = openLog(path, tail.size);
  if (!fd) return tail;
  // Values near the ends of the type, and negative ones, mean "as far as there is".
  constexpr std::int64_t limit = std::int64_t{1} << 61;
  offset = std::clamp(offset, -limit, limit);
  length = std::clamp(length, -limit, limit);
  if (tail.size > offset + length) {
    tail.overflow = true;
    offset = tail.size - 1;
  }
  if (offset + length > tail.size) {
    if (offset > tail.size - 1) length = 0;
    offset = tail.size - length;
  }
  offset = std::max<std::int64_t>(offset, 0);
  length = std::clamp<std::int64_t>(length, 0, std::max<std::int64_t>(tail.size - offset, 0));
  auto bytes = readAt(fd.get(), offset, length);
  if (bytes) tail.bytes = std::move(*bytes);
  tail.tooLarge = !bytes && bytes.error().kind == ReadError::Kind::TooLarge;
  return tail;
}

}  // namespace output
