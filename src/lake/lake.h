// Lake and Table: Delta tables below one root, over the Rust bridge.
//
// A Table may be used from any thread; calls on one table are serialised inside. All file access
// goes through a LakeStore: local lakes are an Env's, durably (see Env::PutDurably).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/config/config.h"
#include "src/env/env.h"
#include "src/lake/lake_store.h"
#include "src/lake/table_file_reader.h"
#include "src/model/column_batch.h"
#include "src/model/table_spec.h"

struct AvLake;
struct AvTable;

namespace avocet {

class Table;

class Lake {
 public:
  /// A lake in a local directory, which need not exist. `env` must outlive the lake.
  static Result<std::unique_ptr<Lake>> OpenLocal(Env* env, const std::string& root);
  /// The lake of a configuration: in a local directory, or in S3. Errors of S3Store::Open.
  static Result<std::unique_ptr<Lake>> Open(Env* env, const StorageConfig& storage);
  ~Lake();

  /// kNotFound when the table does not exist.
  Result<std::unique_ptr<Table>> OpenTable(const std::string& path);
  Result<std::unique_ptr<Table>> CreateTable(const std::string& path, const TableSpec& spec);
  /// Opens the table, or creates it.
  Result<std::unique_ptr<Table>> EnsureTable(const std::string& path, const TableSpec& spec);

  /// Every text of any Parquet file, as rows of `column`, a field's name without those of its
  /// parents, and `text`: bounds and notes of the footer, and all values.
  Result<std::unique_ptr<TableFileReader>> ReadTexts(const std::string& path);

  /// The files of the lake.
  LakeStore& store() const { return *store_; }

 private:
  static Result<std::unique_ptr<Lake>> OpenOn(std::unique_ptr<LakeStore> store);
  explicit Lake(std::unique_ptr<LakeStore> store) : store_(std::move(store)) {}

  const std::unique_ptr<LakeStore> store_;
  AvLake* handle_ = nullptr;
};

/// One active data file of a table.
struct TableFile {
  std::string path;  ///< relative to the table's folder
  uint64_t size_bytes = 0;
  std::map<std::string, std::string> partition_values;
  int64_t modified_ms = 0;
  int64_t num_rows = -1;                                    ///< -1: unknown
  std::map<std::string, int64_t> min_values, max_values;    ///< integer columns of the stats
  std::map<std::string, std::string> min_texts, max_texts;  ///< string and timestamp columns
  std::string checksum;  ///< XXH64 of the file, 16 hexadecimal digits; empty: the log has none
};

struct WriteOptions {
  std::map<std::string, std::string> partition_values;
  int compression_level = 1;
  std::vector<std::string> stats_columns;
  std::vector<std::string> dictionary_columns;
  std::vector<std::string> new_columns;  ///< may be missing from the table: a commit adds them
};

struct CommitRequest {
  std::vector<std::string> adds;     ///< `add` actions as JSON
  std::vector<std::string> removes;  ///< file paths
  std::string app_id;                ///< empty: no txn
  int64_t txn_version = 0;
  std::string operation = "WRITE";
  std::string info_json;  ///< object; becomes commitInfo.avocet; may be empty
  std::vector<TableColumn> add_columns;
  bool data_change = true;
};

struct RewriteResult {
  std::vector<std::string> adds;
  int64_t rows_in = 0;
  int64_t rows_out = 0;
};

struct RemovedFile {
  std::string path;
  uint64_t size_bytes = 0;
};

class Table {
 public:
  ~Table();

  const std::string& path() const { return path_; }
  int64_t version() const;
  Status Refresh();
  /// Columns of the table, without types: names in order, partition columns included.
  Result<std::vector<std::string>> ColumnNames();
  /// Delta's identifier of the table.
  Result<std::string> Id();
  /// The whole metadata as JSON; see avocet_lake.h.
  Result<std::string> MetadataJson();
  /// -1 when the application has no transaction in this table.
  Result<int64_t> TxnVersion(const std::string& app_id);
  /// JSON lines of one log entry; kNotFound when it is cleaned up or in the future.
  Result<std::string> LogEntry(int64_t version);
  Result<std::vector<TableFile>> Files();

  /// Writes one durable, not yet visible Parquet file; returns its `add` action.
  Result<std::string> WriteParquet(std::shared_ptr<const ColumnBatch> batch,
                                   const WriteOptions& options);
  /// One atomic commit; returns its version.
  Result<int64_t> Commit(const CommitRequest& request);

  Result<std::unique_ptr<TableFileReader>> Read(const std::string& file,
                                                const std::vector<std::string>& columns);
  /// Footer (and with `verify_pages` all pages) are readable; returns the number of rows.
  Result<int64_t> CheckFile(const std::string& file, bool verify_pages);
  /// Copies rows of `files` into new files, without those whose key columns equal a row of
  /// `drop_keys` (null: all rows). Not visible before Commit.
  Result<RewriteResult> Rewrite(const std::vector<std::string>& files,
                                std::shared_ptr<const ColumnBatch> drop_keys,
                                const WriteOptions& options, int64_t target_bytes);

  Status WriteCheckpoint();
  Result<std::vector<std::string>> CleanupLog(int64_t retention_ms, int64_t keep_from_version,
                                              int64_t now_ms, bool dry_run);
  Result<std::vector<RemovedFile>> Vacuum(int64_t retention_ms, int64_t now_ms, bool dry_run);

 private:
  friend class Lake;
  Table(AvTable* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  AvTable* handle_;
  std::string path_;
};

}  // namespace avocet
