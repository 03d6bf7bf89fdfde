// Detector types for tests of the configuration, and where the repository's files are.
#pragma once

#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "src/config/detector_spec.h"
#include "src/env/env.h"

namespace avocet {

inline std::span<const DetectorSpec> TestDetectors() {
  using Kind = DetectorParam::Kind;
  static constexpr DetectorParam kZScore[] = {
      {"sigma", Kind::kNumber, 3, 0.1, 1000, "Standard deviations from the mean."},
      {"min_samples", Kind::kInteger, 30, 2, 1e9, "Earlier readings that are needed."},
      {"exclude_anomalies", Kind::kBool, 0, 0, 1, "Do not learn from flagged readings."},
      {"half_life", Kind::kDuration, 3600, 1, 86400 * 365.0, "How long a reading counts."},
  };
  static constexpr DetectorParam kThreshold[] = {
      {"above", Kind::kNumber, NAN, -1e300, 1e300, "Flag values above this."},
      {"below", Kind::kNumber, NAN, -1e300, 1e300, "Flag values below this."},
  };
  static constexpr std::string_view kLimits[] = {"above", "below"};
  static constexpr DetectorSpec kSpecs[] = {
      {"threshold", "A value beyond a fixed limit.", "", kThreshold, kLimits},
      {"zscore", "A value far from the mean of earlier ones.", "Shewhart 1931", kZScore},
  };
  return kSpecs;
}

/// Variables that the test configurations may use; CITY, EMPTY, PORT and TOKEN.
inline std::optional<std::string> TestEnvironment(std::string_view name) {
  if (name == "CITY") return "Tromsø";
  if (name == "EMPTY") return "";
  if (name == "PORT") return "8080";
  if (name == "TOKEN") return "s3cret: [";
  if (name == "LATIN") return "caf\xE9";
  return std::nullopt;
}

/// A path of the repository, wherever the test runs; in the root when ccache has made the names of
/// source files relative to the build's folder.
inline std::string RepositoryPath(const std::string& path) {
  const std::string here = __FILE__;
  if (here.front() != '/') return path;
  return here.substr(0, here.rfind("src/config/")) + path;
}

inline std::string ReadTestFile(const std::string& path) {
  Result<std::string> text = Env::Posix()->ReadFile(path);
  return text.ok() ? *text : text.status().message();
}

}  // namespace avocet
