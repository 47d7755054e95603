// SPDX-License-Identifier: MIT
#include <fmt/core.h>
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/managerd.hpp"
#include "lib/core/files.hpp"
#include "lib/core/program.hpp"

namespace {

constexpr const char* kHelp =
    R"(Usage: supervisor-managerd [OPTION]...
Runs one supervisord for each entry of /etc/supervisor-manager/conf.d/*.conf, as
its owner.

  -c, --config=FILE      configuration file; entries are read from conf.d beside
                         it
      --root=DIR         prefix of every path (tests and development)
      --bus-address=ADDR D-Bus to serve on (default: the system bus; with
                         --root: none)
      --no-bus           serve on no bus
      --verify           check the entries, print their errors, and exit: 0 if
                         nothing is refused
      --release-control-groups
                         for the unit: take controllers back when the manager
                         has ended, and exit
      --end-instances    for the unit: if no manager runs, stop the instances
                         that one left running, and exit
      --version          print the version and exit
  -h, --help             print this and exit

SIGHUP reads the entries again; SIGTERM and SIGINT stop all instances and then
the manager.
)";

enum Option { Root = 256, BusAddress, NoBus, Verify, Release, EndInstances, Version };

void printTo(FILE* stream, const entries::Complaint& complaint, const char* kind) {
  fmt::print(stream, "{}: {}\n", kind, complaint.text());
}

/// Of our own installation, wherever that was put (DESTDIR), else where it was meant to be.
std::string program(const std::string& name) {
  const auto beside = core::installedBeside(name);
  return beside.empty() ? SUPERVISOR_BINDIR "/" + name : beside;
}

}  // namespace

std::optional<ManagerdOptions> parseCommandLine(int argc, char** argv, int& code) {
  static const option kOptions[] = {{"config", required_argument, nullptr, 'c'},
                                    {"root", required_argument, nullptr, Root},
                                    {"bus-address", required_argument, nullptr, BusAddress},
                                    {"no-bus", no_argument, nullptr, NoBus},
                                    {"verify", no_argument, nullptr, Verify},
                                    {"release-control-groups", no_argument, nullptr, Release},
                                    {"end-instances", no_argument, nullptr, EndInstances},
                                    {"version", no_argument, nullptr, Version},
                                    {"help", no_argument, nullptr, 'h'},
                                    {}};
  ManagerdOptions out;
  out.manager.privileged = ::geteuid() == 0;
  const auto here = core::currentDirectory();
  code = 0;
  for (int c = 0; (c = ::getopt_long(argc, argv, "c:h", kOptions, nullptr)) != -1;) {
    switch (c) {
      case 'c': out.manager.config = core::absolutePath(optarg, here); break;
      case Root: out.manager.root = core::absolutePath(optarg, here); break;
      case BusAddress: out.manager.busAddress = optarg; break;
      case NoBus: out.bus = false; break;
      case Verify: out.verify = true; break;
      case EndInstances: out.endInstances = true; break;
      case Release: instances::ControlGroups::release(); return std::nullopt;
      case Version: fmt::print("{}\n", SUPERVISOR_VERSION); return std::nullopt;
      case 'h': fmt::print("{}", kHelp); return std::nullopt;
      default: code = 2; return std::nullopt;
    }
  }
  if (optind < argc) {
    fmt::print(stderr, "supervisor-managerd: unexpected argument '{}'; see --help\n", argv[optind]);
    code = 2;
    return std::nullopt;
  }
  if (out.manager.root == "/") out.manager.root.clear();
  // A manager below another root must not answer on the system bus.
  if (!out.manager.root.empty() && out.manager.busAddress.empty()) out.bus = false;
  out.manager.supervisord = program("supervisord");
  out.manager.supervisorctl = program("supervisorctl");
  return out;
}

int verifyEntries(const ManagerdOptions& options) {
  entries::LoadOptions load;
  load.root = options.manager.root;
  load.configFile = options.manager.config.empty() ? load.root + "/etc/supervisor-manager/supervisor-manager.conf"
                                                   : options.manager.config;
  load.confDir = core::directoryOf(load.configFile) + "/conf.d";
  load.host = entries::thisHost(load.root + "/etc/hosts");
  if (!options.manager.privileged) load.onlyUid = ::geteuid();
  const auto loaded = entries::load(load);
  for (const auto& complaint : loaded.refused) printTo(stderr, complaint, "refused");
  for (const auto& complaint : loaded.warnings) printTo(stderr, complaint, "warning");
  fmt::print("{} good, {} refused, {} warnings\n", loaded.entries.size(), loaded.refused.size(),
             loaded.warnings.size());
  return loaded.refused.empty() ? 0 : 1;
}
