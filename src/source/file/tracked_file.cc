#include "src/source/file/tracked_file.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

namespace avocet {
namespace {

// Of a file whose first bytes are there already.
Result<std::optional<Compression>> ProbeCompression(ReadableFile* file) {
  std::array<char, kMagicBytes> bytes{};
  size_t size = 0;
  while (size < bytes.size()) {
    const auto room = std::span(bytes).subspan(size);
    AVOCET_ASSIGN_OR_RETURN(const size_t got, file->ReadAt(size, std::as_writable_bytes(room)));
    if (got == 0) break;
    size += got;
  }
  return DetectCompression({bytes.data(), size}, false);
}

}  // namespace

TrackedFile::TrackedFile(const Context& context, const FoundFile& found, const FilePosition& start,
                         bool discard)
    : context_(context),
      info_(found.info),
      position_(start),
      discarding_(discard),
      discard_below_(found.info.size_bytes) {
  position_.path = found.path;
  position_.device = found.info.device;
  position_.inode = found.info.inode;
}

Result<std::unique_ptr<TrackedFile>> TrackedFile::Open(const Context& context,
                                                       const FoundFile& found,
                                                       const FilePosition& start, bool discard) {
  std::unique_ptr<TrackedFile> file(new TrackedFile(context, found, start, discard));  // NOLINT
  AVOCET_RETURN_IF_ERROR(file->OpenFile());
  bool same = true;
  AVOCET_RETURN_IF_ERROR(file->CheckFingerprint(&same));
  if (found.info.size_bytes < file->RawBytesRead()) {
    file->Restart(found.path + " is shorter than what was read of it: reading it again");
  }
  const bool finished = file->position_.done && found.info.size_bytes == start.size_bytes;
  file->dry_ = finished || file->position_.damaged;
  if (file->dry_) file->Close();
  return file;
}

// Opens the path, unless it leads to another file by now.
Status TrackedFile::OpenFile() {
  if (file_ != nullptr) return Status::Ok();
  AVOCET_ASSIGN_OR_RETURN(auto file, context_.env->OpenForRead(position_.path));
  AVOCET_ASSIGN_OR_RETURN(const FileInfo info, file->Stat());
  if (info.device != info_.device || info.inode != info_.inode) {
    return Status::NotFound("cannot open " + position_.path + ": it was replaced meanwhile");
  }
  file_ = std::move(file);
  return Status::Ok();
}

void TrackedFile::Close() {
  reader_.reset();
  file_.reset();
}

uint64_t TrackedFile::lag_bytes() const {
  if (dry_) return 0;
  const uint64_t done = reader_ != nullptr ? *next_raw_ : RawBytesRead();
  return info_.size_bytes > done ? info_.size_bytes - done : 0;
}

// `*same`: the first bytes are what they were. Then the fingerprint is extended, else taken anew.
Status TrackedFile::CheckFingerprint(bool* same) {
  AVOCET_RETURN_IF_ERROR(OpenFile());
  const Fingerprint before = position_.fingerprint;
  if (before.size_bytes > 0) {
    AVOCET_ASSIGN_OR_RETURN(const Fingerprint now, TakeFingerprint(file_.get(), before.size_bytes));
    *same = now == before;
    if (*same && before.size_bytes == Fingerprint::kMostBytes) return Status::Ok();
  }
  AVOCET_ASSIGN_OR_RETURN(position_.fingerprint,
                          TakeFingerprint(file_.get(), Fingerprint::kMostBytes));
  if (position_.fingerprint != before) changed_ = true;
  return Status::Ok();
}

// So many bytes at the beginning of the file have been read for good.
uint64_t TrackedFile::RawBytesRead() const {
  if (position_.done) return position_.size_bytes;
  if (!position_.compressed) return position_.split.offset;
  return reader_ != nullptr ? *next_raw_ : position_.size_bytes;
}

void TrackedFile::Restart(std::string problem) {
  position_.split = SplitPosition{};
  position_.done = false;
  position_.damaged = false;
  position_.size_bytes = 0;
  reader_.reset();
  discarding_ = false;
  dry_ = false;
  changed_ = true;
  problem_ = std::move(problem);
}

Status TrackedFile::Update(const FoundFile& found) {
  const bool renamed = found.path != position_.path;
  if (renamed) {
    position_.path = found.path;
    changed_ = true;
  }
  const bool touched =
      found.info.size_bytes != info_.size_bytes || found.info.modified_us != info_.modified_us;
  if (!touched && !failed_) return Status::Ok();
  bool same = true;
  AVOCET_RETURN_IF_ERROR(CheckFingerprint(&same));
  info_ = found.info;
  failed_ = false;
  if (!same || info_.size_bytes < RawBytesRead()) {
    Restart(position_.path + " was truncated or replaced: reading it again");
    return Status::Ok();
  }
  // The unfinished record at the end of what was read is not there any more.
  if (reader_ != nullptr && info_.size_bytes < *next_raw_) reader_.reset();
  dry_ = position_.damaged || (position_.done && info_.size_bytes == position_.size_bytes);
  return Status::Ok();
}

void TrackedFile::UpdateMissing(bool last) {
  const Result<FileInfo> info = file_->Stat();
  if (info.ok() && Update({position_.path, *info}).ok()) {
    if (last) dry_ = position_.done || position_.damaged;
  } else {
    Close();
  }
}

Status TrackedFile::OpenReader() {
  if (reader_ != nullptr) return Status::Ok();
  AVOCET_RETURN_IF_ERROR(OpenFile());
  AVOCET_ASSIGN_OR_RETURN(const std::optional<Compression> compression,
                          ProbeCompression(file_.get()));
  const bool compressed = compression.value_or(Compression::kNone) != Compression::kNone;
  position_.compressed = compressed;
  next_raw_ = std::make_shared<uint64_t>(compressed ? 0 : position_.split.offset);
  ByteStream::ReadRaw read = [file = file_.get(), next = next_raw_](std::span<char> out) {
    Result<size_t> size = file->ReadAt(*next, std::as_writable_bytes(out));
    if (size.ok()) *next += *size;
    return size;
  };
  SplitOptions options = context_.options;
  options.hint = FormatHint(position_.path);
  const uint64_t skip = compressed ? position_.split.offset : 0;
  reader_ = std::make_unique<StreamReader>(ByteStream(std::move(read), compression), context_.pool,
                                           options, position_.split, skip, true);
  return Status::Ok();
}

Result<ReadState> TrackedFile::Read(const RecordSplitter::Limits& limits, bool at_end,
                                    RawBatch* batch) {
  AVOCET_RETURN_IF_ERROR(OpenReader());
  batch->partition = position_.path;
  reader_->set_expected_bytes(lag_bytes());
  AVOCET_ASSIGN_OR_RETURN(const ReadState state, reader_->Read(limits, at_end, batch));
  if (reader_->skipped_too_far()) {
    // It is another file than it was, or it was damaged later: nothing of it is known to be read.
    Restart(position_.path + " ends before the position in it: reading it again");
    return ReadState::kMore;
  }
  if (discarding_) Discard(batch);
  TakePosition(state);
  return state;
}

void TrackedFile::Discard(RawBatch* batch) const {
  const auto old = [&](const auto& record) {
    return reader_->compressed() || record.offset < static_cast<int64_t>(discard_below_);
  };
  std::erase_if(batch->records, old);
  std::erase_if(batch->rejects, old);
  batch->empty_records = 0;
}

void TrackedFile::TakePosition(ReadState state) {
  if (reader_->position().offset != position_.split.offset) changed_ = true;
  position_.split = reader_->position();
  if (state == ReadState::kMore && !reader_->damaged()) return;
  const bool done = state == ReadState::kEnd || reader_->damaged() || reader_->drained();
  if (done != position_.done || position_.size_bytes != *next_raw_) changed_ = true;
  position_.done = done;
  position_.damaged = reader_->damaged();
  position_.size_bytes = *next_raw_;
  discarding_ = false;
  dry_ = true;
  if (state == ReadState::kEnd || position_.damaged) Close();
}

}  // namespace avocet
