#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "load/exchange.h"
#include "load/options.h"

namespace dibs::load {

/// What every buyer will do and say, worked out before the first press so that the timed part
/// only sends bytes that lie ready.
class Script {
 public:
  /// Draws who leaves and whose payment fails (exact shares, by the seed), and prepares the first
  /// request of each buyer for `sku`. Signs the tokens when the credentials are tokens.
  Script(const Options& options, std::string sku);

  struct First {
    std::string_view bytes;
    std::size_t head_size = 0;  ///< where a press sent in two segments is cut
  };

  /// Whether a store may pay inside the buy: Options::token_in_reference.
  [[nodiscard]] bool may_pay_at_once() const { return options_.token_in_reference; }
  /// Which book the buyer's order is in; all in one but with Options::books_apart.
  [[nodiscard]] std::uint32_t book_of(std::uint32_t buyer) const {
    return options_.books_apart ? options_.gateway_of(buyer) : 0;
  }
  [[nodiscard]] Ask first_ask(std::uint32_t buyer) const;
  [[nodiscard]] bool leaves_early(std::uint32_t buyer) const { return leaves_early_[buyer]; }
  [[nodiscard]] bool payment_fails(std::uint32_t buyer) const { return payment_fails_[buyer]; }
  [[nodiscard]] First first(std::uint32_t buyer) const;

  /// Puts the bytes of a request about `order` (for Ask::press: the first request again, with the
  /// same key) into `out`.
  void write(Task task, std::string_view order, std::string& out) const;

  /// A question that only an accepted credential gets an answer to, by a buyer who does not press.
  [[nodiscard]] std::string probe() const;

  /// The request for the sale's stream, from behind that event on.
  [[nodiscard]] std::string stream_get(std::string_view last_event_id) const;
  [[nodiscard]] std::string buyer_name(std::uint32_t buyer) const;

 private:
  void draw(const Options& options);
  void prepare_credentials(const Options& options);
  void prepare_first(std::uint32_t buyer);
  [[nodiscard]] std::string_view token_of(std::uint32_t buyer) const;
  void append_credentials(std::uint32_t buyer, std::string& out) const;
  void append_credentials(std::string_view name, std::string_view token, std::string& out) const;
  void append_post(std::uint32_t buyer, std::string_view path, std::string_view extra_header,
                   std::string_view body, std::string& out) const;

  Options options_;
  std::string sku_;
  std::string host_line_;   ///< `Host: …` and what every request carries
  std::string key_prefix_;  ///< of idempotency keys: differs from run to run
  std::vector<bool> leaves_early_;
  std::vector<bool> payment_fails_;
  std::vector<std::string> tokens_;  ///< one a buyer, with Credentials::Kind::jwt
  std::string bytes_;
  struct Slice {
    std::size_t begin = 0;
    std::size_t head_size = 0;
  };
  std::vector<Slice> first_;  ///< one a buyer and an end mark
};

}  // namespace dibs::load
