// ObjectLedger: which objects of a bucket have been read, and how far.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/model/positions.h"
#include "src/net/s3_client.h"
#include "src/source/records/record_splitter.h"

namespace avocet {

/// How far one object has been read.
struct ObjectPosition {
  std::string etag;
  SplitPosition split;
  bool compressed = false;
  bool done = false;
};

/// {"etag":"...","offset":512,"compressed":true,"done":true,"format":"json"}; what is false or not
/// known is left out.
std::string EncodeObjectPosition(const ObjectPosition& position);
Result<ObjectPosition> DecodeObjectPosition(std::string_view text);

/// Objects are read in the order of their keys, but those with a lesser key may appear after those
/// with a greater one: writers run side by side. So each object is remembered by itself, above a
/// floor: all objects up to that key are done with, and nobody looks for new ones there. Owned by
/// one thread.
class ObjectLedger {
 public:
  struct Options {
    std::string key_prefix;  ///< of positions: "<source>/<bucket>/"
    std::string prefix;      ///< of the objects
    int64_t settle_us = 0;   ///< no object appears below a key that is older than this
    int64_t start_us = 0;    ///< objects last modified before are left out
  };

  explicit ObjectLedger(Options options) : options_(std::move(options)) {}

  /// kCorrupt when a position cannot be read: guessing would read an object twice.
  Status Load(const Positions& committed);

  /// A listing of everything above floor() begins.
  void BeginListing() { ++listing_; }
  /// Notes objects of the listing, which come in order; returns those to read, each once: new ones,
  /// those read in part, and those that have been replaced since.
  std::vector<S3Object> NoteListed(const std::vector<S3Object>& objects);

  /// The listing is complete: objects that were not in it are gone.
  void EndListing();

  /// The position of an object that NoteListed has returned and that is not done yet.
  const ObjectPosition& position(const std::string& key) const { return entries_.at(key).position; }
  void SetPosition(const std::string& key, const ObjectPosition& position);
  /// The object is gone, or has been replaced: it is forgotten, and read if it is listed again.
  void Forget(const std::string& key);

  /// Raises the floor as far as objects are done and have settled.
  void RaiseFloor(int64_t now_us);
  const std::string& floor() const { return floor_; }

  void TakeChangedPositions(Positions* out);
  void AllPositions(Positions* out) const;

 private:
  struct Entry {
    ObjectPosition position;
    int64_t modified_us = 0;
    uint64_t listing = 0;   // that had the object last; 0: none of this run
    bool left_out = false;  // older than the start
  };
  using Entries = std::map<std::string, Entry>;

  std::string FloorText() const;
  static bool HasPosition(const Entry& entry) {
    return entry.position.done || entry.position.split.offset > 0;
  }

  const Options options_;
  std::string floor_;
  Entries entries_;  // of keys above the floor
  std::set<std::string> changed_;
  bool floor_changed_ = false;
  uint64_t listing_ = 0;
};

}  // namespace avocet
