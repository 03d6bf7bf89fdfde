// The parts of fsck that look at data files and at what bronze says about itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/engine/fsck.h"
#include "src/engine/fsck_log.h"
#include "src/lake/lake.h"

namespace avocet {

/// What to do about a damaged data file of a table.
std::string FileRemedy(std::string_view table);

/// Checks that every file is there, has the size, rows and checksum that the log says and, on
/// demand, that all its pages can be decoded. `folder` is the table's below the lake's root. Adds
/// up `summary`.
void CheckFiles(LakeStore* store, const std::string& folder, std::string_view table, Table* handle,
                const std::vector<TableFile>& files, const FsckOptions& options,
                CheckedTable* summary, FsckReport* report);

/// Checks epochs, totals and the sequence numbers of bronze up to `version`; returns the newest
/// commit, of epoch 0 when there is none. `folder` is for messages. `expires`: its first rows may
/// be gone.
CommitInfo CheckBronze(const std::string& folder, const LogContents& log, int64_t version,
                       int64_t epoch, const std::vector<TableFile>& files, bool expires,
                       FsckReport* report);

}  // namespace avocet
