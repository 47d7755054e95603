// SPDX-License-Identifier: MIT
#include "daemon/layout/deployment.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <utility>

#include "lib/core/files.hpp"

using namespace layout;

namespace {

/// Remembers what each deployment was about to make when it ended.
class Notes : public Ledger {
 public:
  explicit Notes(std::string path) : path_(std::move(path)) {}
  void inform(Plan&) const override {}
  std::unique_ptr<Intention> draft(const Plan&, const std::vector<std::string>&) override {
    std::unique_ptr<Intention> out(new Intention{"x", {path_, 0600, core::FileDraft::Lasting::UntilBoot}});
    REQUIRE(out->file.write("x"));
    return out;
  }
  core::Status intend(const Plan&, const std::vector<std::string>&, Intention*) override { return {}; }
  void settle(const Plan&, const std::vector<std::string>& making, const std::vector<Change>&, bool) override {
    settled.push_back(making);
  }
  std::vector<std::vector<std::string>> settled;

 private:
  std::string path_;
};

core::Task<> deployTwice(core::EventLoop& loop, DeployTools tools, DeployOptions options, Plan plan) {
  core::Join both;
  const auto one = [](DeployTools with, DeployOptions how, Plan what) -> core::Task<> {
    const auto report = co_await deploy(with, std::move(how), std::move(what));
    CHECK(report.errors.empty());
  };
  both.run(one(tools, options, plan));
  both.run(one(tools, options, plan));
  co_await both;
  loop.exit(0);
}

}  // namespace

TEST_CASE("of two deployments side by side, the one that finds a directory made does not claim it") {
  char name[] = "/tmp/test-deploy-XXXXXX";
  const std::string root = ::mkdtemp(name);
  core::EventLoop loop;
  core::Reaper reaper(loop);
  core::GroupSync syncs(loop);
  const auto notes = std::make_shared<Notes>(root + "/state");
  const Plan plan{{::geteuid(), ::getegid(), {}}, {Directory{root + "/d", ::geteuid(), ::getegid(), 0755}}, notes};
  core::TaskScope scope;
  scope.run(deployTwice(loop, {loop, reaper, syncs}, {root, false, Mode::Apply}, plan));
  CHECK(loop.run() == 0);
  REQUIRE(notes->settled.size() == 2);
  CHECK(notes->settled[0] == std::vector{root + "/d"});
  CHECK(notes->settled[1].empty());
  CHECK(core::isDirectory(root + "/d"));
  ::rmdir((root + "/d").c_str());
  CHECK(::rmdir(root.c_str()) == 0);  // no draft is left
}
