// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "instance/http/limits.hpp"
#include "instance/http/output_buffer.hpp"
#include "instance/http/request_head.hpp"
#include "instance/http/response.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/unique_fd.hpp"

namespace state {
struct Connection;
class Outgoing;
}  // namespace state

namespace http {

class Server;
struct Gate;
struct Resumption;
class Source;

/// One client. Reads a request, passes it to a handler, writes the answer, reads the next request:
///
///   Head -> Body -> Handling -> Head ...        (Streaming instead of an answer of known length)
///   any  -> Draining -> gone                    (the last answer is sent; what the client still sends is discarded)
///
/// While an answer is pending or unsent no further request is read: a client uses the memory of one request. A body is
/// read only after its head has been authorized.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  /// How important it is when connections or memory run out, least first; of equals the oldest is closed.
  enum class Claim {
    None,      ///< closing already
    Unproven,  ///< has not sent one complete request (with a password: an authorized one)
    Idle,      ///< between two requests
    Asking,    ///< in the middle of a later request
    Taking,    ///< has not read all of an answer, or follows a stream
    Owed,      ///< waits for an answer: never closed for another one
  };

  Connection(core::EventLoop& loop, Server& server, core::UniqueFd fd, std::string peer, std::shared_ptr<Gate> gate);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Begins to watch the descriptor.
  void start();
  /// Describes it for a successor; false: it ends with this program.
  [[nodiscard]] bool save(state::Connection& saved, state::Outgoing& descriptors) const;
  /// Instead of start(), before it is anything else: continues where the connection of a predecessor was. False:
  /// `saved` contradicts itself, or its stream cannot continue.
  [[nodiscard]] bool restore(const state::Connection& saved, const Resumption& resumption);
  /// For Reply: the answer to the request that is being handled.
  void respond(Response response);
  void beginStream(Response response, std::unique_ptr<Source> source);
  void close() noexcept;
  /// Closes it after an error of ours, for example for lack of memory, and logs that.
  void giveUp(const char* why) noexcept;
  /// Closes it in favour of another one. A client in the middle of a request gets status 503.
  void giveWay();
  /// Sends the client of `fd` status 503.
  static void turnAway(int fd);

  [[nodiscard]] int descriptor() const noexcept { return fd_.get(); }
  [[nodiscard]] Gate& gate() const noexcept { return *gate_; }
  [[nodiscard]] Claim claim() const noexcept;
  /// Since when it has had its claim.
  [[nodiscard]] core::Instant since() const noexcept { return proven_ ? progress_ : born_; }
  /// The bytes of its request and answer.
  [[nodiscard]] std::size_t held() const noexcept { return held_; }

  std::list<std::shared_ptr<Connection>>::iterator place;  ///< for the server

 private:
  enum class Phase { Head, Body, Handling, Streaming, Draining, Closed };

  template <class Step>
  void guarded(const Step& step) noexcept;
  void onReady(std::uint32_t ready);
  void receive();
  void turn();
  void flush();
  [[nodiscard]] bool step();
  [[nodiscard]] bool readHead();
  [[nodiscard]] bool readBody();
  [[nodiscard]] bool restoreRequest(const state::Connection& saved, const Resumption& resumption);
  void dispatch();
  [[nodiscard]] bool pump();
  [[nodiscard]] bool skipBody();
  [[nodiscard]] bool hostAllowed();
  [[nodiscard]] bool authorized(const RequestHead& head);
  void deny(const RequestHead& head);
  void skipEmptyLines();
  void acceptHead(RequestHead head);
  void refuseHead(int status);
  void refuse(int status) { refuse(makeError(status)); }
  void refuse(Response response);
  void answer(Response response, bool keepAlive);
  void continueLater();
  void account();
  [[nodiscard]] std::size_t readLimit() const noexcept;
  void write(const Response& response, Framing framing, bool keepAlive);
  void finishAnswer(bool keepAlive);
  void startDraining();
  void watch();
  void setDeadline();
  void onTimer();

  core::EventLoop& loop_;
  Server& server_;
  const Limits& limits_;
  core::UniqueFd fd_;
  std::shared_ptr<Gate> gate_;
  Phase phase_ = Phase::Head;
  std::string in_;
  std::size_t scanned_ = 0;  ///< bytes of in_ that do not contain the end of a head
  OutputBuffer out_;
  Request request_;
  std::string peer_;
  std::unique_ptr<Source> source_;
  std::size_t bodyLength_ = 0;
  std::size_t skip_ = 0;     ///< bytes of a refused body that are still to come
  std::size_t held_ = 0;     ///< as the server knows it
  std::size_t written_ = 0;  ///< of the current answer
  int status_ = 0;           ///< of the current answer
  bool chunked_ = false;
  bool ended_ = false;    ///< the client will send nothing more
  bool closing_ = false;  ///< after what is unsent
  bool drain_ = false;    ///< the client may still be sending
  bool turning_ = false;
  bool proven_ = false;
  std::uint32_t watched_ = 0;
  core::Instant born_;
  core::Instant progress_;  ///< the last time that something moved
  core::Instant deadline_ = core::Instant::max();
  core::Instant armedFor_ = core::Instant::max();
  core::IoWatch watch_;
  core::Timer timer_;
  core::Deferred later_;
  std::optional<core::Timer> continue_;  ///< created for clients that send many requests in a row
};

}  // namespace http
