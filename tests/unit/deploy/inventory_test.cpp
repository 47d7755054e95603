// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "ctl/deploy/hosts.hpp"
#include "ctl/deploy/inventory.hpp"
#include "tests/unit/deploy/application_builder.hpp"

using namespace deploy;
using namespace deploy::testing;

namespace {

const Value& member(const Value& value, std::string_view key) {
  for (const auto& [name, found] : std::get<Value::Map>(value.data))
    if (name == key) return found;
  FAIL("no member " << key);
  return value;
}

}  // namespace

TEST_CASE("each attribute of a host becomes Ansible's variable") {
  Application application;
  application.sections["hosts"].push_back(item(1, {{"name", text("en1")},
                                                   {"ssh_host", text("en1.x")},
                                                   {"ssh_user", text("root")},
                                                   {"ssh_private_key_file", text("/k")},
                                                   {"ssh_password", text("a")},
                                                   {"ssh_port", {std::int64_t{2222}}},
                                                   {"ssh_extra_args", text("b")},
                                                   {"ssh_common_args", text("c c")},
                                                   {"sftp_extra_args", text("d")},
                                                   {"scp_extra_args", text("e")},
                                                   {"ssh_pipelining", text("yes")},
                                                   {"ssh_executable", text("f")},
                                                   {"become", flag(true)},
                                                   {"become_method", text("g")},
                                                   {"become_user", text("h")},
                                                   {"become_pass", text("{{ secret }}")},
                                                   {"become_exe", text("i")},
                                                   {"become_flags", text("j")},
                                                   {"python_interpreter", text("/p")},
                                                   {"privileged", flag(false)},
                                                   {"force_setup", flag(true)}}));
  const auto document = inventory(application);
  const auto& host = member(member(member(document, "all"), "hosts"), "en1");
  CHECK(host == map({{"ansible_host", text("en1.x")},
                     {"ansible_user", text("root")},
                     {"ansible_ssh_private_key_file", text("/k")},
                     {"ansible_ssh_pass", text("a")},
                     {"ansible_port", {std::int64_t{2222}}},
                     {"ansible_ssh_extra_args", text("b")},
                     {"ansible_ssh_common_args", text("c c")},
                     {"ansible_sftp_extra_args", text("d")},
                     {"ansible_scp_extra_args", text("e")},
                     {"ansible_ssh_pipelining", text("yes")},
                     {"ansible_ssh_executable", text("f")},
                     {"ansible_become", flag(true)},
                     {"ansible_become_method", text("g")},
                     {"ansible_become_user", text("h")},
                     {"ansible_become_pass", text("{{ secret }}")},
                     {"ansible_become_exe", text("i")},
                     {"ansible_become_flags", text("j")},
                     {"ansible_python_interpreter", text("/p")},
                     {"hadeploy_privileged", flag(false)}}));
}

TEST_CASE("hosts are in the order of the sources, groups have their hosts") {
  auto application = threeHosts();
  std::swap(application.sections["hosts"][0], application.sections["hosts"][2]);
  const auto document = inventory(application);
  const auto& hosts = std::get<Value::Map>(member(member(document, "all"), "hosts").data);
  REQUIRE(hosts.size() == 3);
  CHECK(hosts[0].first == "en3");
  CHECK(hosts[2].first == "en1");
  CHECK(member(member(document, "all"), "children") ==
        map({{"edge", map({{"hosts", map({{"en1", map({})}, {"en2", map({})}})}})}}));
}

TEST_CASE("variables keep their types, encrypted ones are marked for Ansible") {
  Application application;
  application.vars = {{"mode", text("0755")}, {"n", {std::int64_t{5}}}, {"on", flag(true)}, {"r", {2.0}}};
  application.encryptedVars = {{"secret", text("$ANSIBLE_VAULT;1.1;AES256\n61")}};
  CHECK(toJson(groupVariables(application)) == R"({
  "mode": "0755",
  "n": 5,
  "on": true,
  "r": 2.0,
  "secret": {"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256\n61"}
}
)");
}

TEST_CASE("--limit takes hosts, groups and exclusions, and nothing else") {
  const auto application = threeHosts();
  CHECK(*limitedHosts(application, {}) == Names{"en1", "en2", "en3"});
  CHECK(*limitedHosts(application, {"edge"}) == Names{"en1", "en2"});
  CHECK(*limitedHosts(application, {"en3", "en1"}) == Names{"en1", "en3"});
  CHECK(*limitedHosts(application, {"!en1"}) == Names{"en2", "en3"});
  CHECK(*limitedHosts(application, {"!en1", "all"}) == Names{"en2", "en3"});
  CHECK(*limitedHosts(application, {"*", "!edge"}) == Names{"en3"});
  CHECK(limitedHosts(application, {"edgy"}).error().text ==
        "--limit: there is no host or group 'edgy' in the sources. Did you mean 'edge'?");
}
