#include "src/lake/lake.h"

#include "avocet_lake.h"
#include "src/base/s3_url.h"
#include "src/lake/bridge.h"
#include "src/lake/env_store.h"
#include "src/lake/lake_fs.h"
#include "src/lake/lake_json.h"
#include "src/lake/s3_store.h"

namespace avocet {

Result<std::unique_ptr<Lake>> Lake::OpenOn(std::unique_ptr<LakeStore> store) {
  std::unique_ptr<Lake> lake(new Lake(std::move(store)));
  const AvFs fs = FsOf(lake->store_.get());
  BridgeBytes error;
  AVOCET_RETURN_IF_ERROR(FromBridge(av_lake_open_fs(&fs, &lake->handle_, error.get()), error));
  return lake;
}

Result<std::unique_ptr<Lake>> Lake::OpenLocal(Env* env, const std::string& root) {
  return OpenOn(std::make_unique<EnvStore>(env, root));
}

Result<std::unique_ptr<Lake>> Lake::Open(Env* env, const StorageConfig& storage) {
  if (!IsS3Url(storage.lake)) return OpenLocal(env, storage.lake);
  AVOCET_ASSIGN_OR_RETURN(auto store, S3Store::Open(storage, env));
  return OpenOn(std::move(store));
}

Lake::~Lake() { av_lake_free(handle_); }

Result<std::unique_ptr<Table>> Lake::OpenTable(const std::string& path) {
  AvTable* handle = nullptr;
  BridgeBytes error;
  AVOCET_RETURN_IF_ERROR(
      FromBridge(av_table_open(handle_, path.c_str(), &handle, error.get()), error));
  return std::unique_ptr<Table>(new Table(handle, path));
}

Result<std::unique_ptr<Table>> Lake::CreateTable(const std::string& path, const TableSpec& spec) {
  AvTable* handle = nullptr;
  BridgeBytes error;
  AVOCET_RETURN_IF_ERROR(FromBridge(
      av_table_create(handle_, path.c_str(), CreateJson(spec).c_str(), &handle, error.get()),
      error));
  return std::unique_ptr<Table>(new Table(handle, path));
}

Result<std::unique_ptr<Table>> Lake::EnsureTable(const std::string& path, const TableSpec& spec) {
  auto table = OpenTable(path);
  if (table.ok() || table.status().code() != StatusCode::kNotFound) return table;
  auto created = CreateTable(path, spec);
  // Another process has created it in between.
  if (created.status().code() == StatusCode::kAlreadyExists) return OpenTable(path);
  return created;
}

Result<std::unique_ptr<TableFileReader>> Lake::ReadTexts(const std::string& path) {
  ArrowArrayStream stream{};
  BridgeBytes error;
  AVOCET_RETURN_IF_ERROR(
      FromBridge(av_lake_parquet_texts(handle_, path.c_str(), &stream, error.get()), error));
  return std::make_unique<TableFileReader>(stream);
}

Table::~Table() { av_table_free(handle_); }

int64_t Table::version() const { return av_table_version(handle_); }

Status Table::Refresh() {
  BridgeBytes error;
  return FromBridge(av_table_refresh(handle_, error.get()), error);
}

Result<std::string> Table::MetadataJson() {
  BridgeBytes json, error;
  AVOCET_RETURN_IF_ERROR(FromBridge(av_table_metadata(handle_, json.get(), error.get()), error));
  return json.Text();
}

Result<std::string> Table::Id() {
  AVOCET_ASSIGN_OR_RETURN(const std::string json, MetadataJson());
  return ParseTableId(json);
}

Result<std::vector<std::string>> Table::ColumnNames() {
  AVOCET_ASSIGN_OR_RETURN(const std::string json, MetadataJson());
  return ParseColumnNames(json);
}

Result<int64_t> Table::TxnVersion(const std::string& app_id) {
  int64_t version = -1;
  BridgeBytes error;
  AVOCET_RETURN_IF_ERROR(
      FromBridge(av_table_txn(handle_, app_id.c_str(), &version, error.get()), error));
  return version;
}

Result<std::string> Table::LogEntry(int64_t version) {
  BridgeBytes lines, error;
  AVOCET_RETURN_IF_ERROR(
      FromBridge(av_table_log_entry(handle_, version, lines.get(), error.get()), error));
  return lines.Text();
}

Result<std::vector<TableFile>> Table::Files() {
  BridgeBytes lines, error;
  AVOCET_RETURN_IF_ERROR(FromBridge(av_table_files(handle_, lines.get(), error.get()), error));
  return ParseFiles(lines.Text());
}

Result<std::string> Table::WriteParquet(std::shared_ptr<const ColumnBatch> batch,
                                        const WriteOptions& options) {
  ArrowArray array;
  ArrowSchema schema;
  ColumnBatch::Export(std::move(batch), &array, &schema);
  BridgeBytes add, error;
  const AvCode code = av_table_write_parquet(
      handle_, &array, &schema, WriteOptionsJson(options).c_str(), add.get(), error.get());
  if (schema.release != nullptr) schema.release(&schema);
  AVOCET_RETURN_IF_ERROR(FromBridge(code, error));
  return add.Text();
}

Result<int64_t> Table::Commit(const CommitRequest& request) {
  int64_t version = -1;
  BridgeBytes error;
  AVOCET_RETURN_IF_ERROR(FromBridge(
      av_table_commit(handle_, CommitJson(request).c_str(), &version, error.get()), error));
  return version;
}

Result<std::unique_ptr<TableFileReader>> Table::Read(const std::string& file,
                                                     const std::vector<std::string>& columns) {
  ArrowArrayStream stream{};
  BridgeBytes error;
  const std::string json = StringArrayJson(columns);
  AVOCET_RETURN_IF_ERROR(FromBridge(
      av_table_read_parquet(handle_, file.c_str(), columns.empty() ? nullptr : json.c_str(),
                            &stream, error.get()),
      error));
  return std::make_unique<TableFileReader>(stream);
}

Result<int64_t> Table::CheckFile(const std::string& file, bool verify_pages) {
  BridgeBytes json, error;
  AVOCET_RETURN_IF_ERROR(FromBridge(
      av_table_check_parquet(handle_, file.c_str(), verify_pages ? 1 : 0, json.get(), error.get()),
      error));
  return ParseNumRows(json.Text());
}

Result<RewriteResult> Table::Rewrite(const std::vector<std::string>& files,
                                     std::shared_ptr<const ColumnBatch> drop_keys,
                                     const WriteOptions& options, int64_t target_bytes) {
  ArrowArray array{};
  ArrowSchema schema{};
  const bool has_keys = drop_keys != nullptr;
  if (has_keys) ColumnBatch::Export(std::move(drop_keys), &array, &schema);
  BridgeBytes result, error;
  const AvCode code =
      av_table_rewrite(handle_, StringArrayJson(files).c_str(), has_keys ? &array : nullptr,
                       has_keys ? &schema : nullptr,
                       WriteOptionsJson(options, target_bytes).c_str(), result.get(), error.get());
  if (schema.release != nullptr) schema.release(&schema);
  AVOCET_RETURN_IF_ERROR(FromBridge(code, error));
  return ParseRewriteResult(result.Text());
}

Status Table::WriteCheckpoint() {
  BridgeBytes error;
  return FromBridge(av_table_checkpoint(handle_, error.get()), error);
}

Result<std::vector<std::string>> Table::CleanupLog(int64_t retention_ms, int64_t keep_from_version,
                                                   int64_t now_ms, bool dry_run) {
  BridgeBytes removed, error;
  AVOCET_RETURN_IF_ERROR(
      FromBridge(av_table_cleanup_log(handle_, retention_ms, keep_from_version, now_ms,
                                      dry_run ? 1 : 0, removed.get(), error.get()),
                 error));
  return ParseStringArray(removed.Text());
}

Result<std::vector<RemovedFile>> Table::Vacuum(int64_t retention_ms, int64_t now_ms, bool dry_run) {
  BridgeBytes removed, error;
  AVOCET_RETURN_IF_ERROR(FromBridge(
      av_table_vacuum(handle_, retention_ms, now_ms, dry_run ? 1 : 0, removed.get(), error.get()),
      error));
  return ParseRemovedFiles(removed.Text());
}

}  // namespace avocet
