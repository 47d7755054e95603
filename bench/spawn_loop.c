// SPDX-License-Identifier: MIT
// The limit for spawning: forks and execs COUNT programs as fast as the system can, each with the three pipes that a
// supervisor needs, and waits until all have executed their program, which a supervisor waits for, too; then ends them
// all. Prints the seconds that each of the two took.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <signal.h>
#include <sys/wait.h>

#include "clock.h"

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const int count = atoi(argv[1]);
  pid_t* pids = calloc((size_t)count, sizeof *pids);
  int executed[2];  // closed by exec, so that its other end is at its end when nobody has still to execute anything
  if (pipe2(executed, 02000000 /* O_CLOEXEC */) != 0) return 1;
  const double start = now();
  for (int i = 0; i < count; ++i) {
    int pipes[3][2];
    for (int p = 0; p < 3; ++p)
      if (pipe2(pipes[p], 02000000 /* O_CLOEXEC */) != 0) return 1;
    pids[i] = fork();
    if (pids[i] < 0) return 1;
    if (pids[i] == 0) {
      setpgid(0, 0);
      dup2(pipes[0][0], 0);
      dup2(pipes[1][1], 1);
      dup2(pipes[2][1], 2);
      execvp(argv[2], argv + 2);
      _exit(127);
    }
    close(pipes[0][0]);
    close(pipes[1][1]);
    close(pipes[2][1]);
  }
  close(executed[1]);
  char nothing;
  if (read(executed[0], &nothing, 1) != 0) return 1;
  const double spawned = now();
  for (int i = 0; i < count; ++i) kill(pids[i], SIGTERM);
  for (int i = 0; i < count; ++i) waitpid(pids[i], NULL, 0);
  printf("%.6f %.6f\n", spawned - start, now() - spawned);
  free(pids);
  return 0;
}
