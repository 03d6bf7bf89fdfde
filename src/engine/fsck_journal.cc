#include "src/engine/fsck_journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "src/journal/journal_check.h"
#include "src/source/push/idempotency_keys.h"

namespace avocet {
namespace {

void CheckKeys(Env* env, const std::string& path, FsckReport* report) {
  const auto bytes = env->ReadFile(path);
  if (bytes.status().code() == StatusCode::kNotFound) return;
  IdempotencyKeys keys(SIZE_MAX, std::chrono::hours(24 * 365 * 100));
  const Status status = bytes.ok() ? keys.Decode(*bytes) : bytes.status();
  if (status.ok()) return;
  report->Add(FindingLevel::kError, "", path, status.message(),
              "delete it: requests that were sent before and are sent again are then taken again");
}

void CheckOne(Env* env, const std::string& directory, FsckReport* report) {
  const auto journal = CheckJournal(directory, env);
  if (!journal.ok()) {
    // A segment may be trimmed while it is looked at.
    const bool gone = journal.status().code() == StatusCode::kNotFound;
    report->Add(gone ? FindingLevel::kInfo : FindingLevel::kWarning, "", directory,
                "the journal cannot be read: " + journal.status().message(),
                gone ? "check again: avocet is writing" : "give avocet the right to read it");
    return;
  }
  for (const JournalDamage& damage : journal->damage) {
    report->Add(FindingLevel::kError, "", damage.path, damage.message,
                "nothing can bring lost records back; those that bronze has are no loss, and for "
                "the others the next start puts a row into quarantine");
  }
  if (journal->torn_bytes > 0) {
    report->Add(FindingLevel::kInfo, "", directory,
                fmt::format("the last {} bytes were never acknowledged, or are being written",
                            journal->torn_bytes),
                "nothing: the next start cuts them");
  }
}

}  // namespace

void CheckJournals(Env* env, const std::string& directory, FsckReport* report) {
  auto entries = env->List(directory);
  if (!entries.ok()) return;  // no push source has ever run
  std::sort(entries->begin(), entries->end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  for (const DirectoryEntry& entry : *entries) {
    if (!entry.is_directory) continue;
    const std::string path = directory + "/" + entry.name;
    CheckOne(env, path, report);
    CheckKeys(env, path + "/idempotency.keys", report);
  }
}

}  // namespace avocet
