// SPDX-License-Identifier: MIT
#include "daemon/instances/notify_socket.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/support/scratch_files.hpp"
#include "tests/unit/instances/test_pipe.hpp"

using namespace instances;

namespace {

int openDescriptors() {
  int count = 0;
  for (int fd = 0; fd < 1024; ++fd) count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

/// A socket of an instance, what came there, and a sender.
struct SocketBed {
  SocketBed() : sender(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    auto opened = NotifySocket::open(
        loop, reaper, files.path() + "/notify", ::getuid(),
        [this](Message message) { got.push_back(std::move(message)); }, [this] { return room; });
    REQUIRE(opened);
    socket = std::move(*opened);
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, socket->path().c_str(), socket->path().size());
    REQUIRE(::connect(sender.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  }
  ~SocketBed() {
    got.clear();
    if (socket) socket->remove();
  }

  /// False: the queue is full.
  bool send(const std::string& text, std::vector<int> fds = {}) {
    alignas(cmsghdr) char control[CMSG_SPACE(253 * sizeof(int))] = {};
    iovec data{const_cast<char*>(text.data()), text.size()};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    if (!fds.empty()) {
      message.msg_control = control;
      message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
      auto* const c = CMSG_FIRSTHDR(&message);
      c->cmsg_level = SOL_SOCKET;
      c->cmsg_type = SCM_RIGHTS;
      c->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
      std::memcpy(CMSG_DATA(c), fds.data(), fds.size() * sizeof(int));
    }
    return ::sendmsg(sender.get(), &message, 0) >= 0;
  }
  void until(std::size_t messages) {
    for (int i = 0; i < 2000 && got.size() < messages; ++i) loop.step(core::milliseconds(10));
    REQUIRE(got.size() == messages);
  }

  ScratchFiles files;
  core::EventLoop loop;
  core::Reaper reaper{loop};
  core::UniqueFd sender;
  std::vector<Message> got;
  bool room = true;
  std::unique_ptr<NotifySocket> socket;
};

}  // namespace

TEST_CASE("messages arrive in their order, with one descriptor at most, and the sender's ids") {
  SocketBed bed;
  TestPipe pipe;
  REQUIRE(bed.send("READY=1"));
  REQUIRE(bed.send("FDSTORE=1\nFDNAME=p1.in", {pipe.in.get()}));
  REQUIRE(bed.send("STATUS=after"));
  REQUIRE(bed.send("FDSTORE=1\nFDNAME=p1.out", {pipe.out.get()}));
  bed.until(4);
  CHECK(bed.got[0].text == "READY=1");
  CHECK_FALSE(bed.got[0].descriptor);
  CHECK_FALSE(bed.got[0].refused);
  CHECK(bed.got[1].text == "FDSTORE=1\nFDNAME=p1.in");
  CHECK(bed.got[1].kind == DescriptorKind::Pipe);
  CHECK((::fcntl(bed.got[1].descriptor.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(bed.got[2].text == "STATUS=after");
  CHECK(bed.got[3].descriptor);
  for (const auto& message : bed.got) {
    CHECK(message.sender == ::getpid());
    CHECK(message.uid == ::getuid());
  }
  // It is the same pipe, and it was neither read nor written.
  REQUIRE(::write(bed.got[1].descriptor.get(), "x", 1) == 1);
  char byte = 0;
  CHECK(::read(pipe.out.get(), &byte, 1) == 1);
}

TEST_CASE("everything but one pipe or memfd is refused, its text is read, and nothing stays open") {
  SocketBed bed;
  TestPipe pipe, other;
  const core::UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const int before = openDescriptors();
  REQUIRE(bed.send("READY=1", {null.get()}));
  REQUIRE(bed.send("FDSTORE=1\nFDNAME=two", {pipe.in.get(), pipe.in.get()}));
  REQUIRE(bed.send("FDSTORE=1\nFDNAME=many", std::vector<int>(253, pipe.in.get())));
  REQUIRE(bed.send("FDSTORE=1\nFDNAME=long\nX=" + std::string(8192, 'x'), {pipe.in.get()}));
  REQUIRE(bed.send("FDSTORE=1\nFDNAME=socket", {bed.sender.get()}));
  REQUIRE(bed.send("STATUS=after"));
  bed.until(6);
  CHECK(bed.got[0].text == "READY=1");
  for (int i = 0; i < 5; ++i) {
    CHECK(bed.got[i].refused);
    CHECK_FALSE(bed.got[i].descriptor);
  }
  CHECK(bed.got[3].text.empty());
  CHECK_FALSE(bed.got[5].refused);
  pipe.in.reset();
  for (int i = 0; i < 2000 && !pipe.isOver(); ++i) bed.loop.step(core::milliseconds(10));
  CHECK(pipe.isOver());
  // One of ours was closed, and the socket of the last helper goes with it.
  for (int i = 0; i < 2000 && openDescriptors() >= before; ++i) bed.loop.step(core::milliseconds(10));
  CHECK(openDescriptors() == before - 1);
}

TEST_CASE("the last messages of an instance are read without the loop, also those with descriptors") {
  SocketBed bed;
  TestPipe pipe;
  for (int round = 0; round < 3; ++round) {
    bed.got.clear();
    REQUIRE(bed.send("FDSTORE=1\nFDNAME=a", {pipe.in.get()}));
    REQUIRE(bed.send("FDSTORE=1\nFDNAME=b", {pipe.out.get()}));
    REQUIRE(bed.send("STATUS=between"));
    REQUIRE(bed.send("FDSTORE=1\nFDNAME=c", {pipe.in.get()}));
    REQUIRE(bed.send("STOPPING=1"));
    bed.socket->drain();
    REQUIRE(bed.got.size() == 5);
    CHECK(bed.got[1].text == "FDSTORE=1\nFDNAME=b");
    CHECK(bed.got[3].descriptor);
    CHECK(bed.got[4].text == "STOPPING=1");
  }
  // The loop reads what comes later.
  bed.got.clear();
  REQUIRE(bed.send("FDSTORE=1\nFDNAME=d", {pipe.in.get()}));
  bed.until(1);
  REQUIRE(bed.send("STATUS=later"));
  bed.until(2);
}

TEST_CASE("an instance that ends again and again cannot make the manager wait for its helpers") {
  SocketBed bed;
  TestPipe pipe;
  const auto isLeft = [&] {
    const auto before = bed.got.size();
    REQUIRE(bed.send("FDSTORE=1\nFDNAME=a", {pipe.in.get()}));
    bed.socket->drain();
    return bed.got.size() == before;
  };
  std::size_t sent = 1;
  while (sent < 5000 && !isLeft()) ++sent;
  CHECK(sent > 1);
  REQUIRE(sent < 5000);  // each one takes a helper, and some time of half a second
  bed.until(sent);       // the loop reads what was left
}

TEST_CASE("messages with descriptors wait while there is no room for them") {
  SocketBed bed;
  TestPipe pipe;
  bed.room = false;
  REQUIRE(bed.send("STATUS=before"));
  REQUIRE(bed.send("FDSTORE=1\nFDNAME=a", {pipe.in.get()}));
  bed.until(1);
  for (int i = 0; i < 5; ++i) bed.loop.step(core::milliseconds(10));
  bed.socket->drain();
  CHECK(bed.got.size() == 1);
  bed.room = true;
  bed.until(2);
  CHECK(bed.got[1].descriptor);
}

TEST_CASE("an instance that starts thousands of programs is heard in one go") {
  SocketBed bed;
  TestPipe pipe;
  int sent = 0;
  for (int i = 0; i < 200'000 && (sent < 6000 || bed.got.size() < 6000); ++i) {
    while (sent < 6000 && bed.send("FDSTORE=1\nFDNAME=p" + std::to_string(sent) + ".in", {pipe.in.get()})) ++sent;
    bed.loop.step(core::milliseconds(10));
    for (auto& message : bed.got) message.descriptor.reset();
  }
  REQUIRE(bed.got.size() == 6000);
  for (int i = 0; i < 6000; ++i) REQUIRE(bed.got[i].text == "FDSTORE=1\nFDNAME=p" + std::to_string(i) + ".in");
}

TEST_CASE("a socket that goes with messages in its queue closes their descriptors") {
  SocketBed bed;
  TestPipe pipe;
  REQUIRE(bed.send("FDSTORE=1\nFDNAME=a", {pipe.in.get()}));
  pipe.in.reset();
  bed.socket->remove();
  bed.socket.reset();
  CHECK(pipe.isOver(10'000));  // by a helper
}
