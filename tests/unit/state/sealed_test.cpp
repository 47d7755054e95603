// SPDX-License-Identifier: MIT
#include "instance/state/sealed.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <string>

using namespace state;

namespace {

constexpr int kAll = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

core::UniqueFd memoryFile(off_t size, int seals) {
  core::UniqueFd file(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  REQUIRE(::ftruncate(file.get(), size) == 0);
  REQUIRE(::fcntl(file.get(), F_ADD_SEALS, seals) == 0);
  return file;
}

}  // namespace

TEST_CASE("a sealed file has its content for ever, and its position does not matter") {
  const std::string text = "line\n" + std::string(100'000, '\0');
  const auto file = writeSealed(text);
  REQUIRE(file);
  CHECK(::write(file->get(), "x", 1) == -1);
  CHECK(errno == EPERM);
  CHECK(::ftruncate(file->get(), 0) == -1);
  CHECK((::fcntl(file->get(), F_GETFD) & FD_CLOEXEC) != 0);
  ::lseek(file->get(), 7, SEEK_SET);
  CHECK(*readSealed(file->get()) == text);
  CHECK(*readSealed(file->get()) == text);
  CHECK(::lseek(file->get(), 0, SEEK_CUR) == 7);
  CHECK(readSealed(writeSealed("")->get())->empty());
}

TEST_CASE("other descriptors are refused unread") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const core::UniqueFd in(ends[0]), out(ends[1]);
  CHECK(readSealed(in.get()).error().code == EINVAL);  // reading it would block for ever
  const core::UniqueFd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  CHECK(readSealed(file.get()).error().code == EINVAL);
  CHECK(readSealed(-1).error().code == EBADF);
  CHECK(readSealed(-1).error().text.starts_with("descriptor -1 "));
  for (const int missing : {F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE})
    CHECK(readSealed(memoryFile(10, kAll & ~missing).get()).error().code == EPERM);
}

TEST_CASE("the size is limited on both sides") {
  CHECK(readSealed(memoryFile(kLargestDocument, kAll).get()));
  CHECK(readSealed(memoryFile(kLargestDocument + 1, kAll).get()).error().code == EFBIG);
  CHECK(writeSealed(std::string(kLargestDocument + 1, ' ')).error().code == EFBIG);
}
