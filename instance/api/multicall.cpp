// SPDX-License-Identifier: MIT
#include "instance/api/multicall.hpp"

#include <exception>
#include <memory>
#include <utility>

#include "lib/xmlrpc/message.hpp"
#include "lib/xmlrpc/writer.hpp"

namespace api {
namespace {

using xmlrpc::FaultCode;

/// One multicall on its way. The completion of the call that is waited for keeps it alive.
class Sequence : public std::enable_shared_from_this<Sequence> {
 public:
  Sequence(const MethodTable& table, xmlrpc::Array calls, Completion done)
      : table_(table), calls_(std::move(calls)), done_(std::move(done)) {
    xmlrpc::Writer(out_).beginArray();
  }

  /// Runs calls until one has to be waited for. A call that completes at once returns to this loop: a thousand calls
  /// are a thousand rounds, not a thousand stack frames.
  void run() {
    running_ = true;
    while (next_ < calls_.size()) {
      waiting_ = true;
      start(calls_[next_++]);
      if (waiting_) {
        running_ = false;
        return;
      }
    }
    xmlrpc::Writer(out_).endArray();
    done_(std::move(out_));
  }

 private:
  void start(const xmlrpc::Value& call) {
    const xmlrpc::Value* name = call.member("methodName");
    const xmlrpc::Value* given = call.member("params");
    static const xmlrpc::Array none;
    if (name == nullptr || name->string() == nullptr)
      return complete(fail(FaultCode::IncorrectParameters, "No methodName"));
    if (*name->string() == "system.multicall")
      return complete(fail(FaultCode::IncorrectParameters, "Recursive system.multicall forbidden"));
    if (given != nullptr && given->array() == nullptr) return complete(fail(FaultCode::IncorrectParameters));
    try {
      table_.call(*name->string(), given == nullptr ? none : *given->array(),
                  [self = shared_from_this()](const Outcome& outcome) { self->complete(outcome); });
    } catch (const std::exception& e) {
      complete(fail(FaultCode::Failed, e.what()));
    }
  }

  void complete(const Outcome& outcome) {
    out_ += outcome ? *outcome : xmlrpc::faultValue(outcome.error());
    waiting_ = false;
    if (!running_) run();
  }

  const MethodTable& table_;
  xmlrpc::Array calls_;
  Completion done_;
  std::string out_;
  std::size_t next_ = 0;
  bool running_ = false;
  bool waiting_ = false;
};

}  // namespace

void multicall(const MethodTable& table, const xmlrpc::Array& params, Completion done) {
  const xmlrpc::Array* calls = params.front().array();
  if (calls == nullptr) return done(fail(FaultCode::IncorrectParameters, "calls must be an array"));
  std::make_shared<Sequence>(table, *calls, std::move(done))->run();
}

}  // namespace api
