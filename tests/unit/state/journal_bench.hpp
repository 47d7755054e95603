// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "instance/state/journal.hpp"
#include "lib/core/unique_fd.hpp"

using state::Done;
using state::Journal;
using state::LogMark;

inline constexpr LogMark kNoLog{};

struct Pipe {
  Pipe() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    reader.reset(ends[0]);
    writer.reset(ends[1]);
  }
  void put(std::string_view bytes) const {
    REQUIRE(::write(writer.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  core::UniqueFd reader, writer;
};

inline std::unique_ptr<Journal> made(Journal::Sizes sizes = {}) {
  auto journal = Journal::create(sizes);
  REQUIRE(journal);
  REQUIRE((*journal)->rewrite("first\n"));
  return std::move(*journal);
}

inline core::UniqueFd duplicate(int fd) { return core::UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 3)); }

/// What a successor finds.
inline std::unique_ptr<Journal> successorOf(const Journal& journal) {
  auto adopted = Journal::adopt(duplicate(journal.fd()));
  REQUIRE_MESSAGE(adopted, adopted.error().text);
  return std::move(*adopted);
}

inline std::string recordsOf(const Journal& journal) {
  auto text = journal.text();
  REQUIRE(text);
  return *text;
}
