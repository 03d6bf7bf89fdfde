#include "src/net/mail_client.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "src/net/curl_handles.h"
#include "src/net/pinned_host.h"

namespace avocet {
namespace {

size_t OnUpload(char* out, size_t, size_t size, void* user) {
  auto* rest = static_cast<std::string_view*>(user);
  const size_t count = std::min(size, rest->size());
  std::memcpy(out, rest->data(), count);
  rest->remove_prefix(count);
  return count;
}

size_t OnReply(char*, size_t, size_t size, void*) { return size; }

CurlOwned<curl_slist> Recipients(const std::vector<std::string>& addresses) {
  curl_slist* list = nullptr;
  for (const std::string& address : addresses) {
    list = curl_slist_append(list, ("<" + address + ">").c_str());
  }
  return CurlOwned<curl_slist>(list);
}

}  // namespace

Status SendMail(const MailRequest& request) {
  InitializeCurlOnce();
  AVOCET_ASSIGN_OR_RETURN(const PinnedHost target,
                          PinHost(request.url, {"smtp", "smtps"}, request.allow_private));
  const CurlOwned<curl_slist> resolve(curl_slist_append(nullptr, target.pin.c_str()));
  const CurlOwned<curl_slist> recipients = Recipients(request.to);
  const std::string sender = "<" + request.from + ">";
  std::string_view rest = request.message;
  char detail[CURL_ERROR_SIZE] = "";

  const CurlOwned<CURL> handle(curl_easy_init());
  CURL* curl = handle.get();
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_RESOLVE, resolve.get());
  curl_easy_setopt(curl, CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  if (!request.ca_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, request.ca_file.c_str());
    curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
  }
  if (!request.username.empty()) {
    curl_easy_setopt(curl, CURLOPT_USERNAME, request.username.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, request.password.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, sender.c_str());
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients.get());
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, OnUpload);
  curl_easy_setopt(curl, CURLOPT_READDATA, &rest);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, OnReply);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
  const CURLcode code = curl_easy_perform(curl);
  if (code == CURLE_OK) return Status::Ok();
  long answer = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer);
  const std::string message = "cannot send mail through " + target.name + ": " +
                              (detail[0] != '\0' ? detail : curl_easy_strerror(code));
  // 5yz is the server's last word; a login that fails is too.
  const bool final = answer >= 500 || code == CURLE_LOGIN_DENIED;
  return final ? Status::Invalid(message) : Status::Unavailable(message);
}

}  // namespace avocet
