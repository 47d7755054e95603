// SPDX-License-Identifier: MIT
// Compiles the functions of fmt that the readers of configuration call into the program. The shared library of fmt
// needs the shared C++ runtime, and loading that takes longer than everything else that a command does.
#define FMT_HEADER_ONLY
#include <fmt/format.h>

namespace {

[[gnu::used]] std::string (*const kVformat)(fmt::string_view, fmt::format_args) = &fmt::vformat;

}  // namespace
