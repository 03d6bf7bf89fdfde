#include "src/lake/s3_store.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "src/env/retry_pause.h"

namespace avocet {
namespace {

constexpr int kMostAttempts = 8;
constexpr RetryPauses kPauses{std::chrono::milliseconds(100), std::chrono::seconds(4)};
// Its content does not matter: it is written twice, and the second time must fail.
constexpr const char* kConditionProbe = "_avocet/conditional-put";

std::string FolderPrefix(std::string_view folder) {
  while (folder.ends_with('/')) folder.remove_suffix(1);
  return folder.empty() ? std::string() : std::string(folder) + "/";
}

}  // namespace

Result<std::unique_ptr<S3Store>> S3Store::Open(const StorageConfig& storage, Env* env) {
  AVOCET_ASSIGN_OR_RETURN(const S3Location location, ParseS3Url(storage.lake));
  auto transport = AwsTransport::Open(storage.aws, env);
  if (!transport.ok()) return transport.status().WithContext("cannot open lake " + storage.lake);
  S3Client client(std::move(transport).value(), location.bucket, storage.aws.endpoint,
                  storage.aws.path_style);
  return std::make_unique<S3Store>(std::move(client), location, env);
}

S3Store::S3Store(S3Client client, const S3Location& location, Env* env)
    : client_(std::move(client)),
      bucket_(location.bucket),
      prefix_(FolderPrefix(location.prefix)),
      env_(env) {}

std::string S3Store::Key(std::string_view path) const { return prefix_ + std::string(path); }

std::string S3Store::Shown(std::string_view path) const {
  std::string url = "s3://" + bucket_ + "/" + Key(path);
  if (url.ends_with('/')) url.pop_back();
  return url;
}

Status S3Store::WithRetry(std::string_view verb, std::string_view path,
                          const std::function<Status()>& attempt) {
  std::chrono::nanoseconds pause{0};
  Status status;
  for (int number = 1;; ++number) {
    status = attempt();
    if (status.code() != StatusCode::kUnavailable || number == kMostAttempts) break;
    env_->SleepFor(NextRetryPause(kPauses, env_, &pause));
  }
  if (status.ok()) return status;
  std::string context = "cannot ";
  context.append(verb).append(" ").append(Shown(path));
  // A missing file is an answer; a missing bucket is trouble.
  if (IsNoSuchBucket(status)) status = Status::Io(status.message());
  return status.WithContext(context);
}

Result<size_t> S3Store::Read(const std::string& path, uint64_t offset, std::span<std::byte> out) {
  if (out.empty()) return size_t{0};
  const std::span<char> chars(reinterpret_cast<char*>(out.data()), out.size());
  size_t size = 0;
  AVOCET_RETURN_IF_ERROR(WithRetry("read", path, [&] {
    auto read = client_.Read(Key(path), "", offset, chars);
    if (read.ok()) size = *read;
    return read.status();
  }));
  return size;
}

Result<std::string> S3Store::ReadFile(const std::string& path) {
  // Most files are small: one request has them.
  constexpr size_t kFirstBytes = size_t{256} << 10;
  constexpr size_t kMostBytes = size_t{32} << 20;
  std::string bytes;
  for (size_t chunk = kFirstBytes;; chunk = std::min(chunk * 4, kMostBytes)) {
    const size_t offset = bytes.size();
    bytes.resize(offset + chunk);
    const std::span<char> room = std::span<char>(bytes).subspan(offset);
    AVOCET_ASSIGN_OR_RETURN(const size_t read, Read(path, offset, std::as_writable_bytes(room)));
    bytes.resize(offset + read);
    if (read < chunk) return bytes;
  }
}

Result<LakeFile> S3Store::Stat(const std::string& path) {
  LakeFile file{.path = path};
  AVOCET_RETURN_IF_ERROR(WithRetry("stat", path, [&] {
    auto object = client_.Stat(Key(path));
    if (!object.ok()) return object.status();
    file.size_bytes = object->size_bytes;
    file.modified_us = object->modified_us;
    return Status::Ok();
  }));
  return file;
}

Result<std::vector<LakeFile>> S3Store::List(const std::string& folder, const std::string& from) {
  const std::string prefix = FolderPrefix(Key(folder));
  // A listing begins after a key; with one that is shorter `from` itself is in it.
  std::string after = from.empty() ? std::string() : Key(from);
  if (!after.empty()) after.pop_back();
  std::vector<LakeFile> files;
  for (bool more = true; more;) {
    S3Page page;
    AVOCET_RETURN_IF_ERROR(WithRetry("list", folder, [&] {
      auto listed = client_.List(prefix, after);
      if (!listed.ok()) return listed.status();
      page = *std::move(listed);
      return Status::Ok();
    }));
    for (S3Object& object : page.objects) {
      after = object.key;
      files.push_back({.path = object.key.substr(prefix_.size()),
                       .size_bytes = object.size_bytes,
                       .modified_us = object.modified_us});
    }
    more = page.more && !page.objects.empty();
  }
  return files;
}

Result<bool> S3Store::HasFolder(const std::string& folder) {
  bool any = false;
  AVOCET_RETURN_IF_ERROR(WithRetry("list", folder, [&] {
    auto page = client_.List(FolderPrefix(Key(folder)), "");
    if (page.ok()) any = !page->objects.empty();
    return page.status();
  }));
  return any;
}

Result<std::vector<std::string>> S3Store::Folders(const std::string& folder) {
  const std::string prefix = FolderPrefix(Key(folder));
  std::vector<std::string> names;
  AVOCET_RETURN_IF_ERROR(WithRetry("list", folder, [&] {
    auto folders = client_.ListFolders(prefix);
    if (!folders.ok()) return folders.status();
    for (const std::string& path : *folders) names.push_back(path.substr(prefix.size()));
    return Status::Ok();
  }));
  return names;
}

// `may_be_ours`: an attempt before may have written the object.
Status S3Store::PutNew(const std::string& key, std::string_view bytes, bool* may_be_ours) {
  const Status status = client_.Put(key, bytes, /*create_new=*/true);
  if (status.code() == StatusCode::kUnavailable) *may_be_ours = true;
  if (status.code() != StatusCode::kAlreadyExists || !*may_be_ours) return status;
  std::string found(bytes.size() + 1, '\0');
  auto read = client_.Read(key, "", 0, found);
  if (!read.ok()) {
    // What is there cannot be told, so nothing is said of who was first.
    return Status::Unavailable("cannot read back what may be there: " + read.status().message());
  }
  found.resize(*read);
  return found == bytes ? Status::Ok() : status;
}

Status S3Store::Put(const std::string& path, std::string_view bytes, PutMode mode) {
  const std::string key = Key(path);
  bool may_be_ours = false;
  return WithRetry("write", path, [&] {
    if (mode == PutMode::kReplace) return client_.Put(key, bytes);
    return PutNew(key, bytes, &may_be_ours);
  });
}

Status S3Store::Remove(const std::string& path) {
  return WithRetry("remove", path, [&] { return client_.Remove(Key(path)); });
}

Result<bool> S3Store::KeepsRemoved() {
  bool keeps = false;
  AVOCET_RETURN_IF_ERROR(WithRetry("tell whether versions are kept in", "", [&] {
    auto versions = client_.KeepsVersions();
    if (versions.ok()) keeps = *versions;
    return versions.status();
  }));
  return keeps;
}

Status S3Store::CheckCreateNew() {
  constexpr std::string_view kBytes =
      "avocet writes this file twice to see that the store refuses the second time.\n";
  Status first = Put(kConditionProbe, kBytes, PutMode::kCreateNew);
  if (first.code() == StatusCode::kAlreadyExists) return Status::Ok();
  AVOCET_RETURN_IF_ERROR(std::move(first));
  const Status second = WithRetry("write", kConditionProbe, [&] {
    return client_.Put(Key(kConditionProbe), kBytes, /*create_new=*/true);
  });
  if (second.code() == StatusCode::kAlreadyExists) return Status::Ok();
  if (!second.ok()) return second;
  return Status::Unsupported(
      "cannot keep a lake at " + Shown("") +
      ": the server ignores If-None-Match, so two writers could overwrite each other's commits");
}

}  // namespace avocet
