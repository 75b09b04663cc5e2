#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "measure.h"

namespace dibs::bench {

/// A directory of its own below TMPDIR, gone afterwards. Give a TMPDIR on a real disk.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    path_ = (std::filesystem::temp_directory_path() / "dibs-bench-XXXXXX").string();
    require(::mkdtemp(path_.data()) != nullptr, "a temporary directory can be made");
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace dibs::bench
