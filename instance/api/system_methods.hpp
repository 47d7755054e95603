// SPDX-License-Identifier: MIT
#pragma once

namespace core {
class EventLoop;
}

namespace api {

class MethodTable;

/// system.listMethods, methodHelp, methodSignature and multicall, about and with the methods of `table`. Both
/// must outlive the calls.
void addSystemMethods(MethodTable& table, core::EventLoop& loop);

}  // namespace api
