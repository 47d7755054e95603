// SPDX-License-Identifier: MIT
#include "lib/core/cgroup.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace cgroup = core::cgroup;

namespace {

constexpr const char* kUnified =
    "25 1 0:23 / / rw - ext4 /dev/vda rw\n30 25 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - "
    "cgroup2 cgroup2 rw,nsdelegate\n";
constexpr const char* kHybrid =
    "30 25 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n31 25 0:27 / /sys/fs/cgroup/unified rw - cgroup2 "
    "cgroup2 rw\n";
/// A container that sees the host's names, and only its own part of the tree.
constexpr const char* kPart = "31 25 0:27 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n";

}  // namespace

TEST_CASE("where the own group can be opened") {
  for (const auto& [mounts, groups, expected] : std::initializer_list<std::array<const char*, 3>>{
           {kUnified, "0::/a.slice/b.service\n", "/sys/fs/cgroup/a.slice/b.service /a.slice/b.service"},
           {kUnified, "0::/\n", "/sys/fs/cgroup /"},
           {kHybrid, "4:memory:/x\n0::/y\n", "/sys/fs/cgroup/unified/y /y"},
           {kPart, "0::/docker/abc\n", "/sys/fs/cgroup /docker/abc"},
           {kPart, "0::/docker/abc/d\n", "/sys/fs/cgroup/d /docker/abc/d"},
           {kPart, "0::/docker/abcd\n", "control group /docker/abcd of supervisord is not mounted here (cgroup2)"},
           {"", "0::/x\n", "control group /x of supervisord is not mounted here (cgroup2)"},
           {kUnified, "", "this system has no control groups of version 2"},
           {kUnified, "4:memory:/x\n", "this system has no control groups of version 2"}}) {
    CAPTURE(groups);
    const auto place = cgroup::placeIn(mounts, groups);
    CHECK((place ? place->directory + " " + place->path : place.error().text) == expected);
  }
}

TEST_CASE("names of groups") {
  CHECK(cgroup::nameFor("web") == "program-web");
  CHECK(cgroup::nameFor("shop:web_00") == "program-shop:web_00");
  CHECK(cgroup::nameFor("../a b/\n\xc3\xa4") == "program-.._a_b____");
  CHECK(cgroup::nameFor("") == "program-");
  CHECK(cgroup::nameFor(std::string(1000, 'x')).size() < 250);
}

TEST_CASE("a walk ends at its bound") {
  char path[] = "/tmp/cgroup-test-XXXXXX";
  REQUIRE(::mkdtemp(path) != nullptr);
  const core::UniqueFd top(::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (const char* const name : {"a", "a/b", "c", "c/d"}) CHECK(::mkdirat(top.get(), name, 0700) == 0);
  const auto visited = [&](std::size_t most) {
    int count = 0;
    cgroup::eachFromBelow(
        top.get(), [&](int) { ++count; }, most);
    return count;
  };
  CHECK(visited(cgroup::kMostGroups) == 5);
  CHECK(visited(4) == 5);
  CHECK(visited(3) == 4);
  CHECK(visited(1) == 2);
  CHECK(visited(0) == 1);
  cgroup::removeBelow(top.get());
  CHECK(::rmdir(path) == 0);
}

TEST_CASE("other directories are not opened as groups") {
  CHECK_FALSE(cgroup::open("/tmp"));
  CHECK_FALSE(cgroup::open("/nonexistent"));
  CHECK(cgroup::members(-1, true).empty());
  CHECK_FALSE(cgroup::isPopulated(-1).has_value());
  CHECK(cgroup::kill(-1) != 0);
}
