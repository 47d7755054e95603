// SPDX-License-Identifier: MIT
#include "ctl/deploy/program.hpp"
#include "lib/core/program.hpp"

int main(int argc, char** argv) {
  return core::runProgram("supervisor-deploy", [&] { return deploy::runDeploy({argv + 1, argv + argc}); });
}
