#include "src/server/query_lake.h"

#include "src/base/s3_url.h"
#include "src/server/lake_gateway.h"

namespace avocet {

Result<QueryLake> QueryLake::Open(const StorageConfig& storage, Env* env) {
  QueryLake lake(storage.lake);
  if (!IsS3Url(storage.lake)) return lake;
  AVOCET_ASSIGN_OR_RETURN(lake.lake_, Lake::Open(env, storage));
  AVOCET_ASSIGN_OR_RETURN(
      lake.server_, LocalServer::Start([store = &lake.lake_->store()](std::string_view request) {
        return AnswerForLake(store, request);
      }));
  return lake;
}

std::vector<std::string> QueryLake::Arguments() const {
  if (server_ == nullptr) return {"--lake", place_};
  return {"--gateway", server_->path(), "--lake", place_};
}

}  // namespace avocet
