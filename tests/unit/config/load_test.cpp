// SPDX-License-Identifier: MIT
#include "instance/config/overlay.hpp"
#include "tests/unit/config/scratch.hpp"

TEST_CASE("defaults and absolute paths of [supervisord]") {
  Scratch scratch;
  const auto loaded = scratch.loadWhole("[supervisord]\n");
  REQUIRE(loaded);
  CHECK(loaded->daemon.identifier == "supervisor");
  CHECK(loaded->daemon.logFile.ends_with("/supervisord.log"));
  CHECK(loaded->daemon.logFile.starts_with("/"));
  CHECK(loaded->daemon.umask == 022);
  CHECK_FALSE(loaded->daemon.uid);
  CHECK(loaded->messages.empty());
  CHECK(loaded->groups.empty());
}

TEST_CASE("the command line has precedence over the file, which is checked nevertheless") {
  Scratch scratch;
  const auto loaded = scratch.load("identifier=file\nloglevel=warn\n", {"-i", "line", "-e", "debug", "-n"});
  REQUIRE(loaded);
  CHECK(loaded->daemon.identifier == "line");
  CHECK(loaded->daemon.logLevel == logging::Level::Debug);
  CHECK(loaded->daemon.noDaemon);
  CHECK_FALSE(scratch.load("loglevel=loud\n", {"-e", "debug"}));
}

TEST_CASE("after a chdir relative paths still mean the directory of the start") {
  Scratch scratch;
  scratch.directory("logs");
  const auto file = scratch.file(
      "root.conf",
      "[supervisord]\nlogfile=logs/d.log\npidfile=d.pid\nchildlogdir=logs\n[unix_http_server]\nfile=s.sock\n");
  auto line = config::parseCommandLine({"supervisord", "-c", file});
  REQUIRE(line);
  line->startDirectory = scratch.path();  // as if the daemon had come here from there
  const auto loaded = config::load(*line);
  REQUIRE(loaded);
  CHECK(loaded->daemon.logFile == scratch.path() + "/logs/d.log");
  CHECK(loaded->daemon.pidFile == scratch.path() + "/d.pid");
  CHECK(loaded->daemon.childLogDir == scratch.path() + "/logs");
  CHECK(loaded->servers.at(0).path == scratch.path() + "/s.sock");
}

TEST_CASE("a refusal names reason, key, section, file and line") {
  Scratch scratch;
  CHECK(
      scratch.refusal("[program:x]\ncommand=/bin/cat\nautostart=maybe\n") ==
      "not a valid boolean value: 'maybe' (autostart is true, false, last or ondemand) for key 'autostart' in section "
      "'program:x' (file: 'DIR/root.conf', line 5)");
  CHECK(scratch.refusal("[program:x]\n") ==
        "program section program:x does not specify a command in section 'program:x' (file: 'DIR/root.conf', line 3)");
  CHECK(scratch.refusal("nonsense\n")
            .find("Source contains parsing errors: 'DIR/root.conf'\n\t[line  3]: 'nonsense\\n'") == 0);
  CHECK(scratch.loadWhole("[program:x]\n").error().text.find(".ini file does not include supervisord section") == 0);
}

TEST_CASE("includes: order, overriding, %(here)s, missing and unreadable files") {
  Scratch scratch;
  scratch.directory("conf.d");
  scratch.file("conf.d/b.conf", "[program:x]\npriority=2\n[include]\nfiles=/etc/passwd\n");
  scratch.file("conf.d/a.conf", "[program:x]\ncommand=%(here)s/run\npriority=1\n");
  scratch.file("conf.d/.hidden.conf", "broken");
  const auto loaded = scratch.load("[include]\nfiles=conf.d/*.conf none/*.conf\n");
  REQUIRE(loaded);
  REQUIRE(loaded->groups.size() == 1);
  CHECK(loaded->groups[0]->priority == 2);
  CHECK(loaded->groups[0]->processes[0]->command == scratch.path() + "/conf.d/run");
  REQUIRE(loaded->messages.size() == 4);
  CHECK(loaded->messages[0].text == "No file matches via include \"" + scratch.path() + "/none/*.conf\"");
  CHECK(loaded->messages[1].text == "[program:x] is defined a second time (" + scratch.path() +
                                        "/conf.d/b.conf, line 1): its keys replace those of the first definition (" +
                                        scratch.path() + "/conf.d/a.conf, line 1)");
  CHECK(loaded->messages[2].text == "Included extra file \"" + scratch.path() + "/conf.d/a.conf\" during parsing");

  scratch.file("conf.d/c.conf", "[program:x]\nstartsecs=soon\n");
  CHECK(scratch.refusal("[include]\nfiles=conf.d/*.conf\n") ==
        "invalid literal for int() with base 10: 'soon' for key 'startsecs' in section 'program:x' (file: "
        "'DIR/conf.d/c.conf', line 2)");
  CHECK(scratch.refusal("[include]\n").find(".ini file has [include] section, but no files setting") == 0);
}

TEST_CASE("a section that appears twice in one file causes a warning, other sections do not") {
  Scratch scratch;
  const auto loaded = scratch.load(
      "[program:x]\ncommand=/bin/cat\n[group:g]\nprograms=x\n[supervisord]\nloglevel=info\n[program:x]\nstartsecs=2\n");
  REQUIRE(loaded);
  CHECK(loaded->groups[0]->processes[0]->startSeconds == 2);
  REQUIRE(loaded->messages.size() == 1);
  CHECK(says(*loaded, "root.conf, line 9): its keys replace those of the first definition"));
}

TEST_CASE("an include that cannot be read is skipped, but only at a start") {
  Scratch scratch;
  scratch.directory("conf.d");
  scratch.directory("conf.d/directory.conf");
  const auto text = "[supervisord]\nlogfile=%(here)s/d.log\n[include]\nfiles=conf.d/*.conf\n";
  const auto line = config::parseCommandLine({"supervisord", "-c", scratch.file("start.conf", text)});
  REQUIRE(line);
  CHECK(config::load(*line));  // a directory never had programs
  const auto link = scratch.path() + "/conf.d/a.conf";
  REQUIRE(::symlink("/nowhere/at/all", link.c_str()) == 0);
  const auto start = config::load(*line, config::Unreadable::Skipped);
  REQUIRE(start);
  CHECK(says(*start, "Included file skipped: cannot read " + link));
  const auto later = config::load(*line);
  REQUIRE_FALSE(later);
  CHECK(later.error().text.find("Included file: cannot read " + link) == 0);
  ::unlink(link.c_str());
}

TEST_CASE("an overlay shows files as they will be") {
  Scratch scratch;
  scratch.directory("conf.d");
  scratch.file("conf.d/gone.conf", "nonsense");
  scratch.file("conf.d/same.conf", "[program:same]\ncommand=/bin/cat\n");
  const auto at = [&](const std::string& name) { return scratch.path() + "/" + name; };
  const auto record = [](const std::string& kind, const std::string& path, const std::string& content = "") {
    return kind + std::string(1, '\0') + path + std::string(1, '\0') + content + std::string(1, '\0');
  };
  auto line = config::parseCommandLine({"supervisord", "--check", "--overlay", "-c", at("not-there.conf")});
  REQUIRE(line);
  auto overlay = config::Overlay::parse(
      record("file", at("not-there.conf"),
             "[supervisord]\nlogfile=%(here)s/logs/d.log\n[include]\nfiles=conf.d/*.conf\n") +
      record("directory", at("logs")) + record("gone", at("conf.d/gone.conf")) +
      record("file", at("conf.d/new.conf"), "[program:new]\ncommand=/bin/cat\nstdout_logfile=%(here)s/../logs/x\n") +
      record("file", at("conf.d/.hidden.conf"), "nonsense") + record("file", at("conf.d/sub/x.conf"), "nonsense"));
  REQUIRE(overlay);
  overlay->directories.insert(at("conf.d/../logs"));
  line->overlay = std::make_shared<const config::Overlay>(std::move(*overlay));
  const auto loaded = config::load(*line);
  REQUIRE_MESSAGE(loaded, loaded.error().text);
  REQUIRE(loaded->groups.size() == 2);
  CHECK(loaded->groups[0]->name == "new");
  CHECK(loaded->groups[1]->name == "same");
  CHECK_FALSE(config::Overlay::parse("file"));
  CHECK_FALSE(config::Overlay::parse(record("pipe", "/x")));
}

TEST_CASE("environment of the daemon: for programs, and as ENV_ names after it") {
  Scratch scratch;
  const auto loaded = scratch.load(
      "environment=A=\"1\",B=\"%(here)s\"\n[program:x]\ncommand=run %(ENV_A)s\nenvironment=A=\"2\",C=\"%(ENV_A)s\"\n"
      "[program:y]\ncommand=run\n");
  REQUIRE(loaded);
  const auto& x = *loaded->groups[0]->processes[0];
  CHECK(x.command == "run 2");
  CHECK(x.environment == config::Environment{{"A", "2"}, {"B", scratch.path()}, {"C", "1"}});
  CHECK(*x.environment.find("B") == scratch.path());
  CHECK_FALSE(x.environment.find("D"));
  const auto& y = *loaded->groups[1]->processes[0];
  CHECK(&y.environment.list() == &loaded->daemon.environment.list());  // shared, not copied
}

TEST_CASE("misspelled keys get a suggestion, sections of other programs are ignored") {
  Scratch scratch;
  const auto loaded = scratch.load(
      "logfiles=x\n[program:x]\ncommand=/bin/cat\nautorestrat=true\nvendor_setting=1\n[progam:y]\ncommand=/bin/"
      "cat\n[my-tool]\nk=v\n");
  REQUIRE(loaded);
  CHECK(says(*loaded, "Unknown key 'logfiles' (did you mean 'logfile'?)"));
  CHECK(says(*loaded, "Unknown key 'autorestrat' (did you mean 'autorestart'?) in section 'program:x'"));
  CHECK(says(*loaded, "Unknown section (did you mean [program:y]?) in section 'progam:y'"));
  CHECK(loaded->messages.size() == 3);
}

TEST_CASE("a program for a running daemon is parsed like a section of the file") {
  Scratch scratch;
  const auto base = scratch.load("environment=A=\"1\"\n");
  REQUIRE(base);
  const auto made = config::parsePrograms(
      *base, "new", "grp",
      {{"command", "%(here)s/%(group_name)s %(ENV_A)s"}, {"numprocs", "2"}, {"process_name", "n%(process_num)d"}},
      config::GroupConfig::Kind::Programs);
  REQUIRE(made);
  REQUIRE(made->size() == 2);
  CHECK((*made)[1]->name == "n1");
  CHECK((*made)[1]->command == scratch.path() + "/grp 1");
  CHECK(*(*made)[1]->environment.find("A") == "1");
  const auto refused =
      config::parsePrograms(*base, "new", "grp", {{"autostart", "x"}}, config::GroupConfig::Kind::Programs);
  CHECK(refused.error().text ==
        "not a valid boolean value: 'x' (autostart is true, false, last or ondemand) for key 'autostart' in section "
        "'program:new'");
}
