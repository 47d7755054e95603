// SPDX-License-Identifier: MIT
#include "lib/core/notify.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "lib/core/unique_fd.hpp"

using core::Notifier;
namespace notify = core::notify;

TEST_CASE("a program line is read back as it was written") {
  const auto line = notify::programLine({"RUNNING", 42, "web:front end"});
  CHECK(line == "X_SUPERVISOR_PROGRAM=RUNNING 42 web:front end");
  const auto program = notify::parseProgram(std::string_view(line).substr(line.find('=') + 1));
  REQUIRE(program);
  CHECK(program->state == "RUNNING");
  CHECK(program->pid == 42);
  CHECK(program->name == "web:front end");
}

TEST_CASE("a line break in a name does not make a second line") {
  CHECK(notify::programLine({"FATAL", 0, "a\nREADY=1"}).find('\n') == std::string::npos);
  CHECK(notify::programLine({"FATAL", 0, "a", "b\nREADY=1"}) ==
        "X_SUPERVISOR_PROGRAM=FATAL 0 a\nX_SUPERVISOR_DESCRIPTION=b READY=1");
}

TEST_CASE("what is not a program line is refused") {
  for (const char* value : {"", "RUNNING", "RUNNING 1", "RUNNING 1 ", " 1 a", "RUNNING x a", "RUNNING -1 a"})
    CHECK_FALSE(notify::parseProgram(value));
}

TEST_CASE("without NOTIFY_SOCKET nothing is sent") {
  ::unsetenv("NOTIFY_SOCKET");
  const auto notifier = Notifier::fromEnvironment();
  CHECK_FALSE(notifier.active());
  CHECK(notifier.send("READY=1") == Notifier::Sent::Nobody);
}

TEST_CASE("a message arrives complete, and the address is removed from the environment") {
  const std::string path = "/tmp/test-notify-" + std::to_string(::getpid());
  const core::UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path.c_str());
  REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  const auto notifier = Notifier::fromEnvironment();
  CHECK(std::getenv("NOTIFY_SOCKET") == nullptr);
  CHECK(notifier.send("READY=1\nSTATUS=fine") == Notifier::Sent::Done);
  char buffer[64];
  const auto n = ::recv(fd.get(), buffer, sizeof buffer, MSG_DONTWAIT);
  CHECK(std::string(buffer, n > 0 ? static_cast<std::size_t>(n) : 0) == "READY=1\nSTATUS=fine");
  ::unlink(path.c_str());
  CHECK(notifier.send("READY=1") == Notifier::Sent::Nobody);
}

TEST_CASE("a descriptor goes with its message; it stays open here") {
  const std::string path = "/tmp/test-notify-fd-" + std::to_string(::getpid());
  const core::UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path.c_str());
  REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  const auto notifier = Notifier::fromEnvironment();
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const core::UniqueFd reader(ends[0]), writer(ends[1]);
  CHECK(notifier.send("FDSTORE=1", writer.get()) == Notifier::Sent::Done);
  ::unlink(path.c_str());

  char text[64];
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  iovec bytes{text, sizeof text};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  REQUIRE(::recvmsg(socket.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) == 9);
  const cmsghdr* const rights = CMSG_FIRSTHDR(&message);
  REQUIRE(rights != nullptr);
  int received = -1;
  std::memcpy(&received, CMSG_DATA(rights), sizeof received);
  const core::UniqueFd owned(received);
  CHECK(::write(owned.get(), "x", 1) == 1);
  CHECK(::write(writer.get(), "y", 1) == 1);
  CHECK(::read(reader.get(), text, sizeof text) == 2);
}
