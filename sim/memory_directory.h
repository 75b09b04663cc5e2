#pragma once

#include <filesystem>

namespace dibs::sim {

/// Where files go whose flushes are not the question, and would be most of the time.
inline std::filesystem::path in_memory() {
  const std::filesystem::path memory = "/dev/shm";
  return std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
}

}  // namespace dibs::sim
