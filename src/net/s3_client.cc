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

// "2026-01-31T12:00:00.000Z"; 0 when it is not written so.
int64_t ParseModified(std::string_view text) {
  const auto number = [&](size_t at, size_t size) {
    return text.size() >= at + size ? ParseNumber(text.substr(at, size)).value_or(0) : 0;
  };
  if (text.size() < 19 || text[10] != 'T') return 0;
  const int64_t days = DaysFromCivil({.year = static_cast<int64_t>(number(0, 4)),
                                      .month = static_cast<int>(number(5, 2)),
                                      .day = static_cast<int>(number(8, 2))});
  const uint64_t seconds = number(11, 2) * 3600 + number(14, 2) * 60 + number(17, 2);
  return (days * 86'400 + static_cast<int64_t>(seconds)) * 1'000'000;
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

Result<S3Location> ParseS3Url(std::string_view url) {
  constexpr std::string_view kScheme = "s3://";
  const Status wrong =
      Status::Config("cannot read \"" + std::string(url) + "\": write it as s3://bucket/prefix");
  if (!url.starts_with(kScheme)) return wrong;
  url.remove_prefix(kScheme.size());
  const size_t slash = url.find('/');
  S3Location location;
  location.bucket = url.substr(0, slash);
  if (slash != std::string_view::npos) location.prefix = url.substr(slash + 1);
  if (location.bucket.empty()) return wrong;
  return location;
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

Status S3Client::Put(const std::string& key, std::string_view bytes) {
  AwsRequest request;
  request.service = "s3";
  request.method = "PUT";
  request.url = Url(key);
  request.body = bytes;
  AVOCET_ASSIGN_OR_RETURN(const AwsAnswer answer, transport_->Send(request));
  return StatusOfAnswer(answer);
}

}  // namespace avocet
