#include "src/source/records/byte_stream.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace avocet {
namespace {

constexpr size_t kRawPieceBytes = size_t{256} << 10;

}  // namespace

ByteStream::ByteStream(ReadRaw read_raw, std::optional<Compression> known)
    : read_raw_(std::move(read_raw)), compression_(known) {}

Result<size_t> ByteStream::Read(std::span<char> out, bool at_end) {
  while (!compression_.has_value()) {
    compression_ = DetectCompression(raw_, false);
    if (compression_.has_value()) break;
    AVOCET_ASSIGN_OR_RETURN(const size_t size, FillRaw());
    if (size > 0) continue;
    if (!at_end) return size_t{0};
    compression_ = DetectCompression(raw_, true);
  }
  if (*compression_ == Compression::kNone) return ReadPlain(out);
  if (decompressor_ == nullptr) decompressor_ = MakeDecompressor(*compression_);
  return ReadCompressed(out, at_end);
}

// Appends to raw_: few bytes while the compression is unknown, so that plain bytes are not copied.
Result<size_t> ByteStream::FillRaw() {
  if (raw_begin_ == raw_.size()) {
    raw_.clear();
    raw_begin_ = 0;
  }
  const size_t before = raw_.size();
  raw_.resize(before + (compression_.has_value() ? kRawPieceBytes : kMagicBytes));
  Result<size_t> size = read_raw_({raw_.data() + before, raw_.size() - before});
  raw_.resize(before + (size.ok() ? *size : 0));
  if (size.ok()) raw_bytes_ += *size;
  return size;
}

Result<size_t> ByteStream::ReadPlain(std::span<char> out) {
  if (raw_begin_ < raw_.size()) {
    const size_t size = std::min(out.size(), raw_.size() - raw_begin_);
    std::memcpy(out.data(), raw_.data() + raw_begin_, size);
    raw_begin_ += size;
    return size;
  }
  Result<size_t> size = read_raw_(out);
  if (size.ok()) raw_bytes_ += *size;
  return size;
}

Result<size_t> ByteStream::ReadCompressed(std::span<char> out, bool at_end) {
  while (true) {
    const std::string_view in = std::string_view(raw_).substr(raw_begin_);
    AVOCET_ASSIGN_OR_RETURN(const Decompressor::Step step, decompressor_->Decompress(in, out));
    raw_begin_ += step.consumed;
    if (step.produced > 0) return step.produced;
    if (step.consumed > 0) continue;
    AVOCET_ASSIGN_OR_RETURN(const size_t size, FillRaw());
    if (size > 0) continue;
    if (at_end && !(decompressor_->at_boundary() && raw_begin_ == raw_.size())) {
      return Status::Corrupt("the compressed data stops in the middle");
    }
    return size_t{0};
  }
}

}  // namespace avocet
