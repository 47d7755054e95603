// SPDX-License-Identifier: MIT
#pragma once

#include "instance/output/rotating_file.hpp"
