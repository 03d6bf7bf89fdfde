// RecordOutput: a file, or standard output, that records are written to.
#pragma once

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

}  // namespace avocet
