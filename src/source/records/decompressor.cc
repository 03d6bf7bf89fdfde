#include "src/source/records/decompressor.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <string>

#include "src/base/check.h"

namespace avocet {
namespace {

constexpr unsigned char kGzipMagic[] = {0x1f, 0x8b};
constexpr unsigned char kZstdMagic[] = {0x28, 0xb5, 0x2f, 0xfd};
// The first byte is 0x50 to 0x5f; parallel compressors begin with such a frame.
constexpr unsigned char kZstdSkippable[] = {0x50, 0x2a, 0x4d, 0x18};

// Compares as many bytes as both have.
bool Begins(std::string_view prefix, std::span<const unsigned char> magic, unsigned first_mask) {
  for (size_t i = 0; i < std::min(prefix.size(), magic.size()); ++i) {
    const unsigned mask = i == 0 ? first_mask : 0xffU;
    if ((static_cast<unsigned char>(prefix[i]) & mask) != magic[i]) return false;
  }
  return true;
}

class GzipDecompressor : public Decompressor {
 public:
  GzipDecompressor() {
    constexpr int kGzipOnly = 16;
    AVOCET_CHECK(inflateInit2(&stream_, MAX_WBITS + kGzipOnly) == Z_OK);
  }
  GzipDecompressor(const GzipDecompressor&) = delete;
  GzipDecompressor& operator=(const GzipDecompressor&) = delete;
  ~GzipDecompressor() override { inflateEnd(&stream_); }

  Result<Step> Decompress(std::string_view in, std::span<char> out) override {
    if (at_boundary_ && any_member_ && SkipZeros(&in))
      return Step{.consumed = zeros_, .produced = 0};
    if (in.empty() || out.empty()) return Step{};
    // zlib takes what it reads as not const, and counts in unsigned int.
    constexpr size_t kMost = size_t{1} << 30;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = static_cast<uInt>(std::min(in.size(), kMost));
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(std::min(out.size(), kMost));
    const uInt in_before = stream_.avail_in, out_before = stream_.avail_out;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    const Step step{in_before - stream_.avail_in, out_before - stream_.avail_out};
    if (code == Z_STREAM_END) {
      at_boundary_ = true;
      any_member_ = true;
      inflateReset(&stream_);
      return step;
    }
    // What came out before the damage is given out first; zlib repeats the error.
    if (code != Z_OK && code != Z_BUF_ERROR && step.produced == 0) {
      return Status::Corrupt(std::string("damaged gzip data: ") +
                             (stream_.msg == nullptr ? zError(code) : stream_.msg));
    }
    at_boundary_ = at_boundary_ && step.consumed == 0;
    return step;
  }

  bool at_boundary() const override { return at_boundary_; }

 private:
  // Tapes and some tools fill the rest of a block with zeros.
  bool SkipZeros(std::string_view* in) {
    zeros_ = std::min(in->find_first_not_of('\0'), in->size());
    return zeros_ > 0;
  }

  z_stream stream_{};
  bool at_boundary_ = true;
  bool any_member_ = false;
  size_t zeros_ = 0;
};

class ZstdDecompressor : public Decompressor {
 public:
  ZstdDecompressor() : stream_(ZSTD_createDStream()) {
    AVOCET_CHECK(stream_ != nullptr);
    next_ = ZSTD_initDStream(stream_);
  }
  ZstdDecompressor(const ZstdDecompressor&) = delete;
  ZstdDecompressor& operator=(const ZstdDecompressor&) = delete;
  ~ZstdDecompressor() override { ZSTD_freeDStream(stream_); }

  Result<Step> Decompress(std::string_view in, std::span<char> out) override {
    // Without input it can still have output to give, but not at a boundary.
    if (out.empty() || (in.empty() && at_boundary_)) return Step{};
    // Block by block: an error loses whatever the same call has decompressed before.
    ZSTD_inBuffer input{in.data(), std::min(in.size(), next_), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const size_t code = ZSTD_decompressStream(stream_, &output, &input);
    if (ZSTD_isError(code) != 0) {
      return Status::Corrupt(std::string("damaged zstd data: ") + ZSTD_getErrorName(code));
    }
    at_boundary_ = code == 0 || (at_boundary_ && input.pos == 0);
    next_ = code == 0 ? ZSTD_initDStream(stream_) : code;
    return Step{input.pos, output.pos};
  }

  bool at_boundary() const override { return at_boundary_; }

 private:
  ZSTD_DStream* stream_;
  size_t next_ = 0;  // bytes that complete the next step
  bool at_boundary_ = true;
};

}  // namespace

std::optional<Compression> DetectCompression(std::string_view prefix, bool at_end) {
  const bool enough = at_end || prefix.size() >= kMagicBytes;
  if (Begins(prefix, kGzipMagic, 0xff)) {
    if (prefix.size() >= sizeof kGzipMagic) return Compression::kGzip;
    return enough ? std::optional(Compression::kNone) : std::nullopt;
  }
  if (Begins(prefix, kZstdMagic, 0xff) || Begins(prefix, kZstdSkippable, 0xf0)) {
    if (prefix.size() >= kMagicBytes) return Compression::kZstd;
    return enough ? std::optional(Compression::kNone) : std::nullopt;
  }
  return Compression::kNone;
}

std::unique_ptr<Decompressor> MakeDecompressor(Compression compression) {
  AVOCET_CHECK(compression != Compression::kNone);
  if (compression == Compression::kGzip) return std::make_unique<GzipDecompressor>();
  return std::make_unique<ZstdDecompressor>();
}

}  // namespace avocet
