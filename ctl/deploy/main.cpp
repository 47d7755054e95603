// SPDX-License-Identifier: MIT
#include <csignal>

#include "ctl/deploy/program.hpp"
#include "lib/core/program.hpp"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away does not leave the work folder behind
  return core::runProgram("supervisor-deploy", [&] { return deploy::runDeploy({argv + 1, argv + argc}); });
}
