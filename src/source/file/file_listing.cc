#include "src/source/file/file_listing.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string_view>
#include <utility>

#include "src/source/file/glob.h"
#include "src/source/file/natural_order.h"

namespace avocet {
namespace {

// Deeper trees are loops of symbolic links.
constexpr size_t kDeepestDirectory = 40;

bool IsFinishedName(std::string_view name) {
  return !name.starts_with('.') && !name.starts_with('_') && !name.ends_with(".tmp") &&
         !name.ends_with(".part");
}

std::string Join(const std::string& directory, std::string_view name) {
  std::string path = directory;
  if (!path.empty() && path.back() != '/') path += '/';
  return path.append(name);
}

std::vector<std::string> SplitPath(const std::string& path) {
  std::vector<std::string> segments;
  size_t begin = 0;
  while (begin <= path.size()) {
    const size_t end = std::min(path.find('/', begin), path.size());
    if (end > begin) segments.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return segments;
}

class Lister {
 public:
  explicit Lister(Env* env) : env_(env) {}

  void Add(const std::string& path) {
    const Result<FileInfo> info = env_->Stat(path);
    if (info.ok() && info->is_directory) {
      AddDirectory(path);
    } else if (info.ok()) {
      AddFile(path, *info);
    } else if (info.status().code() == StatusCode::kNotFound && HasGlob(path)) {
      AddGlob(path);
    } else {
      AddProblem(info.status(), path);
    }
  }

  FileListing Take() {
    std::sort(listing_.files.begin(), listing_.files.end(),
              [](const FoundFile& a, const FoundFile& b) { return NaturalLess(a.path, b.path); });
    return std::move(listing_);
  }

 private:
  void AddProblem(const Status& status, const std::string& path) {
    const bool missing = status.code() == StatusCode::kNotFound;
    listing_.problems.push_back(missing ? Missing(path, "no such file or directory") : status);
  }

  static Status Missing(const std::string& path, std::string_view why) {
    return Status::NotFound("cannot open " + path + ": " + std::string(why));
  }

  void AddFile(const std::string& path, const FileInfo& info) {
    if (seen_.insert(path).second) listing_.files.push_back({path, info});
  }

  // A file that vanishes between being listed and being looked at is no problem.
  void AddListed(const std::string& path) {
    const Result<FileInfo> info = env_->Stat(path);
    if (info.ok() && !info->is_directory) {
      AddFile(path, *info);
    } else if (!info.ok() && info.status().code() != StatusCode::kNotFound) {
      AddProblem(info.status(), path);
    }
  }

  void AddDirectory(const std::string& path) {
    for (const DirectoryEntry& entry : Entries(path)) {
      if (!entry.is_directory && IsFinishedName(entry.name)) AddListed(Join(path, entry.name));
    }
  }

  void AddGlob(const std::string& pattern) {
    const size_t before = listing_.files.size();
    const size_t seen_before = repeats_;
    Walk(pattern.starts_with('/') ? "/" : "", SplitPath(pattern), 0, 0);
    if (listing_.files.size() == before && repeats_ == seen_before) {
      listing_.problems.push_back(Missing(pattern, "no file matches"));
    }
  }

  void Walk(const std::string& directory, const std::vector<std::string>& segments, size_t at,
            size_t depth) {
    if (depth > kDeepestDirectory) return;
    const std::string& segment = segments[at];
    const bool last = at + 1 == segments.size();
    if (!HasGlob(segment)) {
      const std::string path = Join(directory, segment);
      if (last) {
        MatchFile(path);
      } else {
        Walk(path, segments, at + 1, depth + 1);
      }
      return;
    }
    const bool any_depth = segment == "**";
    if (any_depth && !last) Walk(directory, segments, at + 1, depth);
    for (const DirectoryEntry& entry : Entries(directory.empty() ? "." : directory)) {
      const std::string path = Join(directory, entry.name);
      const bool matches = GlobMatches(any_depth ? "*" : segment, entry.name);
      if (!matches) continue;
      if (entry.is_directory) {
        if (any_depth) Walk(path, segments, at, depth + 1);
        if (!any_depth && !last) Walk(path, segments, at + 1, depth + 1);
      } else if (last) {
        MatchFile(path);
      }
    }
  }

  void MatchFile(const std::string& path) {
    if (seen_.contains(path)) ++repeats_;
    AddListed(path);
  }

  std::vector<DirectoryEntry> Entries(const std::string& directory) {
    Result<std::vector<DirectoryEntry>> entries = env_->List(directory);
    if (entries.ok()) return std::move(entries).value();
    // Globs walk through whatever is there; only what is there and closed to us is a problem.
    const StatusCode code = entries.status().code();
    if (code == StatusCode::kPermission || code == StatusCode::kIo) {
      AddProblem(entries.status(), directory);
    }
    return {};
  }

  Env* env_;
  FileListing listing_;
  std::set<std::string> seen_;
  size_t repeats_ = 0;  // matches that were in the listing already
};

}  // namespace

FileListing ListFiles(const std::vector<std::string>& paths, Env* env) {
  Lister lister(env);
  for (const std::string& path : paths) lister.Add(path);
  return lister.Take();
}

}  // namespace avocet
