#include "src/engine/forget_outbox.h"

#include <fmt/format.h>

#include "src/alert/alert_change.h"
#include "src/alert/sqlite_db.h"

namespace avocet {
namespace {

bool IsToldIn(const AlertChange& change, const DeviceTrace& trace) {
  if (change.device == trace.device()) return true;
  for (const std::string* text :
       {&change.label, &change.reason, &change.strongest.reason, &change.metric}) {
    if (trace.IsToldIn(*text)) return true;
  }
  return false;
}

}  // namespace

Result<bool> IsInOutbox(const std::string& path, DeviceTrace* trace) {
  AVOCET_ASSIGN_OR_RETURN(const auto db, SqliteDb::Open(path));
  AVOCET_ASSIGN_OR_RETURN(
      SqliteStatement columns,
      db->Prepare("SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c "
                  "WHERE t.type = 'table'"));
  for (;;) {
    AVOCET_ASSIGN_OR_RETURN(const bool is_column, columns.Step());
    if (!is_column) return false;
    const std::string column = columns.Text(1);
    const std::string sql = fmt::format("SELECT \"{}\" FROM \"{}\"", column, columns.Text(0));
    AVOCET_ASSIGN_OR_RETURN(SqliteStatement values, db->Prepare(sql.c_str()));
    for (;;) {
      AVOCET_ASSIGN_OR_RETURN(const bool is_value, values.Step());
      if (!is_value) break;
      const std::string value = values.Text(0);
      if (column == "payload") {
        AVOCET_ASSIGN_OR_RETURN(const AlertChange change, DecodeAlertChange(value));
        if (IsToldIn(change, *trace)) return true;
      } else if ((column == "device" && value == trace->device()) || trace->IsToldIn(value)) {
        return true;
      }
      trace->AddOther(value);
    }
  }
}

}  // namespace avocet
