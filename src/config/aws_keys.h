// Keys of whatever talks to AWS.
#pragma once

#include <vector>

#include "src/config/key_spec.h"
#include "src/net/aws_options.h"

namespace avocet {

/// The keys of what talks to AWS, whose options are the member `aws` of `Options`.
template <typename Options>
std::vector<KeySpec> AwsKeys() {
  return {
      Key<&Options::aws, &AwsOptions::region>("region", "AWS region.")
          .DefaultNote("from the environment, the profile or the machine")
          .Example("eu-west-1"),
      Key<&Options::aws, &AwsOptions::endpoint>("endpoint",
                                                "URL of another server than the region's.")
          .DefaultNote("the region's")
          .Example("http://127.0.0.1:4566"),
      Key<&Options::aws, &AwsOptions::profile>("profile", "Profile of the shared AWS files.")
          .DefaultNote("`AWS_PROFILE`, or `default`")
          .Example("plant"),
      Key<&Options::aws, &AwsOptions::role_arn>("role_arn", "Role to take on.")
          .DefaultNote("none")
          .Example("arn:aws:iam::123456789012:role/avocet"),
      Key<&Options::aws, &AwsOptions::ca_file>("ca_file",
                                               "PEM file of the only authorities to trust.")
          .Names(FileContent::kCertificates)
          .DefaultNote("the system's")
          .Example("/etc/ssl/plant-ca.pem"),
  };
}

}  // namespace avocet
