// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/link_name.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace {

/// A directory for links, removed at the end.
class LinkScratch {
 public:
  LinkScratch() {
    REQUIRE(::mkdtemp(path_.data()) != nullptr);
    for (const char* folder : {"/bin", "/state"}) REQUIRE(::mkdir((path_ + folder).c_str(), 0755) == 0);
  }
  ~LinkScratch() {
    for (const std::string& link : links_) ::unlink(link.c_str());
    for (const char* folder : {"/bin", "/state", ""}) ::rmdir((path_ + folder).c_str());
  }
  std::string link(const std::string& name, const std::string& target) {
    links_.push_back(path_ + name);
    REQUIRE(::symlink(target.c_str(), links_.back().c_str()) == 0);
    return links_.back();
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/sm-links-XXXXXX";
  std::vector<std::string> links_;
};

}  // namespace

TEST_CASE("a program that was not started by a link has no instance") {
  LinkScratch scratch;
  CHECK_FALSE(ctl::linkedInstance(scratch.path() + "/bin/supervisorctl"));
  CHECK_FALSE(ctl::linkedInstance(scratch.link("/bin/supervisorctl_", "/bin/true")));
}

TEST_CASE("the name of the link determines the default configuration file") {
  LinkScratch scratch;
  const auto found = ctl::linkedInstance(scratch.link("/bin/supervisorctl_web", "/bin/true"));
  REQUIRE(found);
  CHECK(found->name == "web");
  CHECK(found->configFile == "/etc/supervisord_web.conf");
}

TEST_CASE("a link of another name is followed to the one with the name, and its neighbour to the file") {
  LinkScratch scratch;
  scratch.link("/state/supervisorctl_a_b", "/bin/true");
  scratch.link("/state/supervisord_a_b.conf", "../elsewhere/x.conf");
  const auto found = ctl::linkedInstance(scratch.link("/bin/supervisorctl", "../state/supervisorctl_a_b"));
  REQUIRE(found);
  CHECK(found->name == "a_b");
  CHECK(found->configFile == scratch.path() + "/elsewhere/x.conf");
}

TEST_CASE("links that form a cycle lead to no instance") {
  LinkScratch scratch;
  scratch.link("/bin/a", "b");
  CHECK_FALSE(ctl::linkedInstance(scratch.link("/bin/b", "a")));
}
