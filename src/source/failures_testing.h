// Failures that the fakes of remote services are told to have. Only tests include it.
#pragma once

#include <deque>
#include <utility>
#include <vector>

#include "src/base/status.h"

namespace avocet {

/// Answers of the next calls, one after the other; Ok when there are no more.
class ScriptedFailures {
 public:
  void Set(const std::vector<Status>& failures) { left_.assign(failures.begin(), failures.end()); }
  Status Take() {
    if (left_.empty()) return Status::Ok();
    Status failure = std::move(left_.front());
    left_.pop_front();
    return failure;
  }

 private:
  std::deque<Status> left_;
};

}  // namespace avocet
