// SPDX-License-Identifier: MIT
#include "instance/handover/image.hpp"

#include <unistd.h>

#include <utility>

namespace handover {

Image::Image(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {}

char* const* Image::arguments() {
  argumentPointers_.clear();
  for (auto& argument : arguments_) argumentPointers_.push_back(argument.data());
  argumentPointers_.push_back(nullptr);
  return argumentPointers_.data();
}

char* const* Image::environment() {
  environmentPointers_.clear();
  for (char** variable = environ; *variable != nullptr; ++variable) environmentPointers_.push_back(*variable);
  for (auto& text : texts_) environmentPointers_.push_back(text.data());
  environmentPointers_.push_back(nullptr);
  return environmentPointers_.data();
}

}  // namespace handover
