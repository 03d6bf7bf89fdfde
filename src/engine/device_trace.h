// DeviceTrace: finds an identifier in the texts and bytes of a lake.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/lake/lake.h"

namespace avocet {

/// Looks for one device. Identifiers of other devices may contain it ("device-1" in "device-12", or
/// in "hall/device-1"); once they are known such places are told apart.
class DeviceTrace {
 public:
  /// `ordinary`: names of metrics, columns, detectors and rules.
  DeviceTrace(std::string device, const std::set<std::string>& ordinary);

  const std::string& device() const { return device_; }
  /// Another device, or a text of another meaning, exists.
  void AddOther(std::string_view text);

  /// Whether a text written by anybody names the device: as a word of its own, plain or as JSON
  /// escapes it. Letters, digits, '_' and '-' beside it make it another word.
  bool IsNamedIn(std::string_view text) const;
  /// The same for texts that are not of the device: only a name that is found there for no other
  /// reason is one. One with less than eight bytes has to have a digit and something else, and none
  /// may be the name of a metric, column, detector or rule.
  bool IsToldIn(std::string_view text) const { return is_telling_ && IsNamedIn(text); }
  /// A value of `column`, or a bound of its values, which may be cut: in "device_id" it is a name,
  /// elsewhere a text. JSON is read to its end, numbers are none.
  bool IsToldIn(std::string_view column, std::string_view value) const;

  /// Decodes a Parquet file. One that is damaged is searched like any file.
  Result<bool> IsInParquet(Lake* lake, const std::string& path) const;
  /// Searches the bytes of any other file: logs and other JSON as above, the rest for the bare
  /// bytes of a telling name of at least eight. Journals and the audit log have to be read entry by
  /// entry; this finds what is beside the entries.
  Result<bool> IsIn(LakeStore* store, const std::string& path) const;

 private:
  bool IsPartOfOther(std::string_view bytes, size_t at) const;
  bool HasWord(std::string_view text, std::string_view word) const;
  bool IsBoundOfName(std::string_view bound) const;
  bool IsInJson(std::string_view text) const;
  bool IsInBinary(std::string_view bytes) const;

  const std::string device_;
  bool is_telling_;
  std::vector<std::string> spellings_;  // as text may have it
  std::set<std::string, std::less<>> others_;
  std::set<std::pair<size_t, size_t>> shapes_;  // of others: where the device is in them, and size
  bool others_begin_alike_ = false;             // as far as bounds go
};

}  // namespace avocet
