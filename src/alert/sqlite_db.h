// SqliteDb and SqliteStatement: SQLite, with errors as Status and handles that free themselves.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "src/base/status.h"

struct sqlite3;
struct sqlite3_stmt;

namespace avocet {

/// Parameters are numbered from 1, columns from 0.
class SqliteStatement {
 public:
  SqliteStatement(sqlite3* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}
  SqliteStatement(SqliteStatement&& other) noexcept
      : db_(other.db_), statement_(std::exchange(other.statement_, nullptr)) {}
  SqliteStatement& operator=(SqliteStatement&&) = delete;
  ~SqliteStatement();

  SqliteStatement& Bind(int parameter, int64_t value);
  SqliteStatement& Bind(int parameter, std::string_view text);
  SqliteStatement& BindBlob(int parameter, std::string_view bytes);

  /// True when there is a row to look at, false at the end.
  Result<bool> Step();
  /// Runs to the end; the statement may then be bound and run again.
  Status Run();
  void Reset();

  int64_t Int(int column) const;
  std::string Text(int column) const;  ///< also of a blob; empty for null

 private:
  sqlite3* db_;
  sqlite3_stmt* statement_;
};

/// One connection. One thread at a time.
class SqliteDb {
 public:
  /// Opens or creates, durable and with a write-ahead log, and runs `schema`, statements that may
  /// run again; waits for other processes up to five seconds, then and later. kCorrupt when the
  /// file is none of SQLite's.
  static Result<std::unique_ptr<SqliteDb>> Open(const std::string& path, const char* schema = "");
  ~SqliteDb();
  SqliteDb(const SqliteDb&) = delete;
  SqliteDb& operator=(const SqliteDb&) = delete;

  /// Statements without parameters or rows.
  Status Execute(const char* sql);
  Result<SqliteStatement> Prepare(const char* sql);
  /// All that `body` does or, when it or the commit fails, nothing. Other connections cannot write
  /// meanwhile.
  Status InTransaction(const std::function<Status()>& body);
  /// Adds a column to a table that does not have it.
  Status AddColumn(const std::string& table, const std::string& column, const std::string& type);
  /// What was deleted leaves the bytes of the file too, and those of its write-ahead log.
  Status EraseTheErased();
  /// Rows that the last statement changed.
  int64_t Changes() const;
  int64_t LastRowId() const;

 private:
  explicit SqliteDb(sqlite3* db) : db_(db) {}
  Status SetUp(const char* schema);

  sqlite3* db_;
};

}  // namespace avocet
