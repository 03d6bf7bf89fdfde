#include "src/alert/sqlite_db.h"

#include <sqlite3.h>

namespace avocet {
namespace {

constexpr int kBusyMs = 5'000;
constexpr int kLookAgainMs = 20;

Status ErrorOf(sqlite3* db) {
  const std::string message = std::string("SQLite: ") + sqlite3_errmsg(db);
  switch (sqlite3_errcode(db) & 0xFF) {
    case SQLITE_FULL:
      return Status::NoSpace(message);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Status::Unavailable(message);
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return Status::Permission(message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Status::Corrupt(message);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return Status::Io(message);
    default:
      return Status::Internal(message);
  }
}

}  // namespace

SqliteStatement::~SqliteStatement() { sqlite3_finalize(statement_); }

SqliteStatement& SqliteStatement::Bind(int parameter, int64_t value) {
  sqlite3_bind_int64(statement_, parameter, value);
  return *this;
}

SqliteStatement& SqliteStatement::Bind(int parameter, std::string_view text) {
  sqlite3_bind_text64(statement_, parameter, text.data(), text.size(), SQLITE_TRANSIENT,
                      SQLITE_UTF8);
  return *this;
}

SqliteStatement& SqliteStatement::BindBlob(int parameter, std::string_view bytes) {
  sqlite3_bind_blob64(statement_, parameter, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
  return *this;
}

Result<bool> SqliteStatement::Step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  Status status = ErrorOf(db_);
  Reset();
  return status;
}

Status SqliteStatement::Run() {
  for (;;) {
    AVOCET_ASSIGN_OR_RETURN(const bool row, Step());
    if (!row) break;
  }
  Reset();
  return Status::Ok();
}

void SqliteStatement::Reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

int64_t SqliteStatement::Int(int column) const { return sqlite3_column_int64(statement_, column); }

std::string SqliteStatement::Text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes == nullptr ? std::string() : std::string(bytes, static_cast<size_t>(size));
}

Result<std::unique_ptr<SqliteDb>> SqliteDb::Open(const std::string& path, const char* schema) {
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  if (handle == nullptr) return Status::Io("cannot open " + path + ": no memory");
  std::unique_ptr<SqliteDb> db(new SqliteDb(handle));
  if (code != SQLITE_OK) return ErrorOf(handle).WithContext("cannot open " + path);
  sqlite3_extended_result_codes(handle, 1);
  AVOCET_RETURN_IF_ERROR(db->SetUp(schema).WithContext("cannot open " + path));
  sqlite3_busy_timeout(handle, kBusyMs);
  return db;
}

// SQLite does not wait by itself when several change the journal's mode at once, as those do who
// open a new file.
Status SqliteDb::SetUp(const char* schema) {
  const std::string sql =
      std::string(
          "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;") +
      schema;
  for (int waited_ms = 0;; waited_ms += kLookAgainMs) {
    Status status = Execute(sql.c_str());
    if (status.code() != StatusCode::kUnavailable || waited_ms >= kBusyMs) return status;
    sqlite3_sleep(kLookAgainMs);
  }
}

SqliteDb::~SqliteDb() { sqlite3_close_v2(db_); }

Status SqliteDb::Execute(const char* sql) {
  return sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK ? Status::Ok()
                                                                        : ErrorOf(db_);
}

Result<SqliteStatement> SqliteDb::Prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) != SQLITE_OK) return ErrorOf(db_);
  return SqliteStatement(db_, statement);
}

Status SqliteDb::InTransaction(const std::function<Status()>& body) {
  AVOCET_RETURN_IF_ERROR(Execute("BEGIN IMMEDIATE"));
  Status status = body();
  if (status.ok()) status = Execute("COMMIT");
  if (status.ok()) return status;
  // The first error is what counts; there may be nothing to roll back.
  const Status ignored = Execute("ROLLBACK");
  static_cast<void>(ignored);
  return status;
}

Status SqliteDb::AddColumn(const std::string& table, const std::string& column,
                           const std::string& type) {
  AVOCET_ASSIGN_OR_RETURN(SqliteStatement select,
                          Prepare("SELECT count(*) FROM pragma_table_info(?1) WHERE name = ?2"));
  AVOCET_ASSIGN_OR_RETURN(const bool row, select.Bind(1, table).Bind(2, column).Step());
  if (row && select.Int(0) > 0) return Status::Ok();
  return Execute(("ALTER TABLE " + table + " ADD COLUMN " + column + " " + type).c_str());
}

Status SqliteDb::EraseTheErased() {
  // Deleted rows would stay in free pages and in the write-ahead log.
  AVOCET_RETURN_IF_ERROR(Execute("VACUUM"));
  return Execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

int64_t SqliteDb::Changes() const { return sqlite3_changes64(db_); }
int64_t SqliteDb::LastRowId() const { return sqlite3_last_insert_rowid(db_); }

}  // namespace avocet
