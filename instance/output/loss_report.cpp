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

void LossReport::lost(int code, std::size_t bytes) noexcept {
  bytes_ += bytes;
  full_ = code == EAGAIN;
  if (full_) last_ = core::Clock::now();
  if (std::exchange(troubled_, true)) return;
  if (full_)
    logging::error("{}: its reader takes no more for now; output that does not fit is lost", name_);
  else
    logging::error("{}: cannot write: {}; output is lost until this is mended", name_,
                   code != 0 ? ::strerrordesc_np(code) : "it is gone");
}

void LossReport::worked() noexcept {
  if (!troubled_ || (full_ && core::Clock::now() - last_ < kQuiet)) return;
  troubled_ = false;
  logging::warn("{}: works again, {} bytes were lost", name_, std::exchange(bytes_, 0));
}

}  // namespace output
