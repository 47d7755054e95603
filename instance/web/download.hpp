// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "instance/http/reply.hpp"

namespace web {

/// Answers with the log in `path` as a download called `name` (unsafe characters are replaced); 404 if there is no
/// file. Bytes that are appended meanwhile are not part of it.
void sendDownload(const std::string& path, const std::string& name, const http::Reply& reply);

}  // namespace web
