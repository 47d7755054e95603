// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "ctl/deploy/facts.hpp"
#include "ctl/deploy/packages.hpp"
#include "ctl/deploy/playbook.hpp"
#include "tests/unit/deploy/application_builder.hpp"

using namespace deploy;
using namespace deploy::testing;
using Words = std::vector<std::string>;

namespace {

const Value* find(const Value& value, std::string_view key) {
  for (const auto& [name, found] : std::get<Value::Map>(value.data))
    if (name == key) return &found;
  return nullptr;
}

/// A line for each play: what it imports, or its tasks with their stages.
Words outline(const PlaybookSettings& settings) {
  Words lines;
  const auto document = playbook(settings);
  for (const auto& play : std::get<Value::List>(document.data)) {
    if (const auto* file = find(play, "import_playbook")) {
      lines.push_back("import " + std::get<std::string>(file->data));
      continue;
    }
    std::string line = std::get<std::string>(find(play, "name")->data) + ":";
    if (const auto* tasks = find(play, "tasks")) {
      for (const auto& task : std::get<Value::List>(tasks->data)) {
        line += " " + std::get<std::string>(find(task, "name")->data);
        const auto* module = find(task, "supervisor_manager.supervisor.deploy");
        if (!module) continue;
        line += "(";
        for (const auto& stage : std::get<Value::List>(find(*module, "stages")->data))
          line += std::get<std::string>(stage.data) + " ";
        line.back() = ')';
        if (find(*module, "compare")) line += "?";
        if (find(*module, "before")) line += "<";
      }
    }
    lines.push_back(line);
  }
  return lines;
}

PlaybookSettings settingsOf(const std::string& action) {
  PlaybookSettings settings;
  settings.action = action;
  settings.planFile = "/w/plan.json";
  settings.hosts = {"en1", "en2"};
  return settings;
}

}  // namespace

TEST_CASE("deploy and remove compare first, and then do each stage for all hosts") {
  CHECK(outline(settingsOf("deploy")) ==
        Words{"deploy: compare(accounts files units instances programs)? end accounts(accounts)< files(files)< "
              "units(units)< instances(instances)< programs(programs)<"});
  CHECK(outline(settingsOf("remove")) ==
        Words{"remove: compare(programs instances units files accounts)? end programs(programs)< "
              "instances(instances)< units(units)< files(files)< accounts(accounts)<"});
}

TEST_CASE("start, stop and status are one task") {
  CHECK(outline(settingsOf("start")) == Words{"start: start(units instances programs)"});
  CHECK(outline(settingsOf("stop")) == Words{"stop: stop(programs instances units)"});
  CHECK(outline(settingsOf("status")) == Words{"status: status(status)"});
}

TEST_CASE("a check only compares") {
  auto settings = settingsOf("deploy");
  settings.check = true;
  CHECK(outline(settings) == Words{"deploy: compare(accounts files units instances programs)?"});
  settings.action = "stop";
  CHECK(outline(settings) == Words{"stop: stop(programs instances units)?"});
}

TEST_CASE("inserted playbooks are among the stages, by priority") {
  auto settings = settingsOf("deploy");
  settings.inserted = {{9000, "last"}, {5000, "b"}, {100, "first"}, {5000, "c"}};
  CHECK(outline(settings) ==
        Words{"import first", "deploy: compare(accounts files)? end accounts(accounts)< files(files)<", "import b",
              "import c",
              "deploy: compare(units instances programs)?< end units(units)< instances(instances)< programs(programs)<",
              "import last"});
}

TEST_CASE("an action of the user's own has only playbooks") {
  auto settings = settingsOf("backup");
  settings.inserted = {{1, "b"}};
  CHECK(outline(settings) == Words{"import b"});
}

TEST_CASE("facts are gathered in a play of their own, before all else") {
  auto settings = settingsOf("status");
  settings.factHosts = {"en2"};
  const auto document = playbook(settings);
  const auto& first = std::get<Value::List>(document.data)[0];
  CHECK(*find(first, "hosts") == texts(Words{"en2"}));
  CHECK(*find(first, "gather_facts") == flag(true));
  CHECK(find(first, "tasks") == nullptr);
}

TEST_CASE("a host that fails ends the run unless exit_on_fail is off; never that of status") {
  const auto ends = [](PlaybookSettings settings) {
    const auto document = playbook(settings);
    return std::get<bool>(find(std::get<Value::List>(document.data)[0], "any_errors_fatal")->data);
  };
  auto settings = settingsOf("deploy");
  CHECK(ends(settings));
  settings.exitOnFail = false;
  CHECK_FALSE(ends(settings));
  CHECK_FALSE(ends(settingsOf("status")));
}

TEST_CASE("expressions that need facts") {
  for (const char* text :
       {"{{ ansible_hostname }}", "{% if groups['x'] %}", "a {{ b }} {{ hostvars[x].y }}", "{{ansible_facts.x}}",
        "{{ ansible_user_id }}", "{{ ansible_ssh_host_key_rsa_public }}", "{{ x ~ ansible_fqdn"})
    CHECK_MESSAGE(mentionsFacts(text), text);
  for (const char* text :
       {"ansible_hostname", "{{ a }} hostvars {{ b }}", "# {{ ansible_managed }}", "{{ ansible_host }}",
        "{{ mygroups }}", "{{ ansible_ssh_port }}", "{{ ansible_check_mode }}", "", "{{", "}} groups {{ x }}"})
    CHECK_MESSAGE(!mentionsFacts(text), text);
}

TEST_CASE("facts are gathered of hosts that ask for them, and of all if a text needs them") {
  auto application = threeHosts();
  const Names all{"en1", "en2", "en3"};
  CHECK(factHosts(application, "deploy", {"en1", "en2"}, all).empty());
  application.sections["hosts"][2].values["force_setup"] = flag(true);
  CHECK(factHosts(application, "deploy", {"en1"}, all) == Words{"en3"});
  CHECK(factHosts(application, "deploy", {"en1"}, {"en1"}).empty());
  application.sections["host_groups"][0].values["force_setup"] = flag(true);
  CHECK(factHosts(application, "deploy", {"en1"}, all) == Words{"en1", "en2", "en3"});
  auto mentioning = threeHosts();
  mentioning.sections["supervisor_programs"] = {
      item(9, {{"environment", texts(Words{"H={{ ansible_fqdn }}"})}}, {"en1"})};
  CHECK(factHosts(mentioning, "deploy", {"en1"}, all) == Words{"en1"});
  mentioning.sections["hosts"][2].values["force_setup"] = flag(true);
  CHECK(factHosts(mentioning, "deploy", {"en1"}, {"en1"}) == Words{"en1"});  // --limit en1
  CHECK(factHosts(mentioning, "deploy", {"en1"}, all) == Words{"en1", "en3"});
}

TEST_CASE("an action gathers facts only for what it uses") {
  auto application = threeHosts();
  const Names all{"en1", "en2", "en3"};
  application.sections["files"] = {item(9, {{"url_username", text("{{ ansible_fqdn }}")}}, {"en1"})};
  CHECK(factHosts(application, "remove", {"en1"}, all) == Words{"en1"});
  CHECK(factHosts(application, "status", {"en1"}, all).empty());
  char path[] = "/tmp/facts-XXXXXX";
  const int file = ::mkstemp(path);
  REQUIRE(::write(file, "{{ ansible_fqdn }}", 18) == 18);
  ::close(file);
  application.sections["files"] = {item(9, {{"scheme", text("tmpl")}, {"source", text(path)}}, {"en1"})};
  CHECK(factHosts(application, "deploy", {"en1"}, all) == Words{"en1"});
  CHECK(factHosts(application, "remove", {"en1"}, all).empty());
  ::unlink(path);
}

TEST_CASE("versions compare as dpkg compares them") {
  const Words ordered{"0.1~rc1", "0.1", "0.1-1", "0.1-2",      "0.1-10", "0.1a",
                      "0.1+b",   "0.2", "0.10",  "1.0~beta-1", "1.0"};
  for (std::size_t i = 0; i < ordered.size(); ++i)
    for (std::size_t j = 0; j < ordered.size(); ++j)
      CHECK_MESSAGE((compareVersions(ordered[i], ordered[j]) < 0) == (i < j), ordered[i] << " " << ordered[j]);
  CHECK(compareVersions("1.01", "1.1") == 0);
}
