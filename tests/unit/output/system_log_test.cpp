// SPDX-License-Identifier: MIT
#include "instance/output/outlets.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "instance/config/model.hpp"
#include "instance/output/lane.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/unique_fd.hpp"
#include "tests/unit/output/scratch.hpp"

using config::Backpressure;
using output::Lane;

namespace {

core::UniqueFd receiverAt(const std::string& path) {
  core::UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  return socket;
}

std::string receive(const core::UniqueFd& socket) {
  char buffer[256];
  const ssize_t n = ::recv(socket.get(), buffer, sizeof buffer, MSG_DONTWAIT);
  return n < 0 ? std::string("nothing") : std::string(buffer, static_cast<std::size_t>(n));
}

}  // namespace

TEST_CASE("the system log gets one message per line, and a daemon that starts later is found") {
  core::EventLoop loop;
  const Scratch scratch;
  const LogCatcher catcher;
  output::Outlets outlets(loop, scratch.at("dev-log"));
  Lane lane(outlets.systemLog(), std::make_shared<output::Source>("web ", "system log"), Backpressure::Block);
  lane.write("nobody listens\n");
  CHECK(catcher.text().find("system log: cannot write: No such file or directory") != std::string::npos);
  const auto socket = receiverAt(scratch.at("dev-log"));
  lane.write("one\n\ntw");
  CHECK(catcher.text().find("system log: works again, 15 bytes were lost") != std::string::npos);
  const auto first = receive(socket);
  CHECK(first.starts_with("<14>"));
  CHECK(first.ends_with(" supervisord: web one"));
  CHECK(receive(socket).ends_with(" supervisord: web "));
  CHECK(receive(socket) == "nothing");
  lane.write("o");
  lane.flush();
  CHECK(receive(socket).ends_with(" supervisord: web two"));
  lane.write(std::string(1 << 20, 'x') + "\nshort\n");  // only the line that is longer than a message may be is lost
  CHECK(receive(socket).ends_with(" supervisord: web short"));
  CHECK(catcher.text().find("system log: cannot write: Message too long") != std::string::npos);
}

TEST_CASE("output waits for a full system log, and is sent to a restarted one") {
  core::EventLoop loop;
  const Scratch scratch;
  const LogCatcher catcher;
  output::Outlets outlets(loop, scratch.at("dev-log"));
  auto socket = receiverAt(scratch.at("dev-log"));
  Lane lane(outlets.systemLog(), std::make_shared<output::Source>("", "system log"), Backpressure::Block);
  lane.write(numbered(5'000));
  CHECK(lane.fullOutlet() != nullptr);
  int next = 0;
  const auto drain = [&](int end) {
    const auto limit = core::Clock::now() + core::seconds(30);
    while (next < end && core::Clock::now() < limit) {
      const auto message = receive(socket);
      if (message == "nothing")
        loop.step(core::milliseconds(10));
      else
        REQUIRE(message.ends_with(" supervisord: " + std::to_string(next++)));
    }
  };
  drain(1'000);
  while (receive(socket) != "nothing") ++next;
  ::unlink(scratch.at("dev-log").c_str());
  socket = receiverAt(scratch.at("dev-log"));
  drain(5'000);
  CHECK(next == 5'000);
  CHECK(lane.fullOutlet() == nullptr);
  CHECK(catcher.text().empty());
}
