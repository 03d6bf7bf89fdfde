#include "src/net/s3_client.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

#include "src/base/civil_time.h"
#include "src/net/aws_service.h"
#include "src/net/xml_text.h"

namespace avocet {
namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

std::optional<uint64_t> ParseNumber(std::string_view text) {
  uint64_t value = 0;
  const auto end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  return parsed.ec == std::errc() && parsed.ptr == end ? std::optional(value) : std::nullopt;
}

uint64_t NumberAt(std::string_view text, size_t at, size_t size) {
  return text.size() >= at + size ? ParseNumber(text.substr(at, size)).value_or(0) : 0;
}

// Microseconds since 1970 of a day and a time of day written "12:00:00" at `time`.
int64_t InstantOf(const CivilDate& day, std::string_view text, size_t time) {
  const uint64_t seconds = NumberAt(text, time, 2) * 3600 + NumberAt(text, time + 3, 2) * 60 +
                           NumberAt(text, time + 6, 2);
  return (DaysFromCivil(day) * 86'400 + static_cast<int64_t>(seconds)) * 1'000'000;
}

// "2026-01-31T12:00:00.000Z"; 0 when it is not written so.
int64_t ParseModified(std::string_view text) {
  if (text.size() < 19 || text[10] != 'T') return 0;
  return InstantOf({.year = static_cast<int64_t>(NumberAt(text, 0, 4)),
                    .month = static_cast<int>(NumberAt(text, 5, 2)),
                    .day = static_cast<int>(NumberAt(text, 8, 2))},
                   text, 11);
}

// "Sat, 31 Jan 2026 12:00:00 GMT"; 0 when it is not written so.
int64_t ParseHttpDate(std::string_view text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() < 25 || text[3] != ',') return 0;
  const size_t month = kMonths.find(text.substr(8, 3));
  if (month == std::string_view::npos) return 0;
  return InstantOf({.year = static_cast<int64_t>(NumberAt(text, 12, 4)),
                    .month = static_cast<int>(month / 3) + 1,
                    .day = static_cast<int>(NumberAt(text, 5, 2))},
                   text, 17);
}

// "bytes 0-9/4711".
std::optional<uint64_t> FirstOfRange(std::string_view content_range) {
  constexpr std::string_view kUnit = "bytes ";
  if (!content_range.starts_with(kUnit)) return std::nullopt;
  content_range.remove_prefix(kUnit.size());
  return ParseNumber(content_range.substr(0, content_range.find('-')));
}

Status Unreadable(std::string_view what) {
  return Status::Unavailable("an answer that makes no sense: " + std::string(what));
}

Result<S3Page> ReadListing(std::string_view xml) {
  if (xml.find("<ListBucketResult") == std::string_view::npos) {
    return Unreadable(xml.substr(0, 200));
  }
  S3Page page;
  page.more = XmlText(xml, "IsTruncated") == "true";
  // Not every server escapes keys when it is asked to, but those that do say so.
  const bool escaped = XmlText(xml, "EncodingType") == "url";
  while (const auto contents = TakeXmlElement("Contents", &xml)) {
    S3Object object;
    object.key = XmlUnescaped(XmlText(*contents, "Key"));
    if (escaped) object.key = FormUnescaped(object.key);
    object.etag = XmlUnescaped(XmlText(*contents, "ETag"));
    const auto size = ParseNumber(XmlText(*contents, "Size"));
    if (object.key.empty() || !size.has_value()) return Unreadable(*contents);
    object.size_bytes = *size;
    object.modified_us = ParseModified(XmlText(*contents, "LastModified"));
    page.objects.push_back(std::move(object));
  }
  return page;
}

}  // namespace

std::string UrlEscaped(std::string_view text, bool keep_slashes) {
  std::string out;
  for (const char c : text) {
    if (IsPlain(c) || (keep_slashes && c == '/')) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

std::string FormUnescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%' && i + 2 < text.size()) {
      unsigned code = 0;
      std::from_chars(text.data() + i + 1, text.data() + i + 3, code, 16);
      out += static_cast<char>(code);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool IsNoSuchBucket(const Status& status) {
  return status.code() == StatusCode::kNotFound && status.message().starts_with("NoSuchBucket");
}

S3Client::S3Client(std::shared_ptr<AwsTransport> transport, std::string bucket,
                   const std::string& endpoint, bool path_style)
    : transport_(std::move(transport)), bucket_(std::move(bucket)) {
  const std::string server = endpoint.empty() ? AwsEndpoint("s3", transport_->region()) : endpoint;
  const size_t host = server.find("://") + 3;
  // An address has no names below it, and certificates do not cover a dot more.
  const bool address = server.find_first_of("0123456789[", host) == host ||
                       server.compare(host, 9, "localhost") == 0;
  if (path_style || address || bucket_.find('.') != std::string::npos) {
    base_ = server + (server.ends_with('/') ? "" : "/") + bucket_;
  } else {
    base_ = server.substr(0, host) + bucket_ + "." + server.substr(host);
    if (base_.ends_with('/')) base_.pop_back();
  }
}

std::string S3Client::Url(std::string_view key) const {
  return base_ + "/" + UrlEscaped(key, true);
}

Result<S3Page> S3Client::List(const std::string& prefix, const std::string& after) {
  AwsRequest request;
  request.service = "s3";
  request.method = "GET";
  // Signatures want the parameters in order.
  request.url = base_ + "/?encoding-type=url&list-type=2&prefix=" + UrlEscaped(prefix, false);
  if (!after.empty()) request.url += "&start-after=" + UrlEscaped(after, false);
  AVOCET_ASSIGN_OR_RETURN(const AwsAnswer answer, transport_->Send(request));
  AVOCET_RETURN_IF_ERROR(StatusOfAnswer(answer));
  return ReadListing(answer.body);
}

Result<std::vector<std::string>> S3Client::ListFolders(const std::string& prefix) {
  std::vector<std::string> folders;
  std::string after;
  for (bool more = true; more;) {
    AwsRequest request;
    request.service = "s3";
    request.method = "GET";
    request.url =
        base_ + "/?delimiter=%2F&encoding-type=url&list-type=2&prefix=" + UrlEscaped(prefix, false);
    if (!after.empty()) request.url += "&start-after=" + UrlEscaped(after, false);
    AVOCET_ASSIGN_OR_RETURN(const AwsAnswer answer, transport_->Send(request));
    AVOCET_RETURN_IF_ERROR(StatusOfAnswer(answer));
    std::string_view xml = answer.body;
    AVOCET_ASSIGN_OR_RETURN(const S3Page page, ReadListing(xml));
    std::string last = page.objects.empty() ? std::string() : page.objects.back().key;
    const bool escaped = XmlText(xml, "EncodingType") == "url";
    while (const auto common = TakeXmlElement("CommonPrefixes", &xml)) {
      std::string folder = XmlUnescaped(XmlText(*common, "Prefix"));
      if (escaped) folder = FormUnescaped(folder);
      if (!folder.ends_with('/')) return Unreadable(*common);
      // Behind all keys of the folder, and before those of the next: 0 is the byte after a slash.
      folder.back() = '0';
      last = std::max(last, folder);
      folder.pop_back();
      folders.push_back(std::move(folder));
    }
    more = page.more && last > after;
    after = std::move(last);
  }
  return folders;
}

Result<size_t> S3Client::Read(const std::string& key, const std::string& etag, uint64_t offset,
                              std::span<char> out) {
  AwsRequest request;
  request.service = "s3";
  request.method = "GET";
  request.url = Url(key);
  request.headers["range"] =
      "bytes=" + std::to_string(offset) + "-" + std::to_string(offset + out.size() - 1);
  if (!etag.empty()) request.headers["if-match"] = etag;
  request.most_answer_bytes = std::max<size_t>(out.size(), size_t{64} << 10);
  AVOCET_ASSIGN_OR_RETURN(const AwsAnswer answer, transport_->Send(request));
  constexpr int kBehindTheEnd = 416;
  if (answer.status == kBehindTheEnd) return size_t{0};
  AVOCET_RETURN_IF_ERROR(StatusOfAnswer(answer));
  const auto range = answer.headers.find("content-range");
  const auto first = range == answer.headers.end() ? std::nullopt : FirstOfRange(range->second);
  if (first != offset || answer.body.size() > out.size()) {
    return Unreadable("the server ignores the range of a request for " + key);
  }
  std::memcpy(out.data(), answer.body.data(), answer.body.size());
  return answer.body.size();
}

Status S3Client::Put(const std::string& key, std::string_view bytes, bool create_new) {
  AwsRequest request;
  request.service = "s3";
  request.method = "PUT";
  request.url = Url(key);
  request.body = bytes;
  if (create_new) request.headers["if-none-match"] = "*";
  AVOCET_ASSIGN_OR_RETURN(const AwsAnswer answer, transport_->Send(request));
  constexpr int kPreconditionFailed = 412;
  const Status status = StatusOfAnswer(answer);
  if (create_new && answer.status == kPreconditionFailed) {
    return Status::AlreadyExists(status.message());
  }
  return status;
}

Result<S3Object> S3Client::Stat(const std::string& key) {
  AwsRequest request;
  request.service = "s3";
  request.method = "HEAD";
  request.url = Url(key);
  AVOCET_ASSIGN_OR_RETURN(const AwsAnswer answer, transport_->Send(request));
  AVOCET_RETURN_IF_ERROR(StatusOfAnswer(answer));
  const auto header = [&](const char* name) {
    const auto found = answer.headers.find(name);
    return found == answer.headers.end() ? std::string() : found->second;
  };
  const auto size = ParseNumber(header("content-length"));
  if (!size.has_value()) return Unreadable("no size of " + key);
  return S3Object{.key = {},
                  .etag = header("etag"),
                  .size_bytes = *size,
                  .modified_us = ParseHttpDate(header("last-modified"))};
}

Result<bool> S3Client::KeepsVersions() {
  AwsRequest request;
  request.service = "s3";
  request.method = "GET";
  request.url = base_ + "/?versioning=";
  AVOCET_ASSIGN_OR_RETURN(const AwsAnswer answer, transport_->Send(request));
  const Status status = StatusOfAnswer(answer);
  // A server that has no versions.
  if (status.code() == StatusCode::kUnsupported) return false;
  AVOCET_RETURN_IF_ERROR(status);
  return !XmlText(answer.body, "Status").empty();
}

Status S3Client::Remove(const std::string& key) {
  AwsRequest request;
  request.service = "s3";
  request.method = "DELETE";
  request.url = Url(key);
  AVOCET_ASSIGN_OR_RETURN(const AwsAnswer answer, transport_->Send(request));
  const Status status = StatusOfAnswer(answer);
  const bool gone = status.code() == StatusCode::kNotFound && !IsNoSuchBucket(status);
  return gone ? Status::Ok() : status;
}

}  // namespace avocet
