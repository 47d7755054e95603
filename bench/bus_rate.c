// SPDX-License-Identifier: MIT
// Calls METHOD of the manager repeatedly for SECONDS, and prints the number of answered calls per second.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "clock.h"

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  sd_bus* bus = NULL;
  if (sd_bus_new(&bus) < 0 || sd_bus_set_address(bus, argv[1]) < 0 || sd_bus_set_bus_client(bus, 1) < 0 ||
      sd_bus_start(bus) < 0)
    return 1;
  const double start = now(), seconds = atof(argv[3]);
  long count = 0;
  double passed = 0;
  do {
    sd_bus_message* reply = NULL;
    const int r = sd_bus_call_method(bus, "org.supervisormanager1", "/org/supervisormanager1",
                                     "org.supervisormanager1.Manager", argv[2], NULL, &reply, "");
    if (r < 0) {
      fprintf(stderr, "%s: %s\n", argv[2], strerror(-r));
      return 1;
    }
    sd_bus_message_unref(reply);
    count++;
    passed = now() - start;
  } while (passed < seconds);
  printf("%.3f\n", (double)count / passed);
  sd_bus_unref(bus);
  return 0;
}
