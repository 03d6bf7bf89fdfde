#include "src/engine/bronze_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>
#include <span>
#include <string>

#include "src/engine/bronze_batches.h"

namespace avocet {
namespace {

const std::vector<std::string> kColumns = {"epoch",     "sequence", "payload",    "source",
                                           "partition", "offset",   "received_at"};

// Rows that are sorted in memory at a time, when files have to be.
constexpr int64_t kWindowRows = int64_t{1} << 18;

// Which rows of a file are wanted, and whether they can be read as they lie.
struct FileRows {
  const TableFile* file = nullptr;
  int64_t first = std::numeric_limits<int64_t>::max();  // sequence
  int64_t last = std::numeric_limits<int64_t>::min();
  bool is_ordered = true;
};

// Rows of several files, gathered and put in order. Has the accessors of RecordBatchView.
class OrderedRows {
 public:
  size_t rows() const { return order_.size(); }
  int64_t Int(size_t column, size_t row) const {
    const Row& r = rows_[order_[row]];
    switch (column) {
      case kBronzeEpoch:
        return r.epoch;
      case kBronzeSequence:
        return r.sequence;
      case kBronzeOffset:
        return r.offset;
      default:
        return r.received_us;
    }
  }
  std::string_view Bytes(size_t column, size_t row) const {
    const Row& r = rows_[order_[row]];
    if (column == kBronzePayload) return std::string_view(payloads_).substr(r.begin, r.size);
    return column == kBronzeSource ? *r.source : *r.partition;
  }

  void Add(const RecordBatchView& view, size_t row) {
    const std::string_view payload = view.Bytes(kBronzePayload, row);
    rows_.push_back({.epoch = view.Int(kBronzeEpoch, row),
                     .sequence = view.Int(kBronzeSequence, row),
                     .offset = view.Int(kBronzeOffset, row),
                     .received_us = view.Int(kBronzeReceivedAt, row),
                     .begin = payloads_.size(),
                     .size = payload.size(),
                     .source = Keep(view.Bytes(kBronzeSource, row)),
                     .partition = Keep(view.Bytes(kBronzePartition, row))});
    payloads_.append(payload);
  }

  // kCorrupt when a record is there twice.
  Status Sort() {
    order_.resize(rows_.size());
    std::iota(order_.begin(), order_.end(), size_t{0});
    std::sort(order_.begin(), order_.end(),
              [&](size_t a, size_t b) { return rows_[a].sequence < rows_[b].sequence; });
    const auto twice = std::adjacent_find(order_.begin(), order_.end(), [&](size_t a, size_t b) {
      return rows_[a].sequence == rows_[b].sequence;
    });
    if (twice == order_.end()) return Status::Ok();
    return Status::Corrupt(
        fmt::format("bronze has the record with sequence {} twice: another program copied rows, or "
                    "its OPTIMIZE raced with a compaction; restore bronze to a version before that",
                    rows_[*twice].sequence));
  }

 private:
  struct Row {
    int64_t epoch, sequence, offset, received_us;
    size_t begin, size;
    const std::string* source;
    const std::string* partition;
  };
  const std::string* Keep(std::string_view text) {
    const auto found = texts_.find(text);
    return found != texts_.end() ? &*found : &*texts_.emplace(text).first;
  }

  std::vector<Row> rows_;
  std::vector<size_t> order_;
  std::string payloads_;
  std::set<std::string, std::less<>> texts_;
};

// Cuts a view into runs of one epoch and hands them on as batches of one partition each.
template <typename View>
Status HandOn(const View& view, int64_t after_epoch, const OnBronze& on_batches) {
  size_t begin = 0;
  while (begin < view.rows()) {
    const int64_t epoch = view.Int(kBronzeEpoch, begin);
    size_t end = begin;
    while (end < view.rows() && view.Int(kBronzeEpoch, end) == epoch) ++end;
    if (epoch > after_epoch) {
      std::vector<RawBatch> batches;
      for (size_t row = begin; row < end;) {
        const size_t next = EndOfBronzeRun(view, row, end);
        batches.push_back(BronzeBatch(view, row, next));
        row = next;
      }
      AVOCET_RETURN_IF_ERROR(on_batches(epoch, view.Int(kBronzeReceivedAt, begin), batches));
    }
    begin = end;
  }
  return Status::Ok();
}

// Looks at the numbers of the rows only.
Result<FileRows> Scan(Table* bronze, const TableFile& file, int64_t after_epoch) {
  FileRows rows{.file = &file};
  AVOCET_ASSIGN_OR_RETURN(const auto reader, bronze->Read(file.path, {"epoch", "sequence"}));
  for (;;) {
    AVOCET_ASSIGN_OR_RETURN(const RecordBatchView* view, reader->Next());
    if (view == nullptr) return rows;
    for (size_t row = 0; row < view->rows(); ++row) {
      if (view->Int(kBronzeEpoch, row) <= after_epoch) continue;
      const int64_t sequence = view->Int(kBronzeSequence, row);
      rows.is_ordered = rows.is_ordered && sequence > rows.last;
      rows.first = std::min(rows.first, sequence);
      rows.last = std::max(rows.last, sequence);
    }
  }
}

Status ReadAsItLies(Table* bronze, const TableFile& file, int64_t after_epoch,
                    const OnBronze& on_batches) {
  AVOCET_ASSIGN_OR_RETURN(const auto reader, bronze->Read(file.path, kColumns));
  for (;;) {
    AVOCET_ASSIGN_OR_RETURN(const RecordBatchView* view, reader->Next());
    if (view == nullptr) return Status::Ok();
    AVOCET_RETURN_IF_ERROR(HandOn(*view, after_epoch, on_batches));
  }
}

// Reads files whose rows are not in order, or among each other, window by window of the sequence.
// Only another program's OPTIMIZE leaves such files, so that memory matters more than speed.
Status ReadInOrder(Table* bronze, std::span<const FileRows> files, int64_t after_epoch,
                   const OnBronze& on_batches) {
  constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
  int64_t begin = files.front().first;
  while (begin != kNone) {
    const int64_t end = begin + kWindowRows;
    int64_t next = kNone;
    OrderedRows window;
    for (const FileRows& rows : files) {
      if (rows.last < begin) continue;
      if (rows.first >= end) {
        next = std::min(next, rows.first);
        continue;
      }
      AVOCET_ASSIGN_OR_RETURN(const auto reader, bronze->Read(rows.file->path, kColumns));
      for (;;) {
        AVOCET_ASSIGN_OR_RETURN(const RecordBatchView* view, reader->Next());
        if (view == nullptr) break;
        for (size_t row = 0; row < view->rows(); ++row) {
          const int64_t sequence = view->Int(kBronzeSequence, row);
          if (sequence < begin || view->Int(kBronzeEpoch, row) <= after_epoch) continue;
          if (sequence < end) {
            window.Add(*view, row);
          } else {
            next = std::min(next, sequence);
          }
        }
      }
    }
    AVOCET_RETURN_IF_ERROR(window.Sort());
    AVOCET_RETURN_IF_ERROR(HandOn(window, after_epoch, on_batches));
    begin = next;
  }
  return Status::Ok();
}

bool HasOnlyOlderEpochs(const TableFile& file, int64_t after_epoch) {
  const auto newest = file.max_values.find("epoch");
  return newest != file.max_values.end() && newest->second <= after_epoch;
}

}  // namespace

Status ReadBronze(Table* bronze, int64_t after_epoch, const OnBronze& on_batches) {
  AVOCET_ASSIGN_OR_RETURN(const auto files, bronze->Files());
  std::vector<FileRows> wanted;
  for (const TableFile& file : files) {
    if (HasOnlyOlderEpochs(file, after_epoch)) continue;
    AVOCET_ASSIGN_OR_RETURN(const FileRows rows, Scan(bronze, file, after_epoch));
    if (rows.first <= rows.last) wanted.push_back(rows);
  }
  std::sort(wanted.begin(), wanted.end(),
            [](const FileRows& a, const FileRows& b) { return a.first < b.first; });
  for (size_t begin = 0; begin < wanted.size();) {
    size_t end = begin + 1;
    int64_t last = wanted[begin].last;
    for (; end < wanted.size() && wanted[end].first <= last; ++end) {
      last = std::max(last, wanted[end].last);
    }
    const bool plain = end == begin + 1 && wanted[begin].is_ordered;
    AVOCET_RETURN_IF_ERROR(plain
                               ? ReadAsItLies(bronze, *wanted[begin].file, after_epoch, on_batches)
                               : ReadInOrder(bronze, std::span(wanted).subspan(begin, end - begin),
                                             after_epoch, on_batches));
    begin = end;
  }
  return Status::Ok();
}

}  // namespace avocet
