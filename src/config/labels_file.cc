#include "src/config/labels_file.h"

#include <set>

#include "src/base/csv_row.h"
#include "src/config/device_labels.h"
#include "src/config/quoted.h"
#include "src/config/source_text.h"

namespace avocet {
namespace {

constexpr size_t kMaxBytes = size_t{64} << 20;
constexpr size_t kMostErrors = 20;
constexpr std::string_view kDeviceColumn = "device_id";

class Parser {
 public:
  explicit Parser(std::string_view text) : source_(text) {}

  LabelsFile Parse() {
    int line = 1;
    while (line <= source_.num_lines() && source_.Line(line).empty()) ++line;
    if (line > source_.num_lines()) {
      Error(0, "the file is empty; its first line is device_id and the names of labels");
      return std::move(file_);
    }
    delimiter_ = DetectDelimiter(source_.Line(line));
    ReadHeader(line);
    // Rows below a wrong header would be wrong too.
    if (!file_.errors.empty()) return std::move(file_);
    for (++line; line <= source_.num_lines() && file_.errors.size() < kMostErrors; ++line) {
      if (!source_.Line(line).empty()) ReadRow(line);
    }
    return std::move(file_);
  }

 private:
  void Error(int line, std::string message) {
    file_.errors.push_back({line, line == 0 ? 0 : 1, std::move(message)});
  }

  void ReadHeader(int line) {
    header_ = ParseCsvRow(source_.Line(line), delimiter_);
    if (header_[0] != kDeviceColumn) {
      Error(line, "the first column is device_id, not " + Quoted(header_[0]));
      return;
    }
    if (header_.size() - 1 > kMostLabels) {
      Error(line, "a device has at most 16 labels, not " + std::to_string(header_.size() - 1));
    }
    std::set<std::string> names;
    for (size_t i = 1; i < header_.size(); ++i) {
      const std::string problem = LabelNameProblem(header_[i]);
      if (!problem.empty()) Error(line, problem);
      if (!names.insert(header_[i]).second) {
        Error(line, "the column " + Quoted(header_[i]) + " is there twice");
      }
    }
  }

  void ReadRow(int line) {
    const std::vector<std::string> fields = ParseCsvRow(source_.Line(line), delimiter_);
    if (fields.size() != header_.size()) {
      return Error(line, "the row has " + std::to_string(fields.size()) + " fields, the header " +
                             std::to_string(header_.size()));
    }
    const std::string& device = fields[0];
    if (device.empty()) return Error(line, "the row names no device");
    const auto [first, added] = lines_.emplace(device, line);
    if (!added) {
      return Error(line, "the device " + Quoted(device) + " is in line " +
                             std::to_string(first->second) + " too");
    }
    Labels& labels = file_.devices[device];
    for (size_t i = 1; i < fields.size(); ++i) {
      if (fields[i].empty()) continue;
      const std::string problem = LabelValueProblem(fields[i]);
      if (!problem.empty()) return Error(line, header_[i] + ": " + problem);
      labels[header_[i]] = fields[i];
    }
  }

  const SourceText source_;
  char delimiter_ = ',';
  std::vector<std::string> header_;
  std::map<std::string, int> lines_;  // by device
  LabelsFile file_;
};

}  // namespace

LabelsFile ParseLabelsFile(std::string_view text) {
  if (text.size() > kMaxBytes) {
    return {.devices = {}, .errors = {{0, 0, "the file has more than 64 MiB"}}};
  }
  return Parser(text).Parse();
}

}  // namespace avocet
