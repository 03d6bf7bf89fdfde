// Rows of the table alerts.
#pragma once

#include <functional>

#include "src/alert/alert_change.h"
#include "src/lake/lake.h"
#include "src/model/column_batch.h"

namespace avocet {

/// REQUIRES: `out` has the columns of AlertsSpec.
void AppendAlert(const AlertChange& change, ColumnBatch* out);

/// Every row of the table, in no particular order. `label` and `fired` are not in rows.
Status ReadAlerts(Table* table, const std::function<void(AlertChange)>& on_change);

}  // namespace avocet
