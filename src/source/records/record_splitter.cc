#include "src/source/records/record_splitter.h"

#include <algorithm>
#include <utility>

#include "src/base/csv_row.h"

namespace avocet {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool IsBlankByte(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool IsBlank(std::string_view text) { return std::all_of(text.begin(), text.end(), IsBlankByte); }

}  // namespace

RecordSplitter::RecordSplitter(const SplitOptions& options, const SplitPosition& start)
    : options_(options),
      position_(start),
      scanner_(options.max_record_bytes),
      stream_offset_(start.offset) {
  // Offsets within a block have 32 bits.
  options_.max_record_bytes = std::clamp<size_t>(options_.max_record_bytes, 1, size_t{1} << 30);
  scanner_ = RecordScanner(options_.max_record_bytes);
  if (position_.format == InputFormat::kUnknown) position_.format = options_.format;
  scanner_.set_format(position_.format, position_.delimiter);
}

RecordSplitter::Progress RecordSplitter::Split(std::string_view bytes, size_t block_begin,
                                               bool at_end, const Limits& limits, RawBatch* batch) {
  const Piece piece{bytes, block_begin, at_end};
  size_t pos = 0;
  Progress progress;
  if (Prepare(piece, &pos)) {
    Describe(batch);
    while (batch->records.size() + batch->rejects.size() < limits.max_records &&
           pos < limits.max_bytes) {
      progress.starved = !TakeRecord(piece, &pos, batch);
      if (progress.starved) break;
    }
  } else {
    progress.starved = true;
  }
  progress.consumed = pos;
  return progress;
}

void RecordSplitter::Describe(RawBatch* batch) const {
  const bool rows = position_.format == InputFormat::kCsv && position_.header != nullptr;
  batch->format = rows ? RecordFormat::kCsv : RecordFormat::kJson;
  batch->csv_header = rows ? position_.header : nullptr;
  batch->csv_delimiter = position_.delimiter;
}

// Everything before the first record. False: more bytes are needed.
bool RecordSplitter::Prepare(const Piece& piece, size_t* pos) {
  if (!SkipByteOrderMark(piece, pos)) return false;
  if (position_.format == InputFormat::kUnknown) {
    const auto format = DetectFormat(piece.bytes.substr(*pos), options_.hint, piece.at_end);
    if (!format.has_value()) return false;
    position_.format = *format;
    scanner_.set_format(position_.format, position_.delimiter);
  }
  const bool needs_header = position_.format == InputFormat::kCsv && position_.header == nullptr;
  return !needs_header || ReadHeader(piece, pos);
}

bool RecordSplitter::SkipByteOrderMark(const Piece& piece, size_t* pos) {
  if (stream_offset_ != 0 || long_bytes_ > 0) return true;
  const size_t size = std::min(piece.bytes.size(), kByteOrderMark.size());
  if (piece.bytes.substr(0, size) != kByteOrderMark.substr(0, size)) return true;
  if (size < kByteOrderMark.size()) return piece.at_end;
  *pos = size;
  Advance(size);
  position_.offset = stream_offset_;
  return true;
}

// The first row that is not blank. It ends at the end of its line, where its quotes close, or, so
// that it cannot grow without limit, after max_record_bytes.
bool RecordSplitter::ReadHeader(const Piece& piece, size_t* pos) {
  while (position_.header == nullptr) {
    const std::string_view rest = piece.bytes.substr(*pos, options_.max_record_bytes);
    const bool complete = piece.at_end || rest.size() == options_.max_record_bytes;
    const size_t line_end = std::min(rest.find('\n'), rest.size());
    if (rest.empty() || (line_end == rest.size() && !complete)) return false;
    RecordEnd row{line_end, std::min(line_end + 1, rest.size())};
    if (!IsBlank(rest.substr(0, line_end))) {
      const char delimiter = DetectDelimiter(rest.substr(0, line_end));
      scanner_.set_format(InputFormat::kCsv, delimiter);
      RecordScanner scanner = scanner_;
      if (!scanner.FindEnd(rest, &row)) {
        if (!complete) return false;
        row = {rest.size(), rest.size()};
      }
      position_.delimiter = delimiter;
      position_.header = std::make_shared<const std::vector<std::string>>(
          ParseCsvRow(rest.substr(0, row.end), delimiter));
    }
    *pos += row.next;
    Advance(row.next);
    position_.offset = stream_offset_;
  }
  return true;
}

// kJson: steps over blanks, commas and the brackets of top-level arrays. False: no value follows.
bool RecordSplitter::SkipSeparators(std::string_view bytes, size_t* pos) {
  const size_t begin = *pos;
  while (*pos < bytes.size()) {
    const char c = bytes[*pos];
    if (c == '[' && !position_.in_array) {
      position_.in_array = true;
    } else if (c == ']' && position_.in_array) {
      position_.in_array = false;
    } else if (c != ',' && !IsBlankByte(c)) {
      break;
    }
    ++*pos;
  }
  Advance(*pos - begin);
  position_.offset = stream_offset_;
  return *pos < bytes.size();
}

// Takes one record. False: its end is not there yet.
bool RecordSplitter::TakeRecord(const Piece& piece, size_t* pos, RawBatch* batch) {
  const bool in_long_record = long_bytes_ > 0;
  if (!in_long_record && position_.format == InputFormat::kJson &&
      !SkipSeparators(piece.bytes, pos)) {
    return false;
  }
  if (*pos == piece.bytes.size() && !(piece.at_end && in_long_record)) return false;
  RecordEnd found;
  if (!FindRecord(piece, *pos, &found)) {
    SkipPartOfLongRecord(piece, pos);
    return false;
  }
  Deliver(piece, *pos, found, batch);
  *pos += found.next;
  Advance(found.next);
  position_.offset = stream_offset_;
  return true;
}

bool RecordSplitter::FindRecord(const Piece& piece, size_t pos, RecordEnd* found) {
  const std::string_view rest = piece.bytes.substr(pos);
  if (scanner_.FindEnd(rest, found)) return true;
  if (!piece.at_end) return false;
  *found = {rest.size(), rest.size()};
  const bool ends_in_return =
      position_.format != InputFormat::kJson && !rest.empty() && rest.back() == '\r';
  if (ends_in_return) --found->end;
  scanner_ = RecordScanner(options_.max_record_bytes);
  scanner_.set_format(position_.format, position_.delimiter);
  return true;
}

void RecordSplitter::SkipPartOfLongRecord(const Piece& piece, size_t* pos) {
  const std::string_view rest = piece.bytes.substr(*pos);
  // One byte more than the limit may turn out to be the carriage return of a line end.
  if (rest.empty() || long_bytes_ + rest.size() <= options_.max_record_bytes + 1) return;
  KeepPrefix(rest);
  long_bytes_ += rest.size();
  long_ends_in_return_ = rest.back() == '\r';
  scanner_.Drop(rest.size());
  *pos += rest.size();
  Advance(rest.size());
}

void RecordSplitter::Deliver(const Piece& piece, size_t pos, const RecordEnd& found,
                             RawBatch* batch) {
  const std::string_view record = piece.bytes.substr(pos, found.end);
  uint64_t size = long_bytes_ + record.size();
  // The carriage return before the line end may have gone with the part that was skipped.
  const bool at_line_end = found.next == 0 || piece.bytes[pos] == '\n';
  if (at_line_end && long_ends_in_return_ && position_.format != InputFormat::kJson) --size;
  const auto offset = static_cast<int64_t>(stream_offset_ - long_bytes_);
  if (size <= options_.max_record_bytes) {
    if (record.empty() || (IsBlankByte(record[0]) && IsBlank(record))) {
      ++batch->empty_records;
    } else {
      batch->records.push_back({static_cast<uint32_t>(piece.block_begin + pos),
                                static_cast<uint32_t>(record.size()), offset});
    }
    return;
  }
  KeepPrefix(record);
  RawReject reject;
  reject.bytes = std::move(long_prefix_);
  if (reject.bytes.size() > size) reject.bytes.resize(size);
  reject.offset = offset;
  reject.code = "record_too_long";
  reject.message = "the record has " + std::to_string(size) +
                   " bytes, more than max_record_bytes " +
                   std::to_string(options_.max_record_bytes);
  batch->rejects.push_back(std::move(reject));
  long_bytes_ = 0;
  long_ends_in_return_ = false;
  long_prefix_.clear();
}

void RecordSplitter::KeepPrefix(std::string_view bytes) {
  long_prefix_ += bytes.substr(0, kRejectBytes - long_prefix_.size());
}

}  // namespace avocet
