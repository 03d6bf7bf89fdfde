// The bytes of journal segments; docs/formats/journal.md describes them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace avocet {

/// Two copies of the same 48 bytes: one damaged byte must not cost a whole segment.
inline constexpr size_t kSegmentHeaderBytes = 96;
inline constexpr size_t kFrameHeaderBytes = 32;
/// No frame has a larger body, so a damaged size cannot ask for much memory.
inline constexpr uint32_t kMaxFrameBodyBytes = uint32_t{256} << 20;

enum class FrameKind : uint32_t {
  kEntry = 0x454A5641,  ///< "AVJE": label and payload of some records
  kGroup = 0x474A5641,  ///< "AVJG": begins what was written and synced together
  kSeal = 0x5A4A5641,   ///< "AVJZ": the segment is complete
};

struct Frame {
  FrameKind kind = FrameKind::kEntry;
  uint64_t first_record = 0;  ///< of a seal: the number after the last record
  uint32_t num_records = 0;   ///< of an entry
  std::string_view label;     ///< of an entry
  std::string_view payload;   ///< of an entry
  uint64_t synced_bytes = 0;  ///< of a group: so much of the segment was durable before it
};

struct SegmentHeader {
  uint64_t first_record = 0;
  int64_t created_us = 0;
  /// Part of every checksum. Random, so that no payload can pass for a frame.
  uint64_t salt = 0;
};
std::string EncodeSegmentHeader(const SegmentHeader& header);
/// Nothing when neither copy is valid.
std::optional<SegmentHeader> ParseSegmentHeader(std::string_view bytes);

std::string GroupFrame(uint64_t first_record, uint64_t synced_bytes, uint64_t salt);
std::string SealFrame(uint64_t end_record, uint64_t salt);

/// Appends an entry whose record number is not known yet. REQUIRES: label and payload together have
/// at most kMaxFrameBodyBytes, and num_records is not 0.
void AppendEntryFrame(std::string_view label, std::string_view payload, uint32_t num_records,
                      std::string* out);
/// Completes the entries in `frames`, made by AppendEntryFrame: numbers them on from
/// `first_record`. Returns the number after the last. Once for the same bytes.
uint64_t NumberEntryFrames(uint64_t first_record, uint64_t salt, std::span<char> frames);

/// Size of the frame that begins with `bytes`, by its header alone; nothing when the header is
/// incomplete or impossible.
std::optional<size_t> FrameSize(std::string_view bytes);
/// The frame that `bytes` begin with; nothing when it is incomplete or its checksum is wrong.
std::optional<Frame> ParseFrame(std::string_view bytes, uint64_t salt);

/// "00000000000000000042.journal", and back.
std::string SegmentName(uint64_t first_record);
std::optional<uint64_t> ParseSegmentName(std::string_view name);

}  // namespace avocet
