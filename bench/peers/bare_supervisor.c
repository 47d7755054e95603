// SPDX-License-Identifier: MIT
// The limit for a supervisor: the system calls that starting, restarting and stopping COUNT programs needs, and nothing
// else.
//
//   bare_supervisor COUNT PROGRAM [ARGUMENT...]         runs until SIGTERM
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static posix_spawnattr_t attributes;

static pid_t start(char** argv) {
  pid_t pid;
  return posix_spawn(&pid, argv[0], NULL, &attributes, argv, environ) == 0 ? pid : -1;
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const int count = atoi(argv[1]);
  pid_t* const pids = calloc((size_t)count, sizeof *pids);
  sigset_t wanted, none;
  sigemptyset(&none);
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGTERM);
  sigaddset(&wanted, SIGCHLD);
  sigprocmask(SIG_BLOCK, &wanted, NULL);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);

  for (int i = 0; i < count; ++i)
    if ((pids[i] = start(argv + 2)) < 0) return 1;
  while (sigwaitinfo(&wanted, NULL) == SIGCHLD) {
    for (pid_t ended; (ended = waitpid(-1, NULL, WNOHANG)) > 0;)
      for (int i = 0; i < count; ++i)
        if (pids[i] == ended) pids[i] = start(argv + 2);
  }
  for (int i = 0; i < count; ++i) kill(pids[i], SIGTERM);
  for (int i = 0; i < count; ++i) waitpid(pids[i], NULL, 0);
  return 0;
}
