// Expiry: files of a table all of whose rows are older than the table keeps them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/config/config.h"
#include "src/engine/lake_tables.h"
#include "src/env/env.h"

namespace avocet {

/// How long rows of the table are kept; zero: for ever.
Duration RetentionOf(const Config& config, size_t id);

/// The day up to which all rows of the file are, as "2021-06-15"; empty when that is not known.
std::string NewestDay(const TableFile& file, size_t id);

/// Takes them out of the table in one commit; the next vacuum deletes them. Of bronze, what the
/// newest snapshot of the state does not have stays. Returns the files.
Result<std::vector<TableFile>> ExpireTable(const Config& config, Env* env, LakeTables* tables,
                                           size_t id, bool dry_run);

}  // namespace avocet
