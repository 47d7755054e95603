// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "lib/core/unique_fd.hpp"

/// A pipe of a test.
struct TestPipe {
  TestPipe() {
    int ends[2] = {-1, -1};
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    out.reset(ends[0]);
    in.reset(ends[1]);
  }
  /// Whether nobody has the write end open any more, at most `patience` milliseconds from now.
  [[nodiscard]] bool isOver(int patience = 0) const {
    pollfd state{out.get(), POLLIN, 0};
    return ::poll(&state, 1, patience) == 1 && (state.revents & POLLHUP) != 0;
  }
  core::UniqueFd out, in;
};
