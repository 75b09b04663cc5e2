#pragma once

#include <string>
#include <vector>

namespace dibs::cli {

/// What `dibs doctor` says about one thing.
struct Finding {
  enum class Grade {
    ok,
    warn,     ///< it will sell; somebody should know
    no_go,    ///< do not sell like this
    unknown,  ///< it could not be looked at
  };
  Grade grade = Grade::ok;
  std::string what;
  std::string remedy{};  ///< what to do about it; empty when ok
};

/// The findings of one run, in order.
class Checkup {
 public:
  void add(Finding finding) { findings_.push_back(std::move(finding)); }
  [[nodiscard]] bool has(Finding::Grade grade) const;

  /// A line for each finding and the verdict, GO or NO-GO, as the last one.
  [[nodiscard]] std::string text() const;
  /// 0 for GO; 1 when something is NO-GO; 3 when nothing is and something could not be looked at.
  [[nodiscard]] int exit_status() const;

 private:
  [[nodiscard]] std::size_t count(Finding::Grade grade) const;

  std::vector<Finding> findings_;
};

}  // namespace dibs::cli
