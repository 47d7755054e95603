// SPDX-License-Identifier: MIT
#include "lib/terminal/channel.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

using terminal::Channel;
using terminal::Filter;

namespace {

/// What one channel writes to our side, one text for each write.
class Bench {
 public:
  Bench() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    guest_.reset(ends[1]);
    core::UniqueFd heard(ends[0]);
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends.data()) == 0);
    ours_.reset(ends[0]);
    seen_.reset(ends[1]);
    channel_ = Channel::output(std::move(heard), ours_.get(), Filter(Filter::Allows::Log));
  }

  std::vector<std::string> through(const std::string& text) {
    REQUIRE(::write(guest_.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    guest_.reset();
    std::vector<std::string> writes;
    while (!channel_.hasEnded() || channel_.hasPending()) {
      std::vector<pollfd> watched{{-1, 0, 0}};  // the place of the signals
      channel_.watch(watched);
      REQUIRE(::poll(watched.data(), watched.size(), -1) > 0);
      channel_.move(watched);
      std::array<char, 1 << 16> bytes;
      const auto count = ::recv(seen_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (count > 0) writes.emplace_back(bytes.data(), static_cast<std::size_t>(count));
    }
    return writes;
  }

 private:
  core::UniqueFd guest_, ours_, seen_;
  Channel channel_;
};

}  // namespace

TEST_CASE("No write ends within a sequence or a character, which another's write could complete") {
  for (const std::string token : {"\033[38;2;1;22;133m", "\xE2\x9A\x9B", "\xF0\x9F\x98\x80", "\r\n", "x"})
    for (std::size_t before = 4096 - token.size() - 1; before <= 4097; ++before) {
      std::string text(before, 'a');
      for (int i = 0; i < 500; ++i) text += token;
      std::string all;
      for (const auto& write : Bench().through(text)) {
        CHECK(Filter(Filter::Allows::Log).feed(write) == write);
        all += write;
      }
      CHECK(all.starts_with(text));
    }
}
