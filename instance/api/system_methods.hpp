// SPDX-License-Identifier: MIT
#pragma once

namespace api {

class MethodTable;

/// system.listMethods, methodHelp, methodSignature and multicall, about and with the methods of `table`.
void addSystemMethods(MethodTable& table);

}  // namespace api
