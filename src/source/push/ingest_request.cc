#include "src/source/push/ingest_request.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "src/base/ascii.h"
#include "src/source/push/line_protocol.h"
#include "src/source/records/decompressor.h"
#include "src/source/records/record_splitter.h"

namespace avocet {
namespace {

constexpr size_t kFirstBlockBytes = size_t{64} << 10;

// "text/csv; charset=utf-8" is "text/csv".
std::string MediaType(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
  return AsciiLower(type);
}

std::optional<IngestFormat> FormatOf(const HttpRequest& request) {
  struct Word {
    std::string_view text;
    IngestFormat format;
  };
  static constexpr std::array kTypes = {
      Word{"application/json", IngestFormat::kJson},
      Word{"application/x-ndjson", IngestFormat::kLines},
      Word{"application/ndjson", IngestFormat::kLines},
      Word{"application/jsonl", IngestFormat::kLines},
      Word{"application/x-jsonlines", IngestFormat::kLines},
      Word{"text/csv", IngestFormat::kCsv},
      Word{"text/plain", IngestFormat::kLineProtocol},
      Word{"application/x-influxdb-line-protocol", IngestFormat::kLineProtocol},
  };
  static constexpr std::array kWords = {
      Word{"json", IngestFormat::kJson},
      Word{"ndjson", IngestFormat::kLines},
      Word{"csv", IngestFormat::kCsv},
      Word{"line_protocol", IngestFormat::kLineProtocol},
  };
  const auto find = [](std::span<const Word> words,
                       std::string_view text) -> std::optional<IngestFormat> {
    for (const Word& word : words) {
      if (word.text == text) return word.format;
    }
    return std::nullopt;
  };
  if (const auto format = request.Query("format"); format.has_value()) return find(kWords, *format);
  return find(kTypes, MediaType(request.Header("Content-Type")));
}

HttpResponse UnknownFormat(const HttpRequest& request) {
  const auto format = request.Query("format");
  const std::string got = format.has_value()
                              ? "format=" + std::string(*format)
                              : "Content-Type " + MediaType(request.Header("Content-Type"));
  return HttpResponse::Error(
      415, "unsupported_media_type",
      got +
          " is not understood; send Content-Type application/json, application/x-ndjson, "
          "text/csv or text/plain (InfluxDB line protocol), or ?format=json, ndjson, csv or "
          "line_protocol");
}

// Blocks that grow: most bodies are small, and none may be larger than the limit.
bool Decompress(std::string_view body, Compression compression, size_t limit,
                std::shared_ptr<SharedBytes>* out, HttpResponse* refusal) {
  const std::unique_ptr<Decompressor> decompressor = MakeDecompressor(compression);
  auto bytes = SharedBytes::Allocate(std::min(limit, std::max(kFirstBlockBytes, 4 * body.size())));
  while (true) {
    if (bytes->size == bytes->capacity) {
      // At the limit, one more byte tells whether the body ends here.
      char extra = 0;
      const bool full = bytes->capacity >= limit;
      if (full) {
        const auto step = decompressor->Decompress(body, std::span(&extra, 1));
        if (step.ok() && step->produced > 0) {
          *refusal = HttpResponse::Error(
              413, "body_too_large",
              "the decompressed body is larger than " + std::to_string(limit) + " bytes");
          return false;
        }
        if (step.ok() && step->consumed > 0) {
          body.remove_prefix(step->consumed);
          continue;
        }
      } else {
        auto larger = SharedBytes::Allocate(std::min(limit, 2 * bytes->capacity));
        std::memcpy(larger->data.get(), bytes->data.get(), bytes->size);
        larger->size = bytes->size;
        bytes = std::move(larger);
      }
    }
    const std::span<char> room(bytes->data.get() + bytes->size, bytes->capacity - bytes->size);
    const auto step = decompressor->Decompress(body, room);
    if (!step.ok()) {
      *refusal = HttpResponse::Error(400, "bad_encoding", step.status().message());
      return false;
    }
    body.remove_prefix(step->consumed);
    bytes->size += step->produced;
    if (step->consumed == 0 && step->produced == 0) break;
  }
  if (!body.empty() || !decompressor->at_boundary()) {
    *refusal = HttpResponse::Error(400, "bad_encoding", "the compressed body is cut short");
    return false;
  }
  *out = std::move(bytes);
  return true;
}

std::shared_ptr<SharedBytes> Copy(std::string_view text) {
  auto bytes = SharedBytes::Allocate(text.size());
  if (!text.empty()) std::memcpy(bytes->data.get(), text.data(), text.size());
  bytes->size = text.size();
  return bytes;
}

// Sets the line of every record and makes its offset its index.
void Number(IngestRecords* records, bool by_lines) {
  uint64_t line = 1;
  const char* at = records->batch.bytes->data.get();
  int64_t index = 0;
  for (RawRecord& record : records->batch.records) {
    const char* begin = records->batch.bytes->data.get() + record.begin;
    if (by_lines) {
      line += static_cast<uint64_t>(std::count(at, begin, '\n'));
      at = begin;
      records->lines.push_back(line);
    }
    record.offset = index++;
  }
}

}  // namespace

bool DecodeBody(const HttpRequest& request, size_t limit, std::shared_ptr<SharedBytes>* out,
                HttpResponse* refusal) {
  const std::string encoding = AsciiLower(request.Header("Content-Encoding"));
  if (encoding == "gzip" || encoding == "x-gzip") {
    return Decompress(request.body, Compression::kGzip, limit, out, refusal);
  }
  if (encoding == "zstd") {
    return Decompress(request.body, Compression::kZstd, limit, out, refusal);
  }
  if (!encoding.empty() && encoding != "identity") {
    *refusal = HttpResponse::Error(
        415, "unsupported_encoding",
        "Content-Encoding " + encoding + " is not understood; send gzip, zstd or none");
    return false;
  }
  if (request.body.size() > limit) {
    *refusal = HttpResponse::Error(413, "body_too_large",
                                   "the body is larger than " + std::to_string(limit) + " bytes");
    return false;
  }
  *out = Copy(request.body);
  return true;
}

bool SplitBody(const IngestLimits& limits, IngestFormat format, size_t begin, size_t end,
               IngestRecords* records, HttpResponse* refusal) {
  SplitOptions options;
  options.format = format == IngestFormat::kJson    ? InputFormat::kJson
                   : format == IngestFormat::kLines ? InputFormat::kLines
                                                    : InputFormat::kCsv;
  options.max_record_bytes = limits.max_record_bytes;
  RawBatch& batch = records->batch;
  const std::string_view body(batch.bytes->data.get(), end);
  RecordSplitter splitter(options, SplitPosition{.format = options.format});
  size_t at = begin;
  while (at < body.size()) {
    const auto progress =
        splitter.Split(body.substr(at), at, /*at_end=*/true, RecordSplitter::Limits{}, &batch);
    at += progress.consumed;
    if (progress.consumed == 0) break;
  }
  splitter.Describe(&batch);
  if (batch.rejects.empty()) return true;
  const RawReject& first = batch.rejects.front();
  *refusal = HttpResponse::Error(
      413, "record_too_large",
      first.message + " (at byte " + std::to_string(first.offset) + "; nothing was taken)");
  return false;
}

bool ReadIngestRequest(const HttpRequest& request, const IngestLimits& limits,
                       const LineProtocolFields& fields, int64_t now_us, IngestRecords* records,
                       HttpResponse* refusal) {
  const std::optional<IngestFormat> format = FormatOf(request);
  if (!format.has_value()) {
    *refusal = UnknownFormat(request);
    return false;
  }
  std::shared_ptr<SharedBytes> body;
  if (!DecodeBody(request, limits.max_decompressed_bytes, &body, refusal)) return false;
  records->batch.bytes = body;
  if (*format != IngestFormat::kLineProtocol) {
    if (!SplitBody(limits, *format, 0, body->size, records, refusal)) return false;
    Number(records, *format != IngestFormat::kJson);
    return true;
  }

  const std::string_view precision = request.Query("precision").value_or("ns");
  const std::optional<int64_t> unit_ns = LineProtocolUnit(precision);
  if (!unit_ns.has_value()) {
    *refusal = HttpResponse::Error(400, "bad_precision", "precision is ns, us, ms or s");
    return false;
  }
  const std::string_view text(body->data.get(), body->size);
  TranscribeLineProtocol(text, fields, *unit_ns, now_us, records);
  return true;
}

}  // namespace avocet
