// JournalSource: the half of a push source that the engine sees. Reads back what the other half,
// which listens to the world, has put into the journal as push entries.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/env/env.h"
#include "src/journal/journal.h"
#include "src/journal/journal_reader.h"
#include "src/source/push/push_entry.h"
#include "src/source/source.h"

namespace avocet {

/// Positions are record numbers of the journal, under the key "<source>/journal":
/// {"record":1234}. Owned by the engine's thread; `journal` may be used by any.
class JournalSource {
 public:
  struct Hooks {
    /// Sees the label of every entry that is read, for example to learn its key.
    std::function<void(const PushLabel&)> on_label;
    /// Called before records are trimmed away for good.
    std::function<Status()> before_trim;
  };

  /// `partition` is that of records whose label names none.
  JournalSource(std::string name, std::string partition, Hooks hooks, Env* env)
      : name_(std::move(name)),
        partition_(std::move(partition)),
        hooks_(std::move(hooks)),
        env_(env) {}

  /// Opens the journal and begins behind what is committed. The hook sees the labels of all entries
  /// that are there before it returns.
  Status Open(const JournalOptions& options, const Positions& committed);

  /// As Source::Poll; never returns kEnd.
  Result<PollState> Poll(const PollLimits& limits, std::vector<RawBatch>* out);
  void TakeChangedPositions(Positions* out);
  void AllPositions(Positions* out) const;
  /// Trims what bronze has.
  void Committed(const Positions& positions);
  SourceHealth Health() const;

  /// REQUIRES: Open was Ok.
  Journal* journal() const { return journal_.get(); }

 private:
  Status ReadLabels();
  /// Makes `entry_` the next entry; false when there is none at the moment.
  Result<bool> NextEntry(std::vector<RawBatch>* out);
  void DeliverLost(const JournalItem& item, std::vector<RawBatch>* out);
  void DeliverRefused(const PushLabel& label, const RawBatch& entry, std::vector<RawBatch>* out);

  const std::string name_;
  const std::string partition_;
  const Hooks hooks_;
  Env* const env_;
  std::unique_ptr<Journal> journal_;
  std::optional<JournalReader> reader_;
  std::optional<RawBatch> entry_;  // delivered in parts
  size_t entry_next_ = 0;          // index of the next record of it
  uint64_t record_ = 0;            // after what was delivered
  bool changed_ = false;
  std::string problem_;
};

}  // namespace avocet
