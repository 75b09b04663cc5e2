#include "payment/circuit.h"

#include <gtest/gtest.h>

namespace dibs::payment {
namespace {

TEST(Circuit, OpensAfterFailuresInARowAndLetsOneTry) {
  Circuit circuit;
  const Duration now = std::chrono::seconds(100);
  for (std::uint32_t i = 1; i < Circuit::kFailures; ++i) {
    EXPECT_FALSE(circuit.failed(now));
    EXPECT_EQ(circuit.wait(now), Duration(0));
  }
  EXPECT_FALSE(circuit.open_for(now));
  EXPECT_TRUE(circuit.failed(now));
  EXPECT_EQ(circuit.open_for(now), Circuit::kRest);
  EXPECT_EQ(circuit.wait(now), Circuit::kRest);

  const Duration rested = now + Circuit::kRest;
  EXPECT_EQ(circuit.wait(rested), Duration(0)) << "one may try";
  EXPECT_GT(circuit.wait(rested), Duration(0)) << "the others wait for what comes of it";
  EXPECT_FALSE(circuit.failed(rested)) << "it was open already";
  EXPECT_EQ(circuit.open_for(rested), Circuit::kRest);
  circuit.succeeded();
  EXPECT_FALSE(circuit.open_for(rested));
  EXPECT_EQ(circuit.wait(rested), Duration(0));
}

TEST(Circuit, ASuccessForgetsFailures) {
  Circuit circuit;
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(circuit.failed(Duration(i)));
    circuit.succeeded();
  }
  EXPECT_FALSE(circuit.open_for(Duration(100)));
}

}  // namespace
}  // namespace dibs::payment
