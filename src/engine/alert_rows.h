// Rows of the table alerts.
#pragma once

#include <functional>

#include "src/alert/acknowledgement.h"
#include "src/alert/alert_change.h"
#include "src/base/json_writer.h"
#include "src/lake/lake.h"

namespace avocet {

/// A row as a JSON object with the columns of the table.
void WriteAlertRow(const AlertChange& change, JsonWriter* json);

/// The rows of the table whose event time is not before `from_us`, in no particular order. `label`
/// and `fired` are not in rows. Acknowledgements are left out.
Status ReadAlerts(Table* table, int64_t from_us, const std::function<void(AlertChange)>& on_change);

/// The acknowledgements in the table, in no particular order; `entry` and what `seen` has beside
/// the columns are not in rows.
Status ReadAcknowledgements(Table* table,
                            const std::function<void(Acknowledgement)>& on_acknowledgement);

}  // namespace avocet
