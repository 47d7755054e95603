// SPDX-License-Identifier: MIT
#include <string>
#include <vector>

#include "ctl/pidproxy/pid_proxy.hpp"
#include "lib/core/program.hpp"

int main(int argc, char** argv) {
  return core::runProgram("pidproxy", [&] { return pidproxy::run({argv, argv + argc}); });
}
