// SPDX-License-Identifier: MIT
// The functions of fmt that the readers of configuration call, compiled into the program: the shared library would
// bring the C++ runtime with it, which costs more than everything else a command does.
#define FMT_HEADER_ONLY
#include <fmt/format.h>

namespace {

[[gnu::used]] std::string (*const kVformat)(fmt::string_view, fmt::format_args) = &fmt::vformat;

}  // namespace
