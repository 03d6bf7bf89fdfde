#include "src/cli/labelled_data.h"

#include <simdjson.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "src/base/civil_time.h"
#include "src/cli/row_reader.h"
#include "src/cli/sample.h"
#include "src/cli/scratch_table.h"
#include "src/decode/event_time.h"
#include "src/decode/json_members.h"
#include "src/engine/lake_tables.h"
#include "src/engine/scored_rows.h"
#include "src/env/env.h"
#include "src/source/simulate/replayer.h"

namespace avocet {
namespace {

/// Fields of a record as text; empty when it is absent or null.
class Fields {
 public:
  explicit Fields(std::string_view json) : members_(SplitJsonObject(json)) {}

  bool Has(std::string_view name) const { return Find(name) != nullptr; }
  std::string Text(std::string_view name) const {
    const JsonMember* member = Find(name);
    return member == nullptr || member->is_null() ? std::string() : member->Text();
  }
  std::optional<int64_t> Time(std::string_view name) const {
    return EventTimeReader().Read(Text(name));
  }

 private:
  const JsonMember* Find(std::string_view name) const {
    if (!members_.has_value()) return nullptr;
    const auto found = std::find_if(members_->begin(), members_->end(),
                                    [&](const JsonMember& member) { return member.key == name; });
    return found == members_->end() ? nullptr : &*found;
  }

  std::optional<std::vector<JsonMember>> members_;
};

Status ForEachRecord(const std::string& path, const std::function<Status(const Fields&)>& call) {
  ReplayOptions options;
  options.path = path;
  options.speed = 0;
  options.row_to_json = RowReader("device_id");
  options.event_time = [](std::string_view) { return std::optional<int64_t>(); };
  AVOCET_ASSIGN_OR_RETURN(const auto replayer, Replayer::Open(options, Env::Posix()));
  ReplayRecord record;
  while (true) {
    AVOCET_ASSIGN_OR_RETURN(const bool any, replayer->Next(&record));
    if (!any) return Status::Ok();
    AVOCET_RETURN_IF_ERROR(call(Fields(record.json)));
  }
}

Result<AlarmData> ReadAlarmText(const std::string& path) {
  AlarmData data;
  AVOCET_RETURN_IF_ERROR(ForEachRecord(path, [&](const Fields& fields) {
    const auto time = fields.Time("event_time");
    if (!time.has_value() || !fields.Has("device_id")) {
      return Status::Invalid("cannot read alarms of " + path +
                             ": it needs the columns device_id and event_time, and a time in each "
                             "row; metric, detector and onset may be there");
    }
    data.Add({fields.Text("device_id"), fields.Text("metric"), fields.Text("detector"), *time},
             fields.Text("onset") != "false");
    return Status::Ok();
  }));
  data.Finish();
  return data;
}

Status ReadScored(TableFileReader* reader, AlarmData* data) {
  while (true) {
    AVOCET_ASSIGN_OR_RETURN(const RecordBatchView* batch, reader->Next());
    if (batch == nullptr) return Status::Ok();
    for (size_t row = 0; row < batch->rows(); ++row) {
      const std::string metric(batch->IsNull(2, row) ? std::string_view() : batch->Bytes(2, row));
      data->Add({std::string(batch->Bytes(0, row)), metric, {}, batch->Int(1, row)},
                batch->Bool(3, row));
    }
  }
}

Result<AlarmData> ReadAlarmParquet(const std::string& path) {
  AVOCET_ASSIGN_OR_RETURN(const std::string bytes, Env::Posix()->ReadFile(path));
  AVOCET_ASSIGN_OR_RETURN(const auto scratch, ScratchTable::Create(path, ScoredSpec()));
  AVOCET_RETURN_IF_ERROR(
      Env::Posix()->PutDurably(scratch->PathOf("scored.parquet"), bytes, PutMode::kCreateNew));
  AlarmData data;
  AVOCET_ASSIGN_OR_RETURN(
      const auto reader,
      scratch->table().Read("scored.parquet", {"device_id", "event_time", "metric", "onset"}));
  AVOCET_RETURN_IF_ERROR(ReadScored(reader.get(), &data));
  data.Finish();
  return data;
}

Status ReadTable(Table* table, const std::vector<std::string>& columns,
                 const std::function<void(const RecordBatchView&, size_t)>& on_row) {
  AVOCET_ASSIGN_OR_RETURN(const std::vector<TableFile> files, table->Files());
  for (const TableFile& file : files) {
    AVOCET_ASSIGN_OR_RETURN(const auto reader, table->Read(file.path, columns));
    while (true) {
      AVOCET_ASSIGN_OR_RETURN(const RecordBatchView* batch, reader->Next());
      if (batch == nullptr) break;
      for (size_t row = 0; row < batch->rows(); ++row) on_row(*batch, row);
    }
  }
  return Status::Ok();
}

// {"folder/series.csv": [["2014-04-10 07:15:00.000000", "2014-04-11 16:45:00.000000"], ...], ...}
Result<std::vector<TruthWindow>> ReadWindowsByFile(const std::string& path,
                                                   const std::string& text) {
  const auto wrong = [&](const char* why) {
    return Status::Invalid("cannot read the windows of " + path + ": " + why);
  };
  simdjson::dom::parser parser;
  simdjson::dom::object files;
  if (parser.parse(text).get(files) != simdjson::SUCCESS) return wrong("it is no JSON object");
  std::vector<TruthWindow> truth;
  for (const auto& [file, value] : files) {
    simdjson::dom::array windows;
    if (value.get(windows) != simdjson::SUCCESS) return wrong("a file has no list of windows");
    for (const simdjson::dom::element entry : windows) {
      std::string_view start, end;
      if (entry.at(0).get(start) != simdjson::SUCCESS ||
          entry.at(1).get(end) != simdjson::SUCCESS) {
        return wrong("a window is not a pair of times");
      }
      const auto start_us = EventTimeReader().Read(start);
      const auto end_us = EventTimeReader().Read(end);
      if (!start_us.has_value() || !end_us.has_value()) return wrong("a window has no times");
      truth.push_back({DeviceNameOf(std::string(file)), {}, {}, *start_us, *end_us});
    }
  }
  return truth;
}

}  // namespace

Result<AlarmData> ReadAlarmFile(const std::string& path) {
  return path.ends_with(".parquet") ? ReadAlarmParquet(path) : ReadAlarmText(path);
}

Result<AlarmData> ReadAlarmsOfLake(const Config& config) {
  AVOCET_ASSIGN_OR_RETURN(const auto lake, Lake::Open(Env::Posix(), config.storage));
  AVOCET_ASSIGN_OR_RETURN(LakeTables tables, LakeTables::OpenExisting(lake.get(), config));
  AlarmData data;
  AVOCET_RETURN_IF_ERROR(ReadTable(
      &tables.table(kAnomalies), {"device_id", "metric", "event_time", "detector"},
      [&](const RecordBatchView& batch, size_t row) {
        const std::string metric(batch.IsNull(1, row) ? std::string_view() : batch.Bytes(1, row));
        data.alarms.push_back({std::string(batch.Bytes(0, row)), metric,
                               std::string(batch.Bytes(3, row)), batch.Int(2, row)});
      }));
  std::map<std::string, std::set<int64_t>> hours;
  AVOCET_RETURN_IF_ERROR(ReadTable(&tables.table(kDeviceStats), {"device_id", "hour"},
                                   [&](const RecordBatchView& batch, size_t row) {
                                     hours[std::string(batch.Bytes(0, row))].insert(
                                         batch.Int(1, row));
                                   }));
  for (const auto& [device, seen] : hours) {
    ObservedSpan& span = data.devices[device];
    span.Add(*seen.begin());
    span.Add(*seen.rbegin() + kMicrosPerHour);
  }
  return data;
}

Result<std::vector<TruthWindow>> ReadTruthFile(const std::string& path) {
  if (path.ends_with(".json")) {
    AVOCET_ASSIGN_OR_RETURN(const std::string text, Env::Posix()->ReadFile(path));
    return ReadWindowsByFile(path, text);
  }
  std::vector<TruthWindow> truth;
  AVOCET_RETURN_IF_ERROR(ForEachRecord(path, [&](const Fields& fields) {
    const auto start = fields.Time("start");
    const auto end = fields.Time("end");
    if (!fields.Has("device_id") || !start.has_value() || !end.has_value() || *end < *start) {
      return Status::Invalid("cannot read the truth of " + path +
                             ": each row needs device_id, start and an end that is not before it");
    }
    truth.push_back(
        {fields.Text("device_id"), fields.Text("metric"), fields.Text("fault"), *start, *end});
    return Status::Ok();
  }));
  return truth;
}

}  // namespace avocet
