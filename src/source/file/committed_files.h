// CommittedFiles: the positions of files that a source has read before it was started, or that have
// gone since.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/base/status.h"
#include "src/env/env.h"
#include "src/model/positions.h"
#include "src/source/file/file_listing.h"
#include "src/source/file/file_position.h"

namespace avocet {

class CommittedFiles {
 public:
  explicit CommittedFiles(std::string source) : source_(std::move(source)) {}

  /// Those of `committed` that belong to the source. kCorrupt when one cannot be read: guessing
  /// would read its file twice.
  Status Load(const Positions& committed);
  /// Keeps the position of a file that is gone: it may come back.
  void Keep(const FilePosition& position);

  /// Takes the position of each of `files`, if it has one: by device and inode when the content
  /// still begins as it did (else the inode was used again), and then by path and content, for a
  /// restored copy. An error for a file that cannot be compared at present.
  using Claimed = Result<std::optional<FilePosition>>;
  std::vector<Claimed> Claim(const std::vector<FoundFile>& files, Env* env);

  /// Adds what is kept and was not claimed.
  void AddTo(Positions* out) const;

 private:
  using ByKey = std::map<std::string, FilePosition>;

  /// False, and an error in `claim` when the file cannot be compared, when it is another file.
  bool ClaimAt(ByKey::iterator at, const FoundFile& file, Env* env, Claimed* claim);

  std::string source_;
  ByKey positions_;
};

}  // namespace avocet
