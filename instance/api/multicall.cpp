// SPDX-License-Identifier: MIT
#include "instance/api/multicall.hpp"

#include <exception>
#include <new>
#include <utility>

#include "lib/core/clock.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/log.hpp"
#include "lib/xmlrpc/message.hpp"
#include "lib/xmlrpc/writer.hpp"

namespace api {
namespace {

using xmlrpc::FaultCode;

constexpr std::size_t kLargestAnswer = std::size_t{32} << 20;
constexpr core::Duration kTurn = core::milliseconds(1);

}  // namespace

/// One multicall in progress.
class Multicall::Sequence : public std::enable_shared_from_this<Sequence> {
 public:
  Sequence(Multicall& owner, xmlrpc::Array calls, core::Completion<MethodResult> done)
      : owner_(owner), calls_(std::move(calls)), done_(std::move(done)), resume_(owner.loop_, [this] { run(); }) {
    xmlrpc::Writer(out_).beginArray();
  }

  /// Runs calls until one has to be waited for, or the turn is over. A call that completes before it returns continues
  /// in this loop: a thousand calls are a thousand rounds, not a thousand stack frames.
  void run() noexcept {
    const auto self = shared_from_this();
    try {
      go();
    } catch (const std::exception& error) {
      logging::critical("system.multicall failed and its client gets no result: {}", error.what());
      giveUp();
    }
  }

 private:
  /// Completes the call that the sequence waits for, if there still is a sequence.
  class Link final : public core::Receiver<MethodResult> {
   public:
    explicit Link(std::weak_ptr<Sequence> sequence) noexcept : sequence_(std::move(sequence)) {}
    void complete(MethodResult outcome) override {
      if (const auto sequence = sequence_.lock()) sequence->complete(outcome);
    }
    void drop() noexcept override {
      if (const auto sequence = sequence_.lock()) sequence->dropped();
    }

   private:
    std::weak_ptr<Sequence> sequence_;
  };

  void go() {
    const core::Instant end = core::Clock::now() + kTurn;
    running_ = true;
    while (next_ < calls_.size() && out_.size() <= kLargestAnswer) {
      waiting_ = true;
      start(calls_[next_++]);
      if (waiting_ || core::Clock::now() >= end) {
        running_ = false;
        if (!waiting_) resume_.armIn(core::Duration::zero());
        return;
      }
    }
    finish();
  }

  void start(const xmlrpc::Value& call) {
    const xmlrpc::Value* name = call.member("methodName");
    const xmlrpc::Value* given = call.member("params");
    static const xmlrpc::Array kNone;
    if (name == nullptr || name->string() == nullptr)
      return complete(fail(FaultCode::IncorrectParameters, "No methodName"));
    if (*name->string() == "system.multicall")
      return complete(fail(FaultCode::IncorrectParameters, "Recursive system.multicall forbidden"));
    if (given != nullptr && given->array() == nullptr) return complete(fail(FaultCode::IncorrectParameters));
    core::Completion<MethodResult> done(std::make_unique<Link>(weak_from_this()));
    try {
      owner_.table_.call(*name->string(), given == nullptr ? kNone : *given->array(), done);
    } catch (const std::exception& e) {
      if (done) done(fail(FaultCode::Failed, e.what()));
    }
  }

  void complete(const MethodResult& outcome) {
    try {
      append(outcome);
    } catch (const std::exception&) {
      leaveHole();
    }
    if (!running_) run();
  }

  /// A call was dropped, in a destructor: the next one is started from the loop.
  void dropped() noexcept {
    try {
      append(core::WhenDropped<MethodResult>::value());
    } catch (const std::exception&) {
      leaveHole();
    }
    if (!running_) resume_.armIn(core::Duration::zero());
  }

  void append(const MethodResult& outcome) {
    out_ += outcome ? *outcome : xmlrpc::faultValue(outcome.error());
    waiting_ = false;
  }

  /// There is no memory for a result. The results have no names, so an answer without one of them would be wrong: the
  /// sequence ends here, and fails.
  void leaveHole() noexcept {
    next_ = calls_.size();
    incomplete_ = true;
    waiting_ = false;
  }

  /// Destroys the sequence. Dropping its completion answers the client.
  void giveUp() noexcept {
    const auto self = shared_from_this();
    resume_.disarm();
    owner_.running_.erase(self);
  }

  void finish() {
    if (incomplete_) throw std::bad_alloc();
    owner_.running_.erase(shared_from_this());
    if (out_.size() > kLargestAnswer)
      return done_(fail(FaultCode::Failed, "the answer is larger than 32 MB; make fewer calls in one request"));
    xmlrpc::Writer(out_).endArray();
    done_(std::move(out_));
  }

  Multicall& owner_;
  xmlrpc::Array calls_;
  core::Completion<MethodResult> done_;
  std::string out_;
  std::size_t next_ = 0;
  bool running_ = false;
  bool waiting_ = false;
  bool incomplete_ = false;
  core::Timer resume_;  ///< not core::Deferred, which runs before the descriptors that are ready
};

Multicall::Multicall(const MethodTable& table, core::EventLoop& loop) : table_(table), loop_(loop) {}
Multicall::~Multicall() = default;

void Multicall::run(const xmlrpc::Array& params, core::Completion<MethodResult> done) {
  const xmlrpc::Array* calls = params.front().array();
  if (calls == nullptr) return done(fail(FaultCode::IncorrectParameters, "calls must be an array"));
  (*running_.insert(std::make_shared<Sequence>(*this, *calls, std::move(done))).first)->run();
}

}  // namespace api
