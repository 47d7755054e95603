// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/names.hpp"

#include <doctest/doctest.h>

#include "ctl/supervisorctl/selection.hpp"

namespace {

std::vector<ctl::ProcessInfo> sample() {
  std::vector<ctl::ProcessInfo> infos(3);
  infos[0].name = infos[0].group = "cat";
  infos[1].name = "web_0";
  infos[1].group = "web";
  infos[2].name = "web_1";
  infos[2].group = "web";
  return infos;
}

std::string found(const std::vector<std::string>& names) {
  std::string text;
  for (const ctl::ProcessInfo& info : ctl::select(sample(), names).found) text += info.fullName() + ' ';
  return text;
}

}  // namespace

TEST_CASE("names of processes and groups") {
  CHECK(ctl::splitName("a").process == "a");
  CHECK(ctl::splitName("g:a").group == "g");
  CHECK(ctl::splitName("g:a:b").process == "a:b");
  CHECK_FALSE(ctl::splitName("g:*").process.has_value());
  CHECK_FALSE(ctl::splitName("g:").process.has_value());
  CHECK(ctl::joinName("a", "a") == "a");
  CHECK(ctl::joinName("g", "a") == "g:a");
}

TEST_CASE("the name of a whole group is not a pattern") {
  CHECK_FALSE(ctl::isPattern("web:*"));
  CHECK_FALSE(ctl::isPattern("web"));
  CHECK(ctl::isPattern("w*:*"));
  CHECK(ctl::isPattern("web_?"));
  CHECK(ctl::isPattern("web:[01]"));
  CHECK(ctl::fitsPattern("web_?", "web", "web_0"));
  CHECK(ctl::fitsPattern("web:w*", "web", "web_0"));
  CHECK_FALSE(ctl::fitsPattern("web", "web", "web_0"));
}

TEST_CASE("selecting") {
  CHECK(found({}) == "cat web:web_0 web:web_1 ");
  CHECK(found({"nope", "all"}) == "cat web:web_0 web:web_1 ");
  CHECK(found({"web:*", "cat"}) == "web:web_0 web:web_1 cat ");
  CHECK(found({"*_1"}) == "web:web_1 ");
  CHECK(found({"web"}).empty());
  CHECK(ctl::select(sample(), {"web", "x:*", "x*"}).problems ==
        std::vector<std::string>{"web: ERROR (no such process)", "x: ERROR (no such group)",
                                 "x*: ERROR (no such process)"});
}
