// SPDX-License-Identifier: MIT
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/process/path_watching.hpp"

TEST_CASE("the link of an account leads root only to what this account may look at") {
  if (::geteuid() != 0) return;
  constexpr uid_t kOther = 65534, kThird = 65533;
  Watching it;
  REQUIRE(::chmod(it.root.c_str(), 0755) == 0);
  it.make("public/private/below");
  it.make("public/open");
  it.make("home/own/deep");
  const auto own = [&](const std::string& path, uid_t owner) {
    REQUIRE(::lchown((it.root + "/" + path).c_str(), owner, static_cast<gid_t>(-1)) == 0);
  };
  const auto mode = [&](const std::string& path, mode_t bits) {
    REQUIRE(::chmod((it.root + "/" + path).c_str(), bits) == 0);
  };
  mode("public/private", 0700);
  mode("public/private/below", 0755);
  it.write("public/private/file");
  it.write("public/open/secret");
  mode("public/open/secret", 0600);
  for (const auto* const path : {"home", "home/own", "home/own/deep"}) own(path, kOther);
  mode("home/own/deep", 0700);
  const auto seesOf = [&](const std::string& to, const std::string& changes, uid_t owner) {
    it.link(to, "home/link");
    own("home/link", owner);
    it.watch("home/link");
    (void)it.reported();
    it.write(changes, "changed");
    const auto seen = it.reported();
    it.watches.clear();
    it.remove("home/link");
    return seen.contains(changes);
  };
  const auto root = it.root;
  for (const auto owner : {uid_t{0}, kOther}) {
    const bool isRoot = owner == 0;
    CAPTURE(owner);
    CHECK(seesOf(root + "/public", "public/new" + std::to_string(owner), owner));
    CHECK(seesOf(root + "/public/open", "public/open/file", owner));
    CHECK(seesOf("own/deep", "home/own/deep/file", owner));
    CHECK(seesOf(root + "/home/own/deep", "home/own/deep/file", owner));
    CHECK(seesOf(root + "/public/open/secret", "public/open/secret", owner));  // stat() tells as much
    // Neither as the end of the way, nor on it, nor below its end, nor by "..".
    CHECK(seesOf(root + "/public/private", "public/private/file", owner) == isRoot);
    CHECK(seesOf(root + "/public/private/file", "public/private/file", owner) == isRoot);
    CHECK(seesOf(root + "/public/private/below", "public/private/below/file", owner) == isRoot);
    CHECK(seesOf(root + "/public", "public/private/file", owner) == isRoot);
    CHECK(seesOf("../public/private/below/..", "public/private/file", owner) == isRoot);
  }
  CHECK(!seesOf("own/deep", "home/own/deep/file", kThird));
  // A link of root after one of the account makes no difference.
  it.link(root + "/public/private", "public/rootlink");
  CHECK(!seesOf(root + "/public/rootlink", "public/private/file", kOther));
  CHECK(seesOf(root + "/public/rootlink", "public/private/file", 0));
}

TEST_CASE("a configuration that is replaced as a whole by a link") {
  Watching it;
  it.make("conf/..1");
  it.write("conf/..1/app.conf");
  it.link("..1", "conf/..data");
  it.link("..data/app.conf", "conf/app.conf");
  it.watch("conf/app.conf");
  it.make("conf/..2");
  it.write("conf/..2/app.conf");
  CHECK(it.reported() == Paths{});
  it.link("..2", "conf/..new");
  it.rename("conf/..new", "conf/..data");
  it.remove("conf/..1");
  CHECK(it.reported() == Paths{"conf/..data"});
  it.write("conf/..2/app.conf", "in place");
  CHECK(it.reported() == Paths{"conf/..2/app.conf"});
}

TEST_CASE("a link to the directory that is deployed") {
  Watching it;
  it.make("releases/1/app");
  it.make("releases/2/app");
  it.write("releases/1/app/main");
  it.write("releases/2/app/main");
  it.link("releases/1", "current");
  it.watch("current");
  it.write("releases/2/app/main", "not deployed yet");
  CHECK(it.reported() == Paths{});
  it.write("releases/1/app/main", "deployed");
  CHECK(it.reported() == Paths{"releases/1/app/main"});
  it.link("releases/2", "next");
  it.rename("next", "current");
  CHECK(it.reported() == Paths{"current"});
  it.write("releases/1/app/main", "not deployed any more");
  CHECK(it.reported() == Paths{});
  it.write("releases/2/app/main", "deployed");
  CHECK(it.reported() == Paths{"releases/2/app/main"});
}

TEST_CASE("a link that leads in a circle, to itself or up") {
  Watching it;
  it.link("circle", "circle");
  it.watch("circle/app.conf");
  it.make("down");
  it.link("../up.conf", "down/app.conf");
  it.watch("down/app.conf");
  it.write("up.conf");
  CHECK(it.reported() == Paths{"up.conf"});
}
