// SPDX-License-Identifier: MIT
#include "tests/unit/config/scratch.hpp"

namespace {

constexpr const char* kPrograms = "[program:a]\ncommand=a\n[program:b]\ncommand=b\npriority=1\n";

bool refused(const std::string& text, const std::string& start) {
  Scratch scratch;
  const auto why = scratch.refusal(text);
  CAPTURE(why);
  return why.find(start) == 0;
}

}  // namespace

TEST_CASE("a group takes its members in the order of its list; the rest sorts by priority and name") {
  Scratch scratch;
  const auto loaded =
      scratch.load(std::string(kPrograms) + "[program:c]\ncommand=c\n[group:g]\nprograms= b , a\npriority=1000\n");
  REQUIRE(loaded);
  REQUIRE(loaded->groups.size() == 2);
  CHECK(loaded->groups[0]->name == "c");
  CHECK(loaded->groups[1]->name == "g");
  CHECK(loaded->groups[1]->processes[0]->name == "b");
  CHECK(loaded->groups[1]->processes[1]->name == "a");
}

TEST_CASE("groups may be empty, unknown and ambiguous members are refused") {
  Scratch scratch;
  const auto loaded = scratch.load("[group:g]\n");
  REQUIRE(loaded);
  CHECK(loaded->groups.at(0)->processes.empty());
  CHECK(refused(std::string(kPrograms) + "[group:g]\nprograms=a,nope\n",
                "[group:g] names unknown program or fcgi-program nope for key 'programs' in section 'group:g'"));
  CHECK(refused(std::string(kPrograms) + "[fcgi-program:a]\ncommand=x\nsocket=tcp://h:1\n[group:g]\nprograms=a\n",
                "[group:g] name a is ambiguous (exists as program and fcgi-program)"));
}

TEST_CASE("two groups of one name cause a warning") {
  Scratch scratch;
  const auto loaded = scratch.load("[program:a]\ncommand=a\n[group:a]\n");
  REQUIRE(loaded);
  CHECK(says(*loaded, "More than one group is named 'a'"));
}

TEST_CASE("event listeners") {
  Scratch scratch;
  const auto loaded =
      scratch.load("[eventlistener:l]\ncommand=l\nevents=tick_5, PROCESS_STATE,TICK_5\nbuffer_size=3\n");
  REQUIRE(loaded);
  const auto& group = *loaded->groups.at(0);
  CHECK(group.kind == config::GroupConfig::Kind::EventListener);
  CHECK(group.priority == -1);
  CHECK(group.processes.at(0)->priority == 999);
  CHECK(group.listener->bufferSize == 3);
  CHECK(group.listener->events == std::vector<std::string>{"TICK_5", "PROCESS_STATE"});

  const std::string start = "[eventlistener:l]\ncommand=l\n";
  CHECK(refused(start, "[eventlistener:l] section requires an \"events\" line"));
  CHECK(
      refused(start + "events=TIK_5\n", "Unknown event type TIK_5 in [eventlistener:l] events (did you mean TICK_5?)"));
  CHECK(refused(start + "events=TICK,\n", "Unknown event type  in [eventlistener:l] events"));
  CHECK(refused(start + "events=TICK\nbuffer_size=0\n", "[eventlistener:l] section sets invalid buffer_size (0)"));
  CHECK(refused(start + "events=TICK\nredirect_stderr=true\n",
                "[eventlistener:l] section sets redirect_stderr=true but"));
  CHECK(refused(start + "events=TICK\nresult_handler=my:handler\n",
                "my:handler cannot be resolved within [eventlistener:l]: "));
}

TEST_CASE("result handlers go by name") {
  Scratch scratch;
  using config::ResultHandler;
  for (const auto& [name, handler] :
       {std::pair{"supervisor.dispatchers:default_handler", ResultHandler::Default},
        std::pair{"supervisor_twiddler.resulthandler:stdin_write_handler", ResultHandler::StdinWrite},
        std::pair{"supervisor_stdout:event_handler", ResultHandler::Stdout}}) {
    const auto loaded =
        scratch.load(std::string("[eventlistener:l]\ncommand=l\nevents=TICK\nresult_handler=") + name + "\n");
    REQUIRE(loaded);
    CHECK(loaded->groups.at(0)->listener->handler == handler);
  }
  const auto refused = scratch.load("[eventlistener:l]\ncommand=l\nevents=TICK\nresult_handler=my:handler\n");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text.find("Use supervisor_stdout:event_handler to print what the listener answers") !=
        std::string::npos);
}

TEST_CASE("fcgi sockets") {
  Scratch scratch;
  const auto loaded = scratch.load(
      "[fcgi-program:u]\ncommand=u\nsocket=unix:///tmp/../tmp/"
      "%(program_name)s.sock\nsocket_owner=root:root\nsocket_mode=0770\n"
      "socket_backlog=5\n[fcgi-program:t]\ncommand=t\nsocket=tcp://Host:9000\n[fcgi-program:v]\ncommand=v\nsocket=tcp:/"
      "/[::1]:9000\n");
  REQUIRE(loaded);
  const auto& tcp = loaded->groups.at(0)->sockets.at(0);
  CHECK(tcp.url == "tcp://host:9000");
  CHECK_FALSE(tcp.mode);
  const auto& local = loaded->groups.at(1)->sockets.at(0);
  CHECK(local.path == "/tmp/u.sock");
  CHECK(local.mode == mode_t{0770});
  CHECK(local.backlog == 5);
  CHECK(loaded->groups.at(2)->sockets.at(0).url == "tcp://[::1]:9000");
  CHECK(loaded->groups.at(2)->sockets.at(0).host == "::1");

  const std::string start = "[fcgi-program:f]\ncommand=f\n";
  CHECK(refused(start, "[fcgi-program:f] section requires a \"socket\" line"));
  CHECK(refused(start + "socket=foo\n", "Bad socket format foo in [fcgi-program:f] socket"));
  CHECK(refused(start + "socket=unix://rel\n",
                "Unix socket path rel is not an absolute path in [fcgi-program:f] socket"));
  CHECK(refused(start + "socket=tcp://h:1\nsocket_mode=0700\n",
                "socket_owner and socket_mode params should only be used with"));
  CHECK(refused(start + "socket=tcp://h:1\nsocket_backlog=0\n", "Invalid socket_backlog value 0"));
  CHECK(refused(start + "socket=unix:///x\nsocket_owner=nope\n",
                "Invalid socket_owner value nope: Invalid user name nope"));
  CHECK(refused(start + "socket=tcp://h:70000\n", "70000 is above upper bound (65535) in [fcgi-program:f] socket"));
}

TEST_CASE("an fcgi-program in a group keeps its socket") {
  Scratch scratch;
  const std::string members =
      "[program:p]\ncommand=p\n[fcgi-program:f]\ncommand=f\nsocket=unix:///tmp/%(program_name)s.sock\nnumprocs=2\n"
      "process_name=f%(process_num)d\n[fcgi-program:t]\ncommand=t\nsocket=tcp://127.0.0.1:9000\n";
  const auto loaded = scratch.load("[group:g]\nprograms=f,p,t\n" + members);
  REQUIRE(loaded);
  REQUIRE(loaded->groups.size() == 1);
  const auto& group = *loaded->groups.front();
  CHECK(group.kind == config::GroupConfig::Kind::Programs);
  REQUIRE(group.sockets.size() == 2);
  CHECK(group.sockets[0].path == "/tmp/f.sock");
  CHECK(group.sockets[1].port == 9000);
  std::string seen;
  for (const auto& process : group.processes) seen += process->name + " " + std::to_string(process->socket) + ", ";
  CHECK(seen == "f0 0, f1 0, p -1, t 1, ");
  CHECK(refused("[group:g]\nprograms=f\n[fcgi-program:f]\ncommand=f\n",
                "[fcgi-program:f] section requires a \"socket\""));
}

TEST_CASE("what programs depend on is checked over all groups, with the place of the key") {
  Scratch scratch;
  const std::string programs =
      "[program:db]\ncommand=d\n[program:web]\ncommand=w\nnumprocs=2\nprocess_name=web_%(process_num)d\n"
      "[group:g]\nprograms=web\n";
  const auto with = [&](const std::string& dependences) {
    return programs + "[program:p]\ncommand=p\ndepends_on=" + dependences + "\n";
  };
  const auto loaded = scratch.load(with("db, g:*:started,g:web_1:exited , db:READY"));
  REQUIRE(loaded);
  std::string seen;
  for (const auto& group : loaded->groups)
    for (const auto& process : group->processes)
      for (const auto& on : process->extension->dependences.on)
        seen += toText(on) + " " + std::to_string(static_cast<int>(on.condition)) + ", ";
  CHECK(seen == "db 1, g:* 0, g:web_1 4, db 2, ");

  CHECK(refused(with("dbb"),
                "there is no program 'dbb'; did you mean db? for key 'depends_on' in section 'program:p' (file: "));
  CHECK(refused(with("db:*:running:x"),
                "'db:*:running:x' is not a program, group:program or group:*, with or without one of :started"));
  CHECK(refused(with("db:healthy"), "db has neither health_check nor watchdog, so it is never healthy for key "));
  CHECK(scratch.load("[program:w]\ncommand=w\nhealth_check=tcp:1\n" + with("w:healthy")));
  CHECK(refused(with("db,"), "'' is not a program, group:program or group:*"));
  CHECK(refused(with("p"), "p depends on itself for key 'depends_on' in section 'program:p' (file: "));
  CHECK(refused(programs + "[program:a]\ncommand=a\ndepends_on=b\n[program:b]\ncommand=b\ndepends_on=c:started\n"
                           "[program:c]\ncommand=c\ndepends_on=a\n",
                "these programs wait for each other: a -> b -> c -> a for key 'depends_on' in section 'program:a' "));
}

TEST_CASE("conditions that are probably not meant cause one warning for each section") {
  Scratch scratch;
  const auto warned = [&](const std::string& on, const std::string& keys, const std::string& own = {}) {
    const auto loaded = scratch.load("[program:y]\ncommand=y\n" + keys + "[program:x]\ncommand=x\nnumprocs=2\n" +
                                     "process_name=x%(process_num)d\n" + own + "depends_on=" + on + "\n");
    REQUIRE(loaded);
    std::string text;
    for (const auto warning : loaded->warnings()) text += std::string(warning.substr(0, warning.find(" (file:"))) + "|";
    return text;
  };
  const std::string place = " in section 'program:x'|";
  CHECK(warned("y:exited", "autorestart=true\n") ==
        "Key 'depends_on': y has autorestart=true, so it is 'exited' only from each end to its next start" + place);
  CHECK(warned("y:ready", "") ==
        "Key 'depends_on': y does not have the key 'ready', so it is 'ready' when it is RUNNING" + place);
  CHECK(warned("y:exited", "").empty());
  CHECK(warned("y", "autorestart=true\n").empty());
  CHECK(warned("y:ready", "ready=tcp:1\n").empty());
  CHECK(warned("y:ready", "type=oneshot\n").empty());
}

TEST_CASE("the other keys of dependence") {
  Scratch scratch;
  const std::string start = "[program:p]\ncommand=p\nnumprocs=3\nnumprocs_start=5\nprocess_name=p%(process_num)d\n";
  const auto loaded = scratch.load(start + "type=oneshot\nstart_delay=1.5\nstagger=200ms\n");
  REQUIRE(loaded);
  std::string delays;
  for (const auto& process : loaded->groups.front()->processes) {
    CHECK(process->extension->dependences.oneshot);
    delays += std::to_string(process->extension->dependences.startDelay.count()) + " ";
  }
  CHECK(delays == "1500 1700 1900 ");
  CHECK(refused(start + "type=forking\n", "'forking' is neither simple nor oneshot for key 'type' in section "));
  CHECK(refused(start + "type=oneshot\nautorestart=true\n",
                "a oneshot program is done when it has ended: autorestart must not be true for key 'type' in "));
  CHECK(refused(start + "start_delay=soon\n", "not a valid duration: 'soon', "));
  CHECK(refused(start + "stagger=-1\n", "not a valid duration: '-1', "));
  CHECK(refused(start + "restart_with_dependencies=true\n", "it needs depends_on, which is missing for key "));
}
