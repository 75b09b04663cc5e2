#pragma once

#include <string>
#include <string_view>

#include "load/options.h"

namespace dibs::load {

/// A buyer's token, valid for an hour: HS256 with the secret, or RS256 or ES256 when the secret is
/// a private key in PEM. Empty when the key cannot be used; check_token_key says why beforehand.
[[nodiscard]] std::string sign_token(const Credentials& credentials, std::string_view buyer,
                                     std::string_view sale);

/// What is wrong with the key in `credentials`, empty when nothing is.
[[nodiscard]] std::string check_token_key(const Credentials& credentials);

}  // namespace dibs::load
