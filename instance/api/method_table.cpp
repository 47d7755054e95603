// SPDX-License-Identifier: MIT
#include "instance/api/method_table.hpp"

#include <utility>

namespace api {

void MethodTable::add(Method method) {
  std::string name = method.name;
  methods_.insert_or_assign(std::move(name), std::move(method));
}

const Method* MethodTable::find(std::string_view name) const noexcept {
  const auto found = methods_.find(name);
  return found == methods_.end() ? nullptr : &found->second;
}

void MethodTable::call(std::string_view name, const xmlrpc::Array& params, Completion done) const {
  const Method* method = find(name);
  if (method == nullptr) return done(fail(xmlrpc::FaultCode::UnknownMethod));
  const std::size_t allowed = method->signature.size() - 1;
  if (params.size() < method->required || params.size() > allowed)
    return done(fail(xmlrpc::FaultCode::IncorrectParameters));
  if (hook_) hook_();
  method->call(params, std::move(done));
}

}  // namespace api
