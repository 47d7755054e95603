// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/unit/deploy/nodes.hpp"

namespace {

using deploy::Value;

/// A folder with a few files, removed at the end.
class Folder {
 public:
  Folder() {
    std::string name = "/tmp/sm-language-XXXXXX";
    path_ = ::mkdtemp(name.data());
    for (const auto* sub : {"a", "b", "a/dir", "b/tree"}) std::filesystem::create_directory(path_ + "/" + sub);
    for (const auto* file : {"a/both", "b/both", "b/second"}) std::ofstream(path_ + "/" + file) << "x\n";
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

const std::string kHosts =
    "hosts: [{name: en1, ssh_host: h1, ssh_user: root}, {name: en2, ssh_host: h2, ssh_user: root}],\n";

/// A file of all hosts with these attributes.
std::string fileOf(std::string_view more) {
  return fmt::format("{{scope: all, dest_folder: /opt/x, owner: o, group: g, mode: 755, {}}}", more);
}

nodes::Understood understandFiles(const Folder& folder, const std::string& files, const std::string& more = "") {
  return nodes::understand(
      fmt::format("{{{0}local_files_folders: [{1}/a, {1}/b], local_templates_folders: [{1}/b],\n"
                  "files: [{2}]\n{3}}}",
                  kHosts, folder.path(), files, more));
}

std::string problemOf(const Folder& folder, const std::string& files, const std::string& more = "") {
  const auto problems = understandFiles(folder, files, more).problems;
  return problems.empty() ? "" : problems[0];
}

/// The targets of a file with this notify, as text, or the problem without its place.
std::string targetsOf(std::string_view notify, std::string_view scope = "all") {
  const auto understood = nodes::understand(fmt::format(R"({{{}
systemd_units: [{{name: web, scope: all, unit_file: "file:///etc/passwd"}}],
supervisors: [{{name: tsupv, scope: all, user: u, group: g}}, {{name: one, scope: en1, user: u, group: g}}],
supervisor_programs: [{{name: program1, supervisor: tsupv, command: c}}, {{name: p, supervisor: one, command: c}}],
supervisor_groups: [{{name: grp, supervisor: tsupv, programs: [program1]}}],
files: [{{scope: {}, src: "file:///etc/passwd", dest_folder: /a/a, owner: o, group: g, mode: 755, notify: {}}}]}})",
                                                        kHosts, scope, notify));
  if (!understood.problems.empty()) return understood.problems[0].substr(understood.problems[0].find("notify"));
  std::string text;
  for (const auto& target :
       std::get<Value::List>(understood.application.section("files")[0].values.at("notify").data)) {
    for (const auto& [key, value] : std::get<Value::Map>(target.data))
      text += fmt::format("{}={} ", key, std::get<std::string>(value.data));
  }
  return text;
}

}  // namespace

TEST_CASE("sources are searched in their folders, and the first hit is used") {
  const Folder folder;
  const auto understood = understandFiles(
      folder, fileOf("src: \"file://both\"") + "," + fileOf("src: \"file://second\", dest_name: other") + "," +
                  fileOf("src: \"tmpl://both\", dest_name: third") + "," +
                  fileOf("src: \"https://host/x/page.html?a=b/c#d\", url_username: u"));
  CHECK(understood.problems.empty());
  const auto& files = understood.application.section("files");
  CHECK(files[0].text("scheme") == "file");
  CHECK(files[0].text("source") == folder.path() + "/a/both");
  CHECK(files[0].text("dest") == "/opt/x/both");
  CHECK_FALSE(files[0].has("validate_certs"));
  CHECK(files[1].text("source") == folder.path() + "/b/second");
  CHECK(files[1].text("dest") == "/opt/x/other");
  CHECK(files[2].text("scheme") == "tmpl");
  CHECK(files[2].text("source") == folder.path() + "/b/both");
  CHECK(files[3].text("scheme") == "https");
  CHECK(files[3].text("source") == "https://host/x/page.html?a=b/c#d");
  CHECK(files[3].flag("validate_certs"));
}

TEST_CASE("sources that are not there, or not what they must be") {
  const Folder folder;
  CHECK(problemOf(folder, fileOf("src: \"file://none\"")) ==
        fmt::format("app.yml:3:79: /files/0/src: there is no 'none' in {0}/a, {0}/b", folder.path()));
  CHECK(problemOf(folder, fileOf("src: \"file://dir\"")) ==
        fmt::format("app.yml:3:79: /files/0/src: '{}/a/dir' is a folder, not a file", folder.path()));
  CHECK(problemOf(folder, fileOf("src: \"tmpl:///none/such\"")) ==
        "app.yml:3:79: /files/0/src: there is no '/none/such'");
  CHECK(problemOf(folder, fileOf("src: \"file:///dev/null\"")) ==
        "app.yml:3:79: /files/0/src: '/dev/null' is not a file");
  CHECK(problemOf(folder, fileOf("src: \"https://host/x/\"")) ==
        "app.yml:3:79: /files/0/src: does not end in the name of a file (give dest_name)");
  CHECK(problemOf(folder, fileOf("src: \"https://host\"")) ==
        "app.yml:3:79: /files/0/src: does not end in the name of a file (give dest_name)");
  CHECK(problemOf(folder, fileOf("src: \"mvn://repository/a\"")) ==
        "app.yml:3:79: /files/0/src: the scheme mvn:// is not supported");
  CHECK(problemOf(folder, fileOf("src: \"file:///etc/passwd\", url_username: u")) ==
        "app.yml:3:115: /files/0/url_username: warning: url_username has an effect only if src is an http:// or "
        "https:// URL");
  CHECK(problemOf(folder, fileOf("src: \"file:///etc/passwd\", validate: visudo")) ==
        "app.yml:3:111: /files/0/validate: has no %s; the command gets the path of the new file in its place");
  CHECK(
      nodes::problemsOf("{" + kHosts + "files: [" + fileOf("src: \"tmpl://x\"") + "]}") ==
      "app.yml:2:79: /files/0/src: there is no local_templates_folders to search 'x' in (add this section, or give an "
      "absolute path)");
}

TEST_CASE("a tree has a folder as its source") {
  const Folder folder;
  const auto tree = [](std::string_view source) {
    return fmt::format(
        ", trees: [{{scope: all, src: \"{}\", dest_folder: /opt/t, owner: o, group: g, file_mode: 644, folder_mode: "
        "755}}]",
        source);
  };
  const auto understood = understandFiles(folder, "", tree("file://tree"));
  CHECK(understood.problems.empty());
  CHECK(understood.application.section("trees")[0].text("source") == folder.path() + "/b/tree");
  CHECK(understood.application.section("trees")[0].text("file_mode") == "0644");
  CHECK(problemOf(folder, "", tree("file://both")) ==
        fmt::format("app.yml:4:29: /trees/0/src: '{}/a/both' is a file, not a folder", folder.path()));
  CHECK(problemOf(folder, "", tree("https://host/x")) ==
        "app.yml:4:29: /trees/0/src: 'https://host/x' does not start with file://, tmpl://");
}

TEST_CASE("notify in all its forms") {
  const std::string program = "kind=program supervisor=tsupv program=program1 ";
  CHECK(targetsOf("[\"supervisor://tsupv/program1\"]") == program);
  CHECK(targetsOf("\"supervisor://tsupv/program1\"") == program);
  CHECK(targetsOf("\"tsupv:program1\"") == program);
  CHECK(targetsOf("[\"tsupv:program1\", \"systemd://web\"]") == program + "kind=unit unit=web.service ");
  CHECK(targetsOf("web") == "kind=unit unit=web.service ");
  CHECK(targetsOf("web.service") == "kind=unit unit=web.service ");
  CHECK(targetsOf("\"supervisor://tsupv\"") == "kind=instance supervisor=tsupv ");
  CHECK(targetsOf("\"tsupv:grp:*\"") == "kind=group supervisor=tsupv group=grp ");
  CHECK(targetsOf("\"one:p:*\"", "en1") == "kind=group supervisor=one group=p ");
  CHECK(targetsOf("[]").empty());
}

TEST_CASE("a target with when: no is named as such") {
  CHECK(nodes::problemsOf("{" + kHosts + R"(supervisors: [{name: s, scope: all, user: u, group: g}],
supervisor_programs: [{name: p, supervisor: s, command: c, when: no}],
files: [)" + fileOf("src: \"file:///etc/passwd\", notify: \"s:p\"") +
                          "]}") ==
        "app.yml:4:109: /files/0/notify: supervisor 's' has no program 'p' (the one at app.yml:3:23 has when: no)");
}

TEST_CASE("targets of notify that are wrong, unknown or on other hosts") {
  CHECK(targetsOf("\"tsupv:program2\"") ==
        "notify: supervisor 'tsupv' has no program 'program2' (did you mean 'program1'?)");
  CHECK(targetsOf("\"tsupv:grpp:*\"") == "notify: supervisor 'tsupv' has no group 'grpp' (did you mean 'grp'?)");
  CHECK(targetsOf("\"tsup:program1\"") == "notify: there is no supervisor 'tsup' (did you mean 'tsupv'?)");
  CHECK(targetsOf("\"systemd://webb\"") ==
        "notify: there is no systemd unit 'webb' in systemd_units (did you mean 'web'?)");
  CHECK(targetsOf("tsupv") ==
        "notify: there is no systemd unit 'tsupv' in systemd_units (did you mean supervisor://tsupv?)");
  CHECK(targetsOf("\"one:p\"") ==
        "notify: the file has hosts that the target 'one:p' does not have (the target is at app.yml:5:72)");
  CHECK(targetsOf("\"storm://a\"") == "notify: 'storm://a': storm:// is not supported");
  for (const auto* wrong : {"a:b:c", "http://a/b", "supervisor://", "systemd://", ":p", "tsupv:", "tsupv:*"})
    CHECK(targetsOf(fmt::format("\"{}\"", wrong)) ==
          fmt::format("notify: '{}' is not a target (write supervisor://SUPERVISOR/PROGRAM or systemd://UNIT)", wrong));
}

TEST_CASE("accounts that are only checked have no attributes that would be set") {
  CHECK(nodes::problemsOf("{" + kHosts + R"(
users: [{login: a, managed: no, group: g, create_home: yes, authorized_keys: [/etc/passwd]}],
groups: [{name: g, managed: no, system: no}]})") ==
        "app.yml:4:41: /groups/0/system: system cannot be given with managed: no (remove it, or managed: no)\n"
        "app.yml:3:40: /users/0/group: group cannot be given with managed: no (remove it, or managed: no)\n"
        "app.yml:3:56: /users/0/create_home: create_home cannot be given with managed: no (remove it, or managed: no)");
  CHECK(nodes::problemsOf("{" + kHosts + "users: [{login: a, authorized_keys: [/etc/passwd, /none/such]}]}") ==
        "app.yml:2:37: /users/0/authorized_keys: there is no '/none/such'");
  CHECK(nodes::problemsOf("{" + kHosts + "users: [{login: a, password: secret}]}") ==
        "app.yml:2:30: /users/0/password: is not a hash of crypt(3); use the output of `openssl passwd -6`, or an "
        "encrypted variable");
  CHECK(nodes::problemsOf("{" + kHosts +
                          "users: [{login: a, password: \"$6$salt$hash0123\"}, {login: b, password: \"!\"}]}")
            .empty());
}

TEST_CASE("an item that is there twice on a host is a warning") {
  const auto folder = [](std::string_view scope) {
    return fmt::format("{{scope: {}, path: /a/b, owner: o, group: g, mode: 755}}", scope);
  };
  CHECK(nodes::problemsOf("{" + kHosts + "folders: [" + folder("en1") + ", " + folder("en2") + "]}").empty());
  CHECK(nodes::problemsOf("{" + kHosts + "folders: [" + folder("en1") + ", " + folder("all") + "]}") ==
        "app.yml:2:68: /folders/1: warning: folder '/a/b' is there twice on a host (the other one is at app.yml:2:11)");
}

TEST_CASE("systemd units have a file and a name of their own") {
  const auto unit = [](std::string_view name, std::string_view source) {
    return fmt::format("{{name: {}, scope: all, unit_file: \"{}\"}}", name, source);
  };
  const auto understood =
      nodes::understand("{" + kHosts + "systemd_units: [" + unit("web", "file:///etc/passwd") + "]}");
  CHECK(understood.problems.empty());
  const auto& item = understood.application.section("systemd_units")[0];
  CHECK(item.text("source") == "/etc/passwd");
  CHECK(item.text("state") == "current");
  CHECK(item.text("action_on_notify") == "restart");
  CHECK(item.hosts == deploy::HostSet{"en1", "en2"});
  CHECK(nodes::problemsOf("{" + kHosts + "systemd_units: [" + unit("a", "file:///etc/passwd") + ", " +
                          unit("a", "file:///none/such") + "]}") ==
        "app.yml:2:106: /systemd_units/1/unit_file: there is no '/none/such'\n"
        "app.yml:2:80: /systemd_units/1/name: there are two systemd units with the name 'a' (the other one is at "
        "app.yml:2:17)");
}
