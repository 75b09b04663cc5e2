#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/call.h"
#include "api/web_files.h"

/// How pages and their parts are served: docs/decisions/0802-pages.md.
namespace dibs::api {

/// What a browser sent about the copy that it has and the packing that it takes.
struct WebRequest {
  std::string known_etags;  ///< If-None-Match
  bool takes_gzip = false;

  explicit WebRequest(const http::Request& request);
};

/// The file of web/ by name; null when there is none.
[[nodiscard]] const WebFile* find_web_file(std::string_view name);

/// A page: never used from a cache without asking, 304 when the browser has it already, and bound
/// by the policy that no script but our own files runs. `name` is the page's file; in the insecure
/// demo its twin that says so is sent.
[[nodiscard]] http::Response page_response(const Core& core, std::string_view name,
                                           const WebRequest& request, std::uint16_t status = 200);

}  // namespace dibs::api
