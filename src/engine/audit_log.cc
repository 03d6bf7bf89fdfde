#include "src/engine/audit_log.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "src/base/json_writer.h"
#include "src/base/time_format.h"
#include "src/engine/owned_lake.h"
#include "src/net/bearer_tokens.h"

namespace avocet {
namespace {

// Triggers keep honest programs honest; the chain shows what others did.
constexpr const char* kSchema = R"sql(
PRAGMA secure_delete = ON;
CREATE TABLE IF NOT EXISTS audit_entry (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  salt TEXT NOT NULL,
  body TEXT NOT NULL,
  digest TEXT NOT NULL,
  hash TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS audit_entry_stays BEFORE DELETE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_entry_is_fixed BEFORE UPDATE ON audit_entry
WHEN NEW.body <> '' OR NEW.salt <> '' OR NEW.number <> OLD.number OR NEW.at <> OLD.at
  OR NEW.digest <> OLD.digest OR NEW.hash <> OLD.hash
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
)sql";

constexpr std::string_view kRedacted = "redacted";

std::string BodyOf(const AuditRecord& record) {
  JsonWriter json;
  json.BeginObject().Field("actor", record.actor).FieldOrNull("remote", record.remote);
  json.Field("action", record.action).Key("details").BeginObject();
  for (const auto& [name, value] : record.details) json.Field(name, value);
  return json.EndObject().EndObject().Take();
}

// The salt keeps whoever knows the digest of a redacted entry from guessing what it said.
std::string DigestOf(std::string_view salt, std::string_view body) {
  return Sha256Hex(fmt::format("{}\n{}", salt, body));
}

std::string HashOf(int64_t number, std::string_view at, std::string_view previous,
                   std::string_view digest) {
  return Sha256Hex(fmt::format("{}\n{}\n{}\n{}", number, at, previous, digest));
}

struct Last {
  int64_t number = 0;
  std::string hash;
};

Result<Last> LastOf(SqliteDb* db) {
  AVOCET_ASSIGN_OR_RETURN(
      SqliteStatement select,
      db->Prepare("SELECT number, hash FROM audit_entry ORDER BY number DESC LIMIT 1"));
  AVOCET_ASSIGN_OR_RETURN(const bool row, select.Step());
  return row ? Last{select.Int(0), select.Text(1)} : Last{};
}

// What the file itself says was the greatest number ever.
Result<int64_t> GreatestEver(SqliteDb* db) {
  AVOCET_ASSIGN_OR_RETURN(SqliteStatement select,
                          db->Prepare("SELECT seq FROM sqlite_sequence WHERE name = "
                                      "'audit_entry'"));
  AVOCET_ASSIGN_OR_RETURN(const bool row, select.Step());
  return row ? select.Int(0) : 0;
}

// The numbers that an entry says it redacted: "redacted":"3 17".
void AddRedacted(std::string_view body, std::set<int64_t>* numbers) {
  const std::string key = fmt::format("\"{}\":\"", kRedacted);
  const size_t at = body.rfind(key);
  if (at == body.npos) return;
  const char* next = body.data() + at + key.size();
  const char* const end = body.data() + body.size();
  int64_t number = 0;
  for (;;) {
    const auto [rest, error] = std::from_chars(next, end, number);
    if (error != std::errc()) return;
    numbers->insert(number);
    if (rest == end || *rest != ' ') return;
    next = rest + 1;
  }
}

// Reads the chain, oldest first.
class ChainCheck {
 public:
  explicit ChainCheck(AuditReport* report) : report_(*report) {}

  void Add(int64_t number, const std::string& at, const std::string& salt, const std::string& body,
           const std::string& digest, const std::string& hash) {
    if (number != last_ + 1) {
      Problem(number - last_ == 2
                  ? fmt::format("entry {} is missing", last_ + 1)
                  : fmt::format("entries {} to {} are missing", last_ + 1, number - 1));
    }
    if (body.empty()) {
      ++report_.redacted;
      unexplained_.insert(number);
    } else if (digest != DigestOf(salt, body)) {
      Problem(fmt::format("entry {} does not say what was written", number));
    }
    if (hash != HashOf(number, at, report_.head, digest)) {
      Problem(fmt::format("entry {} is not the one that followed entry {}", number, number - 1));
    }
    std::set<int64_t> explained;
    AddRedacted(body, &explained);
    for (const int64_t earlier : explained) unexplained_.erase(earlier);
    ++report_.entries;
    report_.head = hash;
    last_ = number;
  }

  void End(int64_t greatest_ever) {
    for (const int64_t number : unexplained_) {
      Problem(fmt::format("entry {} is redacted, and no later entry says so", number));
    }
    if (greatest_ever > last_) {
      Problem(fmt::format("the newest entries are missing: {} is the last, there were {}", last_,
                          greatest_ever));
    }
  }

  void Problem(std::string text) { report_.problems.push_back(std::move(text)); }

 private:
  AuditReport& report_;
  int64_t last_ = 0;
  std::set<int64_t> unexplained_;
};

// Texts of people are quoted, so that none can pass for a line of its own.
void AppendValue(const std::string& value, std::string* line) {
  const bool is_plain = std::all_of(value.begin(), value.end(),
                                    [](char c) { return c > ' ' && c <= '~' && c != '"'; });
  is_plain ? static_cast<void>(line->append(value)) : AppendJsonString(value, line);
}

std::string LineOf(const AuditRecord& record) {
  std::string line = fmt::format("audit: {}, user={}", record.action, record.actor);
  if (!record.remote.empty()) line += " remote=" + record.remote;
  for (const auto& [name, value] : record.details) {
    line += ' ' + name + '=';
    AppendValue(value, &line);
  }
  return line;
}

}  // namespace

std::string AuditPath(const Config& config) { return DataDir(config) + "/audit.db"; }

Result<std::unique_ptr<AuditLog>> AuditLog::Open(const std::string& path, Env* env) {
  AVOCET_ASSIGN_OR_RETURN(std::unique_ptr<SqliteDb> db, SqliteDb::Open(path, kSchema));
  return std::unique_ptr<AuditLog>(new AuditLog(std::move(db), env));
}

// REQUIRES: a transaction that keeps others from adding.
Status AuditLog::AddLocked(const AuditRecord& record) {
  AVOCET_ASSIGN_OR_RETURN(const Last last, LastOf(db_.get()));
  const int64_t number = last.number + 1;
  const std::string at = FormatTimestamp(env_->NowMicros());
  const std::string salt = fmt::format("{:016x}{:016x}", env_->Random64(), env_->Random64());
  const std::string body = BodyOf(record);
  const std::string digest = DigestOf(salt, body);
  AVOCET_ASSIGN_OR_RETURN(
      SqliteStatement insert,
      db_->Prepare("INSERT INTO audit_entry (number, at, salt, body, digest, hash) "
                   "VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
  insert.Bind(1, number).Bind(2, at).Bind(3, salt).Bind(4, body).Bind(5, digest);
  return insert.Bind(6, HashOf(number, at, last.hash, digest)).Run();
}

Status AuditLog::Add(const AuditRecord& record) {
  const std::lock_guard lock(mutex_);
  return db_->InTransaction([&] { return AddLocked(record); });
}

void AuditLog::Note(const AuditRecord& record) {
  spdlog::info("{}", LineOf(record));
  const Status status = Add(record);
  if (!status.ok()) spdlog::error("cannot write the audit log: {}", status.message());
}

Result<std::vector<AuditEntry>> AuditLog::Entries() {
  const std::lock_guard lock(mutex_);
  AVOCET_ASSIGN_OR_RETURN(
      SqliteStatement select,
      db_->Prepare("SELECT number, at, body, hash FROM audit_entry ORDER BY number"));
  std::vector<AuditEntry> entries;
  for (;;) {
    AVOCET_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return entries;
    entries.push_back({select.Int(0), select.Text(1), select.Text(2), select.Text(3)});
  }
}

Result<AuditReport> AuditLog::Verify(const std::optional<std::pair<int64_t, std::string>>& kept) {
  const std::lock_guard lock(mutex_);
  AuditReport report;
  ChainCheck chain(&report);
  bool found_kept = !kept.has_value();
  // One look at table and greatest number, while others may add.
  const Status read = db_->InTransaction([&]() -> Status {
    AVOCET_ASSIGN_OR_RETURN(SqliteStatement select,
                            db_->Prepare("SELECT number, at, salt, body, digest, hash FROM "
                                         "audit_entry ORDER BY number"));
    for (;;) {
      AVOCET_ASSIGN_OR_RETURN(const bool row, select.Step());
      if (!row) break;
      const std::string hash = select.Text(5);
      chain.Add(select.Int(0), select.Text(1), select.Text(2), select.Text(3), select.Text(4),
                hash);
      found_kept = found_kept || (select.Int(0) == kept->first && hash == kept->second);
    }
    AVOCET_ASSIGN_OR_RETURN(const int64_t greatest, GreatestEver(db_.get()));
    chain.End(greatest);
    return Status::Ok();
  });
  AVOCET_RETURN_IF_ERROR(read);
  if (!found_kept) {
    chain.Problem(
        fmt::format("entry {} is not the one with the hash {}", kept->first, kept->second));
  }
  return report;
}

Result<int64_t> AuditLog::Redact(AuditRecord record,
                                 const std::function<bool(std::string_view body)>& is_chosen) {
  const std::lock_guard lock(mutex_);
  std::vector<int64_t> numbers;
  const Status redacted = db_->InTransaction([&]() -> Status {
    AVOCET_ASSIGN_OR_RETURN(
        SqliteStatement select,
        db_->Prepare("SELECT number, body FROM audit_entry WHERE body <> '' ORDER BY number"));
    for (;;) {
      AVOCET_ASSIGN_OR_RETURN(const bool row, select.Step());
      if (!row) break;
      if (is_chosen(select.Text(1))) numbers.push_back(select.Int(0));
    }
    record.details.emplace_back(kRedacted, fmt::format("{}", fmt::join(numbers, " ")));
    AVOCET_RETURN_IF_ERROR(AddLocked(record));
    AVOCET_ASSIGN_OR_RETURN(
        SqliteStatement erase,
        db_->Prepare("UPDATE audit_entry SET salt = '', body = '' WHERE number = ?1"));
    for (const int64_t number : numbers) AVOCET_RETURN_IF_ERROR(erase.Bind(1, number).Run());
    return Status::Ok();
  });
  AVOCET_RETURN_IF_ERROR(redacted);
  AVOCET_RETURN_IF_ERROR(db_->EraseTheErased());
  return static_cast<int64_t>(numbers.size());
}

void NoteAudit(const Config& config, Env* env, const AuditRecord& record) {
  Status status = env->MakeDirectories(DataDir(config));
  if (status.ok()) {
    const auto log = AuditLog::Open(AuditPath(config), env);
    status = log.ok() ? (*log)->Add(record) : log.status();
  }
  if (!status.ok()) spdlog::error("cannot write the audit log: {}", status.message());
}

}  // namespace avocet
