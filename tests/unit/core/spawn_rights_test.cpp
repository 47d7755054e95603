// SPDX-License-Identifier: MIT
// Limits, priorities and capabilities of a child. The tests run as root.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "lib/core/capabilities.hpp"
#include "lib/core/spawn.hpp"

namespace {

core::SpawnSpec shell(const std::string& script) {
  core::SpawnSpec spec;
  spec.file = "/bin/sh";
  spec.arguments = {"sh", "-c", script};
  spec.environment = {"PATH=/usr/bin:/bin"};
  return spec;
}

/// What the child writes, in both ways of starting one; they must agree.
std::string output(core::SpawnSpec spec) {
  std::string last;
  for (const bool shared : {false, true}) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    core::UniqueFd reader(ends[0]), writer(ends[1]);
    spec.descriptors = {{writer.get(), 0}, {writer.get(), 1}, {writer.get(), 2}};
    spec.shareMemory = shared;
    const auto pid = core::spawn(spec);
    REQUIRE(pid.has_value());
    writer.reset();
    std::string text;
    char buffer[4096];
    for (ssize_t n; (n = ::read(reader.get(), buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(n));
    REQUIRE(::waitpid(*pid, nullptr, 0) == *pid);
    if (shared) CHECK(text == last);
    last = text;
  }
  return last;
}

/// Supervisor's words for the step that fails.
std::string failure(core::SpawnSpec spec) {
  const auto pid = core::spawn(spec);
  REQUIRE_FALSE(pid.has_value());
  return core::supervisorsWords(spec, pid.error());
}

constexpr const char* kShowCapabilities =
    "grep -E 'Cap(Inh|Prm|Eff|Bnd|Amb)' /proc/self/status | cut -f 2 | tr '\\n' ' '";
constexpr std::uint64_t kNetBind = 1UL << 10;

}  // namespace

TEST_CASE("limits, priorities and processors of a child") {
  auto spec = shell("nice; ulimit -n; ulimit -Hn; ionice; grep Cpus_allowed_list /proc/self/status | cut -f 2");
  spec.nice = 7;
  spec.ioPriority = IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6);
  spec.processors = {1};
  spec.limits = {{RLIMIT_NOFILE, {50, 60}}};
  CHECK(output(spec) == "7\n50\n60\nbest-effort: prio 6\n0\n");
}

TEST_CASE("a child has the capabilities it was given, and cannot get others") {
  auto spec = shell(kShowCapabilities);
  spec.capabilities = kNetBind;
  spec.identity = core::Identity{65534, 65534, {}};
  const std::string one = "0000000000000400 ";
  CHECK(output(spec) == one + one + one + one + one);
  spec.capabilities = 0;
  const std::string none = "0000000000000000 ";
  CHECK(output(spec) == none + none + none + none + none);
  // Without a change of user too.
  spec.identity.reset();
  CHECK(output(spec) == none + none + none + none + none);
}

TEST_CASE("the names of capabilities") {
  CHECK(core::capabilityOf("chown") == 0);
  CHECK(core::capabilityOf("CAP_NET_BIND_SERVICE") == 10);
  CHECK(core::capabilityOf("checkpoint_restore") == 40);
  CHECK_FALSE(core::capabilityOf("").has_value());
  CHECK_FALSE(core::capabilityOf("cap_").has_value());
}

TEST_CASE("a value that the kernel refuses is named with its key") {
  auto spec = shell("true");
  spec.processors = {0, 0, 1UL << 20};
  CHECK(failure(spec) == "couldn't set cpu_affinity: EINVAL (none of these processors can be used)");
  spec = shell("true");
  spec.limits = {{RLIMIT_CORE, {2, 1}}};
  CHECK(failure(spec) == "couldn't set limit_core: EINVAL");
  spec = shell("true");
  spec.ioPriority = IOPRIO_PRIO_VALUE(7, 0);
  CHECK(failure(spec) == "couldn't set ionice: EINVAL");
}
