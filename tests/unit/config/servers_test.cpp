// SPDX-License-Identifier: MIT
#include "tests/unit/config/scratch.hpp"

namespace {

bool refusedServer(const std::string& text, const std::string& start) {
  Scratch scratch;
  const auto why = scratch.refusal(text);
  CAPTURE(why);
  return why.find(start) == 0;
}

}  // namespace

TEST_CASE("servers: inet first, any suffix, IPv6") {
  Scratch scratch;
  const auto loaded = scratch.load(
      "[unix_http_server]\nfile=%(here)s/x/../s.sock\nchmod=0770\nchown=root\nchgrp=root\n"
      "[inet_http_server:six]\nport=[::1]:9001\nusername=u\npassword={SHA}abc\n[inet_http_server]\nport=*:9002\n");
  REQUIRE(loaded);
  REQUIRE(loaded->servers.size() == 3);
  CHECK(loaded->servers[0].host == "::1");
  CHECK(loaded->servers[0].password == "{SHA}abc");
  CHECK(loaded->servers[1].host.empty());
  const auto& local = loaded->servers[2];
  CHECK(local.path == scratch.path() + "/s.sock");
  CHECK(local.mode == 0770);
  CHECK(local.owner == std::pair<uid_t, gid_t>(0, 0));
  CHECK(config::fallbackServerUrl(loaded->servers) == "unix://" + scratch.path() + "/s.sock");
}

TEST_CASE("servers: host names that a port without a password accepts") {
  Scratch scratch;
  const auto loaded = scratch.load("[inet_http_server]\nport=9001\nallowed_hosts = a.example.org, %(ENV_PWD_NONE)s\n");
  CHECK_FALSE(loaded);
  const auto two = scratch.load("[inet_http_server]\nport=9001\nallowed_hosts = a.example.org,B\n");
  REQUIRE(two);
  CHECK(two->servers[0].allowedHosts == std::vector<std::string>{"a.example.org", "B"});
  for (const char* wrong : {"http://a", "a:9001", "*", "*.example.org", "a,,b", "a b", "[::1]"})
    CHECK(refusedServer("[inet_http_server]\nport=9001\nallowed_hosts=" + std::string(wrong) + "\n",
                        "not a host name: "));
}

TEST_CASE("the fallback URL prefers sockets, then the last inet server") {
  config::HttpServer one, two;
  one.host = "::1";
  one.port = 1;
  two.port = 2;
  CHECK(config::fallbackServerUrl({}).empty());
  CHECK(config::fallbackServerUrl({two, one}) == "http://[::1]:1");
  CHECK(config::fallbackServerUrl({one, two}) == "http://localhost:2");
}

TEST_CASE("servers with wrong values are refused") {
  CHECK(refusedServer("[inet_http_server]\n", "section [inet_http_server] has no port value"));
  CHECK(refusedServer("[unix_http_server]\n", "section [unix_http_server] has no file value"));
  CHECK(refusedServer("[unix_http_server]\nfile=s\nchmod=9\n",
                      "Invalid chmod value 9: 9 can not be converted to an octal type for key 'chmod'"));
  CHECK(refusedServer("[unix_http_server]\nfile=s\nchown=root.root\n", "Invalid sockchown value root.root"));
  CHECK(refusedServer("[inet_http_server]\nport=1\nusername=u\n",
                      "Section [inet_http_server] contains incomplete authentication: "));
}

TEST_CASE("interfaces go by name") {
  Scratch scratch;
  const auto loaded = scratch.load(
      "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n"
      "[rpcinterface:twiddler]\nsupervisor.rpcinterface_factory = "
      "supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface\n"
      "whitelist = a,b\n[ctlplugin:x]\nsupervisor.ctl_factory = x:y\n");
  REQUIRE(loaded);
  REQUIRE(loaded->interfaces.size() == 2);
  CHECK(loaded->interfaces[1].factory == config::RpcInterface::Factory::Twiddler);
  CHECK(loaded->interfaces[1].options == std::vector<std::pair<std::string, std::string>>{{"whitelist", "a,b"}});
  CHECK(refusedServer("[rpcinterface:x]\n",
                      "section [rpcinterface:x] does not specify a supervisor.rpcinterface_factory"));
  CHECK(refusedServer(
      "[rpcinterface:x]\nsupervisor.rpcinterface_factory=my.module:make\n",
      "my.module:make cannot be resolved within [rpcinterface:x]: interfaces are not loaded from Python"));
  CHECK(
      refusedServer("[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_"
                    "rpcinterface\nx=1\n",
                    "Could not make supervisor rpc interface: it takes no such option for key 'x'"));
}
