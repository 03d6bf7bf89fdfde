// The first bytes choose format, record limit and the sizes of the pieces; the rest is the stream.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "test/fuzz/split_property.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kControlBytes = 3;
  if (size < kControlBytes) return 0;
  avocet::SplitOptions options;
  options.format = static_cast<avocet::InputFormat>(data[0] & 3U);
  options.hint = static_cast<avocet::InputFormat>((data[0] >> 2U) & 3U);
  options.max_record_bytes = 1U + data[1];
  uint32_t state = data[2] * 2654435761U + 1;
  const uint32_t most = 1U + (data[2] & 31U);
  const std::string_view stream(reinterpret_cast<const char*>(data) + kControlBytes,
                                size - kControlBytes);
  const auto next_piece = [&] {
    state = state * 1664525U + 1013904223U;
    return (state >> 16U) % most;
  };
  const avocet::SplitTranscript whole = avocet::SplitAtOnce(stream, options);
  if (avocet::SplitInPieces(stream, options, 0, next_piece) != whole) std::abort();
  if (avocet::SplitInPieces(stream, options, 2, next_piece) != whole) std::abort();
  return 0;
}
