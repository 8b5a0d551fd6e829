#pragma once

// What nearly every file of the house includes one way or another: compiled once for each build, it
// halves the time of the rest. Files still include what they use.

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/task.h"
