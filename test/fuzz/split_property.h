// The splitter's main promise: how a stream is cut into pieces changes nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "src/model/raw_batch.h"
#include "src/source/records/record_splitter.h"

namespace avocet {

/// Everything a splitter says about a stream, as comparable text.
struct SplitTranscript {
  std::vector<std::string> lines;
  uint64_t empty_records = 0;

  bool operator==(const SplitTranscript&) const = default;

  // For GoogleTest.
  friend void PrintTo(const SplitTranscript& transcript, std::ostream* out) {
    for (const std::string& line : transcript.lines) *out << "<" << line << ">";
    *out << " and " << transcript.empty_records << " empty";
  }
};

/// Splits `stream` in pieces whose sizes come from `next_piece`, resuming with a new splitter from
/// the position after every `resume_after` records (0: never).
template <typename NextPiece>
SplitTranscript SplitInPieces(std::string_view stream, const SplitOptions& options,
                              size_t resume_after, NextPiece next_piece) {
  SplitTranscript transcript;
  auto splitter = RecordSplitter(options, SplitPosition{});
  size_t begin = 0, end = 0, calls = 0;
  while (true) {
    const bool at_end = end == stream.size();
    RawBatch batch;
    const RecordSplitter::Limits limits{resume_after == 0 ? SIZE_MAX : resume_after, SIZE_MAX};
    const auto progress =
        splitter.Split(stream.substr(begin, end - begin), begin, at_end, limits, &batch);
    begin += progress.consumed;
    std::map<int64_t, std::string> said;  // by offset
    for (const RawRecord& record : batch.records) {
      std::string& line = said[record.offset];
      line.append(":").append(stream.substr(record.begin, record.size));
      if (batch.csv_header == nullptr) continue;
      for (const std::string& name : *batch.csv_header) line.append("|").append(name);
    }
    for (const RawReject& reject : batch.rejects) {
      said[reject.offset] += "!" + reject.code + reject.message + reject.bytes;
    }
    for (const auto& [offset, line] : said) {
      transcript.lines.push_back(std::to_string(offset) + line);
    }
    transcript.empty_records += batch.empty_records;
    if (progress.starved && at_end) return transcript;
    if (progress.starved) {
      end = std::min(stream.size(), end + std::max<size_t>(1, next_piece()));
    } else if (resume_after > 0 && ++calls % 2 == 0) {
      const SplitPosition position = splitter.position();
      begin = static_cast<size_t>(position.offset);
      splitter = RecordSplitter(options, position);
    }
  }
}

inline SplitTranscript SplitAtOnce(std::string_view stream, const SplitOptions& options) {
  return SplitInPieces(stream, options, 0, [&] { return stream.size(); });
}

}  // namespace avocet
