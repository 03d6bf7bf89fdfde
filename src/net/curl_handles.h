// Handles of libcurl that free themselves.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <mutex>

namespace avocet {

struct CurlDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
template <typename T>
using CurlOwned = std::unique_ptr<T, CurlDeleter>;

/// Before anything else of libcurl; any thread.
inline void InitializeCurlOnce() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace avocet
