#pragma once

#include <boost/json/value.hpp>

#include <set>
#include <string>
#include <string_view>
#include <tuple>

/// api/openapi.yaml, as the server gives it.
namespace dibs::api::test {

[[nodiscard]] const boost::json::object& description();

/// `GET /v1/sales/{sale}`-like: the path of the description that `path` is one of; empty: none.
[[nodiscard]] std::string described_path(std::string_view path);

/// Fails the running test when the description of this operation does not name this status, and
/// remembers that it was seen. Operations that are not described are left alone: their answers
/// are 404 and 405.
void check_described(std::string_view method, std::string_view path, int status);

using Seen = std::set<std::tuple<std::string, std::string, int>>;  ///< method, path, status
[[nodiscard]] Seen seen();
[[nodiscard]] Seen described();

}  // namespace dibs::api::test
