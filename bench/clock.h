// SPDX-License-Identifier: MIT
// The clock of the benchmark's programs.
#pragma once
#include <time.h>

/// Seconds of the monotonic clock.
static inline double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
