// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "instance/http/reply.hpp"

namespace web {

/// Answers with the log in `path` as a file to keep, called `name` as far as that is safe for a file system; 404 if
/// there is none. What is added meanwhile is not part of it.
void sendDownload(const std::string& path, const std::string& name, const http::Reply& reply);

}  // namespace web
