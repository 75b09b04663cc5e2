// What the designs that are measured for comparison say, and what the tool tells them.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "load/crowd.h"
#include "load/script.h"

namespace dibs::load {
namespace {

/// What becomes of a buyer whose press is answered so.
Press after(std::uint16_t status, const std::string& body) {
  std::vector<Press> presses(1);
  Crowd crowd("provider", presses);
  Exchange exchange;
  exchange.task = {0, Ask::press};
  exchange.status = status;
  exchange.answered_at_ns = 5;
  Answer answer;
  answer.status = status;
  answer.body = body;
  crowd.on_answer(exchange, answer);
  return presses.front();
}

TEST(BaselineAnswers, CountALockThatWasNotObtainedByItself) {
  const Press refused =
      after(409, R"({"code":"wrong_state","detail":"lock_failed: somebody else has it."})");
  EXPECT_EQ(refused.outcome, Outcome::lock_failed);
  EXPECT_EQ(refused.code, "lock_failed");
  EXPECT_EQ(refused.final_at_ns, 5);
}

TEST(BaselineAnswers, TakeNoOtherWrongStateForALock) {
  EXPECT_EQ(after(409, R"({"code":"wrong_state","detail":"Look at it."})").outcome, Outcome::error);
}

TEST(BaselineAnswers, EndWithTheBuyWhereThePaymentWasInsideIt) {
  const std::string order = R"({"id":"ord_x.rush","arrival":1,"seq":1,"state":)";
  EXPECT_EQ(after(201, order + R"("released","reason":"payment_failed"})").outcome,
            Outcome::payment_failed);
  const Press paid = after(201, order + R"("paid","money":"captured"})");
  EXPECT_EQ(paid.outcome, Outcome::paid);
  EXPECT_TRUE(paid.given);
}

TEST(BaselineAnswers, ComeToOrdersWhoseReferenceSaysHowTheyWillBePaid) {
  Options options;
  options.sale = "rush";
  options.buyers = 10;
  options.entry_failure = 0;
  options.payment_failure = 0.5;
  const Script plain(options, "unit");
  options.token_in_reference = true;
  const Script script(options, "unit");
  int failing = 0;
  for (std::uint32_t buyer = 0; buyer < options.buyers; ++buyer) {
    const bool fails = script.payment_fails(buyer);
    failing += fails ? 1 : 0;
    const std::string bytes(script.first(buyer).bytes);
    EXPECT_NE(bytes.find(fails ? R"("reference":"tok_fail"})" : R"("reference":"tok_ok"})"),
              std::string::npos)
        << bytes;
    EXPECT_EQ(plain.first(buyer).bytes.find("reference"), std::string_view::npos);
  }
  EXPECT_EQ(failing, 5);
}

}  // namespace
}  // namespace dibs::load
