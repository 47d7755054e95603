// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "daemon/instances/notify_socket.hpp"

TEST_CASE("a message of an instance is parsed, and unknown lines are ignored") {
  const auto notice = instances::parseNotice(
      "READY=1\nX_OTHER=1\nSTATUS=fine\nX_SUPERVISOR_PROGRAMS=all\nX_SUPERVISOR_PROGRAM=RUNNING 12 web:a\n"
      "X_SUPERVISOR_PROGRAM=bad\nX_SUPERVISOR_PROGRAM=EXITED 13 b");
  CHECK(notice.ready);
  CHECK(notice.wholeTable);
  CHECK_FALSE(notice.stopping);
  CHECK(notice.status == "fine");
  REQUIRE(notice.programs.size() == 2);
  CHECK(notice.programs[0].name == "web:a");
  CHECK(notice.programs[0].pid == 12);
  CHECK(notice.programs[1].state == "EXITED");
  CHECK(notice.programs[1].pid == 0);
}

TEST_CASE("an instance asks for the controllers of limits of programs, and for no others") {
  const auto notice = instances::parseNotice("X_SUPERVISOR_CONTROLLERS=memory io cpuset pids -cpu\n");
  CHECK(notice.controllers == std::vector<std::string>{"memory", "pids"});
  CHECK(instances::parseNotice("X_SUPERVISOR_CONTROLLERS=cpu cpu cpu cpu cpu\n").controllers.size() == 3);
  CHECK(instances::parseNotice("READY=1\nX_SUPERVISOR_CONTROLLERS=\n").controllers.empty());
}

TEST_CASE("a description belongs to the program of the line before, is cut, and contains no control sequences") {
  const auto notice = instances::parseNotice(
      "X_SUPERVISOR_DESCRIPTION=nobody's\nX_SUPERVISOR_PROGRAM=FATAL 0 a\n"
      "X_SUPERVISOR_DESCRIPTION=couldn't \x1b[2J\xff\nX_SUPERVISOR_DESCRIPTION=twice\n"
      "X_SUPERVISOR_PROGRAM=FATAL 0 b\nX_SUPERVISOR_PROGRAM=OWNED 0 c\n"
      "X_SUPERVISOR_DESCRIPTION=of none\nX_SUPERVISOR_PROGRAM=FATAL 0 d\nX_SUPERVISOR_DESCRIPTION=" +
      std::string(5000, 'x'));
  REQUIRE(notice.programs.size() == 3);
  CHECK(notice.programs[0].description == "couldn't \\x1b[2J\xef\xbf\xbd");
  CHECK(notice.programs[1].description.empty());
  CHECK(notice.programs[2].description == std::string(200, 'x'));
}

TEST_CASE("invalid UTF-8 and very long names are harmless") {
  CHECK(instances::parseNotice("X_SUPERVISOR_PROGRAM=RUNNING 1 " + std::string(1000, 'x')).programs.empty());
  const auto notice = instances::parseNotice("STATUS=\xff\xfe");
  CHECK(notice.status == "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST_CASE("only Supervisor's states are accepted, and no name or status contains control sequences") {
  const auto notice = instances::parseNotice(
      "X_SUPERVISOR_PROGRAM=OWNED 1 a\nX_SUPERVISOR_PROGRAM=REMOVED 0 b\n"
      "X_SUPERVISOR_PROGRAM=FATAL 0 c\x1b[2Jd\nSTATUS=\x1b]0;title\x07 \xe2\x80\xaetxt");
  REQUIRE(notice.programs.size() == 2);
  CHECK(notice.programs[0].state == "REMOVED");
  CHECK(notice.programs[1].name == "c\\x1b[2Jd");
  CHECK(notice.status == "\\x1b]0;title\\x07 \\u202etxt");
}

TEST_CASE("a message keeps or removes one descriptor, with a good name only") {
  using Descriptor = instances::Notice::Descriptor;
  const auto keep = instances::parseNotice("FDSTORE=1\nFDNAME=p17.out\nFDPOLL=0");
  CHECK(keep.descriptor == Descriptor::Keep);
  CHECK(keep.descriptorName == "p17.out");
  CHECK_FALSE(keep.allDescriptors);
  const auto remove = instances::parseNotice("FDSTOREREMOVE=1\nFDNAME=state");
  CHECK(remove.descriptor == Descriptor::Remove);
  CHECK(remove.descriptorName == "state");
  CHECK(instances::parseNotice("FDSTORE=1\nFDNAME=a\x1b[2J").descriptorName.empty());
  CHECK(instances::parseNotice("FDSTORE=1\nFDNAME=good\nFDNAME=a:b").descriptorName.empty());
  CHECK(instances::parseNotice("FDSTORE=1").descriptorName.empty());
  CHECK(instances::parseNotice("X_SUPERVISOR_DESCRIPTORS=all").allDescriptors);
  CHECK(instances::parseNotice("FDNAME=x").descriptor == Descriptor::None);
}
