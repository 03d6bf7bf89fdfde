#include "src/sink/file_sink.h"

#include <utility>

#include "src/sink/record_output.h"

namespace avocet {
namespace {

class FileSink : public Sink {
 public:
  explicit FileSink(RecordOutput output) : output_(std::move(output)) {}

  Status Send(std::string_view line) override {
    ++counts_.sent;
    return output_.Append(line);
  }
  Status Flush() override { return output_.Flush(); }
  Status Close() override {
    AVOCET_RETURN_IF_ERROR(output_.Close());
    counts_.acknowledged = counts_.sent;
    return Status::Ok();
  }
  SinkCounts counts() const override { return counts_; }

 private:
  RecordOutput output_;
  SinkCounts counts_;
};

}  // namespace

Result<std::unique_ptr<Sink>> MakeFileSink(const std::string& path) {
  AVOCET_ASSIGN_OR_RETURN(RecordOutput output, RecordOutput::Open(path));
  return std::unique_ptr<Sink>(std::make_unique<FileSink>(std::move(output)));
}

}  // namespace avocet
