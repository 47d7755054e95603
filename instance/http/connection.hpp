// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "instance/http/limits.hpp"
#include "instance/http/output_buffer.hpp"
#include "instance/http/request_head.hpp"
#include "instance/http/response.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/unique_fd.hpp"

namespace http {

class Authenticator;
class Server;
class Source;

/// One client. Reads a request, has it answered (now or later), writes the answer, reads the next one:
///
///   Head -> Body -> Handling -> Head ...        (Streaming instead of an answer of known length)
///   any  -> Draining -> gone                    (the last answer is out; what the client still sends is thrown away)
///
/// While an answer is pending or unsent no further request is read, so that a client costs one request at a time.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(core::EventLoop& loop, Server& server, core::UniqueFd fd, std::string peer,
             std::shared_ptr<Authenticator> authenticator);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Begins to watch the descriptor.
  void start();
  /// For Reply: the answer to the request that is being handled.
  void respond(Response response);
  void beginStream(Response response, std::unique_ptr<Source> source);
  /// Nothing is asked and nothing is owed.
  [[nodiscard]] bool idle() const noexcept { return phase_ == Phase::Head && in_.empty() && out_.empty(); }
  void close() noexcept;

  std::list<std::shared_ptr<Connection>>::iterator place;  ///< for the server

 private:
  enum class Phase { Head, Body, Handling, Streaming, Draining, Closed };

  void onReady(std::uint32_t ready);
  void receive();
  void turn();
  void flush();
  [[nodiscard]] bool step();
  [[nodiscard]] bool readHead();
  [[nodiscard]] bool readBody();
  [[nodiscard]] bool pump();
  [[nodiscard]] bool authorized(const Request& request);
  void skipEmptyLines();
  void acceptHead(RequestHead head);
  void refuseHead(int status);
  void refuse(int status);
  void write(const Response& response, Framing framing, bool keepAlive);
  void finishAnswer(bool keepAlive);
  void startDraining();
  void watch();
  void setDeadline();
  void onTimer();

  Server& server_;
  const Limits& limits_;
  core::UniqueFd fd_;
  std::shared_ptr<Authenticator> authenticator_;
  Phase phase_ = Phase::Head;
  std::string in_;
  std::size_t scanned_ = 0;  ///< of in_, without the end of a head
  OutputBuffer out_;
  Request request_;
  std::string peer_;
  std::unique_ptr<Source> source_;
  std::size_t bodyLength_ = 0;
  std::size_t written_ = 0;  ///< of the current answer
  int status_ = 0;           ///< of the current answer
  bool chunked_ = false;
  bool ended_ = false;    ///< the client will send nothing more
  bool closing_ = false;  ///< after what is unsent
  bool drain_ = false;    ///< the client may still be sending
  bool turning_ = false;
  std::uint32_t watched_ = 0;
  core::Instant progress_;  ///< the last time that something moved
  core::Instant deadline_ = core::Instant::max();
  core::Instant armedFor_ = core::Instant::max();
  core::IoWatch watch_;
  core::Timer timer_;
  core::Deferred later_;
};

}  // namespace http
