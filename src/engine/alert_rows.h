// Rows of the table alerts.
#pragma once

#include <functional>

#include "src/alert/alert_change.h"
#include "src/base/json_writer.h"
#include "src/lake/lake.h"

namespace avocet {

/// A row as a JSON object with the columns of the table.
void WriteAlertRow(const AlertChange& change, JsonWriter* json);

/// The rows of the table whose event time is not before `from_us`, in no particular order. `label`
/// and `fired` are not in rows.
Status ReadAlerts(Table* table, int64_t from_us, const std::function<void(AlertChange)>& on_change);

}  // namespace avocet
