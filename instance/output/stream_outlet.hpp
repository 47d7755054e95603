// SPDX-License-Identifier: MIT
#pragma once

#include "instance/output/open_target.hpp"
#include "instance/output/outlet.hpp"

namespace output {

/// Writes to a terminal, pipe, FIFO, socket, device or shared file without ever blocking. O_NONBLOCK belongs to the
/// open file description, which others share where the target is a duplicate: there poll() is called before each
/// small write instead.
///
/// While the target is full, whole lines of up to PIPE_BUF bytes are written in one piece, so that lines of other
/// processes that write to the same pipe are not mixed in.
class StreamOutlet final : public Outlet {
 public:
  StreamOutlet(Outlets& all, Target target);
  ~StreamOutlet() override { unwatch(); }

  [[nodiscard]] bool keepsLines() const noexcept override { return !device_ && Outlet::keepsLines(); }
  [[nodiscard]] std::string path() const override { return target_.path; }
  /// What is in a FIFO without a reader is gone when the last one closes it.
  [[nodiscard]] int keeper() const noexcept override { return fifo_ ? target_.fd.get() : -1; }

 private:
  Sent send(Source& source, std::string_view bytes, std::time_t when) noexcept override;
  [[nodiscard]] int descriptor() const noexcept override { return target_.fd.get(); }
  [[nodiscard]] std::string_view piece(std::string_view bytes) const noexcept;
  [[nodiscard]] ssize_t write(std::string_view bytes) noexcept;
  [[nodiscard]] ssize_t writeWhenReady(std::string_view bytes) noexcept;
  [[nodiscard]] bool isRead() noexcept;
  [[nodiscard]] bool keepForNextReader() noexcept;

  Target target_;
  bool fifo_;    ///< made by name, and we read it ourselves while nobody else does
  bool device_;  ///< not a terminal: /dev/null and the like
  bool terminal_;
  bool tight_ = false;  ///< it was full lately
  bool tryNoWait_;      ///< the kernel may know a write that does not wait, whatever the description says
};

}  // namespace output
