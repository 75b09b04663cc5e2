// Attacks on tokens. Each planted variant of the check would let one of them in.
#include "api/jwt.h"

#include <gtest/gtest.h>
#include <jwt.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdlib>

#include "api/harness.h"

namespace dibs::api {
namespace {

using test::hs256_token;
using test::kAudience;
using test::kJwtSecret;

const Instant kNow{std::chrono::seconds(1'800'000'000)};

std::string claims(const std::string& more = R"("exp":1800000100)") {
  return R"({"sub":"b-1","aud":")" + kAudience + "\"" + (more.empty() ? "" : "," + more) + "}";
}

struct KeyPair {
  std::string secret_pem;
  std::string public_pem;
};

std::string pem_of(EVP_PKEY* key, bool secret) {
  BIO* out = BIO_new(BIO_s_mem());
  if (secret) {
    PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  } else {
    PEM_write_bio_PUBKEY(out, key);
  }
  char* data = nullptr;
  const auto size = BIO_get_mem_data(out, &data);
  std::string pem(data, static_cast<std::size_t>(size));
  BIO_free(out);
  return pem;
}

KeyPair pair_of(EVP_PKEY* key) {
  KeyPair pair{pem_of(key, true), pem_of(key, false)};
  EVP_PKEY_free(key);
  return pair;
}

const KeyPair& rsa() {
  static const KeyPair kPair = pair_of(EVP_RSA_gen(2'048));
  return kPair;
}
const KeyPair& ec() {
  static const KeyPair kPair = pair_of(EVP_EC_gen("P-256"));
  return kPair;
}

/// A token made by libjwt itself.
std::string signed_token(jwt_alg_t algorithm, const std::string& key,
                         const std::string& grants = claims()) {
  jwt_t* token = nullptr;
  jwt_new(&token);
  jwt_add_grants_json(token, grants.c_str());
  jwt_set_alg(token, algorithm, reinterpret_cast<const unsigned char*>(key.data()),
              static_cast<int>(key.size()));
  char* text = jwt_encode_str(token);
  std::string result = text == nullptr ? "" : text;
  std::free(text);  // allocated by libjwt with malloc
  jwt_free(token);
  return result;
}

JwtVerifier verifier(JwtAlgorithm algorithm, std::vector<std::string> keys) {
  auto made = JwtVerifier::make({algorithm, std::move(keys), kAudience});
  EXPECT_TRUE(made) << made.error().what;
  return std::move(*made);
}

JwtVerifier hs() { return verifier(JwtAlgorithm::hs256, {kJwtSecret}); }

TEST(Jwt, AValidTokenOfEachAlgorithmNamesItsBuyer) {
  EXPECT_EQ(hs().verify(hs256_token(claims()), kNow)->buyer, BuyerId("b-1"));
  const auto rs_token = signed_token(JWT_ALG_RS256, rsa().secret_pem);
  ASSERT_FALSE(rs_token.empty());
  EXPECT_TRUE(verifier(JwtAlgorithm::rs256, {rsa().public_pem}).verify(rs_token, kNow));
  const auto es_token = signed_token(JWT_ALG_ES256, ec().secret_pem);
  ASSERT_FALSE(es_token.empty());
  EXPECT_TRUE(verifier(JwtAlgorithm::es256, {ec().public_pem}).verify(es_token, kNow));
}

TEST(Jwt, AnHs256TokenSignedWithOurPublicKeyIsNothing) {
  const auto forged = hs256_token(claims(), rsa().public_pem);
  EXPECT_FALSE(verifier(JwtAlgorithm::rs256, {rsa().public_pem}).verify(forged, kNow));
  const auto forged_ec = hs256_token(claims(), ec().public_pem);
  EXPECT_FALSE(verifier(JwtAlgorithm::es256, {ec().public_pem}).verify(forged_ec, kNow));
}

/// The library alone lets that attack through: our check is what stops it.
TEST(Jwt, LibjwtAloneTakesThatForgery) {
  const auto forged = hs256_token(claims(), rsa().public_pem);
  jwt_t* token = nullptr;
  const int failed = jwt_decode(&token, forged.c_str(),
                                reinterpret_cast<const unsigned char*>(rsa().public_pem.data()),
                                static_cast<int>(rsa().public_pem.size()));
  EXPECT_EQ(failed, 0);
  jwt_free(token);
}

TEST(Jwt, AlgNoneIsNothingHoweverItIsSpelled) {
  const std::string payload = hs256_token(claims());
  const auto first = payload.find('.');
  const auto second = payload.find('.', first + 1);
  const auto body = payload.substr(first, second - first + 1);
  // {"alg":"none"}, {"alg":"None"}, {"typ":"JWT","alg":"NONE"}
  for (const auto* header :
       {"eyJhbGciOiJub25lIn0", "eyJhbGciOiJOb25lIn0", "eyJ0eXAiOiJKV1QiLCJhbGciOiJOT05FIn0"}) {
    EXPECT_FALSE(hs().verify(header + body, kNow));
    EXPECT_FALSE(hs().verify(header + body + payload.substr(second + 1), kNow));
  }
}

TEST(Jwt, EveryFlippedBitIsRefused) {
  const auto hs_verifier = hs();
  const auto es_verifier = verifier(JwtAlgorithm::es256, {ec().public_pem});
  const auto rs_verifier = verifier(JwtAlgorithm::rs256, {rsa().public_pem});
  const auto flip_all = [](const JwtVerifier& verifier, const std::string& token) {
    ASSERT_TRUE(verifier.verify(token, kNow));
    for (std::size_t bit = 0; bit < token.size() * 8; ++bit) {
      std::string flipped = token;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      EXPECT_FALSE(verifier.verify(flipped, kNow)) << bit;
    }
  };
  flip_all(hs_verifier, hs256_token(claims()));
  flip_all(es_verifier, signed_token(JWT_ALG_ES256, ec().secret_pem));
  flip_all(rs_verifier, signed_token(JWT_ALG_RS256, rsa().secret_pem));
}

TEST(Jwt, TwoKeysAreValidWhileTheyRotate) {
  const std::string other = "another secret of thirty-two bytes..";
  const auto both = verifier(JwtAlgorithm::hs256, {kJwtSecret, other});
  EXPECT_TRUE(both.verify(hs256_token(claims()), kNow));
  EXPECT_TRUE(both.verify(hs256_token(claims(), other), kNow));
  EXPECT_FALSE(hs().verify(hs256_token(claims(), other), kNow));
}

TEST(Jwt, TimesAreKeptToTheSecond) {
  const auto exp = hs256_token(claims(R"("exp":1800000000)"));
  EXPECT_FALSE(hs().verify(exp, kNow));
  EXPECT_TRUE(hs().verify(exp, kNow - Duration(1)));
  const auto nbf = hs256_token(claims(R"("exp":1800000100,"nbf":1800000001)"));
  EXPECT_FALSE(hs().verify(nbf, kNow));
  EXPECT_TRUE(hs().verify(nbf, kNow + std::chrono::seconds(1)));
}

TEST(Jwt, ClaimsThatAreMissingOrOddAreRefused) {
  const std::string exp = R"(,"exp":1800000100})";
  const std::string aud = R"(,"aud":")" + kAudience + "\"";
  for (const std::string& bad : {
           claims(""),                                  // no exp
           claims(R"("exp":"1800000100")"),             // a text
           claims(R"("exp":1800000100.5)"),             // not whole
           claims(R"("exp":1e400)"),                    // not a number of ours
           claims(R"("exp":-1)"),                       //
           claims(R"("exp":1,"exp":1800000100)"),       // twice
           std::string(R"({"sub":"b-1")") + exp,        // no aud
           R"({"sub":"b-1","aud":"else")" + exp,        // not for us
           R"({"sub":"b-1","aud":["else"])" + exp,      //
           R"({"sub":"b-1","aud":[])" + exp,            //
           "{\"aud\":\"" + kAudience + "\"" + exp,      // no sub
           R"({"sub":7)" + aud + exp,                   //
           R"({"sub":"")" + aud + exp,                  //
           R"({"sub":"a@b.example")" + aud + exp,       // personal data
           R"({"sub":"b-1","sale":"a b")" + aud + exp,  //
           R"({"sub":"b-1","sale":7)" + aud + exp,      //
           std::string("[]"),
           std::string("null"),
           std::string(""),  //
       }) {
    EXPECT_FALSE(hs().verify(hs256_token(bad), kNow)) << bad;
  }
}

TEST(Jwt, AudienceMayBeOneOfSeveralAndATokenMayBeForOneSale) {
  const auto token = hs256_token(R"({"sub":"b-1","aud":["x",")" + kAudience +
                                 R"("],"sale":"presale","exp":1800000100})");
  const auto found = hs().verify(token, kNow);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->sale, SaleId("presale"));
}

TEST(Jwt, RubbishIsRefused) {
  const auto token = hs256_token(claims());
  for (const std::string& bad :
       {std::string(""), std::string("."), std::string(".."), std::string("a.b.c"), token + ".x",
        token + "=", " " + token, token.substr(0, token.size() - 1), std::string(20'000, 'a')}) {
    EXPECT_FALSE(hs().verify(bad, kNow));
  }
}

TEST(Jwt, AKeyThatDoesNotFitIsRefusedAtTheStart) {
  const auto fails = [](JwtAlgorithm algorithm, std::string key) {
    return !JwtVerifier::make({algorithm, {std::move(key)}, kAudience});
  };
  EXPECT_TRUE(fails(JwtAlgorithm::hs256, "short"));
  EXPECT_TRUE(fails(JwtAlgorithm::rs256, kJwtSecret));
  EXPECT_TRUE(fails(JwtAlgorithm::rs256, ec().public_pem));
  EXPECT_TRUE(fails(JwtAlgorithm::es256, rsa().public_pem));
  EXPECT_TRUE(fails(JwtAlgorithm::es256, pair_of(EVP_EC_gen("P-384")).public_pem));
  EXPECT_TRUE(fails(JwtAlgorithm::rs256, pair_of(EVP_RSA_gen(1'024)).public_pem));
  EXPECT_FALSE(JwtVerifier::make({JwtAlgorithm::hs256, {kJwtSecret}, ""})) << "aud is required";
}

}  // namespace
}  // namespace dibs::api
