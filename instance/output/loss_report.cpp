// SPDX-License-Identifier: MIT
#include "instance/output/loss_report.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include "lib/core/log.hpp"

namespace output {
namespace {
constexpr core::seconds kQuiet{1};
}

LossReport::~LossReport() {
  if (bytes_ > 0) logging::warn("{}: {} bytes were lost", name_, bytes_);
}

void LossReport::restore(std::uint64_t bytes, bool full) noexcept {
  bytes_ = bytes;
  full_ = full;
  troubled_ = true;
  last_ = core::Clock::now();
}

void LossReport::lost(int code, std::size_t bytes) noexcept {
  bytes_ += bytes;
  full_ = code == EAGAIN;
  if (full_) last_ = core::Clock::now();
  if (std::exchange(troubled_, true)) return;
  if (full_)
    logging::error("{}: its reader is too slow; output that does not fit is discarded until it catches up", name_);
  else
    logging::error("{}: cannot write: {}; output is discarded until it is writable again", name_,
                   code != 0 ? ::strerrordesc_np(code) : "the file was removed");
}

void LossReport::worked() noexcept {
  if (!troubled_ || (full_ && core::Clock::now() - last_ < kQuiet)) return;
  troubled_ = false;
  logging::warn("{}: works again, {} bytes were lost", name_, std::exchange(bytes_, 0));
}

}  // namespace output
