// C interface of rust/aws: signed requests to AWS services for avocet's C++.
//
// From the AWS SDK for Rust come the credentials (environment, shared profiles, single sign-on, web
// identity, container, instance, roles), the signature and the HTTP client. What is asked, and what
// an answer means, is the caller's business; nothing is tried again here.
// Ownership: handles are freed exactly once with their *_free function; AwBytes with
// aw_bytes_free. Inputs are borrowed for the call.
// Errors: every fallible call returns an AwCode; on a code other than AW_OK the message, UTF-8, is
// in *error when error is not null (free it). No panic crosses.
// Threads: an AwClient may be used from any thread, also by several at once. Calls block.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum AwCode {
  AW_OK = 0,
  AW_INVALID = 1,      // the caller's arguments make no sense, or no region is known
  AW_PERMISSION = 2,   // no credentials
  AW_UNAVAILABLE = 3,  // no connection, or no complete answer in time
  AW_CANCELLED = 4,    // aw_client_cancel was called
  AW_INTERNAL = 5      // a bug (includes caught panics)
} AwCode;

typedef struct AwBytes {
  uint8_t* data;
  size_t len;
  size_t cap;  // private
} AwBytes;
void aw_bytes_free(AwBytes* bytes);  // sets data to null; null data is fine

typedef struct AwClient AwClient;
// `options_json`: {"region": "eu-west-1", "profile": "...", "role_arn": "...", "ca_pem":
//   "-----BEGIN...", "timeout_ms": 30000, "connect_timeout_ms": 5000}; every key may be left out,
//   unknown ones are AW_INVALID. A region that is left out comes from the environment, the profile
//   or the machine, which may take seconds.
AwCode aw_client_open(const char* options_json, AwClient** client, AwBytes* error);
// Every request of this client that is under way or made later returns AW_CANCELLED.
void aw_client_cancel(AwClient* client);
void aw_client_free(AwClient* client);
// Lives as long as the client.
const char* aw_client_region(const AwClient* client);

typedef struct AwRequest {
  const char* service;  // its name in signatures, as in "kinesis"; "": the request is not signed
  const char* method;
  const char* url;           // scheme, host, path and query, escaped; the query in order
  const char* headers_json;  // {"x-amz-target": "..."}, or null
  const uint8_t* body;
  size_t body_len;
  // Limits the body of the answer: a longer one is AW_UNAVAILABLE.
  size_t most_answer_bytes;
} AwRequest;

// Signs (unless told not to) and sends one request. Any HTTP status is AW_OK. `headers_json`: the headers of the answer,
// names in lower case.
AwCode aw_send(AwClient* client, const AwRequest* request, int32_t* status, AwBytes* headers_json,
               AwBytes* body, AwBytes* error);

// Static storage.
const char* aw_version(void);

#ifdef __cplusplus
}
#endif
