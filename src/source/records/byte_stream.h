// ByteStream: the bytes of a file or pipe, decompressed when its first bytes ask for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "src/base/status.h"
#include "src/source/records/decompressor.h"

namespace avocet {

/// Owned by one thread.
class ByteStream {
 public:
  /// Reads the next raw bytes; 0 means nothing more at the moment.
  using ReadRaw = std::function<Result<size_t>(std::span<char>)>;

  /// `known`: the compression, when it need not be found out from the first bytes.
  explicit ByteStream(ReadRaw read_raw, std::optional<Compression> known = std::nullopt);

  /// Up to out.size() bytes; 0 when there is nothing more at the moment. `at_end` says that raw
  /// bytes that are not there will never come. kCorrupt: the compressed data is damaged, or at_end
  /// and it stops in the middle; other errors are those of ReadRaw.
  Result<size_t> Read(std::span<char> out, bool at_end);

  /// Raw bytes taken so far.
  uint64_t raw_bytes() const { return raw_bytes_; }
  /// No raw bytes wait to be given out, and no compressed member or frame is open.
  bool at_boundary() const {
    return raw_begin_ == raw_.size() && (decompressor_ == nullptr || decompressor_->at_boundary());
  }
  /// Nothing while there are too few bytes to tell.
  std::optional<Compression> compression() const { return compression_; }

 private:
  Result<size_t> FillRaw();
  Result<size_t> ReadPlain(std::span<char> out);
  Result<size_t> ReadCompressed(std::span<char> out, bool at_end);

  ReadRaw read_raw_;
  std::optional<Compression> compression_;
  std::unique_ptr<Decompressor> decompressor_;
  std::string raw_;  // bytes taken and not given out or decompressed: raw_[raw_begin_, ...)
  size_t raw_begin_ = 0;
  uint64_t raw_bytes_ = 0;
};

}  // namespace avocet
