// SPDX-License-Identifier: MIT
#include "instance/handover/store_link.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <optional>
#include <vector>

#include "lib/core/unique_fd.hpp"

namespace {

using handover::StoreLink;

/// What keeps the descriptors, without its rules.
class Receiver {
 public:
  Receiver() : path_("/tmp/test-store-" + std::to_string(::getpid())) { listen(); }
  ~Receiver() { ::unlink(path_.c_str()); }
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  void listen() {
    ::unlink(path_.c_str());
    socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path_.c_str());
    REQUIRE(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  void leave() {
    ::unlink(path_.c_str());
    socket_.reset();
  }
  [[nodiscard]] core::Notifier notifier() const {
    ::setenv("NOTIFY_SOCKET", path_.c_str(), 1);
    return core::Notifier::fromEnvironment();
  }
  /// "FDSTORE=1 FDNAME=a FDPOLL=0 file 17" of the next message: the inode of its descriptor. Empty: there is none.
  std::string next() {
    char text[256];
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    iovec bytes{text, sizeof text};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const auto n = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0) return {};
    std::string out(text, static_cast<std::size_t>(n));
    for (char& c : out)
      if (c == '\n') c = ' ';
    if (const cmsghdr* const rights = CMSG_FIRSTHDR(&message)) {
      int received = -1;
      std::memcpy(&received, CMSG_DATA(rights), sizeof received);
      const core::UniqueFd owned(received);
      struct stat facts {};
      REQUIRE(::fstat(owned.get(), &facts) == 0);
      out += "file " + std::to_string(facts.st_ino);
    }
    return out;
  }
  std::vector<std::string> all() {
    std::vector<std::string> out;
    for (auto one = next(); !one.empty(); one = next()) out.push_back(one);
    return out;
  }

 private:
  std::string path_;
  core::UniqueFd socket_;
};

struct File {
  File() : fd(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)) {
    REQUIRE(fd);
    struct stat facts {};
    REQUIRE(::fstat(fd.get(), &facts) == 0);
    shown = "file " + std::to_string(facts.st_ino);
  }
  core::UniqueFd fd;
  std::string shown;
};

/// Everything that comes until the link has sent all.
std::vector<std::string> settled(core::EventLoop& loop, const StoreLink& link, Receiver& receiver) {
  std::vector<std::string> out;
  do {
    for (auto& one : receiver.all()) out.push_back(std::move(one));
    if (link.behind()) loop.step(core::seconds(10));
  } while (link.behind());
  for (auto& one : receiver.all()) out.push_back(std::move(one));
  return out;
}

using Messages = std::vector<std::string>;

}  // namespace

TEST_CASE("descriptors are kept and dropped by name") {
  core::EventLoop loop;
  Receiver receiver;
  StoreLink link(loop, receiver.notifier(), StoreLink::Keeper::Manager);
  const File a, b;
  link.keep("p1.out", a.fd.get());
  link.keep("p1.out", b.fd.get());
  link.drop("p1.out");
  link.drop("p1.out");
  link.drop("p2.out");
  CHECK(receiver.all() == Messages{"FDSTORE=1 FDNAME=p1.out FDPOLL=0 " + a.shown,
                                   "FDSTORE=1 FDNAME=p1.out FDPOLL=0 " + b.shown, "FDSTOREREMOVE=1 FDNAME=p1.out "});
}

TEST_CASE("systemd adds what has the same name: the old one is removed first") {
  core::EventLoop loop;
  Receiver receiver;
  StoreLink link(loop, receiver.notifier(), StoreLink::Keeper::Systemd);
  const File a, b;
  link.keep("state", a.fd.get());
  link.keep("state", b.fd.get());
  // A predecessor may have left the first one there.
  CHECK(receiver.all() == Messages{"FDSTOREREMOVE=1 FDNAME=state ", "FDSTORE=1 FDNAME=state FDPOLL=0 " + a.shown,
                                   "FDSTOREREMOVE=1 FDNAME=state ", "FDSTORE=1 FDNAME=state FDPOLL=0 " + b.shown});
}

TEST_CASE("an orderly end leaves nothing with systemd; a manager drops it by itself") {
  for (const auto keeper : {StoreLink::Keeper::Systemd, StoreLink::Keeper::Manager}) {
    core::EventLoop loop;
    Receiver receiver;
    StoreLink link(loop, receiver.notifier(), keeper);
    const File a;
    link.keep("a", a.fd.get());
    link.keep("b", a.fd.get());
    (void)receiver.all();
    link.drop("a");
    (void)receiver.all();
    link.removeAll();
    CHECK(receiver.all() ==
          (keeper == StoreLink::Keeper::Systemd ? Messages{"FDSTOREREMOVE=1 FDNAME=b "} : Messages{}));
  }
}

TEST_CASE("a full queue delays the changes; those that are void by then are not sent") {
  constexpr int kMany = 2000;  // more than the longest queue
  core::EventLoop loop;
  Receiver receiver;
  StoreLink link(loop, receiver.notifier(), StoreLink::Keeper::Manager);
  const File a, b;
  for (int i = 0; i < kMany; ++i) link.keep("p" + std::to_string(i) + ".out", a.fd.get());
  REQUIRE(link.behind());
  link.keep("again", a.fd.get());
  link.keep("again", b.fd.get());
  link.keep("gone", a.fd.get());
  link.drop("gone");
  const auto messages = settled(loop, link, receiver);
  REQUIRE(messages.size() == kMany + 1);
  for (int i = 0; i < kMany; ++i)
    CHECK(messages[static_cast<std::size_t>(i)] ==
          "FDSTORE=1 FDNAME=p" + std::to_string(i) + ".out FDPOLL=0 " + a.shown);
  CHECK(messages.back() == "FDSTORE=1 FDNAME=again FDPOLL=0 " + b.shown);
}

TEST_CASE("a new keeper gets all of them, and a message when that was all") {
  core::EventLoop loop;
  Receiver receiver;
  StoreLink link(loop, receiver.notifier(), StoreLink::Keeper::Manager);
  const File a, b;
  link.keep("a", a.fd.get());
  link.keep("b", b.fd.get());
  receiver.leave();
  link.drop("b");
  link.keep("c", b.fd.get());
  receiver.listen();
  link.sendAll();
  CHECK(settled(loop, link, receiver) == Messages{"FDSTORE=1 FDNAME=a FDPOLL=0 " + a.shown,
                                                  "FDSTORE=1 FDNAME=c FDPOLL=0 " + b.shown,
                                                  "X_SUPERVISOR_DESCRIPTORS=all "});
}

TEST_CASE("what a predecessor has sent is not sent again, and what it had no time to drop is dropped") {
  core::EventLoop loop;
  Receiver receiver;
  StoreLink link(loop, receiver.notifier(), StoreLink::Keeper::Manager);
  const File a, b;
  link.inherit({"p1.out", "p2.out", "p3.out"});
  link.keep("p1.out", a.fd.get());
  CHECK(receiver.all().empty());
  link.endInheritance();
  CHECK(receiver.all() == Messages{"FDSTOREREMOVE=1 FDNAME=p2.out ", "FDSTOREREMOVE=1 FDNAME=p3.out "});
  link.keep("p1.out", b.fd.get());
  link.drop("p1.out");
  CHECK(receiver.all() == Messages{"FDSTORE=1 FDNAME=p1.out FDPOLL=0 " + b.shown, "FDSTOREREMOVE=1 FDNAME=p1.out "});
}

TEST_CASE("what a successor inherits is what was sent, with what was not dropped yet") {
  core::EventLoop loop;
  Receiver receiver;
  StoreLink link(loop, receiver.notifier(), StoreLink::Keeper::Manager);
  const File a;
  link.keep("p1.out", a.fd.get());
  link.keep("p2.out", a.fd.get());
  while (!link.behind()) link.keep("p3.out", a.fd.get());  // until the queue is full
  link.drop("p2.out");
  link.keep("p4.out", a.fd.get());
  CHECK(link.kept() == Messages{"p1.out", "p2.out"});  // p3.out is to be sent again
}
