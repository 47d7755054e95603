// SPDX-License-Identifier: MIT
// The keys about a program's environment, groups, secrets, limits and rights.
#include "lib/dialect/surroundings.hpp"

#include <linux/ioprio.h>
#include <sys/resource.h>

#include "lib/dialect/environment_file.hpp"
#include "lib/dialect/limits.hpp"
#include "tests/unit/config/scratch.hpp"

namespace {

config::Extension extension(const std::string& keys) {
  Scratch scratch;
  const auto loaded = scratch.load("[program:x]\ncommand=/bin/cat\n" + keys);
  REQUIRE_MESSAGE(loaded.has_value(), (loaded ? "" : loaded.error().text));
  return *loaded->groups.at(0)->processes.at(0)->extension;
}

/// "NAME=value|", sorted; or the error.
std::string variables(std::string_view text) {
  const auto parsed = config::parseEnvironmentFile(text);
  if (!parsed) return parsed.error().text;
  std::string out;
  for (const auto& [name, value] : *parsed) out += name + "=" + value + "|";
  return out;
}

}  // namespace

TEST_CASE("a file of variables") {
  for (const auto& [text, expected] : std::initializer_list<std::pair<const char*, const char*>>{
           {"", ""},
           {"\n  \n# A=1\n ; B=2\n", ""},
           {"A=1", "A=1|"},
           {"A=1\r\nB=2\r\n", "A=1|B=2|"},
           {"B=2\nA=1\nB=3\nC=\nB=4\n", "A=1|B=4|C=|"},
           {"export A=1\nexport\tB = 2 \n", "A=1|B=2|"},
           {"export=1\nexported=2\n", "export=1|exported=2|"},
           {"  A =  two words  # a comment\nB=a#b\nC=#\n", "A=two words|B=a#b|C=|"},
           {"A='$x \\n #'\nB='it''s'", "line 2: text after the closing quote"},
           {"A='$x \\n #'  # comment\n", "A=$x \\n #|"},
           {"A=\"a\\n\\t\\\"\\\\\\$\\`\\x\"\n", "A=a\n\t\"\\$`\\x|"},
           {"A=\"one\ntwo\\\nthree\"\nB=1\n", "A=one\ntwothree|B=1|"},
           {"A=a\\nb$HOME\n", "A=a\\nb$HOME|"},
           {"A=\"\"\nB=''\n", "A=|B=|"},
           {"_a9=x", "_a9=x|"},
           {"A=1\n\nB='x\ny\n", "line 3: the closing quote is missing"},
           {"A=1\nnot it\n", "line 2: not NAME=value"},
           {"A='1\n2'\n9A=1\n", "line 3: not NAME=value"},
           {"A-B=1", "line 1: not NAME=value"},
           {"=1", "line 1: not NAME=value"},
           {"A", "line 1: not NAME=value"},
       })
    CHECK(variables(text) == expected);
  CHECK(variables(std::string_view("A=1\0", 4)) == "line 2: a null byte");
}

TEST_CASE("a program's groups, files and secrets") {
  CHECK(extension("nice=1\n").surroundings == config::Surroundings());
  const auto got = extension(
                       "group=root\nsupplementary_groups=root, 0\nenvironment_file=/etc/a b\n -%(here)s/c\n"
                       "environment_clean=yes\nlogin_environment=yes\nenvironment_process_number=yes\n"
                       "credential=key:/etc/key\n db : /etc/db:1\nread_only_paths=/etc\n -/srv/a b\nprivate_tmp=yes\n")
                       .surroundings;
  CHECK(got.group == gid_t{0});
  CHECK(got.supplementaryGroups == std::vector<gid_t>{0, 0});
  REQUIRE(got.environmentFiles.size() == 2);
  CHECK(got.environmentFiles[0] == config::OptionalPath{"/etc/a b", false});
  CHECK(got.environmentFiles[1].path.ends_with("/c"));
  CHECK(got.environmentFiles[1].optional);
  CHECK(got.cleanEnvironment);
  CHECK(got.loginEnvironment);
  CHECK(got.processNumber == 0);
  CHECK(got.readOnlyPaths == std::vector<config::OptionalPath>{{"/etc", false}, {"/srv/a b", true}});
  CHECK(got.privateTmp);
  CHECK(got.credentials == std::vector<config::Credential>{{"key", "/etc/key"}, {"db", "/etc/db:1"}});
}

TEST_CASE("each process of a section has its number") {
  Scratch scratch;
  const auto loaded = scratch.load(
      "[program:x]\ncommand=run\nnumprocs=2\nnumprocs_start=7\nprocess_name=%(process_num)s\n"
      "environment_process_number=true\nenvironment_file=/e/%(process_num)s\n");
  REQUIRE(loaded);
  const auto& processes = loaded->groups.at(0)->processes;
  CHECK(processes.at(1)->extension->surroundings.processNumber == 8);
  CHECK(processes.at(1)->extension->surroundings.environmentFiles.at(0).path == "/e/8");
}

TEST_CASE("a program's limits and rights") {
  const auto got = extension(
                       "limit_nofile=100:200\nlimit_core=unlimited\nlimit_as=2gb\nnice=-5\nionice=best-effort:6\n"
                       "cpu_affinity=8, 0-2 1\ncapabilities=CAP_CHOWN net_bind_service\nno_new_privileges=true\n")
                       .limits;
  CHECK(got.resources == std::vector<config::ResourceLimit>{{RLIMIT_AS, 2UL << 30, 2UL << 30},
                                                            {RLIMIT_CORE, RLIM_INFINITY, RLIM_INFINITY},
                                                            {RLIMIT_NOFILE, 100, 200}});
  CHECK(got.nice == -5);
  CHECK(got.ioPriority == static_cast<int>(IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6)));
  CHECK(got.processors == std::vector<int>{0, 1, 2, 8});
  CHECK(got.capabilities == ((1UL << 0) | (1UL << 10)));
  CHECK(got.noNewPrivileges);
  CHECK(extension("capabilities=none\n").limits.capabilities == 0UL);
  CHECK(extension("ionice=idle\n").limits.ioPriority == static_cast<int>(IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0)));
}

TEST_CASE("a bad value is refused with its key and its line") {
  for (const auto& [keys, reason] : std::initializer_list<std::pair<const char*, const char*>>{
           {"group=no-such", "Invalid group name no-such for key 'group'"},
           {"supplementary_groups=root,no-such", "Invalid group name no-such for key 'supplementary_groups'"},
           {"environment_file=relative", "'relative' is not an absolute path"},
           {"environment_file=-relative", "'relative' is not an absolute path"},
           {"environment_clean=perhaps", "not a valid boolean value: 'perhaps' for key 'environment_clean'"},
           {"login_environment=perhaps", "not a valid boolean value: 'perhaps' for key 'login_environment'"},
           {"environment_process_number=x", "not a valid boolean value: 'x' for key 'environment_process_number'"},
           {"credential=/etc/key", "'/etc/key' is not NAME:PATH"},
           {"credential=a/b:/etc/key", "'a/b:/etc/key' is not NAME:PATH"},
           {"credential=..:/etc/key", "'..:/etc/key' is not NAME:PATH"},
           {"credential=a:key", "'key' is not an absolute path"},
           {"credential=a:/b\n a:/c", "the credential 'a' is there twice"},
           {"read_only_paths=etc", "'etc' is not an absolute path"},
           {"private_tmp=true\nread_only_paths=-/tmp/y\n /etc\n //tmp/x",
            "'//tmp/x' is not in the program's own, empty /tmp and /var/tmp (private_tmp) for key 'read_only_paths'"},
           {"private_tmp=x", "not a valid boolean value: 'x' for key 'private_tmp'"},
           {"limit_nofile=-1", "'-1' is not a limit: it is a number, SOFT:HARD, or unlimited for key 'limit_nofile'"},
           {"limit_nofile=1kb", "'1kb' is not a limit: it is a number"},
           {"limit_as=much", "'much' is not a limit: it is a size such as 64MB"},
           {"limit_core=2:1", "'2:1' is not a limit: the soft limit is above the hard limit"},
           {"limit_core=", "'' is not a limit"},
           {"nice=20", "'20' is not a nice value: it is a number from -20 to 19 for key 'nice'"},
           {"ionice=fast", "'fast' is not an ionice value"},
           {"ionice=idle:1", "'idle:1' is not an ionice value"},
           {"ionice=realtime:8", "'realtime:8' is not an ionice value"},
           {"cpu_affinity=", "'' is not a list of processors"},
           {"cpu_affinity=3-1", "'3-1' is not a list of processors"},
           {"cpu_affinity=9999", "'9999' is not a list of processors"},
           {"capabilities=fly", "'fly' is not a capability, such as net_bind_service for key 'capabilities'"},
           {"capabilities=", "'' is not a list of capabilities"},
           {"no_new_privileges=2", "not a valid boolean value: '2' for key 'no_new_privileges'"},
       }) {
    Scratch scratch;
    const auto text = scratch.refusal(std::string("[program:x]\ncommand=/bin/cat\n") + keys + "\n");
    CHECK_MESSAGE(text.starts_with(reason), text);
    CHECK_MESSAGE(text.find("in section 'program:x' (file: ") != std::string::npos, text);
    CHECK_MESSAGE(text.find("line ") != std::string::npos, text);
  }
}
