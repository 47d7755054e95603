// SPDX-License-Identifier: MIT
#include <sys/stat.h>

#include "lib/dialect/shell_hint.hpp"
#include "tests/unit/config/scratch.hpp"

namespace {

std::string hintOn(const char* command) { return config::shellHint(command).value_or(""); }

std::vector<std::string> warnings(const config::Configuration& loaded) {
  std::vector<std::string> out;
  for (const auto& one : loaded.messages)
    if (one.level == logging::Level::Warn) out.push_back(one.text);
  return out;
}

}  // namespace

TEST_CASE("parts of a command that only a shell would interpret are pointed out") {
  CHECK(hintOn("cd /x && run") ==
        "command is not run by a shell: '&&' is passed to it as an argument; write "
        "command=/bin/sh -c '...', or a script");
  for (const char* operators : {"a | b", "a || b", "a; b", "a ; b", "a &", "a&", "a > f", "a >f", "a >> f", "a 2>&1",
                                "a 2>/dev/null", "a < f", "sh -c a && b"})
    CHECK(hintOn(operators).find("is passed to it as an argument") != std::string::npos);
  CHECK(hintOn("run $HOME/x").find("'$HOME' is not replaced; write %(ENV_NAME)s") != std::string::npos);
  CHECK(hintOn("run \"${HOME}\"").find("is not replaced") != std::string::npos);
  CHECK(hintOn("run `date` x").find("'`' is not replaced") != std::string::npos);
  CHECK(hintOn("run ${X}").find("'${' is not replaced") != std::string::npos);
  CHECK(hintOn("run 2>/secret").find("'2>' is") != std::string::npos);
  CHECK(hintOn("run >>/secret").find("'>>' is") != std::string::npos);
  CHECK(hintOn("run secret;").find("';' is") != std::string::npos);
  CHECK(hintOn("~/bin/run").find("%(ENV_HOME)s") != std::string::npos);
  CHECK(hintOn("LANG=C run").find("'LANG=' is not a program; set variables with environment=") != std::string::npos);
  CHECK(hintOn("cd /x").find("directory=") != std::string::npos);
  CHECK(hintOn("exec run").find("a script") != std::string::npos);
}

TEST_CASE("commands that were not meant for a shell cause no warning") {
  for (const char* fine : {"", "/bin/cat", "sh -c 'a && b | c > d; e &'", "sh -c \"cd $HOME && run\"",
                           "bash -lc \"$X\"", "awk '{print $1}'", "perl -e '$x = 1'", "curl 'http://h/?a=1&b=2'",
                           "curl http://h/?a=1&b=2&", "run --x=a\\;", "grep 5$ f", "run '&&'", "run a\\ \\&\\ b",
                           "run --opt=NAME=value", "nginx -g \"daemon off;\"", "run <name>", "run 'unclosed"})
    CHECK_MESSAGE(hintOn(fine) == "", fine);
}

TEST_CASE("a command that needs a shell causes a warning with file and line") {
  Scratch scratch;
  const auto loaded = scratch.load("[program:x]\ncommand=a && b\n[eventlistener:y]\ncommand=c >d\nevents=TICK_5\n");
  REQUIRE(loaded);
  const auto said = warnings(*loaded);
  REQUIRE(said.size() == 2);
  CHECK(said[0].find("'&&' is passed to it as an argument") != std::string::npos);
  CHECK(said[0].find("root.conf") != std::string::npos);
  CHECK(said[0].find("program:x") != std::string::npos);
  CHECK(said[1].find("'>' is") != std::string::npos);
}

TEST_CASE("files with programs whose names do not match the pattern cause a warning") {
  Scratch scratch;
  scratch.directory("d");
  const std::string program = "; a comment\n[program:x]\ncommand=/bin/true\n";
  scratch.file("d/in.ini", program);
  scratch.file("d/worker.conf", "[program:w]\ncommand=/bin/true\n");
  scratch.file("d/notes.txt", "see [program:x] in in.ini\n");
  for (const char* aside :
       {"d/a.ini.disabled", "d/b.ini.bak", "d/c.ini~", "d/.d.conf", "d/e.ini.dpkg-old", "d/f.ini.off"})
    scratch.file(aside, program);
  const auto pipe = scratch.file("d/pipe.conf", "");
  REQUIRE(::unlink(pipe.c_str()) == 0);
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const auto loaded = scratch.load("[include]\nfiles=d/*.ini\n");
  REQUIRE(loaded);
  CHECK(warnings(*loaded) ==
        std::vector<std::string>{"File with programs is not read: the name of " + scratch.path() +
                                 "/d/worker.conf does not match \"" + scratch.path() + "/d/*.ini\" of [include]"});
  REQUIRE(::unlink(pipe.c_str()) == 0);  // what is included must be readable
  const auto both = scratch.load("[include]\nfiles=d/*.ini d/*.conf\n");
  REQUIRE(both);
  for (const auto& text : warnings(*both)) CHECK(text.find("is not read") == std::string::npos);
  const auto plain = scratch.load("[include]\nfiles=d/in.ini\n");
  REQUIRE(plain);
  CHECK(warnings(*plain).empty());
}

TEST_CASE("of many files that do not match some are named") {
  Scratch scratch;
  scratch.directory("d");
  for (int i = 0; i < 20; ++i) scratch.file("d/" + std::to_string(i) + ".conf", "[program:x]\ncommand=/bin/true\n");
  const auto loaded = scratch.load("[include]\nfiles=d/*.ini\n");
  REQUIRE(loaded);
  CHECK(warnings(*loaded).size() == 7);  // that nothing matches, five files, and that there are more
}
