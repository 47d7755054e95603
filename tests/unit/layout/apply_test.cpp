// SPDX-License-Identifier: MIT
#include "daemon/layout/apply.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "daemon/layout/tree.hpp"
#include "lib/core/files.hpp"

using namespace layout;

namespace {

/// A directory of the test's own.
struct Place {
  Place() {
    char name[] = "/tmp/test-layout-XXXXXX";
    root = ::mkdtemp(name);
    ::chmod(root.c_str(), 0755);
  }
  ~Place() { (void)!::system(("rm -rf " + root).c_str()); }
  std::string path(const std::string& name) const { return root + '/' + name; }
  void write(const std::string& name, const std::string& text) const {
    REQUIRE(core::writeFileAtomically(path(name), text, 0644));
  }
  std::string read(const std::string& name) const {
    const auto text = core::readFile(path(name), 1000);
    return text ? *text : "(" + text.error().text + ")";
  }
  Report apply(const std::vector<Node>& nodes, const core::Identity* owner = nullptr, Mode mode = Mode::Apply) const {
    const auto tree = Tree::open(root, ::geteuid(), owner);
    REQUIRE(tree);
    return applyNodes(*tree, nodes, mode);
  }
  std::string root;
};

/// Any account that is not the test's own.
const core::Identity kStranger{54321, 54321, {54321}};

/// What is known of a file that had this content.
Known written(const std::string& content) { return {true, {digestOf(content)}}; }

std::vector<Node> sample(const Place& place) {
  return {Directory{place.path("a/logs"), ::geteuid(), ::getegid(), 0750, true},
          File{place.path("etc/x.conf"), "text\n", ::geteuid(), ::getegid(), 0640, written("other\n")},
          Link{place.path("bin/ctl"), place.path("links/ctl"), place.path("links")}};
}

}  // namespace

TEST_CASE("a plan is applied, and a second time changes nothing") {
  const Place place;
  const auto first = place.apply(sample(place));
  CHECK(first.errors.empty());
  CHECK(first.changes.size() == 3);
  CHECK(place.read("etc/x.conf") == "text\n");
  struct stat info {};
  REQUIRE(::stat(place.path("etc/x.conf").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0640);
  const auto second = place.apply(sample(place));
  CHECK(second.errors.empty());
  CHECK(second.changes.empty());
}

TEST_CASE("a dry run has the same report and changes nothing") {
  const Place place;
  CHECK(place.apply(sample(place), nullptr, Mode::DryRun).changes.size() == 3);
  CHECK_FALSE(core::exists(place.path("etc")));
}

TEST_CASE("differences are corrected") {
  const Place place;
  (void)place.apply(sample(place));
  ::chmod(place.path("a/logs").c_str(), 0777);
  place.write("etc/x.conf", "other\n");
  ::unlink(place.path("bin/ctl").c_str());
  const auto report = place.apply(sample(place));
  CHECK(report.errors.empty());
  CHECK(report.changes.size() == 3);
  CHECK(place.apply(sample(place)).changes.empty());
}

TEST_CASE("a symbolic link in the path is not followed") {
  const Place place;
  REQUIRE(::mkdir(place.path("outside").c_str(), 0755) == 0);
  REQUIRE(::symlink(place.path("outside").c_str(), place.path("a").c_str()) == 0);
  const auto report = place.apply({Directory{place.path("a/logs"), ::geteuid(), ::getegid(), 0750}});
  REQUIRE(report.errors.size() == 1);
  CHECK(report.errors[0].find("not a directory") != std::string::npos);
  CHECK_FALSE(core::exists(place.path("outside/logs")));
}

TEST_CASE("in trusted directories a link, a FIFO or a directory instead of a file is refused") {
  const Place place;
  place.write("secret", "secret\n");
  REQUIRE(::symlink(place.path("secret").c_str(), place.path("link").c_str()) == 0);
  REQUIRE(::mkfifo(place.path("fifo").c_str(), 0666) == 0);
  REQUIRE(::mkdir(place.path("dir").c_str(), 0755) == 0);
  for (const char* name : {"link", "fifo", "dir"}) {
    const auto report = place.apply({File{place.path(name), "new\n", 0, 0, 0644}}, &kStranger);
    CHECK(report.errors.size() == 1);
    CHECK(report.changes.empty());
  }
  CHECK(place.read("secret") == "secret\n");
}

TEST_CASE("with the owner's ids they are refused as well, and a hard link is not written through") {
  const Place place;
  place.write("secret", "secret\n");
  REQUIRE(::symlink(place.path("secret").c_str(), place.path("link").c_str()) == 0);
  REQUIRE(::link(place.path("secret").c_str(), place.path("hard").c_str()) == 0);
  REQUIRE(::mkfifo(place.path("fifo").c_str(), 0666) == 0);
  for (const char* name : {"link", "fifo"})
    CHECK(place.apply({File{place.path(name), "new\n", 0, 0, 0644, written("secret\n")}}).errors.size() == 1);
  CHECK(place.apply({File{place.path("hard"), "new\n", 0, 0, 0644}}).errors.size() == 1);
  CHECK(place.apply({File{place.path("hard"), "new\n", 0, 0, 0644, written("secret\n")}}).errors.empty());
  CHECK(place.read("hard") == "new\n");
  CHECK(place.read("secret") == "secret\n");
}

TEST_CASE("a file is replaced only if it is what was recorded, is marked as ours, or may be adopted") {
  const Place place;
  const auto tryWith = [&](const std::string& content, Known known, const std::string& adoptWith = "") {
    place.write("x", content);
    const auto report =
        place.apply({File{place.path("x"), "new\n", ::geteuid(), ::getegid(), 0644, std::move(known), adoptWith}});
    const bool replaced = place.read("x") == "new\n";
    CHECK(replaced == report.errors.empty());
    CHECK((replaced || place.read("x") == content));
    return replaced;
  };
  const Known anything{true, {}};
  const std::string marked = "; x: written by supervisor-manager from y.\nchanged\n";
  CHECK_FALSE(tryWith("hand-written\n", {}));
  CHECK_FALSE(tryWith("hand-written\n", written("ours\n")));
  CHECK(tryWith("ours\n", {true, {digestOf("older\n"), digestOf("ours\n")}}));
  CHECK(tryWith("ours\n", anything));  // recorded by a manager that wrote no digests
  CHECK(tryWith(marked, written("ours\n")));
  CHECK_FALSE(tryWith(marked, {}));
  CHECK(tryWith("new\n", {}));
  CHECK(tryWith("; mine\n[supervisord]\n", {}, "[supervisord]"));
  CHECK_FALSE(tryWith("root:x:0:0\n", {}, "[supervisord]"));
  CHECK_FALSE(tryWith("x[supervisord]\n", {}, "[supervisord]"));
  place.write("x", "[supervisord]\n");
  ::chmod(place.path("x").c_str(), 04755);
  CHECK_FALSE(place.apply({File{place.path("x"), "new\n", 0, 0, 0644, {}, "[supervisord]"}}).errors.empty());
}

TEST_CASE("what is in a directory that others control is left to the owner's helper") {
  const Place place;
  REQUIRE(::mkdir(place.path("open").c_str(), 0777) == 0);
  ::chmod(place.path("open").c_str(), 0777);
  REQUIRE(::mkdir(place.path("open/deep").c_str(), 0755) == 0);
  const std::vector<Node> nodes{File{place.path("open/x"), "x", 0, 0, 0644},
                                Directory{place.path("open/deep/y"), 0, 0, 0755}};
  const auto report = place.apply(nodes, &kStranger);
  CHECK(report.changes.empty());
  CHECK(report.delegated.size() == 2);
  CHECK_FALSE(core::exists(place.path("open/x")));
}

TEST_CASE("a directory that the owner may change through its group or an access control list is left to the helper") {
  const Place place;
  const std::vector<Node> nodes{File{place.path("d/x"), "x", 0, 0, 0644}};
  REQUIRE(::mkdir(place.path("d").c_str(), 0775) == 0);
  ::chmod(place.path("d").c_str(), 0775);
  const core::Identity inGroupRoot{54321, 0, {0}};
  CHECK(place.apply(nodes, &inGroupRoot).delegated.size() == 1);
  // Version 2; u::rwx, u:54321:rwx, g::r-x, m::rwx, o::r-x: tag, permissions, id.
  const std::uint16_t entries[] = {1,      7,      0xFFFF, 0xFFFF, 2,      7,      54321, 0, 4,      5,
                                   0xFFFF, 0xFFFF, 16,     7,      0xFFFF, 0xFFFF, 32,    5, 0xFFFF, 0xFFFF};
  std::string list("\2\0\0\0", 4);
  list.append(reinterpret_cast<const char*>(entries), sizeof entries);
  REQUIRE(::setxattr(place.path("d").c_str(), "system.posix_acl_access", list.data(), list.size(), 0) == 0);
  CHECK(place.apply(nodes, &kStranger).delegated.size() == 1);
  CHECK_FALSE(core::exists(place.path("d/x")));
}

TEST_CASE("an existing directory that belongs to somebody else or is not empty is not taken over") {
  const Place place;
  REQUIRE(::mkdir(place.path("full").c_str(), 0755) == 0);
  place.write("full/file", "x");
  const auto report = place.apply({Directory{place.path("full"), kStranger.uid, kStranger.gid, 0750}}, &kStranger);
  REQUIRE(report.errors.size() == 1);
  CHECK(report.errors[0].find("not taken over") != std::string::npos);
}

TEST_CASE("only the manager's own links are replaced") {
  const Place place;
  REQUIRE(::symlink("/bin/true", place.path("ctl").c_str()) == 0);
  const Link want{place.path("ctl"), place.path("links/ctl"), place.path("links")};
  CHECK(place.apply({want}, &kStranger).errors.size() == 1);
  auto recorded = want;
  recorded.known = {true, {digestOf(place.path("links/old"))}};
  CHECK(place.apply({recorded}, &kStranger).errors.size() == 1);
  ::unlink(place.path("ctl").c_str());
  REQUIRE(::symlink(place.path("links/old").c_str(), place.path("ctl").c_str()) == 0);
  CHECK(place.apply({want}, &kStranger).errors.size() == 1);
  CHECK(place.apply({recorded}, &kStranger).errors.empty());
}

TEST_CASE("a link or a script may be replaced by our link when adopted, a program may not") {
  const Place place;
  const Link want{place.path("ctl"), place.path("links/ctl"), place.path("links"), {}, true};
  REQUIRE(::symlink("/bin/true", place.path("ctl").c_str()) == 0);
  CHECK(place.apply({want}, &kStranger).errors.empty());
  ::unlink(place.path("ctl").c_str());
  place.write("ctl",
              "\x7f"
              "ELF");
  CHECK(place.apply({want}, &kStranger).errors.size() == 1);
  place.write("ctl", "#!/bin/sh\n");
  auto strict = want;
  strict.adopt = false;
  CHECK(place.apply({strict}, &kStranger).errors.size() == 1);
  CHECK(place.apply({want}, &kStranger).errors.empty());
}

TEST_CASE("a directory is accepted if it is the owner's, or empty at its default path; others are refused unchanged") {
  const Place place;
  const auto info = [&] {
    struct stat now {};
    REQUIRE(::stat(place.path("d").c_str(), &now) == 0);
    return std::pair(now.st_uid, now.st_mode & 07777);
  };
  REQUIRE(::mkdir(place.path("d").c_str(), 0711) == 0);
  Directory want{place.path("d"), kStranger.uid, kStranger.gid, 0750};
  CHECK(place.apply({want}, &kStranger).errors.size() == 1);
  want.made = true;  // it was, but root has created another one since
  CHECK(place.apply({want}, &kStranger).errors.size() == 1);
  CHECK(info() == std::pair(::geteuid(), mode_t{0711}));
  REQUIRE(::chown(place.path("d").c_str(), kStranger.uid, 0) == 0);
  want.made = false;
  CHECK(place.apply({want}, &kStranger).errors.empty());
  CHECK(info() == std::pair(kStranger.uid, mode_t{0711}));
  REQUIRE(::chown(place.path("d").c_str(), ::geteuid(), 0) == 0);
  want.standard = true;
  CHECK(place.apply({want}, &kStranger).errors.empty());
  CHECK(info() == std::pair(kStranger.uid, mode_t{0750}));
}

TEST_CASE("a removal removes only the expected kind of file and follows no link") {
  const Place place;
  REQUIRE(::mkdir(place.path("outside").c_str(), 0755) == 0);
  place.write("outside/kept", "x");
  REQUIRE(::mkdir(place.path("tree").c_str(), 0755) == 0);
  REQUIRE(::mkdir(place.path("tree/sub").c_str(), 0755) == 0);
  place.write("tree/sub/file", "x");
  REQUIRE(::symlink(place.path("outside").c_str(), place.path("tree/way").c_str()) == 0);
  place.write("file", "x");
  place.write("changed", "y");
  const auto report = place.apply({Removal{Removal::What::Tree, place.path("tree")},
                                   Removal{Removal::What::Tree, place.path("outside"), {}, false},
                                   Removal{Removal::What::File, place.path("file"), written("x")},
                                   Removal{Removal::What::File, place.path("changed"), written("x")},
                                   Removal{Removal::What::Link, place.path("outside"), written("x")},
                                   Removal{Removal::What::File, place.path("missing"), written("x")}});
  CHECK(report.errors.empty());
  CHECK(place.read("changed") == "y");
  CHECK_FALSE(core::exists(place.path("tree")));
  CHECK_FALSE(core::exists(place.path("file")));
  CHECK(core::exists(place.path("outside/kept")));
}

TEST_CASE("a template is read only if nobody else can change it") {
  const Place place;
  place.write("good", "text");
  place.write("closed", "text");
  ::chmod(place.path("closed").c_str(), 0640);
  place.write("group", "text");
  ::chmod(place.path("group").c_str(), 0640);
  REQUIRE(::chown(place.path("group").c_str(), 0, kStranger.gid) == 0);
  REQUIRE(::mkdir(place.path("locked").c_str(), 0700) == 0);
  place.write("locked/good", "text");
  REQUIRE(::mkdir(place.path("open").c_str(), 0777) == 0);
  ::chmod(place.path("open").c_str(), 0777);
  place.write("open/bad", "text");
  REQUIRE(::symlink(place.path("good").c_str(), place.path("link").c_str()) == 0);
  const auto tree = Tree::open(place.root, ::geteuid(), &kStranger);
  REQUIRE(tree);
  CHECK(tree->read(place.path("good"), 100));
  CHECK_FALSE(tree->read(place.path("good"), 2));
  CHECK_FALSE(tree->read(place.path("open/bad"), 100));
  CHECK_FALSE(tree->read(place.path("link"), 100));
  CHECK(tree->read(place.path("group"), 100));
  CHECK_FALSE(tree->read(place.path("closed"), 100));
  CHECK_FALSE(tree->read(place.path("locked/good"), 100));
}

namespace {

/// The files that wait for their sync are counted as synced.
std::size_t synced(const std::vector<Applying::Unsynced*>& files) {
  for (auto* const file : files) file->code = 0;
  return files.size();
}

}  // namespace

TEST_CASE("a file gets its name after its sync, and what comes behind it is made after that") {
  const Place place;
  const auto tree = Tree::open(place.root, ::geteuid(), nullptr);
  REQUIRE(tree);
  const auto nodes = sample(place);
  Applying applying(*tree, nodes, Mode::Apply);
  const auto waiting = applying.proceed();
  REQUIRE(waiting.size() == 1);
  CHECK(core::isDirectory(place.path("a/logs")));
  CHECK_FALSE(core::exists(place.path("etc/x.conf")));
  CHECK_FALSE(core::exists(place.path("bin")));
  waiting[0]->code = 0;
  CHECK(applying.proceed().empty());
  CHECK(place.read("etc/x.conf") == "text\n");
  CHECK(applying.takeReport().changes.size() == 3);
}

TEST_CASE("a file that cannot be synced, or is given up before, leaves nothing behind") {
  const Place place;
  const auto tree = Tree::open(place.root, ::geteuid(), nullptr);
  REQUIRE(tree);
  const std::vector<Node> nodes{File{place.path("etc/x"), "text\n", ::geteuid(), ::getegid(), 0640}};
  {
    Applying applying(*tree, nodes, Mode::Apply);
    const auto waiting = applying.proceed();
    REQUIRE(waiting.size() == 1);
    waiting[0]->code = EIO;
    CHECK(applying.proceed().empty());
    const auto report = applying.takeReport();
    REQUIRE(report.errors.size() == 1);
    CHECK(report.errors[0].find("Input/output error") != std::string::npos);
  }
  CHECK(::rmdir(place.path("etc").c_str()) == 0);  // it is empty
  {
    Applying applying(*tree, nodes, Mode::Apply);
    CHECK(applying.proceed().size() == 1);
  }
  CHECK(::rmdir(place.path("etc").c_str()) == 0);
}

TEST_CASE("what appears at the place of a file during its sync is not replaced") {
  const Place place;
  const auto tree = Tree::open(place.root, ::geteuid(), nullptr);
  REQUIRE(tree);
  const std::vector<Node> nodes{File{place.path("etc/x"), "text\n", ::geteuid(), ::getegid(), 0640}};
  Applying applying(*tree, nodes, Mode::Apply);
  CHECK(synced(applying.proceed()) == 1);
  place.write("etc/x", "somebody's\n");
  CHECK(applying.proceed().empty());
  CHECK(applying.takeReport().errors.size() == 1);
  CHECK(place.read("etc/x") == "somebody's\n");
  ::unlink(place.path("etc/x").c_str());
  CHECK(::rmdir(place.path("etc").c_str()) == 0);
}

TEST_CASE("two deployments of the same file side by side both end well") {
  const Place place;
  const auto tree = Tree::open(place.root, ::geteuid(), nullptr);
  REQUIRE(tree);
  const Known both{true, {digestOf("one\n"), digestOf("two\n")}};
  const std::vector<Node> one{File{place.path("etc/x"), "one\n", ::geteuid(), ::getegid(), 0640, both}};
  const std::vector<Node> two{File{place.path("etc/x"), "two\n", ::geteuid(), ::getegid(), 0640, both}};
  Applying first(*tree, one, Mode::Apply), second(*tree, two, Mode::Apply);
  CHECK(synced(first.proceed()) == 1);
  CHECK(synced(second.proceed()) == 1);  // takes the temporary name
  CHECK(first.proceed().empty());
  CHECK(place.read("etc/x") == "one\n");
  CHECK(second.proceed().empty());
  CHECK(place.read("etc/x") == "two\n");
  CHECK(first.takeReport().errors.empty());
  CHECK(second.takeReport().errors.empty());
  ::unlink(place.path("etc/x").c_str());
  CHECK(::rmdir(place.path("etc").c_str()) == 0);
}
