// SPDX-License-Identifier: MIT
#include "instance/api/method_table.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace api {
namespace {

/// A call in progress. An outcome that comes while the method runs is kept until it has returned. An exception destroys
/// the completion that the method holds: if that counted as an outcome, the caller could not answer the exception.
struct Pending {
  bool running = true;
  std::optional<MethodResult> early;
  core::Completion<MethodResult> done;
};

/// The completion that the method holds. Dropping it destroys the pending call, which drops the completion of the
/// caller.
class Link final : public core::Receiver<MethodResult> {
 public:
  explicit Link(std::shared_ptr<Pending> pending) noexcept : pending_(std::move(pending)) {}
  void complete(MethodResult outcome) override {
    if (pending_->running)
      pending_->early.emplace(std::move(outcome));
    else
      pending_->done(std::move(outcome));
  }
  void drop() noexcept override {}

 private:
  std::shared_ptr<Pending> pending_;
};

}  // namespace

void MethodTable::add(Method method) {
  std::string name = method.name;
  methods_.insert_or_assign(std::move(name), std::move(method));
}

const Method* MethodTable::find(std::string_view name) const noexcept {
  const auto found = methods_.find(name);
  return found == methods_.end() ? nullptr : &found->second;
}

void MethodTable::call(std::string_view name, const xmlrpc::Array& params, core::Completion<MethodResult>& done) const {
  const Method* method = find(name);
  if (method == nullptr) return done(fail(xmlrpc::FaultCode::UnknownMethod));
  const std::size_t allowed = method->signature.size() - 1;
  if (params.size() < method->required || params.size() > allowed)
    return done(fail(xmlrpc::FaultCode::IncorrectParameters));
  if (hook_) hook_();
  const auto pending = std::make_shared<Pending>();
  method->call(params, core::Completion<MethodResult>(std::make_unique<Link>(pending)));
  pending->running = false;
  if (pending->early) return done(std::move(*pending->early));
  pending->done = std::move(done);
}

}  // namespace api
