// SPDX-License-Identifier: MIT
#include "daemon/instances/handed_on.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "daemon/instances/exit_link.hpp"
#include "daemon/instances/service_store.hpp"
#include "tests/support/scratch_files.hpp"
#include "tests/unit/instances/test_pipe.hpp"

using namespace instances;

namespace {

constexpr const char* kVariable = "SUPERVISOR_MANAGERD_KEPT";

struct KeepBed {
  core::EventLoop loop;
  core::Reaper reaper{loop};
  DescriptorStores stores{loop, reaper};
};

bool closesOnExec(int fd) { return (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0; }

/// Puts a sealed memfd with `text` into the environment, as an exec does.
void offer(const std::string& text) {
  const int fd = ::memfd_create("kept", MFD_ALLOW_SEALING);
  REQUIRE(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  REQUIRE(::fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) == 0);
  REQUIRE(::setenv(kVariable, std::to_string(fd).c_str(), 1) == 0);
}

/// A socket in the place of systemd's, and what it was sent.
struct Service {
  Service() : fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    const auto path = files.file("notify", "");
    REQUIRE(::unlink(path.c_str()) == 0);
    std::memcpy(to.sun_path, path.c_str(), path.size());
    REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
    REQUIRE(::setenv("NOTIFY_SOCKET", path.c_str(), 1) == 0);
    notifier = core::Notifier::fromEnvironment();
  }
  /// "+NAME" or "-NAME" for each message so far.
  std::vector<std::string> read() {
    std::vector<std::string> out;
    char text[512];
    for (ssize_t n; (n = ::recv(fd.get(), text, sizeof text, 0)) >= 0;) {
      const std::string message(text, static_cast<std::size_t>(n));
      if (message == core::notify::kBarrier) continue;
      const auto name = message.substr(message.find("FDNAME=") + 7);
      out.push_back((message.starts_with("FDSTORE=1\n") ? "+" : "-") + name.substr(0, name.find('\n')));
    }
    return out;
  }
  /// The descriptor of the next message, if it is a barrier and there is one.
  core::UniqueFd barrier() {
    char text[512];
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    iovec data{text, sizeof text};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const auto n = ::recvmsg(fd.get(), &message, MSG_CMSG_CLOEXEC);
    const auto* const c = n < 0 ? nullptr : CMSG_FIRSTHDR(&message);
    int sent = -1;
    if (c) std::memcpy(&sent, CMSG_DATA(c), sizeof sent);
    core::UniqueFd out(sent);
    return n >= 0 && std::string_view(text, static_cast<std::size_t>(n)) == core::notify::kBarrier ? std::move(out)
                                                                                                   : core::UniqueFd();
  }

  ScratchFiles files;
  core::UniqueFd fd;
  core::Notifier notifier;
};

}  // namespace

TEST_CASE("what is kept goes through an exec, with its names, and is closed on the next one") {
  KeepBed before, after;
  TestPipe pipe;
  const int kept = ::fcntl(pipe.in.get(), F_DUPFD_CLOEXEC, 3);
  (void)before.stores.of("one").keep("a name with blanks", core::UniqueFd(kept), DescriptorKind::Pipe);
  {
    auto list = handOn(before.stores, {rlimit{1024, 4096}, {"one/state", "two/x y"}});
    REQUIRE(list);
    CHECK_FALSE(closesOnExec(kept));
    CHECK_FALSE(closesOnExec(list->get()));
    // Here both live in one process: the second gets descriptors of its own.
    const int own = ::fcntl(kept, F_DUPFD, 3);
    offer("supervisor-managerd-kept 1\nlimit 1024 4096\nkept " + std::to_string(own) +
          " one a name with blanks\nservice one/state\nservice two/x y\nend\n");
    const auto handed = takeHandedOn(after.stores);
    REQUIRE(handed.fileLimit);
    CHECK(handed.fileLimit->rlim_cur == 1024);
    CHECK(handed.fileLimit->rlim_max == 4096);
    CHECK(handed.atService == std::set<std::string>{"one/state", "two/x y"});
    CHECK(after.stores.of("one").find("a name with blanks") == own);
    CHECK(closesOnExec(own));
    CHECK(::getenv(kVariable) == nullptr);
  }
  takeBack(before.stores);
  CHECK(closesOnExec(kept));
}

TEST_CASE("the list that is handed on is the one that is understood") {
  KeepBed bed;
  TestPipe pipe;
  (void)bed.stores.of("one").keep("p1.in", std::move(pipe.in), DescriptorKind::Pipe);
  auto list = handOn(bed.stores, {rlimit{5, 6}, {"one/p1.in"}});
  REQUIRE(list);
  char text[512] = {};
  REQUIRE(::pread(list->get(), text, sizeof text - 1, 0) > 0);
  CHECK(std::string(text) == "supervisor-managerd-kept 1\nlimit 5 6\nkept " +
                                 std::to_string(bed.stores.of("one").find("p1.in")) +
                                 " one p1.in\nservice one/p1.in\nend\n");
  CHECK(std::string(::getenv(kVariable)) == std::to_string(list->get()));
  takeBack(bed.stores);
  CHECK(::getenv(kVariable) == nullptr);
}

TEST_CASE("a list that is not understood keeps nothing and closes nothing") {
  TestPipe pipe;
  const auto fd = std::to_string(pipe.in.get());
  const std::string head = "supervisor-managerd-kept 1\n";
  for (const auto& text :
       {std::string(), head, "supervisor-managerd-kept 2\nkept " + fd + " one a\nend\n",
        head + "kept " + fd + " one a\n", head + "kept " + fd + " one a\nen", head + "kept 1 one a\nend\n",
        head + "kept 99999 one a\nend\n", head + "kept -1 one a\nend\n", head + "kept " + fd + "\nend\n",
        head + "kept " + fd + " one a:b\nend\n", head + "other " + fd + " one a\nend\n", head + "limit 5 4\nend\n",
        head + "limit\nend\n"}) {
    KeepBed bed;
    offer(text);
    const auto handed = takeHandedOn(bed.stores);
    CHECK_FALSE(handed.fileLimit);
    CHECK(bed.stores.instances().empty());
    CHECK(::fcntl(pipe.in.get(), F_GETFD) >= 0);
  }
  for (const char* value : {"", "x", "-1", "0", "99999", "3x"}) {
    KeepBed bed;
    REQUIRE(::setenv(kVariable, value, 1) == 0);
    (void)takeHandedOn(bed.stores);
    CHECK(::getenv(kVariable) == nullptr);
    CHECK(bed.stores.instances().empty());
  }
}

TEST_CASE("descriptors of systemd for another process are left alone") {
  KeepBed bed;
  REQUIRE(::setenv("LISTEN_FDS", "1", 1) == 0);
  REQUIRE(::setenv("LISTEN_PID", "1", 1) == 0);
  REQUIRE(::setenv("LISTEN_FDNAMES", "one/p1.in", 1) == 0);
  CHECK(takeHandedOn(bed.stores).atService.empty());
  CHECK(bed.stores.instances().empty());
  for (const char* variable : {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}) CHECK(::getenv(variable) == nullptr);
}

TEST_CASE("a name in systemd's store has the instance before it") {
  CHECK(serviceName("one", "p1.in") == "one/p1.in");
  CHECK(fromServiceName("one/p1.in") == std::pair<std::string, std::string>("one", "p1.in"));
  CHECK(fromServiceName("one/fcgi.a/b.0") == std::pair<std::string, std::string>("one", "fcgi.a/b.0"));
  for (const char* bad : {"", "one", "/p1.in", "one/"}) CHECK(fromServiceName(bad).first.empty());
}

TEST_CASE("systemd hears of what is kept and dropped, and has each name once") {
  Service service;
  KeepBed bed;
  const auto settle = [&] {
    for (int i = 0; i < 3; ++i) bed.loop.step(core::milliseconds(1));
  };
  ServiceStore mirror(bed.loop, bed.stores, service.notifier, ServiceLimits{.most = 2});
  mirror.setKnown({"one/old", "one/a"});
  TestPipe first, second, third;
  auto& one = bed.stores.of("one");
  (void)one.keep("a", std::move(first.in), DescriptorKind::Pipe);
  settle();
  CHECK(service.read() == std::vector<std::string>{"-one/a", "-one/old", "+one/a"});
  (void)one.keep("b", std::move(second.in), DescriptorKind::Pipe);
  (void)one.keep("c", std::move(third.in), DescriptorKind::Pipe);  // beyond the limit
  settle();
  CHECK(service.read() == std::vector<std::string>{"+one/b"});
  CHECK(mirror.known() == std::set<std::string>{"one/a", "one/b"});
  one.drop();
  settle();
  CHECK(service.read() == std::vector<std::string>{"-one/a", "-one/b"});
  CHECK(mirror.known().empty());
  service.fd.reset();  // nobody to wait for at the end
}

TEST_CASE("systemd gets descriptors at a limited rate, and hears of those that go without delay") {
  Service service;
  KeepBed bed;
  const auto settle = [&] {
    for (int i = 0; i < 3; ++i) bed.loop.step(core::milliseconds(1));
  };
  TestPipe first, second, other;
  auto& one = bed.stores.of("one");
  (void)one.keep("a", std::move(first.in), DescriptorKind::Pipe);
  ServiceStore mirror(bed.loop, bed.stores, service.notifier, {.most = 100, .comparisons = 0, .perSecond = 1});
  mirror.setKnown({"one/a", "one/old"});
  (void)one.keep("a", std::move(second.in), DescriptorKind::Pipe);
  (void)one.keep("b", std::move(other.in), DescriptorKind::Pipe);
  settle();
  CHECK(service.read() == std::vector<std::string>{"-one/a", "-one/old"});
  CHECK(mirror.known().empty());
  service.fd.reset();  // nobody to wait for at the end
}

TEST_CASE("what systemd has to close is closed here after it: it may be slow to close for the last one") {
  Service service;
  KeepBed bed;
  std::optional<ServiceStore> mirror(std::in_place, bed.loop, bed.stores, service.notifier);
  TestPipe pipe;
  auto& one = bed.stores.of("one");
  const auto take = [&] {
    core::UniqueFd barrier;
    for (int i = 0; i < 2000 && !barrier; ++i) {
      bed.loop.step(core::milliseconds(10));
      barrier = service.barrier();
    }
    REQUIRE(barrier);
    return barrier;
  };
  (void)one.keep("a", std::move(pipe.in), DescriptorKind::Pipe);
  for (int i = 0; i < 3; ++i) bed.loop.step(core::milliseconds(1));
  CHECK(service.read() == std::vector<std::string>{"+one/a"});
  one.remove("a");
  {
    const auto barrier = take();
    for (int i = 0; i < 20; ++i) bed.loop.step(core::milliseconds(10));
    CHECK_FALSE(pipe.isOver());
  }
  for (int i = 0; i < 2000 && !pipe.isOver(); ++i) bed.loop.step(core::milliseconds(10));
  CHECK(pipe.isOver());
  service.fd.reset();  // nobody to wait for at the end
}

TEST_CASE("the link for the ends of programs goes through an exec, and no other socket or name does") {
  KeepBed bed;
  TestPipe pipe;
  auto ends = ExitLink::makeEnds();
  REQUIRE(ends);
  const auto copy = [](const core::UniqueFd& fd) { return std::to_string(::fcntl(fd.get(), F_DUPFD, 3)); };
  offer("supervisor-managerd-kept 1\nlimit 5 6\nkept " + copy(ends->theirs) + " one exits\nkept " + copy(ends->ours) +
        " one exits.manager\nkept " + copy(ends->ours) + " one p1.in\nkept " + copy(pipe.in) + " two exits\nend\n");
  (void)takeHandedOn(bed.stores);
  CHECK(bed.stores.of("one").size() == 2);
  CHECK(bed.stores.of("one").has("exits"));
  CHECK(bed.stores.of("one").has("exits.manager"));
  CHECK(bed.stores.of("two").size() == 0);
}
