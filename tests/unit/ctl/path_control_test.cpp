// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/path_control.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

using ctl::controlOf;

namespace {

constexpr uid_t kOne = 64001, kOther = 64002;

/// A directory of root's in /tmp with files of several accounts; removed at the end. Needs root, as changing owners
/// does.
class Scratch {
 public:
  Scratch() {
    char name[] = "/tmp/sm-control-XXXXXX";
    root_ = ::mkdtemp(name);
    ::chmod(root_.c_str(), 0755);
  }
  ~Scratch() { std::filesystem::remove_all(root_); }

  [[nodiscard]] std::string operator/(const std::string& name) const { return root_ + '/' + name; }
  std::string directory(const std::string& name, uid_t uid, mode_t mode = 0755, gid_t gid = 0) const {
    const std::string path = *this / name;
    ::mkdir(path.c_str(), 0700);
    return own(path, uid, gid, mode);
  }
  std::string file(const std::string& name, uid_t uid, mode_t mode = 0644, gid_t gid = 0) const {
    const std::string path = *this / name;
    ::close(::open(path.c_str(), O_CREAT | O_WRONLY, 0600));
    return own(path, uid, gid, mode);
  }
  std::string link(const std::string& name, const std::string& target, uid_t uid = 0) const {
    const std::string path = *this / name;
    REQUIRE(::symlink(target.c_str(), path.c_str()) == 0);
    REQUIRE(::lchown(path.c_str(), uid, 0) == 0);
    return path;
  }

 private:
  static std::string own(const std::string& path, uid_t uid, gid_t gid, mode_t mode) {
    REQUIRE(::chown(path.c_str(), uid, gid) == 0);
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    return path;
  }
  std::string root_;
};

using Accounts = std::set<uid_t>;

}  // namespace

TEST_SUITE_BEGIN("path control" * doctest::skip(::geteuid() != 0));

TEST_CASE("A path that only root can change is controlled by root, below /tmp too") {
  const Scratch at;
  CHECK(controlOf(at.file("plain", 0), true).isRootsAlone());
  CHECK(controlOf(at.file("group0", 0, 0664), true).isRootsAlone());
  CHECK(controlOf(at / "absent", true).isRootsAlone());
  CHECK(controlOf("/nowhere/at/all", true).isRootsAlone());
  CHECK(controlOf(at.link("link", "plain"), true).isRootsAlone());
  CHECK(controlOf("/etc/../etc/./passwd", true).isRootsAlone());
}

TEST_CASE("The owner of the file, or of a directory on the way, controls it") {
  const Scratch at;
  CHECK(controlOf(at.file("theirs", kOne), true).accounts == Accounts{kOne});
  at.directory("home", kOne);
  CHECK(controlOf(at.file("home/roots", 0), true).accounts == Accounts{kOne});
  CHECK(controlOf(at / "home/absent", true).accounts == Accounts{kOne});
  CHECK(controlOf(at.file("home/other", kOther), true).accounts == Accounts{kOne, kOther});
  at.directory("home/deep", 0);
  CHECK(controlOf(at.file("home/deep/roots", 0), true).accounts == Accounts{kOne});
}

TEST_CASE("The directories that a link leads through count, not its name") {
  const Scratch at;
  at.directory("home", kOne);
  at.file("roots", 0);
  at.link("home/out", "../roots", kOne);
  CHECK(controlOf(at / "home/out", true).accounts == Accounts{kOne});  // kOne chose which of root's files it is
  at.link("in", at / "home/../home/out");
  CHECK(controlOf(at / "in", true).accounts == Accounts{kOne});
  CHECK(controlOf(at / "home/../roots", true).accounts == Accounts{kOne});
  at.link("loop", "loop");
  CHECK(controlOf(at / "loop", true).isRootsAlone());
}

TEST_CASE("In a directory for everybody the owner of a name controls it") {
  const Scratch at;
  at.directory("tmp", 0, 01777);
  CHECK(controlOf(at.file("tmp/roots", 0), true).isRootsAlone());
  CHECK(controlOf(at.file("tmp/theirs", kOne), false).accounts == Accounts{kOne});
  CHECK_FALSE(controlOf(at / "tmp/absent", false).isRootsAlone());  // anybody may make it
  CHECK_FALSE(controlOf(at / "tmp/absent", false).isOthers());
  CHECK_FALSE(controlOf(at / "tmp/absent/below", true).isRootsAlone());
  at.link("tmp/link", "roots", kOne);
  CHECK(controlOf(at / "tmp/link", true).accounts == Accounts{kOne});
}

TEST_CASE("The owner of a socket does not matter if only root can replace it") {
  const Scratch at;
  CHECK(controlOf(at.file("socket", kOne, 0666), false).isRootsAlone());
  at.directory("home", kOne);
  CHECK(controlOf(at.file("home/socket", 0), false).accounts == Accounts{kOne});
}

TEST_CASE("No single account controls a path that a group or everybody may change") {
  const Scratch at;
  CHECK(controlOf(at.file("all", 0, 0666), true).shared == (at / "all") + " (everybody)");
  CHECK(controlOf(at.file("group", 0, 0664, 1), true).shared == (at / "group") + " (group daemon)");
  at.directory("open", 0, 0777);
  CHECK(controlOf(at.file("open/roots", 0), true).shared == (at / "open") + " (everybody)");
}

TEST_SUITE_END();
