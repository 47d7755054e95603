// SPDX-License-Identifier: MIT
#pragma once

#include "lib/core/spawn.hpp"

namespace core {

/// Says supervisorsWords() in pieces to `say`, whose first argument is `listener`. Allocates nothing: a child calls it
/// between fork and exec.
void tellFailure(const SpawnSpec& spec, const SpawnError& error, void (*say)(void* listener, const char* piece),
                 void* listener);

}  // namespace core
