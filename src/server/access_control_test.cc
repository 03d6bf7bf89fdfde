#include "src/server/access_control.h"

#include <gtest/gtest.h>

#include "src/env/sim_env.h"

namespace avocet {
namespace {

constexpr char kFile[] = "/data/access_tokens.json";

std::string Create(Env* env, const std::string& name, Role role, int64_t expires_us = 0) {
  AccessToken token;
  token.name = name;
  token.role = role;
  token.expires_us = expires_us;
  auto secret = CreateAccessToken(env, kFile, token);
  EXPECT_TRUE(secret.ok()) << secret.status().message();
  return secret.ok() ? *secret : "";
}

HttpRequest With(const std::string& name, const std::string& value) {
  HttpRequest request;
  request.headers = {{name, value}};
  return request;
}

class AccessControlTest : public testing::Test {
 protected:
  SimEnv env_;
};

TEST_F(AccessControlTest, WithoutTokensEverybodyIsAdministrator) {
  AccessControl access(&env_, "");
  ASSERT_TRUE(access.Identify({}).has_value());
  EXPECT_EQ(access.Identify({})->role, Role::kAdmin);
}

TEST_F(AccessControlTest, BearerTokensAreKnownUntilRevokedOrExpired) {
  const std::string secret = Create(&env_, "viewer", Role::kViewer);
  const std::string old = Create(&env_, "old", Role::kAdmin, env_.NowMicros() - 1);
  AccessControl access(&env_, kFile);
  EXPECT_FALSE(access.Identify({}).has_value());
  EXPECT_FALSE(access.Identify(With("Authorization", "Bearer " + secret + "x")).has_value());
  EXPECT_FALSE(access.Identify(With("Authorization", "Bearer " + old)).has_value());
  const auto caller = access.Identify(With("authorization", "bearer " + secret));
  ASSERT_TRUE(caller.has_value());
  EXPECT_EQ(caller->name, "viewer");
  EXPECT_EQ(caller->role, Role::kViewer);
  ASSERT_TRUE(RevokeAccessToken(&env_, kFile, "viewer").ok());
  env_.SleepFor(std::chrono::seconds(3));
  EXPECT_FALSE(access.Identify(With("Authorization", "Bearer " + secret)).has_value());
}

TEST_F(AccessControlTest, SessionsEndWithTheirTokenOrByLogout) {
  const std::string secret = Create(&env_, "me", Role::kOperator);
  AccessControl access(&env_, kFile);
  EXPECT_FALSE(access.LogIn("wrong", false).has_value());
  const auto cookie = access.LogIn(secret, true);
  ASSERT_TRUE(cookie.has_value());
  EXPECT_NE(cookie->find("HttpOnly; SameSite=Strict"), std::string::npos);
  EXPECT_NE(cookie->find("Secure"), std::string::npos);
  const HttpRequest request = With("Cookie", "other=1; " + cookie->substr(0, cookie->find(';')));
  ASSERT_TRUE(access.Identify(request).has_value());
  EXPECT_EQ(access.Identify(request)->role, Role::kOperator);
  access.LogOut(request);
  EXPECT_FALSE(access.Identify(request).has_value());

  const auto second = access.LogIn(secret, false);
  ASSERT_TRUE(RevokeAccessToken(&env_, kFile, "me").ok());
  env_.SleepFor(std::chrono::seconds(3));
  EXPECT_FALSE(access.Identify(With("Cookie", second->substr(0, second->find(';')))).has_value());
}

TEST_F(AccessControlTest, DamagedFileLetsNobodyIn) {
  const std::string secret = Create(&env_, "me", Role::kAdmin);
  ASSERT_TRUE(env_.PutDurably(kFile, "{\"version\":1", PutMode::kReplace).ok());
  AccessControl access(&env_, kFile);
  EXPECT_FALSE(access.Identify(With("Authorization", "Bearer " + secret)).has_value());
}

TEST_F(AccessControlTest, NamesAreUniqueAndPlain) {
  Create(&env_, "me", Role::kViewer);
  AccessToken token;
  token.name = "me";
  EXPECT_EQ(CreateAccessToken(&env_, kFile, token).status().code(), StatusCode::kAlreadyExists);
  for (const char* name : {"", "a b", "a\nb", "ä"}) {
    token.name = name;
    EXPECT_EQ(CreateAccessToken(&env_, kFile, token).status().code(), StatusCode::kUsage) << name;
  }
}

TEST(SameOriginTest, ForeignPagesCannotChangeAnything) {
  const auto is = [](HttpFields headers) {
    HttpRequest request;
    request.headers = std::move(headers);
    return AccessControl::IsSameOrigin(request);
  };
  EXPECT_FALSE(is({{"Host", "a:1"}}));
  EXPECT_TRUE(is({{"Host", "a:1"}, {"X-Avocet-Request", "1"}}));
  EXPECT_TRUE(is({{"Host", "a:1"}, {"X-Avocet-Request", "1"}, {"Origin", "http://a:1"}}));
  EXPECT_FALSE(is({{"Host", "a:1"}, {"X-Avocet-Request", "1"}, {"Origin", "http://b:1"}}));
  EXPECT_FALSE(is({{"Host", "a:1"}, {"X-Avocet-Request", "1"}, {"Origin", "null"}}));
}

}  // namespace
}  // namespace avocet
