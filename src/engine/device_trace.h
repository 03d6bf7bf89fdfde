// DeviceTrace: finds an identifier in the bytes of a lake.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "src/lake/lake_store.h"

namespace avocet {

/// Looks for one device. Identifiers of other devices may contain it ("device-1" in "device-12");
/// once they are known such places are told apart.
class DeviceTrace {
 public:
  explicit DeviceTrace(std::string device);

  const std::string& device() const { return device_; }
  /// Another device exists.
  void AddOther(std::string_view device);

  /// Whether a text written by anybody names the device: as a word of its own, plain or as JSON
  /// escapes it. Letters, digits, '_' and '-' beside it make it another word.
  bool IsNamedIn(std::string_view text) const;

  /// Searches the bytes of a file: log entries and other text as words; Parquet and everything
  /// else for the bare bytes, short identifiers only where Parquet footers hold them whole,
  /// because any three bytes are found by chance in compressed pages. In journals and the audit log
  /// only long ones are searched for: they are text, and have to be read entry by entry.
  Result<bool> IsIn(LakeStore* store, const std::string& path, uint64_t* bytes_searched) const;

 private:
  bool IsInBinary(std::string_view bytes) const;
  bool IsInFooter(std::string_view file) const;
  bool IsPartOfOther(std::string_view bytes, size_t at) const;

  const std::string device_;
  std::vector<std::string> spellings_;  // as text may have it
  std::set<std::string, std::less<>> others_;
  std::set<std::pair<size_t, size_t>> shapes_;  // of others: where the device is in them, and size
};

}  // namespace avocet
