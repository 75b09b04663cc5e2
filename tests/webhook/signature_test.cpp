#include "webhook/signature.h"

#include <gtest/gtest.h>

namespace dibs::webhook {
namespace {

// The example of the specification's reference libraries.
const std::string kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const std::string kBody = R"({"test": 2432232314})";
const Signature kExample{"msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330",
                         "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="};
const Instant kThen = Instant(std::chrono::seconds(1614265330));

std::vector<Secret> secrets(std::initializer_list<std::string> texts) {
  std::vector<Secret> all;
  for (const auto& text : texts) all.push_back(Secret::parse(text).value());
  return all;
}

TEST(Signature, IsThatOfTheSpecification) {
  const auto signed_here = sign(kExample.id, kThen, kBody, secrets({kSecret}));
  EXPECT_EQ(signed_here.timestamp, kExample.timestamp);
  EXPECT_EQ(signed_here.signature, kExample.signature);
  EXPECT_EQ(check(kExample, kBody, kThen, secrets({kSecret})), Check::good);
}

TEST(Signature, EveryChangeOfWhatIsSignedIsForgery) {
  const auto keys = secrets({kSecret});
  for (std::size_t i = 0; i < kBody.size(); ++i) {
    std::string body = kBody;
    body[i] = static_cast<char>(body[i] ^ 1);
    EXPECT_EQ(check(kExample, body, kThen, keys), Check::forged) << i;
  }
  Signature other = kExample;
  other.id += "x";
  EXPECT_EQ(check(other, kBody, kThen, keys), Check::forged);
  other = kExample;
  other.timestamp = "1614265331";
  EXPECT_EQ(check(other, kBody, kThen, keys), Check::forged);
  other = kExample;
  other.signature = "v1," + other.signature.substr(4);
  EXPECT_EQ(check(other, kBody, kThen, keys), Check::forged);
  other.signature = "v2," + kExample.signature.substr(3);
  EXPECT_EQ(check(other, kBody, kThen, keys), Check::forged);
}

TEST(Signature, TheWindowIsThreeHundredSecondsEitherWay) {
  const auto keys = secrets({kSecret});
  EXPECT_EQ(check(kExample, kBody, kThen + kWindow, keys), Check::good);
  EXPECT_EQ(check(kExample, kBody, kThen - kWindow, keys), Check::good);
  EXPECT_EQ(check(kExample, kBody, kThen + kWindow + Duration(1), keys), Check::stale);
  EXPECT_EQ(check(kExample, kBody, kThen - kWindow - Duration(1), keys), Check::stale);
}

TEST(Signature, OldAndNewSecretAreBothTakenWhileOneIsChanged) {
  const std::string fresh = Secret::random().text();
  const auto by_both = sign("evt_1", kThen, kBody, secrets({fresh, kSecret}));
  EXPECT_EQ(check(by_both, kBody, kThen, secrets({kSecret})), Check::good);
  EXPECT_EQ(check(by_both, kBody, kThen, secrets({fresh})), Check::good);
  EXPECT_EQ(check(kExample, kBody, kThen, secrets({fresh, kSecret})), Check::good);
  EXPECT_EQ(check(by_both, kBody, kThen, {Secret::random()}), Check::forged);
  EXPECT_EQ(check(by_both, kBody, kThen, {}), Check::forged);
}

TEST(Signature, WhatIsNoSignatureIsMalformed) {
  const auto keys = secrets({kSecret});
  for (const Signature& bad : {Signature{"", "1614265330", kExample.signature},
                               Signature{std::string(257, 'a'), "1", kExample.signature},
                               Signature{kExample.id, "", kExample.signature},
                               Signature{kExample.id, "-5", kExample.signature},
                               Signature{kExample.id, "1614265330.5", kExample.signature},
                               Signature{kExample.id, "99999999999999999999", kExample.signature},
                               Signature{kExample.id, "1614265330", ""}}) {
    EXPECT_EQ(check(bad, kBody, kThen, keys), Check::malformed) << bad.id << bad.timestamp;
  }
}

TEST(Secret, HasOneSpellingAndIsLongEnough) {
  EXPECT_EQ(Secret::parse(kSecret)->text(), kSecret);
  EXPECT_NE(Secret::random().text(), Secret::random().text());
  for (const char* bad :
       {"", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_c2hvcnQ=", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS ", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwQR=="}) {
    EXPECT_FALSE(Secret::parse(bad)) << bad;
  }
}

}  // namespace
}  // namespace dibs::webhook
