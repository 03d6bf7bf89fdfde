#include "src/engine/fsck_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "src/base/xxh64.h"

namespace avocet {
namespace {

constexpr size_t kChunkBytes = size_t{1} << 20;
constexpr size_t kRemoteChunkBytes = size_t{16} << 20;

Result<std::string> ChecksumOf(LakeStore* store, const std::string& path) {
  Xxh64 hash;
  std::vector<std::byte> chunk(store->is_remote() ? kRemoteChunkBytes : kChunkBytes);
  for (uint64_t offset = 0;;) {
    AVOCET_ASSIGN_OR_RETURN(const size_t read, store->Read(path, offset, chunk));
    hash.Update({reinterpret_cast<const char*>(chunk.data()), read});
    offset += read;
    if (read < chunk.size()) return hash.Hex();
  }
}

// What is wrong with a file; empty when nothing is.
std::string FileProblem(LakeStore* store, const std::string& path, Table* handle,
                        const TableFile& file, const FsckOptions& options, FsckReport* report) {
  const auto info = store->Stat(path);
  if (info.status().code() == StatusCode::kNotFound) return "the file is missing";
  if (!info.ok()) return info.status().message();
  if (info->size_bytes != file.size_bytes) {
    return fmt::format("the file has {} bytes, the log says {}", info->size_bytes, file.size_bytes);
  }
  const auto rows = handle->CheckFile(file.path, /*verify_pages=*/false);
  if (!rows.ok()) return rows.status().message();
  if (file.num_rows >= 0 && *rows != file.num_rows) {
    return fmt::format("the file has {} rows, the log says {}", *rows, file.num_rows);
  }
  if (!file.checksum.empty()) {
    const auto checksum = ChecksumOf(store, path);
    if (!checksum.ok()) return checksum.status().message();
    if (*checksum != file.checksum) {
      return fmt::format("the file has checksum {}, the log says {}", *checksum, file.checksum);
    }
  }
  if (options.verify_pages) {
    const auto pages = handle->CheckFile(file.path, /*verify_pages=*/true);
    if (!pages.ok()) return pages.status().message();
  }
  if (!file.checksum.empty() || options.verify_pages) report->bytes_checked += file.size_bytes;
  return "";
}

// The file may have been compacted and vacuumed away since it was listed.
bool StillActive(Table* handle, const std::string& path) {
  if (!handle->Refresh().ok()) return true;
  const auto files = handle->Files();
  if (!files.ok()) return true;
  return std::any_of(files->begin(), files->end(),
                     [&](const TableFile& file) { return file.path == path; });
}

class BronzeChecker {
 public:
  BronzeChecker(const std::string& folder, FsckReport* report)
      : log_(folder + "/_delta_log"), folder_(folder), report_(report) {}

  void CheckCommit(int64_t version, const CommitInfo* before, const CommitInfo& info) {
    const std::string file = fmt::format("{}/{:020}.json", log_, version);
    const Totals& totals = info.totals;
    if (totals.received != totals.accepted + totals.quarantined + totals.duplicates) {
      Error(file,
            fmt::format("the counters do not add up: {} received, {} in bronze, {} "
                        "quarantined, {} duplicates",
                        totals.received, totals.accepted, totals.quarantined, totals.duplicates));
    }
    const auto numbered = static_cast<int64_t>(totals.accepted + totals.forgotten);
    if (info.next_sequence != numbered) {
      Error(file, fmt::format("the next sequence number is {}, but {} rows have been accepted",
                              info.next_sequence, numbered));
    }
    if (before == nullptr) return;
    const bool jump = info.operation == kRebuildOperation && info.epoch > before->epoch;
    if (info.epoch != before->epoch + 1 && !jump) {
      Error(file, fmt::format("epoch {} follows epoch {}", info.epoch, before->epoch));
    }
    if (info.next_sequence < before->next_sequence) {
      Error(file, fmt::format("sequence numbers go back from {} to {}", before->next_sequence,
                              info.next_sequence));
    }
  }

  void CheckSequence(std::vector<TableFile> files, const CommitInfo& last, bool expires) {
    int64_t rows = 0;
    for (const TableFile& file : files) {
      rows += std::max<int64_t>(file.num_rows, 0);
      const auto epoch = file.max_values.find("epoch");
      if (epoch != file.max_values.end() && epoch->second > last.epoch) {
        Error(folder_ + "/" + file.path,
              fmt::format("has rows of epoch {}, the log ends at {}", epoch->second, last.epoch));
      }
    }
    std::erase_if(files, [](const TableFile& file) {
      return !file.min_values.contains("sequence") || !file.max_values.contains("sequence");
    });
    std::sort(files.begin(), files.end(), [](const TableFile& a, const TableFile& b) {
      return a.min_values.at("sequence") < b.min_values.at("sequence");
    });
    int64_t next = 0;
    int64_t expired = 0;
    if (expires && last.totals.forgotten == 0) {
      next = expired = files.empty() ? last.next_sequence : files.front().min_values.at("sequence");
    }
    for (const TableFile& file : files) {
      const int64_t first = file.min_values.at("sequence");
      const int64_t end = file.max_values.at("sequence") + 1;
      const std::string path = folder_ + "/" + file.path;
      if (first < next) {
        Error(path, fmt::format("its sequence numbers begin at {}, those of the file before end "
                                "at {}: rows are there twice",
                                first, next - 1));
      } else if (first > next && last.totals.forgotten == 0) {
        Error(path, fmt::format("sequence numbers {} to {} are missing before this file: rows are "
                                "lost",
                                next, first - 1));
      }
      if (end - first != file.num_rows && last.totals.forgotten == 0) {
        Error(path, fmt::format("{} rows carry the {} sequence numbers {} to {}", file.num_rows,
                                end - first, first, end - 1));
      }
      next = std::max(next, end);
    }
    const auto accepted = static_cast<int64_t>(last.totals.accepted);
    const bool fits =
        last.totals.forgotten > 0 && expires ? rows <= accepted : rows + expired == accepted;
    if (!fits) {
      Error(folder_, fmt::format("bronze has {} rows, its newest commit says {}", rows, accepted));
    }
  }

 private:
  void Error(const std::string& file, std::string problem) {
    report_->Add(FindingLevel::kError, TableName(kBronze), file, std::move(problem),
                 "restore bronze from a backup, all tables together");
  }

  const std::string log_;
  const std::string& folder_;
  FsckReport* report_;
};

}  // namespace

std::string FileRemedy(std::string_view table) {
  if (table == TableName(kBronze)) {
    return "restore it from a backup: its records are nowhere else";
  }
  if (table == TableName(kQuarantine)) return "restore it from a backup";
  return "run `avocet rebuild`: the table is computed anew from bronze";
}

void CheckFiles(LakeStore* store, const std::string& folder, std::string_view table, Table* handle,
                const std::vector<TableFile>& files, const FsckOptions& options,
                CheckedTable* summary, FsckReport* report) {
  for (const TableFile& file : files) {
    ++summary->files;
    summary->size_bytes += file.size_bytes;
    summary->rows += std::max<int64_t>(file.num_rows, 0);
    const std::string path = folder + "/" + file.path;
    const std::string problem = FileProblem(store, path, handle, file, options, report);
    if (problem.empty() || !StillActive(handle, file.path)) continue;
    report->Add(FindingLevel::kError, table, store->Shown(path), problem, FileRemedy(table));
  }
}

CommitInfo CheckBronze(const std::string& folder, const LogContents& log, int64_t version,
                       int64_t epoch, const std::vector<TableFile>& files, bool expires,
                       FsckReport* report) {
  BronzeChecker checker(folder, report);
  const CommitInfo* before = nullptr;
  for (const auto& [at, info] : log.commits) {
    if (at > version) break;
    checker.CheckCommit(at, before, info);
    before = &info;
  }
  if (before == nullptr) {
    if (epoch >= 0) {
      report->Add(
          FindingLevel::kError, TableName(kBronze), folder + "/_delta_log",
          fmt::format("the log entry of epoch {} is gone, and with it the source positions", epoch),
          "restore the log from a backup");
    }
    return {};
  }
  if (before->epoch != epoch) {
    report->Add(FindingLevel::kError, TableName(kBronze), folder + "/_delta_log",
                fmt::format("the newest commit has epoch {}, the transaction of the table is {}",
                            before->epoch, epoch),
                "restore the log from a backup");
    return *before;
  }
  checker.CheckSequence(files, *before, expires);
  return *before;
}

}  // namespace avocet
