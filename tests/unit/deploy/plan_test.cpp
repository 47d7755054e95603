// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "ctl/deploy/dump.hpp"
#include "ctl/deploy/plan.hpp"
#include "tests/unit/deploy/application_builder.hpp"

using namespace deploy;
using namespace deploy::testing;
using Words = std::vector<std::string>;

namespace {

Application withItems() {
  auto application = threeHosts();
  application.sections["users"] = {
      item(10, {{"login", text("tsup")}, {"scope", text("all")}, {"when", flag(true)}, {"password", text("$6$x")}},
           {"en1", "en2", "en3"})};
  application.sections["supervisors"] = {item(20, {{"name", text("tsupv")}}, {"en2"})};
  return application;
}

}  // namespace

TEST_CASE("a run has the hosts that have items, in the order of the sources") {
  const auto application = withItems();
  CHECK(hostsOfRun(application, "deploy", {"en1", "en2", "en3"}) == Words{"en1", "en2", "en3"});
  CHECK(hostsOfRun(application, "remove", {"en3", "en2"}) == Words{"en2", "en3"});
  // Accounts neither start nor stop.
  for (const char* action : {"start", "stop", "status"})
    CHECK(hostsOfRun(application, action, {"en1", "en2", "en3"}) == Words{"en2"});
  CHECK(hostsOfRun(threeHosts(), "deploy", {"en1", "en2", "en3"}).empty());
}

TEST_CASE("the plan has each item with its place and hosts, without what is used up") {
  auto application = withItems();
  application.encryptedVars = {{"pw", text("$ANSIBLE_VAULT;1.1")}};
  const auto document = plan(application, {"deploy", true, false, true, {"/p.deb"}}, {"en1", "en2"});
  CHECK(toJson(document) == R"({
  "version": 1,
  "action": "deploy",
  "purge": true,
  "prune": false,
  "diff": true,
  "packages": ["/p.deb"],
  "secrets": ["pw"],
  "hosts": {"en1": {"privileged": true}, "en2": {"privileged": true}},
  "items": {
    "users": [{"at": "app.yml:10:3", "hosts": ["en1", "en2"], "login": "tsup", "password": "$6$x"}],
    "supervisors": [{"at": "app.yml:20:3", "hosts": ["en2"], "name": "tsupv"}]
  }
}
)");
}

TEST_CASE("the plan of a start has no passwords of accounts") {
  const auto document = plan(withItems(), {"start", false, false, false, {}}, {"en2"});
  CHECK(toJson(document).find("$6$x") == std::string::npos);
  CHECK(toJson(document).find("tsupv") != std::string::npos);
}

TEST_CASE("a host without privileges is marked") {
  auto application = withItems();
  application.sections["hosts"][0].values["privileged"] = flag(false);
  CHECK(
      toJson(plan(application, {"deploy", false, false, false, {}}, {"en1"})).find(R"("en1": {"privileged": false})") !=
      std::string::npos);
}

TEST_CASE("a dump shows no password") {
  auto application = withItems();
  application.sections["supervisors"][0].values["http_server"] =
      map({{"endpoint", text("0.0.0.0:9001")}, {"password", text("hidden1")}});
  application.sections["hosts"][0].values["become_pass"] = text("hidden2");
  application.sections["hosts"][0].values["ssh_password"] = text("hidden3");
  application.sections["files"] = {item(30, {{"url_password", text("hidden4")}}, {"en1"})};
  application.sections["supervisor_programs"] = {
      item(40, {{"environment", texts(Words{"DB_PASSWORD=\"hidden5\"", "LANG=C"})}}, {"en1"})};
  const auto shown = toYaml(dump(application));
  CHECK(shown.find("hidden") == std::string::npos);
  CHECK(shown.find("LANG=C") != std::string::npos);
  CHECK(shown.find("DB_PASSWORD=********") != std::string::npos);
  CHECK(shown.find("endpoint: \"0.0.0.0:9001\"") != std::string::npos);
}

TEST_CASE("variables are shown with their places, secret ones without their values") {
  Node value;
  value.text = "hidden";
  value.mark = at(7);
  Node vars;
  vars.kind = Node::Kind::Map;
  vars.members = {{"db_password", at(7), value}, {"x", at(7), value}};
  Node root;
  root.kind = Node::Kind::Map;
  root.members = {{"vars", at(6), vars}, {"encrypted_vars", at(9), vars}};
  CHECK(toYaml(dumpVariables(root)) ==
        "db_password:\n  value: \"********\"\n  at: \"app.yml:7:3\"\n"
        "x:\n  value: hidden\n  at: \"app.yml:7:3\"\n"
        "db_password:\n  value: \"(encrypted)\"\n  at: \"app.yml:7:3\"\n"
        "x:\n  value: \"(encrypted)\"\n  at: \"app.yml:7:3\"\n");
}
