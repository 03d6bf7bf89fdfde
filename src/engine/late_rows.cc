#include "src/engine/late_rows.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "src/engine/table_scan.h"

namespace avocet {
namespace {

constexpr size_t kDevice = 0, kTime = 1, kLate = 2, kFirstValue = 3;

class LateReader {
 public:
  LateReader(Table* silver, const LateFilter& filter) : silver_(*silver), filter_(filter) {}

  Result<LateRows> Read() {
    AVOCET_ASSIGN_OR_RETURN(const auto known, silver_.ColumnNames());
    const std::set<std::string> names(known.begin(), known.end());
    for (size_t m = 0; m < filter_.metrics.size(); ++m) {
      if (!names.contains(filter_.metrics[m])) continue;
      present_.push_back(m);
      value_columns_.push_back(filter_.metrics[m]);
    }
    AVOCET_ASSIGN_OR_RETURN(auto files, silver_.Files());
    SortNewestFirst(&files);
    for (const TableFile& file : files) {
      if (!filter_.device.empty() && !MayHoldDevice(file, filter_.device)) continue;
      if (!MayHoldTimes(file, filter_.from_us, filter_.to_us)) continue;
      if (out_.examined >= filter_.most_rows) {
        out_.is_complete = false;
        break;
      }
      AVOCET_RETURN_IF_ERROR(ReadFile(file.path));
    }
    for (auto& [device, count] : counts_) out_.devices.push_back(std::move(count));
    std::stable_sort(out_.devices.begin(), out_.devices.end(),
                     [](const LateCount& a, const LateCount& b) { return a.rows > b.rows; });
    KeepNewest();
    return std::move(out_);
  }

 private:
  bool IsWanted(const RecordBatchView& view, size_t row) const {
    if (view.IsNull(kLate, row) || !view.Bool(kLate, row)) return false;
    const int64_t time_us = view.Int(kTime, row);
    return time_us >= filter_.from_us && time_us < filter_.to_us &&
           (filter_.device.empty() || view.Bytes(kDevice, row) == filter_.device);
  }

  // Few files have late rows: only of these more is read than the flags, a few bytes.
  Result<bool> HasLate(const std::string& path) {
    bool has_late = false;
    AVOCET_RETURN_IF_ERROR(ForEachBatch(&silver_, path, {"late"}, [&](const RecordBatchView& view) {
      out_.examined += static_cast<int64_t>(view.rows());
      for (size_t row = 0; row < view.rows() && !has_late; ++row) {
        has_late = !view.IsNull(0, row) && view.Bool(0, row);
      }
    }));
    return has_late;
  }

  Status ReadFile(const std::string& path) {
    AVOCET_ASSIGN_OR_RETURN(const bool has_late, HasLate(path));
    if (!has_late) return Status::Ok();
    std::vector<std::string> columns = {"device_id", "event_time", "late"};
    bool has_newer = false;
    AVOCET_RETURN_IF_ERROR(ForEachBatch(&silver_, path, columns, [&](const RecordBatchView& view) {
      for (size_t row = 0; row < view.rows(); ++row) {
        if (!IsWanted(view, row)) continue;
        Count(view, row);
        has_newer = has_newer || view.Int(kTime, row) >= oldest_kept_us_;
      }
    }));
    if (!has_newer) return Status::Ok();
    columns.insert(columns.end(), value_columns_.begin(), value_columns_.end());
    AVOCET_RETURN_IF_ERROR(ForEachBatch(&silver_, path, columns, [&](const RecordBatchView& view) {
      for (size_t row = 0; row < view.rows(); ++row) {
        if (IsWanted(view, row) && view.Int(kTime, row) >= oldest_kept_us_) Take(view, row);
      }
    }));
    KeepNewest();
    return Status::Ok();
  }

  void Count(const RecordBatchView& view, size_t row) {
    ++out_.rows;
    LateCount& count = counts_[TextAt(view, kDevice, row)];
    if (count.rows++ == 0) {
      count.device = TextAt(view, kDevice, row);
      count.newest_us = view.Int(kTime, row);
    }
    count.newest_us = std::max(count.newest_us, view.Int(kTime, row));
  }

  void Take(const RecordBatchView& view, size_t row) {
    LateReading reading{.device = TextAt(view, kDevice, row),
                        .event_time_us = view.Int(kTime, row),
                        .values = std::vector<double>(filter_.metrics.size(), std::nan(""))};
    for (size_t i = 0; i < present_.size(); ++i) {
      reading.values[present_[i]] = view.Double(kFirstValue + i, row);
    }
    out_.newest.push_back(std::move(reading));
  }

  void KeepNewest() {
    std::sort(out_.newest.begin(), out_.newest.end(),
              [](const LateReading& a, const LateReading& b) {
                return std::tie(b.event_time_us, a.device) < std::tie(a.event_time_us, b.device);
              });
    if (out_.newest.size() < filter_.limit) return;
    out_.newest.resize(filter_.limit);
    if (!out_.newest.empty()) oldest_kept_us_ = out_.newest.back().event_time_us;
  }

  Table& silver_;
  const LateFilter& filter_;
  std::vector<size_t> present_;             // metrics that the table has
  std::vector<std::string> value_columns_;  // of these
  std::map<std::string, LateCount> counts_;
  int64_t oldest_kept_us_ = INT64_MIN;
  LateRows out_;
};

}  // namespace

Result<LateRows> ReadLate(Table* silver, const LateFilter& filter) {
  return LateReader(silver, filter).Read();
}

}  // namespace avocet
