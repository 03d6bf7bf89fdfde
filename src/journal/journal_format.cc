#include "src/journal/journal_format.h"

#include <bit>
#include <charconv>
#include <cstring>

#include "src/base/check.h"
#include "src/base/hash.h"

namespace avocet {
namespace {

static_assert(std::endian::native == std::endian::little, "segments are written as they are held");

constexpr std::string_view kMagic = "AVOCETJ1";
constexpr std::string_view kSuffix = ".journal";
constexpr size_t kNameDigits = 20;
constexpr uint32_t kVersion = 1;
constexpr size_t kHeaderCopyBytes = kSegmentHeaderBytes / 2;

// Offsets within a frame.
constexpr size_t kKindAt = 0;
constexpr size_t kBodySizeAt = 4;
constexpr size_t kChecksumAt = 8;
constexpr size_t kRecordAt = 16;
constexpr size_t kNumRecordsAt = 24;
constexpr size_t kLabelSizeAt = 28;

template <typename T>
T Load(std::string_view bytes, size_t at) {
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

template <typename T>
void Store(T value, size_t at, char* bytes) {
  std::memcpy(bytes + at, &value, sizeof value);
}

// Covers everything but itself: kind and size through the seed, the body through `body_hash`.
uint64_t FrameChecksum(std::string_view header, uint64_t body_hash, uint64_t salt) {
  const uint64_t prefix = Load<uint64_t>(header, kKindAt);
  return Hash64(header.substr(kRecordAt, kFrameHeaderBytes - kRecordAt), body_hash ^ prefix ^ salt);
}

std::string MakeFrame(FrameKind kind, uint64_t record, std::string_view body, uint64_t salt) {
  std::string frame(kFrameHeaderBytes, '\0');
  Store(static_cast<uint32_t>(kind), kKindAt, frame.data());
  Store(static_cast<uint32_t>(body.size()), kBodySizeAt, frame.data());
  Store(record, kRecordAt, frame.data());
  Store(FrameChecksum(frame, Hash64(body), salt), kChecksumAt, frame.data());
  return frame.append(body);
}

}  // namespace

std::string EncodeSegmentHeader(const SegmentHeader& header) {
  std::string copy(kHeaderCopyBytes, '\0');
  std::memcpy(copy.data(), kMagic.data(), kMagic.size());
  Store(kVersion, 8, copy.data());
  Store(header.first_record, 16, copy.data());
  Store(header.created_us, 24, copy.data());
  Store(header.salt, 32, copy.data());
  Store(Checksum64(std::string_view(copy).substr(0, 40)), 40, copy.data());
  return copy + copy;
}

std::optional<SegmentHeader> ParseSegmentHeader(std::string_view bytes) {
  for (const size_t begin : {size_t{0}, kHeaderCopyBytes}) {
    if (bytes.size() < begin + kHeaderCopyBytes) return std::nullopt;
    const std::string_view copy = bytes.substr(begin, kHeaderCopyBytes);
    if (!copy.starts_with(kMagic) || Load<uint32_t>(copy, 8) != kVersion) continue;
    if (Load<uint64_t>(copy, 40) != Checksum64(copy.substr(0, 40))) continue;
    return SegmentHeader{Load<uint64_t>(copy, 16), Load<int64_t>(copy, 24),
                         Load<uint64_t>(copy, 32)};
  }
  return std::nullopt;
}

std::string GroupFrame(uint64_t first_record, uint64_t synced_bytes, uint64_t salt) {
  char body[sizeof synced_bytes];
  Store(synced_bytes, 0, body);
  return MakeFrame(FrameKind::kGroup, first_record, {body, sizeof body}, salt);
}

std::string SealFrame(uint64_t end_record, uint64_t salt) {
  return MakeFrame(FrameKind::kSeal, end_record, {}, salt);
}

void AppendEntryFrame(std::string_view label, std::string_view payload, uint32_t num_records,
                      std::string* out) {
  const size_t body_size = label.size() + payload.size();
  AVOCET_CHECK(num_records > 0 && body_size <= kMaxFrameBodyBytes);
  const size_t begin = out->size();
  out->append(kFrameHeaderBytes, '\0').append(label).append(payload);
  char* header = out->data() + begin;
  Store(static_cast<uint32_t>(FrameKind::kEntry), kKindAt, header);
  Store(static_cast<uint32_t>(body_size), kBodySizeAt, header);
  Store(num_records, kNumRecordsAt, header);
  Store(static_cast<uint32_t>(label.size()), kLabelSizeAt, header);
  // The hash of the body waits here until the record number is known.
  Store(Hash64(std::string_view(*out).substr(begin + kFrameHeaderBytes)), kChecksumAt, header);
}

uint64_t NumberEntryFrames(uint64_t first_record, uint64_t salt, std::span<char> frames) {
  for (size_t at = 0; at < frames.size();) {
    char* header = frames.data() + at;
    const std::string_view view(header, kFrameHeaderBytes);
    Store(first_record, kRecordAt, header);
    Store(FrameChecksum(view, Load<uint64_t>(view, kChecksumAt), salt), kChecksumAt, header);
    first_record += Load<uint32_t>(view, kNumRecordsAt);
    at += kFrameHeaderBytes + Load<uint32_t>(view, kBodySizeAt);
  }
  return first_record;
}

std::optional<size_t> FrameSize(std::string_view bytes) {
  if (bytes.size() < kFrameHeaderBytes) return std::nullopt;
  const auto kind = static_cast<FrameKind>(Load<uint32_t>(bytes, kKindAt));
  if (kind != FrameKind::kEntry && kind != FrameKind::kGroup && kind != FrameKind::kSeal) {
    return std::nullopt;
  }
  const auto body_size = Load<uint32_t>(bytes, kBodySizeAt);
  if (body_size > kMaxFrameBodyBytes) return std::nullopt;
  return kFrameHeaderBytes + body_size;
}

std::optional<Frame> ParseFrame(std::string_view bytes, uint64_t salt) {
  const std::optional<size_t> size = FrameSize(bytes);
  if (!size.has_value() || bytes.size() < *size) return std::nullopt;
  const std::string_view body = bytes.substr(kFrameHeaderBytes, *size - kFrameHeaderBytes);
  const uint64_t checksum = FrameChecksum(bytes, Hash64(body), salt);
  if (Load<uint64_t>(bytes, kChecksumAt) != checksum) return std::nullopt;
  Frame frame;
  frame.kind = static_cast<FrameKind>(Load<uint32_t>(bytes, kKindAt));
  frame.first_record = Load<uint64_t>(bytes, kRecordAt);
  if (frame.kind == FrameKind::kGroup) {
    if (body.size() != sizeof frame.synced_bytes) return std::nullopt;
    frame.synced_bytes = Load<uint64_t>(body, 0);
  }
  if (frame.kind != FrameKind::kEntry) return frame;
  frame.num_records = Load<uint32_t>(bytes, kNumRecordsAt);
  const auto label_size = Load<uint32_t>(bytes, kLabelSizeAt);
  if (label_size > body.size() || frame.num_records == 0) return std::nullopt;
  frame.label = body.substr(0, label_size);
  frame.payload = body.substr(label_size);
  return frame;
}

std::string SegmentName(uint64_t first_record) {
  const std::string digits = std::to_string(first_record);
  return std::string(kNameDigits - digits.size(), '0') + digits + std::string(kSuffix);
}

std::optional<uint64_t> ParseSegmentName(std::string_view name) {
  if (name.size() != kNameDigits + kSuffix.size() || !name.ends_with(kSuffix)) return std::nullopt;
  uint64_t record = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + kNameDigits, record);
  if (error != std::errc() || end != name.data() + kNameDigits) return std::nullopt;
  return record;
}

}  // namespace avocet
