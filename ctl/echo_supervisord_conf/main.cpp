// SPDX-License-Identifier: MIT
#include <cstdio>

#include "ctl/echo_supervisord_conf/sample.hpp"
#include "lib/core/program.hpp"

int main() {
  return core::runProgram("echo_supervisord_conf", [] {
    const auto sample = sampleConfiguration();
    const bool written =
        std::fwrite(sample.data(), 1, sample.size(), stdout) == sample.size() && std::fflush(stdout) == 0;
    if (!written) std::perror("echo_supervisord_conf: cannot write");
    return written ? 0 : 1;
  });
}
