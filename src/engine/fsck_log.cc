#include "src/engine/fsck_log.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace avocet {
namespace {

using simdjson::dom::object;

constexpr size_t kVersionDigits = 20;
constexpr std::string_view kTemporary = ".tmp-";
constexpr std::array<std::string_view, 10> kActions = {
    "commitInfo", "protocol",       "metaData", "txn",     "add",
    "remove",     "domainMetadata", "cdc",      "sidecar", "checkpointMetadata"};

std::optional<int64_t> VersionOf(std::string_view name) {
  if (name.size() <= kVersionDigits || name[kVersionDigits] != '.') return std::nullopt;
  int64_t version = 0;
  const char* end = name.data() + kVersionDigits;
  const auto parsed = std::from_chars(name.data(), end, version);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return version;
}

bool HasPath(const object& action) {
  std::string_view path;
  return action["path"].get(path) == simdjson::SUCCESS && !path.empty();
}

// What is wrong with one line of a log entry; empty when nothing is.
std::string LineProblem(std::string_view line, simdjson::dom::parser* parser) {
  object entry;
  if (parser->parse(line.data(), line.size()).get(entry) != simdjson::SUCCESS) {
    return "is not a JSON object";
  }
  if (entry.size() != 1) return fmt::format("holds {} actions instead of one", entry.size());
  const auto field = *entry.begin();
  if (std::find(kActions.begin(), kActions.end(), field.key) == kActions.end()) {
    return fmt::format("holds an unknown action \"{}\"", field.key);
  }
  object action;
  if (field.value.get(action) != simdjson::SUCCESS) return "holds an action that is no object";
  int64_t number = 0;
  std::string_view text;
  if (field.key == "add" &&
      (!HasPath(action) || action["size"].get(number) != simdjson::SUCCESS || number < 0)) {
    return "adds a file without path or size";
  }
  if (field.key == "remove" && !HasPath(action)) return "removes a file without path";
  if (field.key == "txn" && (action["appId"].get(text) != simdjson::SUCCESS ||
                             action["version"].get(number) != simdjson::SUCCESS)) {
    return "has a transaction without application or version";
  }
  if (field.key == "add" && action["stats"].get(text) == simdjson::SUCCESS) {
    simdjson::dom::parser stats_parser;
    object stats;
    if (stats_parser.parse(text.data(), text.size()).get(stats) != simdjson::SUCCESS) {
      return "adds a file with statistics that are not JSON";
    }
  }
  return "";
}

class LogChecker {
 public:
  LogChecker(LakeStore* store, const std::string& folder, std::string_view table, Table* handle,
             FsckReport* report)
      : store_(store),
        log_(folder + "/_delta_log"),
        table_(table),
        handle_(handle),
        report_(report) {}

  LogContents Run() {
    const auto listed = store_->List(log_, "");
    if (!listed.ok()) {
      Error("", listed.status().message(), "restore the table's folder from a backup");
      return {};
    }
    for (const LakeFile& file : *listed) Classify(file.path.substr(log_.size() + 1));
    if (log_contents_.entries.empty() && checkpoint_files_.empty()) {
      Error("", "the log is empty", "restore the table's folder from a backup");
      return {};
    }
    CheckCheckpoints();
    CheckHoles();
    for (const int64_t version : log_contents_.entries) CheckEntry(version);
    CheckLastCheckpoint();
    return std::move(log_contents_);
  }

 private:
  void Error(const std::string& name, std::string problem, std::string remedy) {
    report_->Add(FindingLevel::kError, table_, Shown(name), std::move(problem), std::move(remedy));
  }

  std::string Shown(std::string_view name) const {
    return store_->Shown(name.empty() ? log_ : log_ + "/" + std::string(name));
  }

  void Classify(const std::string& name) {
    const auto version = VersionOf(name);
    const std::string_view rest =
        version ? std::string_view(name).substr(kVersionDigits) : std::string_view();
    if (name.find('/') != std::string::npos || name == "_last_checkpoint") return;
    if (rest == ".json") {
      log_contents_.entries.insert(*version);
    } else if (rest.starts_with(".checkpoint.")) {
      log_contents_.checkpoints.insert(*version);
      checkpoint_files_.emplace(*version, name);
    } else if (name.starts_with(kTemporary)) {
      report_->Add(FindingLevel::kInfo, table_, Shown(name),
                   "a temporary file that a dead process left behind, or that is being written",
                   "when no avocet is running it may be deleted");
    } else if (rest != ".crc" && !rest.ends_with(".compacted.json")) {
      report_->Add(FindingLevel::kInfo, table_, Shown(name),
                   "is no file of a Delta log; it is ignored");
    }
  }

  // Newest first, so that the newest readable one is known to what follows.
  void CheckCheckpoints() {
    bool newest_is_fine = false;
    std::set<int64_t> damaged;
    for (auto it = checkpoint_files_.rbegin(); it != checkpoint_files_.rend(); ++it) {
      const auto& [version, name] = *it;
      Status status = CheckCheckpoint(name);
      const bool newest = version == *log_contents_.checkpoints.rbegin();
      // Reads all actions and compares the checksum, of the newest one and of this one.
      if (status.ok() && handle_ != nullptr && (newest || newest_is_fine)) {
        const auto cleanup = handle_->CleanupLog(0, version, 0, /*dry_run=*/true);
        const StatusCode code = cleanup.status().code();
        if (code == StatusCode::kCorrupt || code == StatusCode::kNotFound ||
            code == StatusCode::kIo) {
          status = cleanup.status();
        }
      }
      if (newest) newest_is_fine = status.ok();
      if (status.ok()) continue;
      damaged.insert(version);
      Error(name, "the checkpoint cannot be read: " + status.message(),
            "delete it when the log entries before it are there: readers then use those; avocet "
            "run writes the next one by itself");
    }
    for (const int64_t version : log_contents_.checkpoints) {
      if (!damaged.contains(version)) log_contents_.newest_checkpoint = version;
    }
  }

  Status CheckCheckpoint(const std::string& name) {
    const std::string path = log_ + "/" + name;
    if (!name.ends_with(".parquet")) return store_->ReadFile(path).status();
    if (handle_ != nullptr) {
      return handle_->CheckFile("_delta_log/" + name, /*verify_pages=*/true).status();
    }
    auto bytes = store_->ReadFile(path);
    if (!bytes.ok()) return bytes.status();
    const bool framed =
        bytes->size() > 12 && bytes->starts_with("PAR1") && bytes->ends_with("PAR1");
    return framed ? Status::Ok() : Status::Corrupt("it does not begin and end as Parquet");
  }

  void CheckHoles() {
    const std::set<int64_t>& entries = log_contents_.entries;
    const int64_t base = log_contents_.newest_checkpoint;
    if (entries.empty() || (*entries.begin() > 0 && base < *entries.begin() - 1)) {
      Error("",
            fmt::format("no readable checkpoint covers what is before {}",
                        entries.empty() ? "the first entry"
                                        : "version " + std::to_string(*entries.begin())),
            "restore the missing log entries or checkpoint from a backup");
    }
    int64_t expected = entries.empty() ? 0 : *entries.begin();
    for (const int64_t version : entries) {
      if (version != expected) {
        const bool covered = version - 1 <= base;
        report_->Add(covered ? FindingLevel::kWarning : FindingLevel::kError, table_,
                     Shown(fmt::format("{:020}.json", expected)),
                     fmt::format("log entries {} to {} are missing", expected, version - 1),
                     covered ? "the table is whole, a checkpoint covers them; only older versions "
                               "cannot be read"
                             : "restore them from a backup");
      }
      expected = version + 1;
    }
    if (!entries.empty() && base > *entries.rbegin()) {
      report_->Add(FindingLevel::kWarning, table_, Shown(fmt::format("{:020}.json", base)),
                   "the entry of the newest version is missing, a checkpoint stands for it",
                   "restore it from a backup; until then writers may refuse the table");
    }
  }

  void CheckEntry(int64_t version) {
    const std::string name = fmt::format("{:020}.json", version);
    const auto bytes = store_->ReadFile(log_ + "/" + name);
    if (!bytes.ok()) {
      // Log cleanup of a running avocet may have been quicker.
      if (bytes.status().code() != StatusCode::kNotFound) {
        Error(name, bytes.status().message(), "give avocet the right to read it");
      }
      return;
    }
    const std::string problem = EntryProblem(*bytes);
    if (!problem.empty()) {
      const bool covered = version <= log_contents_.newest_checkpoint;
      Error(name, problem,
            covered
                ? fmt::format("the table is whole, checkpoint {} covers it; restore the file "
                              "from a backup or leave it to log cleanup",
                              log_contents_.newest_checkpoint)
                : "restore the file from a backup; without it the table ends before this version");
      return;
    }
    auto info = ParseCommitInfo(*bytes);
    if (!info.ok()) {
      Error(name, info.status().message(), "restore the file from a backup");
    } else if (info->has_value()) {
      log_contents_.commits.emplace(version, std::move(**info));
    }
  }

  std::string EntryProblem(const std::string& bytes) {
    size_t begin = 0, number = 0, actions = 0;
    bool has_info = false;
    while (begin < bytes.size()) {
      size_t end = bytes.find('\n', begin);
      if (end == std::string::npos) end = bytes.size();
      const std::string_view line = std::string_view(bytes).substr(begin, end - begin);
      begin = end + 1;
      ++number;
      if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      const std::string problem = LineProblem(line, &parser_);
      if (!problem.empty()) return fmt::format("line {} {}", number, problem);
      ++actions;
      has_info = has_info || line.starts_with("{\"commitInfo\"");
    }
    if (actions == 0) return "the log entry is empty";
    const bool ours = bytes.find("\"engineInfo\":\"avocet/") != std::string::npos;
    if (ours && !has_info) return "the log entry does not begin with commitInfo";
    if (ours && bytes.back() != '\n') return "the log entry ends in the middle of a line";
    return "";
  }

  void CheckLastCheckpoint() {
    const std::string name = "_last_checkpoint";
    const std::string remedy =
        "delete it: it only saves readers a listing, and the next "
        "checkpoint writes it anew";
    const auto bytes = store_->ReadFile(log_ + "/" + name);
    if (bytes.status().code() == StatusCode::kNotFound) {
      if (log_contents_.checkpoints.empty()) return;
      report_->Add(FindingLevel::kWarning, table_, Shown(name), "is missing",
                   "nothing is lost: readers list the log instead, and the next checkpoint writes "
                   "it anew");
      return;
    }
    if (!bytes.ok())
      return Error(name, bytes.status().message(), "give avocet the right to read it");
    object hint;
    int64_t version = -1;
    if (parser_.parse(*bytes).get(hint) != simdjson::SUCCESS ||
        hint["version"].get(version) != simdjson::SUCCESS) {
      return Error(name, "is not a JSON object with a version", remedy);
    }
    if (!log_contents_.checkpoints.contains(version)) {
      Error(name, fmt::format("names checkpoint {}, which does not exist", version), remedy);
    }
  }

  LakeStore* store_;
  const std::string log_;  // below the root
  const std::string_view table_;
  Table* handle_;
  FsckReport* report_;
  LogContents log_contents_;
  std::multimap<int64_t, std::string> checkpoint_files_;
  simdjson::dom::parser parser_;
};

}  // namespace

LogContents CheckLog(LakeStore* store, const std::string& folder, std::string_view table,
                     Table* handle, FsckReport* report) {
  return LogChecker(store, folder, table, handle, report).Run();
}

}  // namespace avocet
