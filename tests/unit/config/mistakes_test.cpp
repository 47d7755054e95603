// SPDX-License-Identifier: MIT
#include "lib/dialect/mistakes.hpp"

#include "tests/unit/config/scratch.hpp"

namespace {

/// Every warning about a file with these lines, the directory's name shown as "DIR".
std::vector<std::string> warnings(const std::string& text) {
  Scratch scratch;
  const auto loaded = scratch.load(text);
  REQUIRE_MESSAGE(loaded.has_value(), (loaded ? "" : loaded.error().text));
  std::vector<std::string> out;
  for (const auto warning : loaded->warnings()) {
    std::string line(warning);
    for (std::size_t at; (at = line.find(scratch.path())) != std::string::npos;)
      line.replace(at, scratch.path().size(), "DIR");
    out.push_back(line);
  }
  return out;
}

std::string only(const std::string& text) {
  const auto all = warnings(text);
  CAPTURE(text);
  REQUIRE(all.size() == 1);
  return all.front();
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const std::string kProgram = "[program:x]\ncommand=/bin/cat\n";

}  // namespace

TEST_CASE("the warning about a key of another section names that section") {
  CHECK(only("[unix_http_server]\nfile=/tmp/x\nnodaemon=true\n") ==
        "Unknown key 'nodaemon' (it has no effect here; it belongs in [supervisord]) in section 'unix_http_server' "
        "(file: 'DIR/root.conf', line 5)");
  CHECK(has(only("autorestart=true\n"), "belongs in [program:x]) in section 'supervisord'"));
  CHECK(has(only("username=u\n"), "belongs in [unix_http_server] or [inet_http_server] or [supervisorctl]"));
  CHECK(has(only(kProgram + "events=TICK_5\n"), "belongs in [eventlistener:x]"));
  CHECK(has(only(kProgram + "programs=a,b\n"), "belongs in [group:x]"));
  CHECK(has(only(kProgram + "[group:g]\nprograms=x\nevents=TICK_5\n"),
            "belongs in [eventlistener:x]) in section 'group:g'"));
  CHECK(has(only("[supervisorctl]\nloglevel=debug\n"), "belongs in [supervisord]"));
  CHECK(has(only("[inet_http_server]\nport=127.0.0.1:1\nchmod=0700\n"), "belongs in [unix_http_server]"));
}

TEST_CASE("misspellings from real configurations") {
  const std::pair<const char*, const char*> spellings[] = {
      {"auto_start", "autostart"},
      {"stdout_log_file", "stdout_logfile"},
      {"redirect_stdout", "redirect_stderr"},
      {"start_secs", "startsecs"},
      {"killgroup", "killasgroup"},
      {"stop_as_group", "stopasgroup"},
      {"logfile_backupcount", "stdout_logfile_backups"},
      {"stderr_logfile_backupcount", "stderr_logfile_backups"},
      {"process-name", "process_name"},
      {"num_procs", "numprocs"},
      {"autorestrat", "autorestart"},
      {"working_directory", "directory"},
      {"env", "environment"},
      {"stdout_logfile_max_bytes", "stdout_logfile_maxbytes"},
      {"stop_wait_secs", "stopwaitsecs"},
  };
  for (const auto& spelling : spellings) {
    const auto& [written, meant] = spelling;
    CAPTURE(spelling.first);
    CHECK(has(only(kProgram + written + "=1\n"), "did you mean '" + std::string(meant) + "'?"));
  }
  CHECK(has(only("logfile_backupcount=3\n"), "did you mean 'logfile_backups'?"));
  CHECK(has(only("[unix_http_server]\nfile=/tmp/x\nuser=u\n"), "'username'"));
  CHECK(has(only("[fcgi-program:f]\nsocket=unix:///tmp/f\ncommand=cat\nauto_start=1\n"), "'autostart'"));
}

TEST_CASE("an indented line that became part of the value above it") {
  CHECK(only("[program:x]\ncommand=/bin/cat\n  autostart=false\n") ==
        "The indented line 'autostart=false' is part of the value of key 'command' (to make it a separate line, remove "
        "its "
        "indentation) in section 'program:x' (file: 'DIR/root.conf', line 4)");
  CHECK(has(only("[program:x]\ncommand=/bin/cat\n  [program:y]\n"), "'[program:y]'"));
  Scratch scratch;
  CHECK(has(scratch.refusal("[program:x]\nautostart=true\n startsecs = 3\ncommand=cat\n"),
            "; the indented line 'startsecs = 3' is part of the value"));
  CHECK(warnings("[program:x]\ncommand=/bin/cat\n  --name=x\n  -a b\n").empty());
  CHECK(warnings(kProgram + "environment=A=\"1\",\n  user=\"x\",\n  DIRECTORY=\"y\"\n").empty());
}

TEST_CASE("parts of environment that are skipped") {
  CHECK(only(kProgram + "environment=A=http://h/x?y=1\n") ==
        "Key 'environment': '?' is ignored, and ends the value before it: write values in double quotes "
        "(NAME=\"value\") in section 'program:x' (file: 'DIR/root.conf', line 5)");
  CHECK(has(only(kProgram + "environment=A=x#y,B=2\n"), "'#y,B=2'"));
  CHECK(has(only(kProgram + "environment=A=$HOME\n"), "'HOME'"));
  CHECK(has(only(kProgram + "environment=A=a b\n"), "'b'"));
  CHECK(has(only("environment=A=x*\n"), "'*'"));
  CHECK(warnings(kProgram + "environment=A=\"http://h/x?y=1#z\",B='a b';C=%(here)s/x,D=a\\ b,\n").empty());
}

TEST_CASE("the error names a comment that cut the value") {
  Scratch scratch;
  CHECK(scratch.refusal("[program:x]\ncommand=cat\nautostart=yes; ;no\n") ==
        "not a valid boolean value: 'yes;' (autostart is true, false, last or ondemand) for key 'autostart' in section "
        "'program:x' (file: 'DIR/root.conf', line 5); "
        "a '#' or ';' after a blank in line 5 begins a comment, which is not part of the value");
  CHECK(has(scratch.refusal("[program:x]\ncommand=cat\nenvironment=A=\"x #y\"\n"),
            "; a '#' or ';' after a blank in line 5"));
  CHECK(has(only("[program:x]\ncommand=sh -c \"echo a ; echo b\"\n"),
            "The value of key 'command' cannot be split into words (No closing quotation); a '#' or ';' after a blank "
            "in line 4"));
  CHECK(warnings("[program:x]\ncommand=sh -c \"echo a;echo b\" ; a real comment\nautostart=no ; another\n").empty());
  CHECK_FALSE(has(scratch.refusal("[program:x]\ncommand=cat\nautostart=perhaps\n"), "comment"));
}

TEST_CASE("the error about a percent sign shows how to escape it, in any value") {
  Scratch scratch;
  for (const char* text :
       {"[program:x]\ncommand=date +%s\n", "[program:x]\ncommand=cat 100%\n", "identifier=a%q\n",
        "[program:x]\ncommand=cat\nstdout_logfile=/tmp/%x.log\n", "[unix_http_server]\nfile=/tmp/%(nope)s\n",
        "[program:x]\ncommand=cat\nenvironment=A=\"%d\"\n", "[include]\nfiles=%q\n"}) {
    CAPTURE(text);
    CHECK(has(scratch.refusal(text), "a literal '%' is written '%%'"));
  }
}

TEST_CASE("the error about an empty member of a group names the cause") {
  Scratch scratch;
  CHECK(has(scratch.refusal(kProgram + "[group:g]\nprograms=x,\n"),
            "[group:g] names unknown program or fcgi-program '' (an empty member: one comma too many)"));
}

TEST_CASE("unknown keys that resemble nothing, and keys from defaults, cause no warning") {
  CHECK(warnings(kProgram + "dependent_startup=true\nx_owner=me\n[myapp]\nnodaemon=1\n").empty());
  CHECK(warnings("[DEFAULT]\ndirectory=%(here)s\nautostart=false\n[include]\nfiles=%(here)s/root.conf\n" + kProgram)
            .empty());
}
