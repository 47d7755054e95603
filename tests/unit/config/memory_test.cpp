// SPDX-License-Identifier: MIT
#include <malloc.h>

#include "tests/unit/config/scratch.hpp"

namespace {

/// Heap bytes that each program of `sections` takes once it is loaded.
std::size_t bytesEach(const std::string& sections, std::size_t programs) {
  Scratch scratch;
  const auto before = ::mallinfo2().uordblks;
  const auto loaded = scratch.load(sections);
  REQUIRE(loaded);
  const auto after = ::mallinfo2().uordblks;
  return (after - before) / programs;
}

}  // namespace

TEST_CASE("a thousand programs take well under a kilobyte each") {
  std::string each;
  for (int i = 0; i < 1000; ++i)
    each += "[program:worker" + std::to_string(i) + "]\ncommand=/usr/bin/sleep " + std::to_string(i) +
            "000\nautostart=true\n";
  const auto separate = bytesEach("environment=A=\"1\",B=\"2\"\n" + each, 1000);
  const auto numbered = bytesEach(
      "[program:worker]\ncommand=/usr/bin/sleep "
      "1%(process_num)04d\nnumprocs=1000\nprocess_name=worker%(process_num)04d\n",
      1000);
  MESSAGE("bytes for each section: " << separate << ", for each copy: " << numbered);
  CHECK(separate < 900);
  CHECK(numbered < 700);
}
