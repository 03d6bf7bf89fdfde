// C interface of rust/lake: Delta log and Parquet for avocet's C++.
//
// Ownership: handles are freed exactly once with their *_free function; AvBytes with
// av_bytes_free. Inputs are borrowed for the call. Arrow data crosses as Arrow C Data Interface
// structs; an ArrowArray that is passed in is moved (released by the callee, also on error).
// Errors: every fallible call returns an AvCode; on a code other than AV_OK the message, UTF-8
// and without a trailing newline, is in *error when error is not null (free it). No panic crosses.
// Threads: an AvLake and an AvTable may be used from any thread; calls on one AvTable are
// serialised inside where they must be (Parquet files are written and read in parallel with
// commits), calls on different tables run in parallel.
// JSON: unknown keys of a request are AV_INVALID. A request may carry "timestamp_ms", the time
// that the log records (commits, table creation, new files); default is the wall clock.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ArrowArray;
struct ArrowSchema;
struct ArrowArrayStream;

typedef enum AvCode {
  AV_OK = 0,
  AV_NOT_FOUND = 1,        // table, file or version does not exist
  AV_ALREADY_EXISTS = 2,   // table exists on create; a create-new put lost the race
  AV_CONFLICT = 3,         // a foreign commit cannot be rebased over (metadata, protocol, removed files)
  AV_IO = 4,               // the store answered with an error; message carries path and errno text
  AV_CORRUPT = 5,          // log, checkpoint or Parquet bytes are damaged; message names the file
  AV_INVALID = 6,          // the caller's arguments make no sense
  AV_UNSUPPORTED = 7,      // table uses a protocol feature that this library does not write or read
  AV_NO_SPACE = 8,         // ENOSPC or EDQUOT
  AV_PERMISSION = 9,       // EACCES, EPERM, EROFS
  AV_INTERNAL = 10         // a bug (includes caught panics)
} AvCode;

typedef struct AvBytes {
  uint8_t* data;
  size_t len;
  size_t cap;  // private
} AvBytes;
void av_bytes_free(AvBytes* bytes);  // sets data to null; null data is fine

// ---- File system given by the caller ---------------------------------------------------------
// Paths are relative to the lake root, '/'-separated, already percent-DEcoded (real file names),
// never absolute, never containing "..". Every function returns an AvCode; on error it may
// write a message of at most sizeof(message) bytes into `message` and set message_len.
// `put` is durable when it returns AV_OK: data synced, file linked into place, directory synced.
typedef struct AvFsError {
  char message[512];
  size_t message_len;
} AvFsError;

typedef void (*AvFsListFn)(void* list_ctx, const char* path, size_t path_len, uint64_t size,
                           int64_t modified_ms);

typedef struct AvFs {
  void* ctx;  // must be usable from any thread until av_lake_free returns
  // Not 0: an object store. Requests take long, so that few large ones are best, and what can be
  // read is durable.
  int32_t is_remote;
  // Reads [offset, offset+len) into dst; *read_len < len only at the end of the file.
  int32_t (*read)(void* ctx, const char* path, size_t path_len, uint64_t offset, uint8_t* dst,
                  size_t len, size_t* read_len, AvFsError* error);
  int32_t (*stat)(void* ctx, const char* path, size_t path_len, uint64_t* size,
                  int64_t* modified_ms, AvFsError* error);  // AV_NOT_FOUND when absent
  // All files below `dir` recursively, in no particular order, each with its path relative to the
  // lake root (not to `dir`); a missing dir is an empty list. Paths that sort before `from`, when
  // it is not empty, may be left out.
  int32_t (*list)(void* ctx, const char* dir, size_t dir_len, const char* from, size_t from_len,
                  AvFsListFn on_file, void* list_ctx, AvFsError* error);
  // create_new != 0: AV_ALREADY_EXISTS and no change when the path exists (atomic).
  int32_t (*put)(void* ctx, const char* path, size_t path_len, const uint8_t* data, size_t len,
                 int32_t create_new, AvFsError* error);
  int32_t (*remove)(void* ctx, const char* path, size_t path_len, AvFsError* error);
} AvFs;

// ---- Lake -----------------------------------------------------------------------------------
typedef struct AvLake AvLake;
// `fs` is copied; its ctx is borrowed until the lake, its tables and their streams are all freed.
AvCode av_lake_open_fs(const AvFs* fs, AvLake** lake, AvBytes* error);
void av_lake_free(AvLake* lake);

// ---- Tables ---------------------------------------------------------------------------------
typedef struct AvTable AvTable;

// `path` is the table folder relative to the lake root, for example "iot_catalog/raw/quarantine".
// AV_NOT_FOUND when there is no _delta_log. Reads the log (newest usable checkpoint, then JSON);
// falls back to an older checkpoint or to the whole log when the newest checkpoint or
// _last_checkpoint is missing or damaged and the JSON files allow it.
AvCode av_table_open(AvLake* lake, const char* path, AvTable** table, AvBytes* error);

// Creates version 0. `spec_json`: {"schema": <Delta schema object>, "partition_columns": [...],
// "configuration": {...}, "name": "...", "description": "..."}.
AvCode av_table_create(AvLake* lake, const char* path, const char* spec_json, AvTable** table,
                       AvBytes* error);
void av_table_free(AvTable* table);

// Re-reads the log incrementally up to the newest version (foreign commits become visible).
AvCode av_table_refresh(AvTable* table, AvBytes* error);

int64_t av_table_version(AvTable* table);  // version this handle knows
// {"id","name","description","schema":{..},"partition_columns":[..],"configuration":{..},
//  "protocol":{"min_reader_version":..,"min_writer_version":..,"reader_features":[..],...}}
AvCode av_table_metadata(AvTable* table, AvBytes* json, AvBytes* error);
// Newest txn version of the application id known to this handle, -1 when there is none.
AvCode av_table_txn(AvTable* table, const char* app_id, int64_t* version, AvBytes* error);
// Raw bytes of _delta_log/<version>.json; AV_NOT_FOUND when it does not exist (cleaned or future).
AvCode av_table_log_entry(AvTable* table, int64_t version, AvBytes* json_lines, AvBytes* error);
// Active files as JSON lines: {"path":"date=2021-06-15/x.parquet" (decoded),"size":..,
//  "partition_values":{..},"modification_time":..,"stats":"..." or null,"tags":{..} or null}
AvCode av_table_files(AvTable* table, AvBytes* json_lines, AvBytes* error);

// ---- Writing --------------------------------------------------------------------------------
// Writes one Parquet file (durable) and returns its Delta `add` action as JSON, with stats
// (numRecords, minValues, maxValues, nullCount for the columns named in stats_columns). The file
// is not visible before av_table_commit. `batch` is a struct array without partition columns;
// dictionary-encoded string columns are accepted and written as plain strings.
// `options_json`: {"partition_values": {"date":"2021-06-15"}, "compression": "zstd",
//   "compression_level": 1, "row_group_rows": 1000000, "stats_columns": ["event_time"],
//   "dictionary_columns": ["device_id"], "sorted_by": [..] (recorded in Parquet metadata),
//   "new_columns": [..] (columns of the batch that the commit of this file adds to the table),
//   "file_prefix": "part", "file_name": "exact name, without folder" (optional)}
// Columns may come in any order; nullable columns may be left out. "compression" is zstd, snappy or
// none. The action carries a checksum of the file in its tags ("avocet.xxh64").
AvCode av_table_write_parquet(AvTable* table, struct ArrowArray* batch, struct ArrowSchema* schema,
                              const char* options_json, AvBytes* add_json, AvBytes* error);

// One atomic commit. `commit_json`:
// {"adds": [<add action>...], "removes": ["decoded path" or {"path","size","partition_values"}...],
//  "txn": {"app_id": "...", "version": 7} or null, "operation": "WRITE",
//  "operation_parameters": {...}, "commit_info": {"avocet": {...}} (merged into commitInfo),
//  "add_columns": [<Delta schema field>...] (appends nullable columns; metaData action),
//  "configuration": {...} (merged into the table configuration, null removes; metaData action),
//  "data_change": true, "blind_append": true}
// The log entry is put with create-new at version+1. When that version exists (foreign commit),
// the entry is read: metadata change that keeps all our columns with the same types, adds,
// removes of files that we do not remove, and foreign txn are rebased over and the next version
// is tried; a removed file that we remove as well, a dropped or retyped column, or a protocol
// upgrade to a feature outside the supported list is AV_CONFLICT/AV_UNSUPPORTED. A foreign commit
// that carries our own txn app_id with version >= ours is AV_CONFLICT with "txn" in the message.
// The same holds for a txn or a removed file that this handle has already seen in the log.
// An ambiguous answer (the put failed but may have happened) is resolved by reading back; when the
// entry is there, a local lake puts the same bytes once more, so that AV_OK means durable.
// Cost per commit does not depend on the number of active files.
AvCode av_table_commit(AvTable* table, const char* commit_json, int64_t* version, AvBytes* error);

// ---- Reading --------------------------------------------------------------------------------
// Streams one Parquet file (decoded path as in av_table_files). `columns_json`: array of column
// names or null for all; columns that the file lacks come as nulls of the table's type; partition
// columns come as constants. Strings arrive as utf8 (i32 offsets), timestamps as microseconds UTC.
// The stream answers EIO for trouble with the store and EINVAL for damage, with a message.
AvCode av_table_read_parquet(AvTable* table, const char* file_path, const char* columns_json,
                             struct ArrowArrayStream* stream, AvBytes* error);
// Streams every text of any Parquet file of the lake, decoded: batches of "column" (utf8; a field's
// name without those of its parents) and "text" (binary, may be null), first bounds and notes of the
// footer, then all values of text and binary columns at any depth. Errors of the stream as above.
AvCode av_lake_parquet_texts(AvLake* lake, const char* path, struct ArrowArrayStream* stream,
                             AvBytes* error);
// Parquet footer as JSON: {"num_rows":..,"row_groups":[{"rows":..,"bytes":..}],"size":..,
// "checksum_verified":..}. Reads and decodes every page when verify_pages != 0 (AV_CORRUPT names
// file and row group), and compares size and checksum of an active file with the log.
AvCode av_table_check_parquet(AvTable* table, const char* file_path, int32_t verify_pages,
                              AvBytes* json, AvBytes* error);

// Rewrites `files_json` (array of decoded paths, one partition) into one new file (or several of at
// about target_bytes) and returns {"adds":[...], "rows_in":n, "rows_out":n, "sorted":..}. Rows whose
// key columns equal a row of `drop_keys` (struct array of key columns; null pointer: none; null
// equals null) are left out. Memory is bounded by a row group and a compressed output file.
// `options_json` as in av_table_write_parquet ("partition_values" may be left out) plus
// {"target_bytes": n, "sort_by": ["sequence"] (optional), "memory_bytes": n (for sorting, default
// 512 MiB; what does not fit is sorted in runs, and "sorted" is false)}.
// The caller commits the adds with the removes ("data_change": false for plain compaction).
AvCode av_table_rewrite(AvTable* table, const char* files_json, struct ArrowArray* drop_keys,
                        struct ArrowSchema* drop_keys_schema, const char* options_json,
                        AvBytes* result_json, AvBytes* error);

// ---- Table care -----------------------------------------------------------------------------
// Writes a checkpoint at the handle's version and _last_checkpoint.
AvCode av_table_checkpoint(AvTable* table, AvBytes* error);
// Removes log entries and checkpoints that are older than retention_ms and not needed to read any
// version >= min(newest checkpoint, keep_from_version). JSON array of removed (or would-be) paths,
// relative to the table folder. The checkpoints that stay are read to their end first.
AvCode av_table_cleanup_log(AvTable* table, int64_t retention_ms, int64_t keep_from_version,
                            int64_t now_ms, int32_t dry_run, AvBytes* removed_json, AvBytes* error);
// Deletes files of the table folder that no version within the retention references
// (tombstones older than retention_ms; untracked files older than retention_ms).
// JSON array of {"path","size"}, relative to the table folder. Names that start with '_' or '.' stay.
AvCode av_table_vacuum(AvTable* table, int64_t retention_ms, int64_t now_ms, int32_t dry_run,
                       AvBytes* removed_json, AvBytes* error);

// {"library":"0.1.0","parquet":".."}, static storage.
const char* av_lake_version(void);

#ifdef __cplusplus
}
#endif
