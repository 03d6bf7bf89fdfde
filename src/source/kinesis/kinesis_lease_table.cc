#include "src/source/kinesis/kinesis_lease_table.h"

#include <simdjson.h>

#include <string_view>
#include <utility>

#include "src/base/json_writer.h"

namespace avocet {
namespace {

using simdjson::SUCCESS;

class DynamoTable : public KinesisLeaseTable {
 public:
  DynamoTable(std::shared_ptr<AwsTransport> transport, const std::string& endpoint,
              std::string name)
      : service_(std::move(transport), {"dynamodb", "DynamoDB_20120810", "1.0"}, endpoint),
        name_(std::move(name)) {}

  Status Prepare() override;
  Result<std::vector<KinesisLease>> List() override;
  Status Create(const KinesisLease& lease) override;
  Status Change(const KinesisLease& lease, int64_t seen) override;
  Status Remove(const std::string& shard, int64_t seen) override;
  void Cancel() override { service_.Cancel(); }

 private:
  Status MakeTable();
  JsonWriter Request() const {
    JsonWriter json;
    json.BeginObject().Field("TableName", name_);
    return json;
  }
  Status Call(const std::string& action, JsonWriter* request) {
    return service_.Call(action, request->EndObject().Take()).status();
  }

  AwsJsonService service_;
  const std::string name_;
};

void WriteText(std::string_view name, std::string_view text, JsonWriter* json) {
  json->Key(name).BeginObject().Field("S", text).EndObject();
}

void WriteKey(std::string_view name, std::string_view shard, JsonWriter* json) {
  json->Key(name).BeginObject();
  WriteText("leaseKey", shard, json);
  json->EndObject();
}

void WriteSeen(int64_t seen, JsonWriter* json) {
  json->Key(":seen").BeginObject().Field("N", std::to_string(seen)).EndObject();
}

Status DynamoTable::Prepare() {
  JsonWriter request = Request();
  const auto answer = service_.Call("DescribeTable", request.EndObject().Take());
  if (answer.status().code() == StatusCode::kNotFound) return MakeTable();
  if (!answer.ok()) return answer.status();
  simdjson::dom::parser parser;
  simdjson::dom::element table;
  std::string_view state, key;
  if (parser.parse(*answer)["Table"].get(table) != SUCCESS ||
      table["TableStatus"].get_string().get(state) != SUCCESS ||
      table["KeySchema"].at(0)["AttributeName"].get_string().get(key) != SUCCESS) {
    return Status::Unavailable("an answer that makes no sense: " + answer->substr(0, 200));
  }
  if (key != "leaseKey" || table["KeySchema"].get_array().size() != 1) {
    return Status::Config("its key is not leaseKey: it is no table of leases");
  }
  // UPDATING: only its settings change.
  if (state == "ACTIVE" || state == "UPDATING") return Status::Ok();
  return Status::Unavailable("it is " + std::string(state));
}

Status DynamoTable::MakeTable() {
  JsonWriter request = Request();
  request.Key("AttributeDefinitions").BeginArray().BeginObject();
  request.Field("AttributeName", "leaseKey").Field("AttributeType", "S").EndObject().EndArray();
  request.Key("KeySchema").BeginArray().BeginObject();
  request.Field("AttributeName", "leaseKey").Field("KeyType", "HASH").EndObject().EndArray();
  request.Field("BillingMode", "PAY_PER_REQUEST");
  const Status made = Call("CreateTable", &request);
  if (!made.ok() && made.code() != StatusCode::kAlreadyExists) return made;
  return Status::Unavailable("it is CREATING");
}

Result<std::vector<KinesisLease>> DynamoTable::List() {
  std::vector<KinesisLease> leases;
  std::string last;
  do {
    JsonWriter request = Request();
    request.Field("ConsistentRead", true);
    if (!last.empty()) WriteKey("ExclusiveStartKey", last, &request);
    AVOCET_ASSIGN_OR_RETURN(const std::string answer,
                            service_.Call("Scan", request.EndObject().Take()));
    AVOCET_ASSIGN_OR_RETURN(LeasePage page, ReadLeasePage(answer));
    last = std::move(page.last_shard);
    for (KinesisLease& lease : page.leases) leases.push_back(std::move(lease));
  } while (!last.empty());
  return leases;
}

Status DynamoTable::Create(const KinesisLease& lease) {
  JsonWriter request = Request();
  request.Key("Item").BeginObject();
  for (const auto& [name, value] : FixedAttributes(lease)) request.Key(name).Raw(value);
  for (const auto& [name, value] : ChangingAttributes(lease)) {
    if (!value.empty()) request.Key(name).Raw(value);
  }
  request.EndObject().Field("ConditionExpression", "attribute_not_exists(leaseKey)");
  return Call("PutItem", &request);
}

Status DynamoTable::Change(const KinesisLease& lease, int64_t seen) {
  const LeaseAttributes attributes = ChangingAttributes(lease);
  std::string set, remove;
  for (const auto& [name, value] : attributes) {
    if (value.empty()) {
      remove += (remove.empty() ? " REMOVE " : ", ") + name;
    } else {
      set += (set.empty() ? "SET " : ", ") + name + " = :" + name;
    }
  }
  JsonWriter request = Request();
  WriteKey("Key", lease.shard, &request);
  request.Field("UpdateExpression", set + remove);
  request.Field("ConditionExpression", "leaseCounter = :seen");
  request.Key("ExpressionAttributeValues").BeginObject();
  for (const auto& [name, value] : attributes) {
    if (!value.empty()) request.Key(":" + name).Raw(value);
  }
  WriteSeen(seen, &request);
  request.EndObject();
  return Call("UpdateItem", &request);
}

Status DynamoTable::Remove(const std::string& shard, int64_t seen) {
  JsonWriter request = Request();
  WriteKey("Key", shard, &request);
  request.Field("ConditionExpression", "leaseCounter = :seen");
  request.Key("ExpressionAttributeValues").BeginObject();
  WriteSeen(seen, &request);
  request.EndObject();
  return Call("DeleteItem", &request);
}

}  // namespace

std::unique_ptr<KinesisLeaseTable> MakeKinesisLeaseTable(std::shared_ptr<AwsTransport> transport,
                                                         const std::string& endpoint,
                                                         std::string name) {
  return std::make_unique<DynamoTable>(std::move(transport), endpoint, std::move(name));
}

}  // namespace avocet
