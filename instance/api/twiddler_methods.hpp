// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

namespace config {
struct Configuration;
struct RpcInterface;
}  // namespace config
namespace process {
class Table;
}

namespace api {

class MethodTable;

/// The methods of one `[rpcinterface:NAME]` section with twiddler's factory, in the namespace NAME. `base` returns the
/// configuration as it was last read.
void addTwiddlerMethods(MethodTable& methods, process::Table& programs,
                        std::function<const config::Configuration&()> base, const config::RpcInterface& interface);

}  // namespace api
