// The JSON that crosses the lake bridge: requests written, answers parsed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/lake/lake.h"

namespace avocet {

std::string CreateJson(const TableSpec& spec);
std::string CommitJson(const CommitRequest& request);
/// `target_bytes` is left out when it is not positive.
std::string WriteOptionsJson(const WriteOptions& options, int64_t target_bytes = 0);
std::string StringArrayJson(const std::vector<std::string>& values);

Result<std::vector<std::string>> ParseStringArray(const std::string& json);
Result<std::vector<std::string>> ParseColumnNames(const std::string& metadata_json);
Result<std::string> ParseTableId(const std::string& metadata_json);
Result<std::vector<TableFile>> ParseFiles(const std::string& json_lines);
Result<int64_t> ParseNumRows(const std::string& json);
Result<RewriteResult> ParseRewriteResult(const std::string& json);
Result<std::vector<RemovedFile>> ParseRemovedFiles(const std::string& json);

}  // namespace avocet
