// Rows of device_health.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "src/model/column_batch.h"
#include "src/state/device_health.h"

namespace avocet {

/// `labels`: metrics as sentences name them.
void AppendHealthRow(const HealthRow& row, std::string_view device,
                     std::span<const std::string> metrics, std::span<const std::string> labels,
                     ColumnBatch* out);

}  // namespace avocet
