// SPDX-License-Identifier: MIT
#include "daemon/bus/names.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "daemon/bus/errors.hpp"

using instances::ErrorCode;

TEST_CASE("names of instances become object paths that any name fits in") {
  CHECK(bus::instancePath("tsupv") == "/org/supervisormanager1/instance/tsupv");
  CHECK(bus::instancePath("svc-web") == "/org/supervisormanager1/instance/svc_2dweb");
  CHECK(bus::instancePath("1st") == "/org/supervisormanager1/instance/_31st");
  CHECK(bus::instancePath("a.b/c_d") == "/org/supervisormanager1/instance/a_2eb_2fc_5fd");
  CHECK(bus::instancePath("") == "/org/supervisormanager1/instance/_");
}

TEST_CASE("every failure of the manager has a D-Bus name of its own") {
  std::set<std::string> names;
  for (int code = 0; code <= static_cast<int>(ErrorCode::ShuttingDown); ++code)
    names.insert(bus::errorName(static_cast<ErrorCode>(code)));
  CHECK(names.size() == static_cast<std::size_t>(ErrorCode::ShuttingDown) + 1);
  CHECK(names.count("org.freedesktop.DBus.Error.Failed") == 0);
}

TEST_CASE("names that clients match on") {
  CHECK(std::string(bus::errorName(ErrorCode::NoSuchInstance)) == "org.supervisormanager1.Error.NoSuchInstance");
  CHECK(std::string(bus::errorName(ErrorCode::InstanceProtected)) == "org.supervisormanager1.Error.InstanceProtected");
  CHECK(std::string(bus::errorName(ErrorCode::InvalidArgument)) == "org.freedesktop.DBus.Error.InvalidArgs");
  const auto error = bus::toCallError({ErrorCode::ConfigInvalid, "a sentence"});
  CHECK(error.name == "org.supervisormanager1.Error.ConfigInvalid");
  CHECK(error.message == "a sentence");
}
