// RecordOutput: where simulate and replay write their records.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/env/env.h"

namespace avocet {

/// Buffers. An error is kCancelled when standard output has no reader any more, which is a reason
/// to end and not a fault. Owned by one thread.
class RecordOutput {
 public:
  /// "-" is standard output, anything else a file, which is replaced.
  static Result<RecordOutput> Open(const std::string& path);

  Status Append(std::string_view bytes);
  Status Flush();
  /// Flushes and closes.
  Status Close();

 private:
  static constexpr size_t kBufferBytes = size_t{256} << 10;

  explicit RecordOutput(std::unique_ptr<WritableFile> file) : file_(std::move(file)) {}

  std::unique_ptr<WritableFile> file_;
  std::string buffer_;
};

/// A line on standard error that is written over, for a person who watches; at most twice a second.
class WatchLine {
 public:
  /// Shows nothing when standard error is no terminal, or `show` is false.
  explicit WatchLine(bool show);
  ~WatchLine();
  /// True when it is time for a new text.
  bool IsDue();
  void Show(std::string_view text);

 private:
  bool show_;
  std::chrono::nanoseconds shown_at_{0};
};

}  // namespace avocet
