// What the tests of sources share. Only tests include it.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/env/env.h"
#include "src/model/raw_batch.h"
#include "src/source/source.h"

namespace avocet {

/// A directory of one test, removed with it.
class TestDirectory {
 public:
  TestDirectory() {
    std::string pattern = ::testing::TempDir() + "avocet-source-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;
  ~TestDirectory() { std::filesystem::remove_all(path_); }

  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  const std::string& path() const { return path_; }

  void Write(std::string_view name, std::string_view bytes) const {
    std::ofstream(*this / name, std::ios::binary | std::ios::trunc) << bytes;
  }
  void Append(std::string_view name, std::string_view bytes) const {
    std::ofstream(*this / name, std::ios::binary | std::ios::app) << bytes;
  }
  void Rename(std::string_view from, std::string_view to) const {
    std::filesystem::rename(*this / from, *this / to);
  }
  void Remove(std::string_view name) const { std::filesystem::remove(*this / name); }

 private:
  std::string path_;
};

/// The real file system with a clock that moves only when somebody sleeps, and with mishaps.
class TestEnv : public Env {
 public:
  size_t most_bytes_per_read = SIZE_MAX;
  std::string unreadable;  ///< opening this path is kPermission
  int64_t now_us = 1'623'781'706'000'000;

  Result<std::unique_ptr<ReadableFile>> OpenForRead(const std::string& path) override {
    if (path == unreadable) return Status::Permission("cannot open " + path + ": denied");
    AVOCET_ASSIGN_OR_RETURN(auto file, posix_->OpenForRead(path));
    return std::unique_ptr<ReadableFile>(new ShortReads(std::move(file), most_bytes_per_read));
  }
  Result<std::unique_ptr<WritableFile>> OpenForWrite(const std::string& path) override {
    return posix_->OpenForWrite(path);
  }
  Result<std::string> ReadFile(const std::string& path) override { return posix_->ReadFile(path); }
  Result<FileInfo> Stat(const std::string& path) override { return posix_->Stat(path); }
  Result<std::vector<DirectoryEntry>> List(const std::string& path) override {
    return posix_->List(path);
  }
  Status MakeDirectories(const std::string& path) override { return posix_->MakeDirectories(path); }
  Status Rename(const std::string& from, const std::string& to) override {
    return posix_->Rename(from, to);
  }
  Status Remove(const std::string& path) override { return posix_->Remove(path); }
  Status SyncDirectory(const std::string& path) override { return posix_->SyncDirectory(path); }
  Status PutDurably(const std::string& path, std::string_view bytes, PutMode mode) override {
    return posix_->PutDurably(path, bytes, mode);
  }
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path, std::string_view owner) override {
    return posix_->Lock(path, owner);
  }
  int64_t NowMicros() override { return now_us; }
  std::chrono::nanoseconds Monotonic() override { return std::chrono::microseconds(now_us); }
  void SleepFor(std::chrono::nanoseconds duration) override {
    now_us += std::max<int64_t>(1, duration.count() / 1000);
  }
  uint64_t Random64() override { return 4; }
  int64_t ProcessId() override { return 1; }
  std::string HostName() override { return "test"; }

 private:
  class ShortReads : public ReadableFile {
   public:
    ShortReads(std::unique_ptr<ReadableFile> file, size_t most)
        : file_(std::move(file)), most_(most) {}
    Result<size_t> ReadAt(uint64_t offset, std::span<std::byte> out) override {
      return file_->ReadAt(offset, out.first(std::min(out.size(), most_)));
    }
    Result<size_t> Read(std::span<std::byte> out) override {
      return file_->Read(out.first(std::min(out.size(), most_)));
    }
    Result<FileInfo> Stat() override { return file_->Stat(); }

   private:
    std::unique_ptr<ReadableFile> file_;
    size_t most_;
  };

  Env* const posix_ = Env::Posix();
};

/// Everything a source has delivered.
struct Delivered {
  std::vector<std::string> records;
  std::vector<int64_t> offsets;
  std::vector<std::string> partitions;  // of the records
  std::vector<RawReject> rejects;
  uint64_t empty_records = 0;
  uint64_t bytes_read = 0;
  std::vector<std::string> header;  // of the last CSV batch
  Status error;
  PollState state = PollState::kIdle;

  void Take(const std::vector<RawBatch>& batches) {
    for (const RawBatch& batch : batches) {
      for (const RawRecord& record : batch.records) {
        records.emplace_back(batch.Bytes(record));
        offsets.push_back(record.offset);
        partitions.push_back(batch.partition);
      }
      for (const RawReject& reject : batch.rejects) rejects.push_back(reject);
      empty_records += batch.empty_records;
      bytes_read += batch.bytes_read;
      if (batch.csv_header != nullptr) header = *batch.csv_header;
    }
  }
};

/// Polls until there is nothing more at the moment, the end or an error.
inline Delivered Drain(Source* source, const PollLimits& limits = {}) {
  Delivered delivered;
  do {
    std::vector<RawBatch> batches;
    const Result<PollState> state = source->Poll(limits, &batches);
    delivered.Take(batches);
    if (!state.ok()) {
      delivered.error = state.status();
      return delivered;
    }
    delivered.state = *state;
  } while (delivered.state == PollState::kMore);
  return delivered;
}

/// Polls until the source has ended, or has delivered `records`.
inline Delivered Read(Source* source, size_t records = SIZE_MAX, size_t at_once = 1000) {
  Delivered delivered;
  while (delivered.state != PollState::kEnd && delivered.records.size() < records) {
    std::vector<RawBatch> batches;
    const PollLimits limits{.max_records = std::min(at_once, records - delivered.records.size()),
                            .wait = std::chrono::milliseconds(5)};
    const auto state = source->Poll(limits, &batches);
    delivered.Take(batches);
    if (!state.ok()) {
      delivered.error = state.status();
      if (state.status().code() != StatusCode::kUnavailable) return delivered;
      continue;
    }
    delivered.state = *state;
  }
  return delivered;
}

/// Records {"n":first} to {"n":last}.
inline std::vector<std::string> Numbers(int first, int last) {
  std::vector<std::string> texts;
  for (int i = first; i <= last; ++i) texts.push_back("{\"n\":" + std::to_string(i) + "}");
  return texts;
}

inline std::string Gzip(std::string_view bytes) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, bytes.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

inline std::string Zstd(std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 1));
  return out;
}

/// {"n":0} to {"n":count-1}, one per line, padded to about `size` bytes each.
inline std::string NumberedLines(int count, size_t size = 0) {
  std::string lines;
  for (int i = 0; i < count; ++i) {
    std::string line = "{\"n\":" + std::to_string(i);
    if (line.size() + 8 < size)
      line += ",\"p\":\"" + std::string(size - line.size() - 8, 'x') + "\"";
    lines += line + "}\n";
  }
  return lines;
}

}  // namespace avocet
