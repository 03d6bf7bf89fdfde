#include "src/engine/commit_info.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "src/base/json_writer.h"

namespace avocet {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

struct TotalField {
  const char* name;
  uint64_t Totals::*member;
};
constexpr TotalField kTotalFields[] = {
    {"received", &Totals::received},       {"accepted", &Totals::accepted},
    {"quarantined", &Totals::quarantined}, {"duplicates", &Totals::duplicates},
    {"dropped", &Totals::dropped},         {"late", &Totals::late},
    {"anomalies", &Totals::anomalies},     {"empty", &Totals::empty},
    {"forgotten", &Totals::forgotten},
};

int64_t IntOr(const object& from, const char* key, int64_t fallback) {
  int64_t value = fallback;
  return from[key].get(value) == simdjson::SUCCESS ? value : fallback;
}

TableRewrite ReadRewrite(const object& from) {
  TableRewrite rewrite;
  array adds, removes;
  if (from["adds"].get(adds) == simdjson::SUCCESS) {
    for (const element add : adds) rewrite.adds.push_back(simdjson::minify(add));
  }
  if (from["removes"].get(removes) == simdjson::SUCCESS) {
    for (const element path : removes) {
      std::string_view text;
      if (path.get(text) == simdjson::SUCCESS) rewrite.removes.emplace_back(text);
    }
  }
  bool all = false;
  rewrite.replaces_all = from["replaces_all"].get(all) == simdjson::SUCCESS && all;
  return rewrite;
}

void WriteRewrite(const TableRewrite& rewrite, JsonWriter* json) {
  json->BeginObject().Key("adds").BeginArray();
  for (const std::string& add : rewrite.adds) json->Raw(add);
  json->EndArray().Key("removes").BeginArray();
  for (const std::string& path : rewrite.removes) json->String(path);
  json->EndArray();
  if (rewrite.replaces_all) json->Field("replaces_all", true);
  json->EndObject();
}

// An epoch for each table.
std::array<int64_t, kNumTables> ReadEpochs(const object& from, const char* key, int64_t fallback) {
  std::array<int64_t, kNumTables> epochs{};
  epochs.fill(fallback);
  object by_table;
  if (from[key].get(by_table) != simdjson::SUCCESS) return epochs;
  for (size_t id = 0; id < kNumTables; ++id) {
    epochs[id] = IntOr(by_table, TableName(id).data(), fallback);
  }
  return epochs;
}

void WriteEpochs(std::string_view key, const std::array<int64_t, kNumTables>& epochs,
                 JsonWriter* json) {
  json->Key(key).BeginObject();
  for (size_t id = 0; id < kNumTables; ++id) json->Field(TableName(id), epochs[id]);
  json->EndObject();
}

CommitInfo Read(const object& from) {
  CommitInfo info;
  info.epoch = IntOr(from, "epoch", 0);
  info.next_sequence = IntOr(from, "next_sequence", 0);
  info.received_us = IntOr(from, "received_us", 0);
  bool all = false;
  info.all_positions = from["all_positions"].get(all) == simdjson::SUCCESS && all;
  object positions;
  if (from["positions"].get(positions) == simdjson::SUCCESS) {
    for (const auto& [key, value] : positions) {
      std::string_view text;
      if (value.get(text) == simdjson::SUCCESS) info.positions[std::string(key)] = text;
    }
  }
  info.last_rows = ReadEpochs(from, "last_rows", 0);
  // Without it a table is believed to have nothing but what its own transaction says.
  info.last_rows_before = ReadEpochs(from, "last_rows_before", INT64_MAX);
  element add;
  if (from["quarantine_add"].get(add) == simdjson::SUCCESS && add.is_object()) {
    info.quarantine_add = simdjson::minify(add);
  }
  object rewrites;
  if (from["rewrites"].get(rewrites) == simdjson::SUCCESS) {
    for (size_t id = 0; id < kNumTables; ++id) {
      object rewrite;
      if (rewrites[TableName(id)].get(rewrite) == simdjson::SUCCESS) {
        info.rewrites[id] = ReadRewrite(rewrite);
      }
    }
  }
  object totals;
  if (from["totals"].get(totals) == simdjson::SUCCESS) {
    for (const TotalField& field : kTotalFields) {
      info.totals.*field.member = static_cast<uint64_t>(IntOr(totals, field.name, 0));
    }
  }
  return info;
}

}  // namespace

std::string EncodeCommitInfo(const CommitInfo& info) {
  JsonWriter json;
  json.BeginObject().Field("epoch", info.epoch).Field("next_sequence", info.next_sequence);
  json.Field("received_us", info.received_us).Field("all_positions", info.all_positions);
  json.Key("positions").BeginObject();
  for (const auto& [key, value] : info.positions) json.Field(key, value);
  json.EndObject();
  WriteEpochs("last_rows", info.last_rows, &json);
  WriteEpochs("last_rows_before", info.last_rows_before, &json);
  if (!info.quarantine_add.empty()) json.Key("quarantine_add").Raw(info.quarantine_add);
  const auto named = [](const auto& rewrite) { return rewrite.has_value(); };
  if (std::any_of(info.rewrites.begin(), info.rewrites.end(), named)) {
    json.Key("rewrites").BeginObject();
    for (size_t id = 0; id < kNumTables; ++id) {
      if (!info.rewrites[id]) continue;
      json.Key(TableName(id));
      WriteRewrite(*info.rewrites[id], &json);
    }
    json.EndObject();
  }
  json.Key("totals").BeginObject();
  for (const TotalField& field : kTotalFields) json.Field(field.name, info.totals.*field.member);
  json.EndObject().EndObject();
  return json.Take();
}

Result<CommitInfo> DecodeCommitInfo(std::string_view encoded) {
  simdjson::dom::parser parser;
  object ours;
  if (parser.parse(simdjson::padded_string(encoded)).get(ours) != simdjson::SUCCESS) {
    return Status::Corrupt("a commit's information is not a JSON object");
  }
  return Read(ours);
}

Result<std::optional<CommitInfo>> ParseCommitInfo(const std::string& log_entry_json_lines) {
  simdjson::dom::parser parser;
  size_t begin = 0;
  while (begin < log_entry_json_lines.size()) {
    size_t end = log_entry_json_lines.find('\n', begin);
    if (end == std::string::npos) end = log_entry_json_lines.size();
    const std::string line = log_entry_json_lines.substr(begin, end - begin);
    begin = end + 1;
    if (line.find("\"commitInfo\"") == std::string::npos) continue;
    object action;
    if (parser.parse(line).get(action) != simdjson::SUCCESS) {
      return Status::Corrupt("a commitInfo action is not valid JSON");
    }
    object ours;
    if (action["commitInfo"]["avocet"].get(ours) != simdjson::SUCCESS) continue;
    if (IntOr(ours, "epoch", -1) < 0) return Status::Corrupt("commitInfo.avocet has no epoch");
    CommitInfo info = Read(ours);
    std::string_view operation;
    if (action["commitInfo"]["operation"].get(operation) == simdjson::SUCCESS) {
      info.operation = operation;
    }
    return std::optional<CommitInfo>(std::move(info));
  }
  return std::optional<CommitInfo>();
}

}  // namespace avocet
