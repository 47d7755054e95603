// SPDX-License-Identifier: MIT
#include "instance/process/choices.hpp"

#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "tests/support/scratch_files.hpp"

using process::Choices;
using Mark = Choices::Mark;

namespace {

/// A directory for the state file.
struct Place : ScratchFiles {
  const std::string path = ScratchFiles::path() + "/s.state";
  ~Place() { ::unlink(path.c_str()); }
  [[nodiscard]] std::string text() const {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& text) const { std::ofstream(path) << text; }
};

}  // namespace

TEST_CASE("what is marked is read again, until it is unmarked") {
  const Place place;
  Choices first(place.path);
  CHECK_FALSE(first.has(Mark::Disabled, "web"));
  REQUIRE(first.set(Mark::Disabled, {"web", "g:a b"}, true));
  REQUIRE(first.set(Mark::Down, {"db"}, true));
  CHECK(first.has(Mark::Disabled, "web"));
  CHECK_FALSE(first.has(Mark::Down, "web"));
  const auto text = place.text();
  CHECK(text.substr(text.find('\n') + 1) == "disabled g:a b\ndisabled web\ndown db\n");

  Choices second(place.path);
  CHECK(second.has(Mark::Disabled, "web"));
  CHECK(second.has(Mark::Disabled, "g:a b"));
  CHECK(second.has(Mark::Down, "db"));
  REQUIRE(second.set(Mark::Disabled, {"web", "g:a b", "unknown"}, false));
  CHECK_FALSE(second.has(Mark::Disabled, "web"));
  REQUIRE(second.set(Mark::Down, {"db"}, false));
  CHECK(::access(place.path.c_str(), F_OK) != 0);  // nothing is left to remember
}

TEST_CASE("a file that somebody edited") {
  const Place place;
  place.write("# mine\r\n\ndisabled  web \r\n  disabled indented\nenabled x\ndisabled\ndown db");
  const Choices choices(place.path);
  CHECK(choices.has(Mark::Disabled, "web"));
  CHECK_FALSE(choices.has(Mark::Disabled, "indented"));
  CHECK(choices.has(Mark::Down, "db"));
}

TEST_CASE("nothing changes if it cannot be kept") {
  const Place place;
  Choices nowhere(place.path + "/none/s.state");
  const auto refused = nowhere.set(Mark::Disabled, {"web"}, true);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text.find("cannot write " + place.path) == 0);
  CHECK_FALSE(nowhere.has(Mark::Disabled, "web"));

  Choices choices(place.path);
  CHECK_FALSE(choices.set(Mark::Disabled, {"two\nlines"}, true));
  CHECK(choices.set(Mark::Disabled, {"two\nlines"}, false));
  CHECK(::access(place.path.c_str(), F_OK) != 0);
}

TEST_CASE("a file that cannot be read is not replaced") {
  const Place place;
  REQUIRE(::mkdir(place.path.c_str(), 0755) == 0);  // a directory: root could read any file
  Choices choices(place.path);
  CHECK_FALSE(choices.set(Mark::Disabled, {"web"}, true));
  CHECK_FALSE(choices.has(Mark::Disabled, "web"));
  REQUIRE(::rmdir(place.path.c_str()) == 0);
  place.write("disabled db\n");  // it has been repaired
  CHECK(choices.set(Mark::Disabled, {"web"}, true));
  CHECK(choices.has(Mark::Disabled, "db"));
  CHECK(Choices(place.path).has(Mark::Disabled, "db"));
}
