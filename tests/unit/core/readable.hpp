// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include "lib/core/unique_fd.hpp"

/// A pipe with a byte in it: its reader stays readable until somebody reads that.
struct Readable {
  Readable() {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    reader.reset(ends[0]);
    writer.reset(ends[1]);
    REQUIRE(::write(writer.get(), "x", 1) == 1);
  }
  core::UniqueFd reader, writer;
};
