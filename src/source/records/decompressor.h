// Decompressor: gzip and zstd, one piece at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "src/base/status.h"

namespace avocet {

enum class Compression { kNone, kGzip, kZstd };

/// So many bytes of a file are enough to know its compression.
inline constexpr size_t kMagicBytes = 4;

/// The compression of a file that begins with `prefix`, or nothing while more bytes could change
/// the answer. `at_end`: there are no more bytes.
std::optional<Compression> DetectCompression(std::string_view prefix, bool at_end);

/// Decompresses a stream of any number of gzip members or zstd frames. Owned by one thread.
class Decompressor {
 public:
  struct Step {
    size_t consumed = 0;
    size_t produced = 0;
  };

  virtual ~Decompressor() = default;
  /// Decompresses some of `in` into `out`. No progress means that it needs more of what is empty.
  /// kCorrupt: the bytes are damaged, and nothing more can be read.
  virtual Result<Step> Decompress(std::string_view in, std::span<char> out) = 0;
  /// True between two members or frames: the stream may end here.
  virtual bool at_boundary() const = 0;
};

/// REQUIRES: `compression` is not kNone.
std::unique_ptr<Decompressor> MakeDecompressor(Compression compression);

}  // namespace avocet
