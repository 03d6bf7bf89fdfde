#include "test/lake/table_text.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <string_view>

#include "src/base/time_format.h"
#include "src/engine/commit_info.h"
#include "src/engine/lake_tables.h"
#include "src/engine/recovery.h"
#include "src/lake/lake.h"
#include "src/model/table_spec.h"

namespace avocet {
namespace {

constexpr std::string_view kCatalog = "iot_catalog";

struct Field {
  std::string name;
  std::string type;
};

Result<std::vector<Field>> FieldsOf(Table* table) {
  AVOCET_ASSIGN_OR_RETURN(const std::string json, table->MetadataJson());
  simdjson::dom::parser parser;
  simdjson::dom::element metadata;
  simdjson::dom::array fields;
  if (parser.parse(json).get(metadata) != simdjson::SUCCESS ||
      metadata["schema"]["fields"].get(fields) != simdjson::SUCCESS) {
    return Status::Corrupt("cannot read table metadata: " + json);
  }
  std::vector<Field> result;
  for (const simdjson::dom::element field : fields) {
    std::string_view name, type;
    if (field["name"].get(name) != simdjson::SUCCESS ||
        field["type"].get(type) != simdjson::SUCCESS) {
      return Status::Corrupt("cannot read table metadata: " + json);
    }
    result.push_back({std::string(name), std::string(type)});
  }
  return result;
}

std::string StringCell(std::string_view text) {
  std::string shown;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F) {
      shown += c;
    } else {
      shown += fmt::format("\\x{:02x}", byte);
    }
  }
  if (!shown.empty() && shown.find_first_of(",\"") == std::string::npos) return shown;
  std::string quoted = "\"";
  for (const char c : shown) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string Cell(const RecordBatchView& view, size_t column, size_t row, const std::string& type) {
  if (view.IsNull(column, row)) return "";
  if (type == "long") return std::to_string(view.Int(column, row));
  if (type == "double") return fmt::format("{}", view.Double(column, row));
  if (type == "boolean") return view.Bool(column, row) ? "true" : "false";
  if (type == "timestamp") return FormatTimestamp(view.Int(column, row));
  return StringCell(view.Bytes(column, row));
}

Result<std::unique_ptr<Table>> Open(Lake* lake, const std::string& short_name) {
  const std::string path = TablePath(short_name);
  if (path.empty()) return Status::Invalid("there is no table \"" + short_name + "\"");
  return lake->OpenTable(path);
}

}  // namespace

std::string TablePath(const std::string& short_name) {
  const std::vector<TableSpec> specs = {BronzeSpec(),    QuarantineSpec(),  SilverSpec({}, ""),
                                        AnomaliesSpec(), DeviceStatsSpec(), DeviceHealthSpec(),
                                        AlertsSpec()};
  for (size_t id = 0; id < kNumTables; ++id) {
    if (TableName(id) == short_name) return specs[id].Path(kCatalog);
  }
  return "";
}

Result<TableText> ReadTable(Env* env, const std::string& lake_root, const std::string& short_name,
                            std::vector<std::string> columns) {
  AVOCET_ASSIGN_OR_RETURN(const auto lake, Lake::OpenLocal(env, lake_root));
  AVOCET_ASSIGN_OR_RETURN(const auto table, Open(lake.get(), short_name));
  AVOCET_ASSIGN_OR_RETURN(const std::vector<Field> fields, FieldsOf(table.get()));
  if (columns.empty()) {
    for (const Field& field : fields) {
      if (field.type != "date") columns.push_back(field.name);
    }
  }
  std::vector<std::string> types;
  for (const std::string& column : columns) {
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& f) { return f.name == column; });
    if (field == fields.end()) {
      return Status::NotFound(fmt::format("{} has no column \"{}\"", short_name, column));
    }
    types.push_back(field->type);
  }
  TableText text{.columns = columns, .rows = {}};
  AVOCET_ASSIGN_OR_RETURN(const auto files, table->Files());
  for (const TableFile& file : files) {
    AVOCET_ASSIGN_OR_RETURN(const auto reader, table->Read(file.path, columns));
    for (;;) {
      AVOCET_ASSIGN_OR_RETURN(const RecordBatchView* view, reader->Next());
      if (view == nullptr) break;
      for (size_t row = 0; row < view->rows(); ++row) {
        TextRow cells;
        for (size_t i = 0; i < columns.size(); ++i) {
          cells.push_back(Cell(*view, i, row, types[i]));
        }
        text.rows.push_back(std::move(cells));
      }
    }
  }
  std::sort(text.rows.begin(), text.rows.end());
  return text;
}

std::string JoinCells(const TextRow& row) { return fmt::format("{}", fmt::join(row, ",")); }

TextRow SplitCells(const std::string& line) {
  TextRow cells(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    if (c == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

namespace {

Status CheckUnique(const TableText& table, const std::string& what) {
  const auto twice = std::adjacent_find(table.rows.begin(), table.rows.end());
  if (twice == table.rows.end()) return Status::Ok();
  return Status::Corrupt(what + " is there twice: " + JoinCells(*twice));
}

Status CheckNumber(const std::string& what, uint64_t want, size_t have) {
  if (want == have) return Status::Ok();
  return Status::Corrupt(fmt::format("{}: {} were counted and {} are there", what, want, have));
}

Status CheckSequence(const TableText& bronze) {
  std::vector<int64_t> sequence;
  for (const TextRow& row : bronze.rows) sequence.push_back(std::stoll(row[0]));
  std::sort(sequence.begin(), sequence.end());
  for (size_t i = 0; i < sequence.size(); ++i) {
    if (sequence[i] != static_cast<int64_t>(i)) {
      return Status::Corrupt(fmt::format("bronze has sequence {} at place {}", sequence[i], i));
    }
  }
  return Status::Ok();
}

}  // namespace

Status CheckLake(Env* env, const std::string& root) {
  AVOCET_ASSIGN_OR_RETURN(const auto lake, Lake::OpenLocal(env, root));
  AVOCET_ASSIGN_OR_RETURN(const auto table, Open(lake.get(), "bronze"));
  // A far future epoch: positions are not needed, so a log that was cleaned up is fine.
  AVOCET_ASSIGN_OR_RETURN(const BronzeState state, ReadBronzeState(table.get(), {}, INT64_MAX));
  const Totals& totals = state.last.totals;
  if (totals.received != totals.accepted + totals.quarantined + totals.duplicates) {
    return Status::Corrupt(
        fmt::format("received {} is not accepted {} + quarantined {} + "
                    "duplicates {}",
                    totals.received, totals.accepted, totals.quarantined, totals.duplicates));
  }
  AVOCET_ASSIGN_OR_RETURN(const TableText bronze, ReadTable(env, root, "bronze", {"sequence"}));
  AVOCET_ASSIGN_OR_RETURN(const TableText quarantine,
                          ReadTable(env, root, "quarantine", {"source", "partition", "offset"}));
  AVOCET_ASSIGN_OR_RETURN(const TableText silver, ReadTable(env, root, "silver", {"device_id"}));
  AVOCET_ASSIGN_OR_RETURN(const TableText anomalies, ReadTable(env, root, "anomalies", {"id"}));
  AVOCET_ASSIGN_OR_RETURN(const TableText stats,
                          ReadTable(env, root, "device_stats", {"device_id", "metric", "hour"}));
  AVOCET_RETURN_IF_ERROR(CheckNumber("rows of bronze", totals.accepted, bronze.rows.size()));
  AVOCET_RETURN_IF_ERROR(CheckNumber("rows of quarantine", totals.quarantined + totals.dropped,
                                     quarantine.rows.size()));
  AVOCET_RETURN_IF_ERROR(
      CheckNumber("rows of silver", totals.accepted - totals.dropped, silver.rows.size()));
  AVOCET_RETURN_IF_ERROR(CheckNumber("rows of anomalies", totals.anomalies, anomalies.rows.size()));
  AVOCET_RETURN_IF_ERROR(CheckUnique(stats, "an hour of device_stats"));
  AVOCET_ASSIGN_OR_RETURN(const TableText health,
                          ReadTable(env, root, "device_health", {"device_id", "hour"}));
  AVOCET_RETURN_IF_ERROR(CheckUnique(health, "an hour of device_health"));
  return CheckSequence(bronze);
}

}  // namespace avocet
