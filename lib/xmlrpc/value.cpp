// SPDX-License-Identifier: MIT
#include "lib/xmlrpc/value.hpp"

namespace xmlrpc {

const Value* Value::member(std::string_view name) const {
  const Struct* members = structure();
  if (members == nullptr) return nullptr;
  // From the end: of two members with the same name, the last one counts, as in a Python dict.
  for (auto it = members->rbegin(); it != members->rend(); ++it)
    if (it->first == name) return &it->second;
  return nullptr;
}

}  // namespace xmlrpc
