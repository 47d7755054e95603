// SPDX-License-Identifier: MIT
#include "instance/endpoints/log_streams.hpp"

#include <fcntl.h>

#include <string>

#include "instance/state/descriptors.hpp"
#include "instance/state/state.hpp"
#include "tests/unit/http/client.hpp"
#include "tests/unit/process/bench.hpp"

namespace {

/// The table of one supervisord, and the servers of two programs that follow one another in its process.
struct TwoServers : Bench {
  TwoServers() {
    for (auto* server : {&before, &after}) endpoints::addLogStreams(server->router(), table, [] { return nullptr; });
    after.addGate({});
  }

  void handOver() {
    state::State saved;
    state::Outgoing outgoing;
    before.save(saved, outgoing);
    state::Incoming incoming;
    for (const auto& [name, fd] : outgoing.all()) {
      CHECK_FALSE(incoming.has(name));  // the same name twice would be two owners of one descriptor
      incoming.add(name, core::UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0)));
    }
    (void)before.release();
    if (between) between();
    auto streams = endpoints::resumeLogStreams(saved.connections, incoming, table, nullptr);
    after.restore(saved.connections, incoming,
                  {[&](const state::Connection& one) { return std::move(streams[one.socket]); }, nullptr});
  }

  http::Server before{loop};
  http::Server after{loop};
  std::shared_ptr<http::Gate> gate = before.addGate({});
  std::function<void()> between;
};

/// The lines of a log without the frames of its pieces.
std::string unframed(std::string text) {
  std::string all;
  while (!text.empty()) {
    const auto head = text.find("\r\n");
    const auto size = std::stoul(text.substr(0, head), nullptr, 16);
    all += text.substr(head + 2, size);
    text.erase(0, head + 2 + size + 2);
  }
  return all;
}

}  // namespace

TEST_CASE("who follows the logs of a program follows them in the next supervisord") {
  TwoServers f;
  auto& program = f.add(Bench::shell("p", "echo out; echo err >&2; while read line; do echo $line; done"));
  program.start();
  const auto written = [&] {
    return Bench::read(program.logPath(process::Channel::Stdout)) == "out\n" &&
           Bench::read(program.logPath(process::Channel::Stderr)) == "err\n";
  };
  f.until(written);
  test::Client one(f.loop, f.before, f.gate), two(f.loop, f.before, f.gate), err(f.loop, f.before, f.gate);
  (void)one.ask("GET /logtail/p HTTP/1.1\r\n\r\n", "out\n\r\n");
  (void)two.ask("GET /logtail/p/stdout HTTP/1.1\r\n\r\n", "out\n\r\n");
  (void)err.ask("GET /logtail/p:p/stderr HTTP/1.1\r\n\r\n", "err\n\r\n");
  f.between = [&] {
    CHECK(program.writeStdin("meanwhile\n").has_value());
    f.until([&] { return Bench::read(program.logPath(process::Channel::Stdout)).ends_with("meanwhile\n"); });
  };
  f.handOver();
  CHECK(f.after.connections() == 3);
  CHECK(program.writeStdin("last\n").has_value());
  CHECK(unframed(one.receiveUntil("last\n\r\n")) == "meanwhile\nlast\n");
  CHECK(unframed(two.receiveUntil("last\n\r\n")) == "meanwhile\nlast\n");
  for (int i = 0; i < 5; ++i) err.turn();
  err.read();
  CHECK(err.got().empty());
  CHECK_FALSE(err.closed());
  REQUIRE(program.stop().has_value());
  f.until(program, lifecycle::ProcessState::Stopped);
}

TEST_CASE("a log that is gone ends its stream") {
  TwoServers f;
  auto& program = f.add(Bench::shell("p", "echo out"));
  program.start();
  f.until(program, lifecycle::ProcessState::Exited);
  test::Client client(f.loop, f.before, f.gate);
  (void)client.ask("GET /logtail/p HTTP/1.1\r\n\r\n", "out\n\r\n");
  f.between = [&] { CHECK(f.table.remove(program.group())); };
  f.handOver();
  (void)client.receiveAll();
  CHECK(f.after.connections() == 0);
}
