// SPDX-License-Identifier: MIT
#include "daemon/instances/descriptor_store.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/support/scratch_files.hpp"
#include "tests/unit/instances/test_pipe.hpp"

using namespace instances;

namespace {

core::UniqueFd memory(off_t size, int seals) {
  core::UniqueFd fd(::memfd_create("state", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  REQUIRE(::ftruncate(fd.get(), size) == 0);
  REQUIRE(::fcntl(fd.get(), F_ADD_SEALS, seals) == 0);
  return fd;
}

constexpr int kSized = F_SEAL_GROW | F_SEAL_SHRINK;

/// A loop with a reaper, and stores of which everything is closed within a test.
struct StoreBed {
  core::EventLoop loop;
  core::Reaper reaper{loop};
  DescriptorStores stores{loop, reaper};

  template <class Condition>
  void until(Condition&& condition) {
    for (int i = 0; i < 2000 && !condition(); ++i) loop.step(core::milliseconds(10));
    REQUIRE(condition());
  }
};

struct Recorder final : DescriptorStores::Listener {
  std::vector<std::string> lines;
  void kept(const std::string& instance, const std::string& name) override { lines.push_back(instance + " +" + name); }
  void dropped(const std::string& instance, const std::string& name) override {
    lines.push_back(instance + " -" + name);
  }
  bool pass(int /*until*/) override { return true; }
};

}  // namespace

TEST_CASE("sockets that listen are kept like pipes, and no others") {
  for (const int family : {AF_INET, AF_UNIX}) {
    const core::UniqueFd stream(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    CHECK(kindOf(stream.get()) == DescriptorKind::Refused);
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    // A name that the kernel chooses, as it chooses the port.
    if (family == AF_UNIX)
      REQUIRE(::bind(stream.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local.sun_family) == 0);
    REQUIRE(::listen(stream.get(), 1) == 0);
    CHECK(kindOf(stream.get()) == DescriptorKind::Pipe);
  }
  CHECK(kindOf(core::UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)).get()) == DescriptorKind::Pipe);
  CHECK(kindOf(core::UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)).get()) == DescriptorKind::Refused);
  CHECK(kindOf(core::UniqueFd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)).get()) == DescriptorKind::Refused);
}

TEST_CASE("only pipes and memfds of a sealed size are kept") {
  const TestPipe pipe;
  CHECK(kindOf(pipe.in.get()) == DescriptorKind::Pipe);
  CHECK(kindOf(pipe.out.get()) == DescriptorKind::Pipe);
  CHECK(kindOf(memory(4096, kSized).get()) == DescriptorKind::Memory);
  CHECK(kindOf(memory(64 << 20, kSized | F_SEAL_SEAL).get()) == DescriptorKind::Memory);

  CHECK(kindOf(memory(4096, 0).get()) == DescriptorKind::Refused);
  CHECK(kindOf(memory(4096, F_SEAL_GROW).get()) == DescriptorKind::Refused);
  CHECK(kindOf(memory(4096, F_SEAL_SHRINK).get()) == DescriptorKind::Refused);
  CHECK(kindOf(memory((64 << 20) + 1, kSized).get()) == DescriptorKind::Refused);
  CHECK(kindOf(core::UniqueFd(::eventfd(0, EFD_CLOEXEC)).get()) == DescriptorKind::Refused);
  CHECK(kindOf(core::UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)).get()) == DescriptorKind::Refused);
  CHECK(kindOf(core::UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)).get()) == DescriptorKind::Refused);
  CHECK(kindOf(-1) == DescriptorKind::Refused);
}

TEST_CASE("a file that only looks like a pipe or a memfd is refused") {
  ScratchFiles files;
  const auto fifo = files.file("pipe:[1]", "");
  REQUIRE(::unlink(fifo.c_str()) == 0);
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(kindOf(core::UniqueFd(::open(fifo.c_str(), O_RDWR | O_CLOEXEC)).get()) == DescriptorKind::Refused);
  const auto file = files.file("file", "");
  CHECK(kindOf(core::UniqueFd(::open(file.c_str(), O_RDWR | O_CLOEXEC)).get()) == DescriptorKind::Refused);
  CHECK(kindOf(core::UniqueFd(::open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)).get()) ==
        DescriptorKind::Refused);
}

TEST_CASE("names are those of systemd, and not long") {
  CHECK(isDescriptorName("p17.out"));
  CHECK(isDescriptorName("journal.scratch.r"));
  CHECK(isDescriptorName(std::string(200, 'x')));
  for (const std::string bad : {"", "a:b", "a\nb", "a\x7f", "\xc3\xa4"}) CHECK_FALSE(isDescriptorName(bad));
  CHECK_FALSE(isDescriptorName(std::string(201, 'x')));
}

TEST_CASE("a store keeps by name, lists without giving away, and closes what is replaced, removed or dropped") {
  StoreBed bed;
  auto& store = bed.stores.of("one");
  TestPipe first, second, third;
  const int number = first.in.get();
  CHECK(store.keep("p1.in", std::move(first.in), DescriptorKind::Pipe) == DescriptorStore::Kept::Yes);
  CHECK(store.list() == DescriptorStore::Borrowed{{"p1.in", number}});
  CHECK(store.has("p1.in"));
  CHECK_FALSE(store.has("state"));
  CHECK_FALSE(first.isOver());

  CHECK(store.keep("p1.in", std::move(second.in), DescriptorKind::Pipe) == DescriptorStore::Kept::Yes);
  CHECK(store.size() == 1);
  bed.until([&] { return first.isOver(); });
  CHECK(store.remove("p1.in"));
  CHECK_FALSE(store.remove("p1.in"));
  bed.until([&] { return second.isOver(); });

  store.keep("p2.in", std::move(third.in), DescriptorKind::Pipe);
  store.keep("state", memory(4096, kSized), DescriptorKind::Memory);
  CHECK(bed.stores.total() == 2);
  CHECK(bed.stores.instances() == std::vector<std::string>{"one"});
  store.drop();
  CHECK(store.list().empty());
  CHECK(bed.stores.instances().empty());
  bed.until([&] { return third.isOver() && bed.stores.total() == 0; });
}

TEST_CASE("what is beyond a limit is closed, and does not push out what is kept") {
  StoreBed bed;
  bed.stores.setLimits({.pipes = 2, .memory = 1, .total = 8});
  auto& one = bed.stores.of("one");
  TestPipe pipes[3];
  CHECK(one.keep("a", std::move(pipes[0].in), DescriptorKind::Pipe) == DescriptorStore::Kept::Yes);
  CHECK(one.keep("b", std::move(pipes[1].in), DescriptorKind::Pipe) == DescriptorStore::Kept::Yes);
  CHECK(one.keep("c", std::move(pipes[2].in), DescriptorKind::Pipe) == DescriptorStore::Kept::Full);
  bed.until([&] { return pipes[2].isOver() && bed.stores.total() == 2; });
  CHECK(one.keep("state", memory(4096, kSized), DescriptorKind::Memory) == DescriptorStore::Kept::Yes);
  CHECK(one.keep("other", memory(4096, kSized), DescriptorKind::Memory) == DescriptorStore::Kept::Full);
  bed.until([&] { return bed.stores.total() == 3; });
  CHECK(one.list().size() == 3);
  CHECK_FALSE(pipes[0].isOver());
  one.remove("a");
  bed.until([&] { return bed.stores.total() == 2; });
  TestPipe last;
  CHECK(one.keep("c", std::move(last.in), DescriptorKind::Pipe) == DescriptorStore::Kept::Yes);
}

TEST_CASE("an instance that keeps much leaves an equal part to the others") {
  StoreBed bed;
  bed.stores.setLimits({.pipes = 100, .memory = 1, .total = 16});
  TestPipe pipes[40];
  const auto fill = [&](DescriptorStore& store, int first) {
    int kept = 0;
    for (int i = 0; i < 20; ++i)
      kept += store.keep(std::to_string(i), std::move(pipes[first + i].in), DescriptorKind::Pipe) ==
                      DescriptorStore::Kept::Yes
                  ? 1
                  : 0;
    bed.until([&] { return pipes[first + 19].isOver(); });
    return kept;
  };
  auto& greedy = bed.stores.of("greedy");
  auto& modest = bed.stores.of("modest");
  CHECK(fill(greedy, 0) == 8);   // the half that anybody can have
  CHECK(fill(modest, 20) == 4);  // its part of the other one
  CHECK(greedy.size() == 8);
}

TEST_CASE("what cannot be closed in time counts as kept, and too much of it as a jam") {
  StoreBed bed;
  bed.stores.setLimits({.pipes = 100, .memory = 1, .total = 16});
  auto& one = bed.stores.of("one");
  CHECK_FALSE(one.isJammed());
  TestPipe pipes[10];
  for (auto& pipe : pipes) one.close(std::move(pipe.in), DescriptorKind::Pipe);  // the helper comes with the loop
  CHECK(one.isJammed());
  TestPipe more;
  CHECK(one.keep("a", std::move(more.in), DescriptorKind::Pipe) == DescriptorStore::Kept::Full);
  bed.until([&] { return !one.isJammed() && bed.stores.total() == 0; });
  CHECK(pipes[9].isOver(10'000));
}

TEST_CASE("after an instance has sent everything again, what it did not send is gone") {
  StoreBed bed;
  auto& store = bed.stores.of("one");
  TestPipe old, stays, fresh;
  store.keep("old", std::move(old.in), DescriptorKind::Pipe);
  store.keep("stays", core::UniqueFd(::fcntl(stays.in.get(), F_DUPFD_CLOEXEC, 3)), DescriptorKind::Pipe);
  store.expectAll();
  store.keep("stays", std::move(stays.in), DescriptorKind::Pipe);
  store.keep("fresh", std::move(fresh.in), DescriptorKind::Pipe);
  CHECK(store.size() == 3);
  store.confirmed();
  bed.until([&] { return old.isOver(); });
  CHECK(store.size() == 2);
  CHECK(store.has("stays"));
  CHECK_FALSE(fresh.isOver());
  store.confirmed();
  CHECK(store.size() == 2);
}

TEST_CASE("a listener hears of each descriptor, and nothing of the end of the stores") {
  Recorder recorder;
  TestPipe first, second;
  {
    StoreBed bed;
    bed.stores.setListener(&recorder);
    bed.stores.of("one").keep("a", std::move(first.in), DescriptorKind::Pipe);
    bed.stores.of("one").keep("a", std::move(second.in), DescriptorKind::Pipe);
  }
  CHECK(recorder.lines == std::vector<std::string>{"one +a", "one -a", "one +a"});
  CHECK(second.isOver(10'000));  // by a helper
}
