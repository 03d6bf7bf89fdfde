#include "src/source/file/committed_files.h"

#include <cstddef>
#include <memory>
#include <utility>

namespace avocet {
namespace {

// An error when the file is there and cannot be read: taken for another one it would be read twice.
Result<bool> BeginsLike(const FoundFile& found, const FilePosition& position, Env* env) {
  const Fingerprint& wanted = position.fingerprint;
  // Of an empty file nothing can be compared, but nothing was read either.
  if (wanted.size_bytes == 0) return position.split.offset == 0;
  if (found.info.size_bytes < wanted.size_bytes) return false;
  const auto file = env->OpenForRead(found.path);
  if (file.status().code() == StatusCode::kNotFound) return false;
  if (!file.ok()) return file.status();
  AVOCET_ASSIGN_OR_RETURN(const Fingerprint present,
                          TakeFingerprint(file->get(), wanted.size_bytes));
  return present == wanted;
}

}  // namespace

Status CommittedFiles::Load(const Positions& committed) {
  for (const auto& [key, text] : committed) {
    if (!key.starts_with(source_ + "/")) continue;
    Result<FilePosition> position = DecodeFilePosition(text);
    if (!position.ok()) return position.status().WithContext(key);
    positions_.insert_or_assign(key, std::move(position).value());
  }
  return Status::Ok();
}

void CommittedFiles::Keep(const FilePosition& position) {
  positions_.insert_or_assign(FilePositionKey(source_, position.device, position.inode), position);
}

bool CommittedFiles::ClaimAt(ByKey::iterator at, const FoundFile& file, Env* env, Claimed* claim) {
  const auto same = BeginsLike(file, at->second, env);
  if (!same.ok()) *claim = same.status();
  if (!same.ok() || !*same) return false;
  *claim = std::optional(std::move(at->second));
  positions_.erase(at);
  return true;
}

std::vector<CommittedFiles::Claimed> CommittedFiles::Claim(const std::vector<FoundFile>& files,
                                                           Env* env) {
  std::vector<Claimed> claims(files.size(), std::optional<FilePosition>());
  if (positions_.empty()) return claims;
  for (size_t i = 0; i < files.size(); ++i) {
    const FileInfo& info = files[i].info;
    const auto at = positions_.find(FilePositionKey(source_, info.device, info.inode));
    if (at != positions_.end()) ClaimAt(at, files[i], env, &claims[i]);
  }
  std::multimap<std::string, ByKey::iterator> by_path;
  for (auto at = positions_.begin(); at != positions_.end(); ++at) {
    by_path.emplace(at->second.path, at);
  }
  for (size_t i = 0; i < files.size(); ++i) {
    const auto [begin, end] = by_path.equal_range(files[i].path);
    for (auto at = begin; at != end && claims[i].ok() && !claims[i]->has_value(); ++at) {
      if (!ClaimAt(at->second, files[i], env, &claims[i])) continue;
      by_path.erase(at);
      break;
    }
  }
  return claims;
}

void CommittedFiles::AddTo(Positions* out) const {
  for (const auto& [key, position] : positions_) {
    out->insert_or_assign(key, EncodeFilePosition(position));
  }
}

}  // namespace avocet
