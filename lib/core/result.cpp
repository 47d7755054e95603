// SPDX-License-Identifier: MIT
#include "lib/core/result.hpp"

#include <cstring>

namespace core {

Err<Error> sysError(std::string what, int errnum) {
  what += ": ";
  what += ::strerrordesc_np(errnum) ? ::strerrordesc_np(errnum) : "unknown error";
  return Err{Error{std::move(what), errnum}};
}

}  // namespace core
