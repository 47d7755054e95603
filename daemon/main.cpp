// SPDX-License-Identifier: MIT
#include <signal.h>
#include <sys/stat.h>

#include "daemon/managerd.hpp"
#include "lib/core/log_sink.hpp"
#include "lib/core/program.hpp"

int main(int argc, char** argv) {
  return core::runProgram("supervisor-managerd", [&] {
    ::umask(022);
    ::signal(SIGPIPE, SIG_IGN);
    // Blocked before anything can start a thread or a child; the loop reads them.
    sigset_t handled;
    sigemptyset(&handled);
    for (const int signo : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&handled, signo);
    ::sigprocmask(SIG_SETMASK, &handled, nullptr);

    int code = 0;
    auto options = parseCommandLine(argc, argv, code);
    if (!options) return code;
    if (options->verify) return verifyEntries(*options);
    logging::setSinks({logging::stderrSink()});
    return Managerd(std::move(*options), argv).run();
  });
}
