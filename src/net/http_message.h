// HttpRequest and HttpResponse: one exchange of HTTP as plain values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace avocet {

using HttpFields = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;                                          ///< "GET"; HEAD arrives as GET
  std::string path;                                            ///< decoded, without the query
  HttpFields query;                                            ///< decoded, in order
  HttpFields headers;                                          ///< as sent
  std::map<std::string, std::string, std::less<>> parameters;  ///< of the route's pattern
  std::string body;           ///< complete; the route's limit holds
  std::string remote;         ///< address of the client, without the port
  std::string token_name;     ///< of the bearer token; empty on a public route
  std::string device_prefix;  ///< the token may speak only of devices that begin so

  /// The first header of that name, in any case; empty when there is none.
  std::string_view Header(std::string_view name) const;
  /// The first query parameter of that name.
  std::optional<std::string_view> Query(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  HttpFields headers;  ///< beside Content-Type, Content-Length, Date and Connection

  static HttpResponse Json(int status, std::string body) {
    return {status, "application/json", std::move(body), {}};
  }
  static HttpResponse Text(int status, std::string body) {
    return {status, "text/plain; charset=utf-8", std::move(body), {}};
  }
  /// {"error":{"code":...,"message":...}}: the one form of every error. `code` is snake_case and
  /// stable, for programs; `message` is for people.
  static HttpResponse Error(int status, std::string_view code, std::string_view message);
  /// The same, asking the client to come back after `seconds`.
  static HttpResponse Busy(int status, std::string_view code, std::string_view message,
                           int seconds);
};

/// "Not Found" for 404.
std::string_view HttpReason(int status);

/// True when both are the same but for the case of ASCII letters, as header names are compared.
bool EqualsIgnoringCase(std::string_view a, std::string_view b);

/// Decodes %XX (and "+" as a space in a query). Nothing when a "%" is not followed by two digits.
std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_space);

/// Splits a request target into `request->path` and `request->query`; false when it is malformed.
bool ParseTarget(std::string_view target, HttpRequest* request);

}  // namespace avocet
