#include "src/lake/lake_json.h"

#include <simdjson.h>

#include "src/base/json_writer.h"
#include "src/model/delta_type.h"

namespace avocet {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

void WriteField(const std::string& name, std::string_view type, std::string_view comment,
                JsonWriter* json) {
  json->BeginObject().Field("name", name).Field("type", type).Field("nullable", true);
  json->Key("metadata").BeginObject();
  if (!comment.empty()) json->Field("comment", comment);
  json->EndObject().EndObject();
}

void WriteStrings(std::string_view key, const std::vector<std::string>& values, JsonWriter* json) {
  json->Key(key).BeginArray();
  for (const std::string& value : values) json->String(value);
  json->EndArray();
}

Status Unreadable(std::string_view what) {
  return Status::Internal("cannot read the lake bridge's answer: " + std::string(what));
}

std::string TextOr(const object& from, std::string_view key, std::string_view fallback) {
  std::string_view text;
  return std::string(from[key].get(text) == simdjson::SUCCESS ? text : fallback);
}

int64_t IntOr(const object& from, std::string_view key, int64_t fallback) {
  int64_t number = fallback;
  return from[key].get(number) == simdjson::SUCCESS ? number : fallback;
}

void ReadBounds(const object& stats, std::string_view key, std::map<std::string, int64_t>* numbers,
                std::map<std::string, std::string>* texts) {
  object bounds;
  if (stats[key].get(bounds) != simdjson::SUCCESS) return;
  for (const auto& [name, value] : bounds) {
    int64_t number = 0;
    std::string_view text;
    if (value.get(number) == simdjson::SUCCESS) {
      (*numbers)[std::string(name)] = number;
    } else if (value.get(text) == simdjson::SUCCESS) {
      (*texts)[std::string(name)] = std::string(text);
    }
  }
}

void ReadStats(const std::string& text, TableFile* file) {
  simdjson::dom::parser parser;
  object stats;
  if (parser.parse(text).get(stats) != simdjson::SUCCESS) return;
  file->num_rows = IntOr(stats, "numRecords", -1);
  ReadBounds(stats, "minValues", &file->min_values, &file->min_texts);
  ReadBounds(stats, "maxValues", &file->max_values, &file->max_texts);
}

TableFile ReadFile(const object& from) {
  TableFile file;
  file.path = TextOr(from, "path", "");
  file.size_bytes = static_cast<uint64_t>(IntOr(from, "size", 0));
  file.modified_ms = IntOr(from, "modification_time", 0);
  object partition_values;
  if (from["partition_values"].get(partition_values) == simdjson::SUCCESS) {
    for (const auto& [name, value] : partition_values) {
      std::string_view text;
      if (value.get(text) == simdjson::SUCCESS) {
        file.partition_values[std::string(name)] = std::string(text);
      }
    }
  }
  ReadStats(TextOr(from, "stats", ""), &file);
  std::string_view checksum;
  if (from["tags"]["avocet.xxh64"].get(checksum) == simdjson::SUCCESS) file.checksum = checksum;
  return file;
}

}  // namespace

std::string CreateJson(const TableSpec& spec) {
  JsonWriter json;
  json.BeginObject().Key("schema").BeginObject().Field("type", "struct").Key("fields").BeginArray();
  for (const TableColumn& column : spec.columns) {
    WriteField(column.name, DeltaTypeName(column.type), column.comment, &json);
  }
  for (const std::string& name : spec.partition_columns) {
    WriteField(name, "date", "day the record was received, UTC", &json);
  }
  json.EndArray().EndObject();
  WriteStrings("partition_columns", spec.partition_columns, &json);
  json.Key("configuration").BeginObject().EndObject();
  json.Field("name", spec.name).Field("description", spec.description).EndObject();
  return json.Take();
}

std::string CommitJson(const CommitRequest& request) {
  JsonWriter json;
  json.BeginObject().Key("adds").BeginArray();
  for (const std::string& add : request.adds) json.Raw(add);
  json.EndArray();
  WriteStrings("removes", request.removes, &json);
  if (!request.app_id.empty()) {
    json.Key("txn").BeginObject().Field("app_id", request.app_id);
    json.Field("version", request.txn_version).EndObject();
  }
  json.Field("operation", request.operation);
  json.Key("operation_parameters").BeginObject();
  if (request.operation == "WRITE") json.Field("mode", "Append");
  json.EndObject();
  if (!request.info_json.empty()) {
    json.Key("commit_info").BeginObject().Key("avocet").Raw(request.info_json).EndObject();
  }
  if (!request.add_columns.empty()) {
    json.Key("add_columns").BeginArray();
    for (const TableColumn& column : request.add_columns) {
      WriteField(column.name, DeltaTypeName(column.type), column.comment, &json);
    }
    json.EndArray();
  }
  json.Field("data_change", request.data_change);
  json.Field("blind_append", request.removes.empty()).EndObject();
  return json.Take();
}

std::string WriteOptionsJson(const WriteOptions& options, int64_t target_bytes) {
  JsonWriter json;
  json.BeginObject().Key("partition_values").BeginObject();
  for (const auto& [name, value] : options.partition_values) json.Field(name, value);
  json.EndObject().Field("compression", "zstd");
  json.Field("compression_level", options.compression_level);
  WriteStrings("stats_columns", options.stats_columns, &json);
  WriteStrings("dictionary_columns", options.dictionary_columns, &json);
  if (!options.new_columns.empty()) WriteStrings("new_columns", options.new_columns, &json);
  if (target_bytes > 0) json.Field("target_bytes", target_bytes);
  json.EndObject();
  return json.Take();
}

std::string StringArrayJson(const std::vector<std::string>& values) {
  JsonWriter json;
  json.BeginArray();
  for (const std::string& value : values) json.String(value);
  json.EndArray();
  return json.Take();
}

Result<std::vector<std::string>> ParseStringArray(const std::string& json) {
  simdjson::dom::parser parser;
  array values;
  if (parser.parse(json).get(values) != simdjson::SUCCESS) return Unreadable("not an array");
  std::vector<std::string> texts;
  for (const element value : values) {
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) return Unreadable("not an array of strings");
    texts.emplace_back(text);
  }
  return texts;
}

Result<std::vector<std::string>> ParseColumnNames(const std::string& metadata_json) {
  simdjson::dom::parser parser;
  object metadata;
  array fields;
  if (parser.parse(metadata_json).get(metadata) != simdjson::SUCCESS ||
      metadata["schema"]["fields"].get(fields) != simdjson::SUCCESS) {
    return Unreadable("metadata without schema");
  }
  std::vector<std::string> names;
  for (const element field : fields) {
    object entry;
    if (field.get(entry) == simdjson::SUCCESS) names.push_back(TextOr(entry, "name", ""));
  }
  return names;
}

Result<std::string> ParseTableId(const std::string& metadata_json) {
  simdjson::dom::parser parser;
  std::string_view id;
  if (parser.parse(metadata_json)["id"].get(id) != simdjson::SUCCESS) {
    return Unreadable("metadata without id");
  }
  return std::string(id);
}

Result<std::vector<TableFile>> ParseFiles(const std::string& json_lines) {
  simdjson::dom::parser parser;
  std::vector<TableFile> files;
  size_t begin = 0;
  while (begin < json_lines.size()) {
    size_t end = json_lines.find('\n', begin);
    if (end == std::string::npos) end = json_lines.size();
    if (end > begin) {
      object entry;
      if (parser.parse(json_lines.substr(begin, end - begin)).get(entry) != simdjson::SUCCESS) {
        return Unreadable("a file entry is not an object");
      }
      files.push_back(ReadFile(entry));
    }
    begin = end + 1;
  }
  return files;
}

Result<int64_t> ParseNumRows(const std::string& json) {
  simdjson::dom::parser parser;
  int64_t rows = 0;
  if (parser.parse(json)["num_rows"].get(rows) != simdjson::SUCCESS) {
    return Unreadable("no num_rows");
  }
  return rows;
}

Result<RewriteResult> ParseRewriteResult(const std::string& json) {
  simdjson::dom::parser parser;
  object answer;
  array adds;
  if (parser.parse(json).get(answer) != simdjson::SUCCESS ||
      answer["adds"].get(adds) != simdjson::SUCCESS) {
    return Unreadable("a rewrite without adds");
  }
  RewriteResult result;
  for (const element add : adds) result.adds.push_back(simdjson::minify(add));
  result.rows_in = IntOr(answer, "rows_in", -1);
  result.rows_out = IntOr(answer, "rows_out", -1);
  return result;
}

Result<std::vector<RemovedFile>> ParseRemovedFiles(const std::string& json) {
  simdjson::dom::parser parser;
  array entries;
  if (parser.parse(json).get(entries) != simdjson::SUCCESS) return Unreadable("not an array");
  std::vector<RemovedFile> files;
  for (const element value : entries) {
    object entry;
    if (value.get(entry) != simdjson::SUCCESS) return Unreadable("a removed file is no object");
    files.push_back({TextOr(entry, "path", ""), static_cast<uint64_t>(IntOr(entry, "size", 0))});
  }
  return files;
}

}  // namespace avocet
