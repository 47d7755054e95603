// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "ctl/deploy/ansible_settings.hpp"
#include "ctl/deploy/packages.hpp"
#include "ctl/deploy/work_folder.hpp"

using namespace deploy;
namespace fs = std::filesystem;

namespace {

/// A folder that goes with the test, and is what XDG_RUNTIME_DIR names.
class Scratch {
 public:
  Scratch() {
    char name[] = "/tmp/deploy-test-XXXXXX";
    path_ = ::mkdtemp(name);
    ::setenv("XDG_RUNTIME_DIR", path_.c_str(), 1);
  }
  ~Scratch() {
    ::unsetenv("XDG_RUNTIME_DIR");
    fs::remove_all(path_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] std::string at(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool isEmpty() const { return fs::is_empty(path_); }

 private:
  std::string path_;
};

mode_t modeOf(const std::string& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

std::string refusal(const std::string& folder) {
  const auto work = WorkFolder::below(folder);
  REQUIRE_FALSE(work.has_value());
  return work.error().text;
}

}  // namespace

TEST_CASE("a temporary folder is private and goes with everything in it") {
  const Scratch scratch;
  write(scratch.at("outside"), "x");
  {
    const auto work = WorkFolder::temporary();
    REQUIRE(work);
    CHECK(work->path().starts_with(scratch.at("hadeploy-")));
    CHECK(modeOf(work->path()) == 0700);
    REQUIRE(work->makeFolder("group_vars"));
    REQUIRE(work->write("group_vars/all", "secret"));
    CHECK(modeOf(work->path() + "/group_vars") == 0700);
    CHECK(modeOf(work->path() + "/group_vars/all") == 0600);
    // Links are removed, never what they name.
    fs::create_symlink(scratch.at("outside"), work->path() + "/link");
    fs::create_directory_symlink(scratch.path(), work->path() + "/folder-link");
    CHECK_FALSE(work->write("link", "y").has_value());
  }
  REQUIRE(fs::remove(scratch.at("outside")));
  CHECK(scratch.isEmpty());
}

TEST_CASE("the folder of a run that was killed is removed by the next, one that is in use or kept is not") {
  const Scratch scratch;
  const pid_t killed = ::fork();
  if (killed == 0) {
    const auto work = WorkFolder::temporary();
    ::_exit(work && work->write("secret", "x") ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(killed, &status, 0) == killed);
  REQUIRE(status == 0);
  REQUIRE_FALSE(scratch.isEmpty());
  fs::create_directory(scratch.at("hadeploy-foreig"));
  fs::permissions(scratch.at("hadeploy-foreig"), fs::perms::owner_all);
  std::string kept;
  {
    auto work = WorkFolder::temporary();
    REQUIRE(work);
    work->keep();
    kept = work->path();
  }
  const auto inUse = WorkFolder::temporary();
  const auto other = WorkFolder::temporary();
  REQUIRE(inUse);
  REQUIRE(other);
  std::set<std::string> left;
  for (const auto& entry : fs::directory_iterator(scratch.path())) left.insert(entry.path());
  CHECK(left == std::set{scratch.at("hadeploy-foreig"), kept, inUse->path(), other->path()});
}

TEST_CASE("a runtime folder that others can write is not used") {
  const Scratch scratch;
  ::chmod(scratch.path().c_str(), 0777);
  const auto work = WorkFolder::temporary();
  REQUIRE(work);
  CHECK(work->path().starts_with("/tmp/hadeploy-"));
}

TEST_CASE("a folder that is kept stays") {
  const Scratch scratch;
  {
    auto work = WorkFolder::temporary();
    REQUIRE(work);
    work->keep();
  }
  CHECK_FALSE(scratch.isEmpty());
}

TEST_CASE("--workingFolder is emptied by the next run, and kept") {
  const Scratch scratch;
  {
    const auto work = WorkFolder::below(scratch.path());
    REQUIRE(work);
    CHECK(work->path() == scratch.at("hadeploy-work"));
    REQUIRE(work->makeFolder("old"));
    REQUIRE(work->write("old/file", "x"));
  }
  CHECK(fs::exists(scratch.at("hadeploy-work/old/file")));
  const auto again = WorkFolder::below(scratch.path());
  REQUIRE(again);
  CHECK_FALSE(fs::exists(scratch.at("hadeploy-work/old")));
  CHECK(modeOf(again->path()) == 0700);
}

TEST_CASE("what others made is refused and stays as it is") {
  const Scratch scratch;
  const auto work = scratch.at("hadeploy-work");
  SUBCASE("a folder without our mark") {
    fs::create_directory(work);
    fs::permissions(work, fs::perms::owner_all);
    write(work + "/precious", "x");
    CHECK(refusal(scratch.path()) ==
          "--workingFolder: " + work + " was not made by supervisor-deploy. Remove it, or choose another folder");
    CHECK(fs::exists(work + "/precious"));
  }
  SUBCASE("a link to a folder of ours") {
    { REQUIRE(WorkFolder::below(scratch.path())); }
    fs::rename(work, scratch.at("elsewhere"));
    write(scratch.at("elsewhere/precious"), "x");
    fs::create_directory_symlink(scratch.at("elsewhere"), work);
    CHECK(refusal(scratch.path()).find("is not a folder") != std::string::npos);
    CHECK(fs::exists(scratch.at("elsewhere/precious")));
  }
  SUBCASE("a folder that others can read") {
    { REQUIRE(WorkFolder::below(scratch.path())); }
    fs::permissions(work, fs::perms::others_read, fs::perm_options::add);
    CHECK(refusal(scratch.path()).find("can be read by other accounts") != std::string::npos);
  }
  SUBCASE("a folder of another account") {
    if (::geteuid() != 0) return;  // only root can make one
    { REQUIRE(WorkFolder::below(scratch.path())); }
    REQUIRE(::chown(work.c_str(), 65534, 65534) == 0);
    CHECK(refusal(scratch.path()).find("belongs to another account") != std::string::npos);
  }
  SUBCASE("a mark that is a link") {
    fs::create_directory(work);
    fs::permissions(work, fs::perms::owner_all);
    fs::create_symlink("/etc/passwd", work + "/.supervisor-deploy");
    CHECK(refusal(scratch.path()).find("was not made by supervisor-deploy") != std::string::npos);
  }
}

TEST_CASE("a working folder that is not there, or that Ansible's configuration cannot have") {
  const Scratch scratch;
  CHECK(refusal(scratch.at("missing")) == "--workingFolder: " + scratch.at("missing") + ": No such file or directory");
  fs::create_directory(scratch.at("a;b"));
  CHECK(refusal(scratch.at("a;b")).find("cannot have the path") != std::string::npos);
}

TEST_CASE("Ansible's configuration") {
  const Scratch scratch;
  const auto config = ansibleConfig({"/w", 100, 3, {"/r1", "/r 2"}});
  REQUIRE(config);
  CHECK(
      *config ==
      "[defaults]\ninventory = /w/inventory.yml\nstdout_callback = supervisor_manager.supervisor.deploy\n"
      "forks = 3\ntransport = ssh\ninterpreter_python = /usr/bin/python3\nretry_files_enabled = False\nnocows = True\n"
      "force_valid_group_names = ignore\nlocal_tmp = /w/tmp\nroles_path = /r1:/r 2\n\n"
      "[inventory]\nenable_plugins = yaml\nunparsed_is_failed = True\n\n"
      "[ssh_connection]\npipelining = True\n"
      "ssh_args = -F \"/w/ssh_config\" -o ControlMaster=auto -o ControlPersist=60s\n"
      "control_path_dir = " +
          scratch.at("hadeploy-ssh") + "\n");
  CHECK(ansibleConfig({"/w", 1, 0, {}})->find("forks = 1\n") != std::string::npos);
  CHECK(ansibleConfig({"/w", 1, 0, {"/a:b"}}).error().text ==
        "roles_folders: Ansible cannot have the path /a:b; rename the folder");
}

TEST_CASE("packages: the newest of each name for the architecture, or none") {
  const Scratch scratch;
  const std::vector<std::string> folders{scratch.path()};
  CHECK(findPackages(folders, "amd64").empty());
  for (const char* name : {"supervisor-instance_0.9_amd64.deb", "supervisor-instance_0.10_amd64.deb",
                           "supervisor-instance_0.11_arm64.deb", "supervisor-instance-dbgsym_0.12_amd64.deb"})
    write(scratch.at(name), "");
  CHECK(findPackages(folders, "amd64").empty());  // one without the other cannot be installed
  write(scratch.at("supervisor-manager_0.9_amd64.deb"), "");
  CHECK(findPackages(folders, "amd64") ==
        std::vector{scratch.at("supervisor-instance_0.10_amd64.deb"), scratch.at("supervisor-manager_0.9_amd64.deb")});
}
