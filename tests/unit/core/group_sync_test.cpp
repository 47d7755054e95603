// SPDX-License-Identifier: MIT
#include "lib/core/group_sync.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace {

core::UniqueFd aFile() {
  core::UniqueFd file(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  REQUIRE(file);
  REQUIRE(::write(file.get(), "x", 1) == 1);
  return file;
}

core::Task<> syncOne(core::GroupSync& syncs, int fd, std::vector<int>& codes) {
  codes.push_back(co_await syncs.sync(fd));
}

core::Task<> waitAll(core::EventLoop& loop, core::Join& join) {
  co_await join;
  loop.exit(0);
}

}  // namespace

TEST_CASE("each file of a group is synced, more of them than a group has, and a failure is that of one file") {
  core::EventLoop loop;
  core::GroupSync syncs(loop);
  std::vector<core::UniqueFd> files;
  for (std::size_t i = 0; i < core::GroupSync::kMost + 10; ++i) files.push_back(aFile());
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const core::UniqueFd unsyncable(ends[0]), other(ends[1]);
  std::vector<int> codes;
  core::Join all;
  all.run(syncOne(syncs, unsyncable.get(), codes));
  for (const auto& file : files) all.run(syncOne(syncs, file.get(), codes));
  core::TaskScope scope;
  scope.run(waitAll(loop, all));
  CHECK(loop.run() == 0);
  CHECK(codes.size() == files.size() + 1);
  CHECK(std::count(codes.begin(), codes.end(), EINVAL) == 1);
  CHECK(std::count(codes.begin(), codes.end(), 0) == static_cast<std::ptrdiff_t>(files.size()));
}

TEST_CASE("who waits for a sync may end before it, and close the file") {
  core::EventLoop loop;
  core::GroupSync syncs(loop);
  std::vector<int> codes;
  {
    auto file = aFile();
    core::TaskScope leaving;
    leaving.run(syncOne(syncs, file.get(), codes));
  }
  const auto file = aFile();
  core::Join staying;
  staying.run(syncOne(syncs, file.get(), codes));
  core::TaskScope scope;
  scope.run(waitAll(loop, staying));
  CHECK(loop.run() == 0);
  CHECK(codes == std::vector{0});
}
