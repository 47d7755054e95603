// SPDX-License-Identifier: MIT
#include "daemon/bus/call_gate.hpp"

#include <doctest/doctest.h>

using bus::CallGate;
using core::milliseconds;

namespace {

struct Fixture {
  core::Instant now{core::seconds(1000)};
  CallGate gate{0, now};

  /// Calls of 10 ms each until one is refused; returns how many were served.
  int flood(const std::string& sender, int most = 1000) {
    for (int i = 0; i < most; ++i) {
      if (!gate.admit(sender, now)) return i;
      (void)gate.charge(sender, milliseconds(10), now);
    }
    return most;
  }
};

}  // namespace

TEST_CASE("an account may use half a second in one burst, and a tenth of the time after that") {
  Fixture f;
  f.gate.identify(":1.5", 1000, f.now);
  CHECK(f.flood(":1.5") == 50);
  f.now += core::seconds(1);
  CHECK(f.flood(":1.5") == 10);
}

TEST_CASE("more connections do not give an account more time") {
  Fixture f;
  for (const char* sender : {":1.5", ":1.6", ":1.7"}) f.gate.identify(sender, 1000, f.now);
  CHECK(f.flood(":1.5") == 50);
  CHECK(f.flood(":1.6") == 0);
  f.gate.identify(":1.8", 1001, f.now);
  CHECK(f.flood(":1.8", 10) == 10);
}

TEST_CASE("all accounts together leave half of the time to root, which has no limit") {
  Fixture f;
  int served = 0;
  for (int i = 0; i < 20; ++i) {
    const auto sender = ":1." + std::to_string(i);
    f.gate.identify(sender, 1000 + static_cast<uid_t>(i), f.now);
    served += f.flood(sender);
  }
  CHECK(served == 100);
  f.gate.identify(":1.99", 0, f.now);
  CHECK(f.flood(":1.99") == 1000);
}

TEST_CASE("a caller is limited by its name until its account is known, which is requested once") {
  Fixture f;
  CHECK(f.gate.admit(":1.5", f.now));
  CHECK(f.gate.charge(":1.5", milliseconds(10), f.now));
  CHECK_FALSE(f.gate.charge(":1.5", milliseconds(10), f.now));
  CHECK(f.flood(":1.5") == 48);
  f.gate.identify(":1.5", 0, f.now);
  CHECK(f.gate.admit(":1.5", f.now));
  // Other callers with unknown accounts may be root.
  CHECK(f.gate.admit(":1.6", f.now));
}

TEST_CASE("a crowd of names is forgotten in time, and then limited again") {
  Fixture f;
  for (int i = 0; i < 10000; ++i) (void)f.gate.charge(":1." + std::to_string(i), milliseconds(1), f.now);
  CHECK(f.gate.admit(":1.5", f.now));
}

TEST_CASE("a call that only reads is recognised by its name") {
  CHECK(bus::isReading("org.freedesktop.DBus.ObjectManager", "GetManagedObjects"));
  CHECK(bus::isReading("org.freedesktop.DBus.Properties", "GetAll"));
  CHECK(bus::isReading("org.supervisormanager1.Manager", "ListInstances"));
  CHECK(bus::isReading("", "GetInstanceByPID"));
  CHECK_FALSE(bus::isReading("org.supervisormanager1.Manager", "StopInstance"));
  CHECK_FALSE(bus::isReading("org.supervisormanager1.Manager", "Reload"));
  CHECK_FALSE(bus::isReading("org.freedesktop.DBus.Properties", "Set"));
}
