// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>

#include "ctl/deploy/language/draft.hpp"
#include "ctl/deploy/language/table.hpp"
#include "daemon/entries/attributes.hpp"
#include "lib/core/text.hpp"
#include "lib/dialect/schema.hpp"
#include "tests/unit/deploy/nodes.hpp"

/// The table of attributes: each attribute right, wrong and missing. What is added to the table is tested here too.
namespace {

using deploy::Attribute;
using deploy::Section;
using Form = Attribute::Form;

struct Sample {
  std::string_view right;
  std::string_view wrong;  ///< empty: every text is right
};

const std::map<const deploy::Kind*, Sample> kSamples{
    {&deploy::kText, {"word", "\"two\\nlines\""}},
    {&deploy::kLines, {"word", ""}},
    {&deploy::kNumber, {"1", "one"}},
    {&deploy::kBoolean, {"yes", "perhaps"}},
    {&deploy::kWord, {"", "perhaps"}},
    {&deploy::kRestart, {"unexpected", "perhaps"}},
    {&deploy::kMode, {"0755", "0789"}},
    {&deploy::kMask, {"022", "1777"}},
    {&deploy::kPath, {"/opt/a", "opt/a"}},
    {&deploy::kLayout, {"/opt/a", "/opt/a b"}},
    {&deploy::kLocalPath, {"/dev/../etc/passwd", "\"\""}},
    {&deploy::kFileName, {"name", "a/b"}},
    {&deploy::kHostName, {"en1", "en 1"}},
    {&deploy::kAccount, {"tsup", "-tsup"}},
    {&deploy::kAccounts, {"\"a,b\"", "\"a,,b\""}},
    {&deploy::kSudoTargets, {"ALL", "\"ALL=(ALL)\""}},
    {&deploy::kCryptHash, {"$6$salt$0123456789", "secret"}},
    {&deploy::kInstance, {"tsupv", "a/b"}},
    {&deploy::kProgram, {"program1", "a:b"}},
    {&deploy::kUnit, {"unit1", "unit1.service"}},
    {&deploy::kAction, {"deploy", "a b"}},
    {&deploy::kVariable, {"A=b", "A"}},
    {&deploy::kEnvironment, {"A=b", "A"}},
    {&deploy::kSize, {"10MB", "10 apples"}},
    {&deploy::kAmount, {"512M", "much"}},
    {&deploy::kCpuMax, {"50%", "half"}},
    {&deploy::kSignal, {"TERM", "PERHAPS"}},
    {&deploy::kEndpoint, {"127.0.0.1:9001", "9001"}},
    {&deploy::kHostNames, {"a.example.org", "\"a/b\""}},
    {&deploy::kUserName, {"admin", "\"a:b\""}},
    {&deploy::kPassword, {"secret", "\"\""}},
    {&deploy::kPageSecret, {"$6$salt$0123456789", "{SHA256}12"}},
    {&deploy::kSource, {"file:///etc/passwd", "ftp://host/file"}},
    {&deploy::kTreeSource, {"file:///etc", "http://host/file"}},
    {&deploy::kScope, {"en1", "\" \""}},
    {&deploy::kNotify, {"supervisor://tsupv/program1", "\"two\\nlines\""}},
    {&deploy::kValidate, {"\"/bin/true %s\"", "/bin/true"}},
};

std::string rightText(const Attribute& attribute);

std::string rightMap(std::span<const Attribute> attributes) {
  std::string text;
  for (const auto& attribute : attributes)
    if (attribute.required) text += fmt::format("{}: {}, ", attribute.name, rightText(attribute));
  return text;
}

std::string rightText(const Attribute& attribute) {
  if (attribute.form == Form::Map) return fmt::format("{{{}}}", rightMap(attribute.members));
  std::string text(attribute.kind == &deploy::kWord ? attribute.words.front() : kSamples.at(attribute.kind).right);
  if (attribute.name == "unit_file" || attribute.name == "conf_file_src") text = "file:///etc/passwd";
  return attribute.form == Form::List ? fmt::format("[{}]", text) : text;
}

std::string wrongText(const Section& section, const Attribute& attribute) {
  if (attribute.form == Form::Map) return "[a]";
  // In an override an empty text removes the attribute.
  const bool removes = section.name == "host_overrides" && kSamples.at(attribute.kind).wrong == "\"\"";
  const auto wrong = removes ? std::string_view() : kSamples.at(attribute.kind).wrong;
  // A text that every text is right for: a map is wrong.
  const std::string text(wrong.empty() ? "{a: b}" : wrong.starts_with('{') ? fmt::format("\"{}\"", wrong) : wrong);
  return attribute.form == Form::List ? fmt::format("[{}]", text) : text;
}

/// The problems of one section with one item.
std::vector<deploy::Problem> problemsOf(const Section& section, const std::string& members) {
  const auto node = nodes::parse(fmt::format("[{{{}}}]", members));
  deploy::Drafts drafts;
  deploy::Problems problems;
  readItems(section, node, drafts, problems);
  std::vector<deploy::Problem> errors;
  for (const auto& problem : problems.all())
    if (problem.kind == deploy::Problem::Kind::Error) errors.push_back(problem);
  return errors;
}

/// The required attributes but one.
std::string othersOf(const Section& section, std::string_view name) {
  std::string text;
  for (const auto& attribute : section.attributes)
    if (attribute.required && attribute.name != name)
      text += fmt::format("{}: {}, ", attribute.name, rightText(attribute));
  return text;
}

template <class Check>
void forEachAttribute(Check check) {
  std::size_t count = 0;
  for (const auto& section : deploy::sections())
    for (const auto& attribute : section.attributes) {
      CAPTURE(section.name);
      CAPTURE(attribute.name);
      check(section, attribute);
      ++count;
    }
  CHECK(count > 200);
}

}  // namespace

TEST_CASE("each attribute with a right value is accepted") {
  forEachAttribute([](const Section& section, const Attribute& attribute) {
    const auto found = problemsOf(
        section, othersOf(section, attribute.name) + fmt::format("{}: {}", attribute.name, rightText(attribute)));
    CHECK(found.empty());
  });
}

TEST_CASE("each attribute with a wrong value is one error, at its place") {
  forEachAttribute([](const Section& section, const Attribute& attribute) {
    const auto wrong = fmt::format("{}: {}", attribute.name, wrongText(section, attribute));
    const auto found = problemsOf(section, wrong + ", " + othersOf(section, attribute.name));
    REQUIRE(found.size() == 1);
    CHECK(found[0].path.starts_with(fmt::format("/{}/0/{}", section.name, attribute.name)));
    CHECK(found[0].mark.line == 1);
    CHECK(found[0].mark.column >= 5 + attribute.name.size());
    CHECK_FALSE(found[0].reason.empty());
  });
}

TEST_CASE("each attribute in the wrong form is one error") {
  forEachAttribute([](const Section& section, const Attribute& attribute) {
    const std::string form = attribute.form == Form::Map ? "[a]" : "{a: b}";
    const auto found =
        problemsOf(section, fmt::format("{}: {}, ", attribute.name, form) + othersOf(section, attribute.name));
    REQUIRE(found.size() == 1);
    CHECK(found[0].path == fmt::format("/{}/0/{}", section.name, attribute.name));
  });
}

TEST_CASE("each required attribute that is missing is one error") {
  forEachAttribute([](const Section& section, const Attribute& attribute) {
    if (!attribute.required) return;
    const auto found = problemsOf(section, othersOf(section, attribute.name));
    REQUIRE(found.size() == 1);
    CHECK(found[0].reason == fmt::format("has no {}, which is required", attribute.name));
    CHECK(found[0].path == fmt::format("/{}/0", section.name));
  });
}

TEST_CASE("each default of the table is a right value") {
  forEachAttribute([](const Section&, const Attribute& attribute) {
    if (attribute.fallback.empty()) return;
    CHECK(attribute.kind->read(core::replaceAll(std::string(attribute.fallback), "NAME", "x"), attribute).has_value());
    CHECK_FALSE(attribute.required);
  });
}

TEST_CASE("each attribute and section has a description, and no name is there twice") {
  std::set<std::string_view> names;
  for (const auto& section : deploy::sections()) {
    CHECK(names.insert(section.name).second);
    CHECK(section.about.ends_with('.'));
    std::set<std::string_view> keys;
    for (const auto& attribute : section.attributes) {
      CAPTURE(attribute.name);
      CHECK(keys.insert(attribute.name).second);
      CHECK(attribute.about.ends_with('.'));
    }
  }
}

TEST_CASE("a program has the 32 attributes of HADeploy and the keys that it lacks") {
  const auto attributes = deploy::programAttributes();
  for (const auto name : {"supervisor",
                          "name",
                          "scope",
                          "command",
                          "conf_file_src",
                          "process_name",
                          "stopsignal",
                          "user",
                          "stdout_logfile",
                          "stderr_logfile",
                          "stdout_logfile_maxbytes",
                          "stderr_logfile_maxbytes",
                          "directory",
                          "umask",
                          "autorestart",
                          "numprocs",
                          "numprocs_start",
                          "priority",
                          "startsecs",
                          "startretries",
                          "stopwaitsecs",
                          "stdout_logfile_backups",
                          "stderr_logfile_backups",
                          "autostart",
                          "stopasgroup",
                          "killasgroup",
                          "redirect_stderr",
                          "exitcodes",
                          "environment",
                          "state",
                          "no_remove",
                          "when",
                          "serverurl",
                          "stdout_capture_maxbytes",
                          "stderr_events_enabled",
                          "stdout_syslog",
                          "oom_score_adj",
                          "log_backpressure"})
    CHECK_MESSAGE(findAttribute(attributes, name) != nullptr, name);
}

TEST_CASE("an instance has every attribute of an entry of the manager, a program every key of its section") {
  for (const auto& entry : entries::attributes()) {
    const auto dot = entry.key.find('.');
    const auto* attribute = findAttribute(deploy::supervisorAttributes(), entry.key.substr(0, dot));
    REQUIRE_MESSAGE(attribute != nullptr, entry.key);
    if (dot != std::string_view::npos)
      CHECK_MESSAGE(findAttribute(attribute->members, entry.key.substr(dot + 1)) != nullptr, entry.key);
  }
  for (const auto& key : config::keysOf(config::SectionKind::Program))
    if (!key.successor) CHECK_MESSAGE(findAttribute(deploy::programAttributes(), key.name) != nullptr, key.name);
}

TEST_CASE("values have the type of their attribute, however they are written") {
  const auto understood = nodes::understand(R"({
    hosts: [{name: en1, ssh_host: h, ssh_user: root, ssh_port: "2222"}],
    folders: [{scope: all, path: /opt//a/, owner: o, group: g, mode: 755}],
    users: [{login: tsup, system: "On", groups: [a, b]}]})");
  CHECK(understood.problems.empty());
  const auto& host = understood.application.section("hosts")[0];
  CHECK(host.values.at("ssh_port") == deploy::Value{std::int64_t{2222}});
  CHECK(host.flag("privileged"));
  const auto& folder = understood.application.section("folders")[0];
  CHECK(folder.text("mode") == "0755");
  CHECK(folder.text("path") == "/opt/a");
  CHECK_FALSE(folder.flag("no_remove"));
  const auto& user = understood.application.section("users")[0];
  CHECK(user.flag("system"));
  CHECK(user.text("groups") == "a,b");
}

TEST_CASE("one run reports all mistakes, with file, line, column, path, reason and suggestion") {
  CHECK(nodes::problemsOf(R"({
hosts: [{name: en1, ssh_host: h, ssh_user: root}],
userz: [],
users: [{login: tsup, manged: no}, {system: 1}, tsup],
folders: {path: /opt},
supervisors: [{name: tsupv, scope: all, user: tsup, group: tsup, managed: perhaps}]
})") == "app.yml:3:1: /userz: there is no such section (did you mean 'users'?)\n"
        "app.yml:4:23: /users/0/manged: users has no such attribute (did you mean 'managed'?)\n"
        "app.yml:4:45: /users/1/system: '1' is neither yes nor no\n"
        "app.yml:4:36: /users/1: has no login, which is required\n"
        "app.yml:4:49: /users/2: is a single value, not a map\n"
        "app.yml:5:10: /folders: is a map, not a list of items (begin each item with \"- \")\n"
        "app.yml:6:75: /supervisors/0/managed: 'perhaps' is neither yes nor no");
}

TEST_CASE("values of Ansible are kept where it may compute them, and refused where they are needed before") {
  const std::string hosts = "hosts: [{name: en1, ssh_host: h, ssh_user: root}], ";
  const auto understood = nodes::understand(
      "{" + hosts + R"(folders: [{scope: all, path: "{{ base }}/a", owner: "{{ o }}", group: g, mode: "{{ m }}"}],
      supervisors: [{name: s, scope: all, user: u, group: g}],
      supervisor_programs: [{name: p, supervisor: s, command: c, numprocs: "{{ n }}", redirect_stderr: "{{ r }}"}]})");
  CHECK(understood.problems.empty());
  CHECK(understood.application.section("folders")[0].text("mode") == "{{ m }}");
  CHECK(understood.application.section("supervisor_programs")[0].text("numprocs") == "{{ n }}");
  CHECK(nodes::problemsOf("{" + hosts + "users: [{login: a, managed: \"{{ m }}\"}, {login: b, scope: \"{{ s }}\"}]}") ==
        "app.yml:1:81: /users/0/managed: '{{ m }}' is known only to Ansible, but is needed before it runs (use a "
        "variable as ${NAME})\n"
        "app.yml:1:111: /users/1/scope: '{{ s }}' is known only to Ansible, but is needed before it runs (use a "
        "variable as ${NAME})");
}

TEST_CASE("a clear-text password is a warning that names the next step; a hidden one is not") {
  const auto host = [](std::string_view password) {
    return fmt::format("{{hosts: [{{name: en1, ssh_host: h, ssh_user: root, ssh_password: {}}}]}}", password);
  };
  CHECK(nodes::problemsOf(host("admin")) ==
        "app.yml:1:65: /hosts/0/ssh_password: warning: the password is clear text (use an encrypted variable as \"{{ "
        "NAME }}\", or ${env.NAME})");
  CHECK(nodes::problemsOf(host("\"{{ password }}\"")).empty());
  auto root = nodes::parse(host("admin"));
  root.members[0].value.items[0].members[3].value.hidden = true;
  deploy::Problems problems;
  (void)deploy::understand(root, {}, problems);
  CHECK(problems.all().empty());
  const auto page = [](std::string_view password) {
    return nodes::problemsOf(
        fmt::format("{{hosts: [{{name: en1, ssh_host: h, ssh_user: root}}], supervisors: [{{name: s, scope: all, user: "
                    "u, group: g, http_server: {{password: \"{}\"}}}}]}}",
                    password));
  };
  CHECK(page("admin").ends_with(
      "/supervisors/0/http_server/password: warning: the password is clear text (use a hash, such as "
      "`openssl passwd -6` prints; or an encrypted variable as \"{{ NAME }}\", or ${env.NAME})"));
  CHECK(page("{SHA}d033e22ae348aeb5660fc2140aec35850c4da997").empty());
  CHECK(page("{{ secret }}").empty());
}

TEST_CASE("a value whose expression is wrong is not reported again") {
  auto root = nodes::parse(R"({vars: "${no}", excluded_scopes: ["${no}"], folders: "${no}", exit_on_fail: "${no}",
                               users: [{login: x, system: "${no}", authorized_keys: "${no}"}]})");
  for (std::size_t i = 0; i < 4; ++i)
    (root.members[i].value.items.empty() ? root.members[i].value : root.members[i].value.items[0]).unresolved = true;
  for (auto& member : root.members[4].value.items[0].members) member.value.unresolved = member.key != "login";
  deploy::Problems problems;
  (void)deploy::understand(root, {}, problems);
  CHECK(problems.all().empty());
}

TEST_CASE("a text that Ansible completes is one line") {
  CHECK(nodes::problemsOf(R"({
hosts: [{name: en1, ssh_host: h, ssh_user: root}],
supervisors: [{name: s, scope: all, user: u, group: g}],
supervisor_programs: [{name: p, supervisor: s, command: "run {{ x }}\nuser=root"}]})") ==
        "app.yml:4:57: /supervisor_programs/0/command: has several lines; write it in one, or as a block that starts "
        "with >");
}

TEST_CASE("sections of plug-ins that are not supported are refused by name, each in one line") {
  CHECK(nodes::problemsOf(R"({
kafka_topics: [{name: a}],
hdfs_relay: {host: a},
hbase_other: [],
ansible_inventories: [{file: a}],
maven_repositories: []
})") == "app.yml:2:1: /kafka_topics: the plug-in kafka is not supported (remove this section)\n"
        "app.yml:3:1: /hdfs_relay: the plug-in hdfs is not supported (remove this section)\n"
        "app.yml:4:1: /hbase_other: the plug-in hbase is not supported (remove this section)\n"
        "app.yml:5:1: /ansible_inventories: this section is not supported (list the hosts in hosts)\n"
        "app.yml:6:1: /maven_repositories: the plug-in maven is not supported (download the artifact, or give its "
        "http:// URL in files)");
}

TEST_CASE("an item with when: no is checked and then ignored") {
  const auto understood = nodes::understand(R"({
hosts: [{name: en1, ssh_host: h, ssh_user: root}, {name: en2, when: no, ssh_host: h}],
users: [{login: a, when: yes}, {login: b, when: no, system: perhaps}],
folders: [{scope: en2, path: /opt/a, owner: o, group: g, mode: 0755}]
})");
  REQUIRE(understood.problems.size() == 2);
  CHECK(understood.problems[0] == "app.yml:3:61: /users/1/system: 'perhaps' is neither yes nor no");
  CHECK(understood.problems[1] ==
        "app.yml:4:19: /folders/0/scope: there is no host and no host group 'en2' (the one at app.yml:2:51 has when: "
        "no)");
  REQUIRE(understood.application.section("users").size() == 1);
  CHECK_FALSE(understood.application.section("users")[0].has("when"));
}
